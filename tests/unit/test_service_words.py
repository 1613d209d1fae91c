"""Words with quotes, and files and texts of assignments: read without a shell."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocf_py.service.words import parse_assignments, read_assignments, split_words

if TYPE_CHECKING:
    from pathlib import Path

#: Without what a shell would expand: there it is meant to differ.
_TEXT = st.text(alphabet=" \t\nab'\"\\-=", max_size=24)


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=5))
def test_what_is_quoted_comes_back(words: list[str]) -> None:
    assert split_words(shlex.join(words)) == words


@given(_TEXT)
def test_a_shell_splits_alike(text: str) -> None:
    try:
        words = split_words(text)
    except ValueError:
        return
    if "\\\n" in text or "\n" in text:  # a shell ends the command there
        return
    shell = ["/bin/sh", "-c", f'for w in {text}; do printf "%s\\0" "$w"; done']
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:-1] == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  ", []),
        ("a  b\tc", ["a", "b", "c"]),
        ("'' \"\"", ["", ""]),
        ("'a b'\"c d\"e", ["a bc de"]),
        (r"a\ b \'", ["a b", "'"]),
        (r'"a\"b\\c\d"', ['a"b\\c\\d']),
        ("$HOME `id` * ~", ["$HOME", "`id`", "*", "~"]),
    ],
)
def test_words_are_split_and_nothing_is_expanded(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize("text", ["'a", '"a', "a\\", "'a\\'b'"])
def test_what_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not closed|backslash"):
        split_words(text)


def test_assignments_are_names_and_values() -> None:
    assert parse_assignments("A=1 B='x y' C= _D=e=f") == {
        "A": "1",
        "B": "x y",
        "C": "",
        "_D": "e=f",
    }


@pytest.mark.parametrize("text", ["hush", "1A=hush", "A-B=hush", "=hush", "É=hush"])
def test_what_is_no_assignment_is_refused_without_being_said(text: str) -> None:
    with pytest.raises(ValueError, match="NAME=value") as refused:
        parse_assignments(text)
    assert "hush" not in str(refused.value)


def test_a_file_of_assignments_has_comments_quotes_and_nothing_that_runs(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# A=0\n; B=0\n\n A=1\nexport B='x  y'\nC=$A `id`\nD=\n")
    assert read_assignments(str(file)) == {"A": "1", "B": "x  y", "C": "$A `id`", "D": ""}


@pytest.mark.parametrize("text", ["A=1\nhush\n", "A=1\nB='hush\n", "A=1\n1=hush\n"])
def test_a_broken_file_is_refused_by_the_line_and_not_by_what_is_in_it(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "env"
    file.write_text(text)
    with pytest.raises(OSError, match="line 2") as refused:
        read_assignments(str(file))
    assert "hush" not in str(refused.value)
