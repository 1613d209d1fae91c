"""The documentation makes a site: strictly, from nobody else, and complete."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ocf_py.catalogue.exit_codes import NAMES, Kind, interpret
from ocf_py.toolkit.command import ocf_py
from tests.documents.reading import CHECKOUT, list_pages

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.development

DOCS = CHECKOUT / "docs"
_LOADS = re.compile(r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']([^"']+)""")
_LINKED = re.compile(r"""<link\b[^>]*\bhref=["']([^"']+)""")
_STYLED = re.compile(r"""(?:@import|url\()\s*["']?([^"')\s;]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = [
        sys.executable,
        "-m",
        "sphinx",
        "-qW",
        "--keep-going",
        "-b",
        "html",
    ]
    words += ["-d", str(folder / "doctrees"), str(DOCS), str(folder / "html")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"


def test_every_page_is_in_it_and_every_link_leads_somewhere(site: Path) -> None:
    pages = {one.relative_to(DOCS).with_suffix(".html") for one in DOCS.rglob("*.md")}
    assert pages <= {one.relative_to(site) for one in site.rglob("*.html")}


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    loaded = []
    for page in site.rglob("*.html"):
        loaded += _LOADS.findall(page.read_text()) + _LINKED.findall(page.read_text())
    for sheet in site.rglob("*.css"):
        loaded += _STYLED.findall(sheet.read_text())
    assert loaded
    assert [one for one in loaded if "://" in one or one.startswith("//")] == []


def test_what_the_library_offers_is_described(site: Path) -> None:
    import ocf_py

    text = (site / "reference/python-api.html").read_text()
    constants = {name for name in ocf_py.__all__ if name.isupper()}
    described = {
        name for name in ocf_py.__all__ if re.search(rf'id="ocf_py\.[\w.]*\b{name}"', text)
    }
    assert {*ocf_py.__all__} - constants - described == {"Address"}  # which IPAddress gives


def test_every_command_has_its_page() -> None:
    index = (DOCS / "reference/commands/index.md").read_text()
    linked = {word for text in re.findall(r"\[([^\]]+)\]\(", index) for word in text.split(", ")}
    assert {*ocf_py.commands, *ocf_py.list_commands(None)} == linked  # type: ignore[arg-type]


def test_the_table_of_exit_codes_is_what_the_toolkit_says() -> None:
    page = (DOCS / "reference/exit-codes.md").read_text()
    rows = [line for line in page.splitlines() if re.match(r"\| \d", line)]
    calls = (
        ("monitor", Kind.PROBE),
        ("monitor", Kind.RECURRING),
        ("start", Kind.ONCE),
        ("promote", Kind.ONCE),
    )
    assert rows == [
        " | ".join(
            [
                f"| {code}",
                f"`{name}`",
                *(interpret(one, code, kind).consequence for one, kind in calls),
            ]
        )
        + " |"
        for code, name in NAMES.items()
    ]


@pytest.mark.parametrize("path", list_pages(), ids=lambda path: path.name)
def test_python_that_is_shown_is_python(path: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL):
        ast.parse(block)
