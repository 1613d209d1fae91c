"""No documented command escapes its test, and no link leads nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.documents.comparing import find_difference
from tests.documents.not_run import NOT_RUN
from tests.documents.reading import CHECKOUT, UnreadablePage, list_pages, read_blocks
from tests.documents.session import Session, is_not_run, not_run_key

if TYPE_CHECKING:
    from pathlib import Path

PAGES = list_pages()
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def _name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_command_is_run_somewhere_or_listed_with_its_reason(path: Path) -> None:
    for block in read_blocks(path):
        for command in block.commands:
            where = f"{block.page}:{command.line}: {command.text}"
            assert block.place or is_not_run(block.page, command), (
                f"{where}\nsay where it runs (<!-- test place: ... -->), or why not in not_run.py"
            )


def test_the_list_of_what_is_not_run_names_nothing_that_is_not_there() -> None:
    there = {
        (block.page, not_run_key(command))
        for path in PAGES
        for block in read_blocks(path)
        for command in block.commands
    }
    listed = {(page, words) for page, rows in NOT_RUN.items() for words in rows}
    assert listed <= there
    assert all(reason for rows in NOT_RUN.values() for reason in rows.values())


def _headings(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    plain = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_link_within_the_repository_leads_somewhere(path: Path) -> None:
    for target in _LINK.findall(_CODE.sub("", path.read_text())):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.exists(), target
        assert not anchor or anchor in _headings(there), target


def _page(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text)
    return path


def test_a_block_is_read_with_its_comment_its_continuations_and_its_output(tmp_path: Path) -> None:
    text = """
1. First

   <!-- test
   place: host
   before: touch a
   exits: 0 1
   -->
   ```console
   $ cat > a <<'END'
   # no command
   END
   # ls \\
       a   # there
   a
   ```

```console
$ true
```
"""
    first, second = read_blocks(_page(tmp_path, text))
    assert (first.place, first.before, second.place, second.before) == (
        "host", ("touch a",), "host", ()
    )  # fmt: skip
    assert [(one.text, one.output, one.code) for one in first.commands] == [
        ("cat > a <<'END'\n# no command\nEND", (), 0),
        ("ls \\\n    a   # there", ("a",), 1),
    ]
    assert second.commands[0].code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<!-- test\nplaze: host -->", "says nothing to a test"),
        ("<!-- test\nplace: moon -->", "says nothing to a test"),
        ("<!-- test\nexits: 0 1 -->\n```console\n$ true\n```", "1 commands, and 2 exit codes"),
        ("```console\nsome output\n```", "a block begins with a command"),
    ],
)
def test_a_page_that_cannot_be_followed_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UnreadablePage, match=complaint):
        read_blocks(_page(tmp_path, text))


@pytest.mark.parametrize(
    ("shown", "printed", "is_same"),
    [
        (["a  b"], ["a b"], True),
        (["5 ms of 20000 ms"], ["12 ms of 20000 ms"], True),
        (["IPaddr2(test)[14860]: no"], ["IPaddr2(test)[7]: no"], True),
        (["a", "...", "z"], ["a", "b", "c", "z"], True),
        (["a", "..."], ["a"], True),
        (["held by ... now"], ["held by n1 now"], True),
        (["a"], ["a", "b"], False),
        (["a", "b"], ["b", "a"], False),
        (["12 errors"], ["13 errors"], False),
        (["Corosync: 3.1.7"], ["Corosync: 3.1.10"], True),
        (["ip=192.0.2.10"], ["ip=192.0.3.10"], False),
        (["..", "z"], ["b", "z"], False),
    ],
)
def test_output_is_compared_but_for_what_no_two_runs_have_alike(
    shown: list[str], printed: list[str], is_same: bool
) -> None:
    assert (find_difference(shown, printed) == "") == is_same


def test_what_ends_otherwise_prints_otherwise_or_is_not_reached_is_told(tmp_path: Path) -> None:
    text = "<!-- test\nplace: host -->\n```console\n$ one\n$ two\n2\n$ three\n$ four\n```\n"
    session = Session("page.md", "host", tuple(read_blocks(_page(tmp_path, text))))
    printed = "".join(
        f"\n\x01begin {number}\n{said}\n\x01end {number} {code}\n"
        for number, (said, code) in enumerate([("", 1), ("22", 0), ("", 0)])
    )
    told = session.complaints(printed)
    assert [one.splitlines()[1] for one in told] == [
        "ended with 1, not 0:", "no '2' in:", "was not reached:"
    ]  # fmt: skip
