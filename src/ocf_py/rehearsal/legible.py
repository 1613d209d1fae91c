"""Texts of any origin (a command's colours, a file's name), made fit for XML, JSON and UTF-8."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from re import Match

T = TypeVar("T")

_ILLEGIBLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BYTES = range(0xDC80, 0xDD00)  # how Python has the bytes of a name that are no UTF-8


def legible(value: T) -> T:
    """The same without colours; what else cannot be shown is spelt out, as in Python.

    Strings are looked for in lists, tuples and dataclasses.
    """
    made: Any = value
    if isinstance(value, str):
        made = _ILLEGIBLE.sub(_spell, click.unstyle(value))
    elif isinstance(value, (list, tuple)):
        made = type(value)(legible(one) for one in value)
    elif is_dataclass(value) and not isinstance(value, type):
        made = replace(
            value, **{one.name: legible(getattr(value, one.name)) for one in fields(value)}
        )
    return made  # type: ignore[no-any-return]


def _spell(found: Match[str]) -> str:
    code = ord(found[0])
    return ascii(chr(code & 0xFF if code in _BYTES else code))[1:-1]
