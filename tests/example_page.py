"""What docs/howto/examples.md has its reader type."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = Path(__file__).parents[1] / "docs/howto/examples.md"
_TITLE = re.compile(r"^## .*: (\S+)$", re.MULTILINE)


def read_sections() -> dict[str, str]:
    """The part of the page about each example, and as "" its introduction."""
    introduction, *parts = _TITLE.split(_PAGE.read_text())
    return {"": introduction, **dict(zip(parts[::2], parts[1::2]))}


def read_blocks(section: str, language: str) -> list[str]:
    """The fences of a language, as they would be pasted."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def commands_of_pcs(name: str) -> str:
    """What makes an example in the file cib.xml."""
    (commands,) = read_blocks(read_sections()[name], "sh")
    return commands


def commands_of_crm(name: str) -> str:
    """What makes an example with crmsh, the file of its lines included."""
    sections = read_sections()
    (lines,) = read_blocks(sections[name], "crmsh")
    load = read_blocks(sections[""], "sh")[2]
    return f"cat > example.crm <<'END'\n{lines}END\n{load}"
