"""On which line of its document an element stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml import etree


def line_of(element: etree._Element) -> int:
    """Its line, from 1; 0 for an element that no parser has read."""
    line: Any = element.sourceline  # lxml's stubs leave its type open
    return int(line or 0)
