"""How a script is run on a machine of its own: see enclosure.sh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.documents.reading import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

_NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")


def enclose(installed: Path, script: Path) -> list[str]:
    """The command that runs `script`; `installed` is a root that `ocf-py install` has filled."""
    enclosure = CHECKOUT / "tests/documents/enclosure.sh"
    words = ["unshare", *_NAMESPACES, "bash", enclosure, CHECKOUT, installed, script]
    return [str(word) for word in words]
