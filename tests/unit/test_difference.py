"""The diff of known edits is what patch(1) makes the one text into the other with."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py.migration.difference import unified

if TYPE_CHECKING:
    from pathlib import Path

_PIECES = ("a\n", "b\n", "\n", "a b\r\n", "long line\n", "x\u2028y\n")


def _apply(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for begin, end, new in edits:
        parts += [text[at:begin], new]
        at = end
    return "".join((*parts, text[at:]))


def _edit(text: str, dice: random.Random) -> list[tuple[int, int, str]]:
    """Some insertions, removals and replacements, none in another."""
    places = sorted(dice.sample(range(len(text) + 1), 2 * dice.randint(1, 4)))
    found = []
    for begin, end in zip(places[::2], places[1::2]):
        new = "".join(dice.choice(("", "new", "line\n")) for _ in range(3))
        found.append((begin, dice.choice((begin, end)), new))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_patch_takes_it(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(8):
        before = "".join(dice.choice(_PIECES) for _ in range(30)) + dice.choice(("", "end"))
        edits = _edit(before, dice)
        file, patch = tmp_path / "text", tmp_path / "diff"
        file.write_bytes(before.encode())
        patch.write_bytes(unified("text", before, edits).encode())
        if patch.read_bytes():
            command = ["patch", "--silent", "--binary", "--fuzz=0", str(file), str(patch)]
            subprocess.run(command, check=True)
        assert file.read_bytes() == _apply(before, edits).encode()


def test_edits_that_change_nothing_are_no_diff() -> None:
    assert unified("text", "a\nb\n", [(0, 1, "a"), (2, 2, "")]) == ""


def test_lines_far_apart_are_hunks_of_their_own_and_near_ones_share_one() -> None:
    before = "".join(f"{number}\n" for number in range(10, 40))
    far = unified("text", before, [(0, 2, "x"), (60, 62, "y")])
    assert [line for line in far.splitlines() if line.startswith("@@")] == [
        "@@ -1,4 +1,4 @@",
        "@@ -18,7 +18,7 @@",
    ]
    near = unified("text", before, [(0, 3, ""), (18, 18, "y\n")])
    assert [line for line in near.splitlines() if line.startswith("@@")] == ["@@ -1,9 +1,9 @@"]
