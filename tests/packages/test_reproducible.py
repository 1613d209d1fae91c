"""Two builds of one commit are the same bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.packages.conftest import CHECKOUT, build, copy_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.conftest import Release


@pytest.mark.parametrize("kind", ["rpm", "deb"])
def test_a_second_build_elsewhere_is_the_same_to_the_byte(
    release: Release, tmp_path: Path, kind: str
) -> None:
    mask = os.umask(0o077)
    try:
        tree = copy_tree(tmp_path / "elsewhere/tree", "")
        again = build(tree, tmp_path / kind, kind, zone="Asia/Tokyo")
    finally:
        os.umask(mask)
    first = release.rpm if kind == "rpm" else release.deb
    assert {name: _digest(path) for name, path in again.items()} == {
        name: _digest(path) for name, path in first.items()
    }


def test_archive_and_wheel_are_the_same_to_the_byte_and_of_what_is_committed(
    tmp_path: Path,
) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", CHECKOUT, clone], check=True)
    first = build(clone, tmp_path / "first", "sdist")
    for name in ("authkey", "src/ocf_py/mine.py", "packaging/rpm/ocf-py.spec"):
        (clone / name).write_text("of mine")
    (clone / "src/ocf_py/_version.py").write_text('__version__ = "77"\n')
    second = build(clone, tmp_path / "second", "sdist", zone="Asia/Tokyo")
    assert sorted(first) == [".gz", ".whl"]
    assert {name: _digest(path) for name, path in second.items()} == {
        name: _digest(path) for name, path in first.items()
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
