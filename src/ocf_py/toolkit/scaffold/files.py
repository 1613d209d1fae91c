"""The files of a new agent, by their names: made from the example that teaches its kind."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from string import Template

from ocf_py.toolkit.installer.sources import find_sources

_TEMPLATES = Path(__file__).with_name("templates")
_TEMPLATE_OF = {
    "test_{module}.py": "test_agent_{example}.py.txt",
    "test_{module}_contract.py": "test_contract.py.txt",
    "ocf_ocfpy_{type}.7": "man_page.7.txt",
}


def make_files(name: str, *, promotable: bool) -> dict[str, str]:
    """The text of each file by its name; the agent's own comes first."""
    example = "Stateful" if promotable else "Dummy"
    words = {
        "type": name,
        "module": name.lower(),
        "example": example.lower(),
        "today": date.today().isoformat(),  # noqa: DTZ011 - the day where its author is
    }
    files = {f"{name.lower()}.py": _make_agent(name, example)}
    for file, template in _TEMPLATE_OF.items():
        text = (_TEMPLATES / template.format(**words)).read_text(encoding="utf-8")
        files[file.format(**words)] = Template(text).substitute(words)
    return files


def _make_agent(name: str, example: str) -> str:
    """The example under its new name: what it teaches stands in it, once."""
    source = next(one for one in find_sources(with_examples=True).agents if one.type == example)
    _, _, code = source.path.read_text(encoding="utf-8").partition("\n")
    renamed = code.replace(f"class {example}(", f"class {name}(")
    renamed = renamed.replace(f"ocfpy-{example.lower()}", f"ocfpy-{name.lower()}")
    heading = (_TEMPLATES / "heading.txt").read_text(encoding="utf-8")
    return Template(heading).substitute(type=name, module=name.lower()) + renamed
