"""Two builds of one commit are the same bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.packages.conftest import build, copy_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.conftest import Release


@pytest.mark.parametrize("kind", ["rpm", "deb"])
def test_a_second_build_elsewhere_is_the_same_to_the_byte(
    release: Release, tmp_path: Path, kind: str
) -> None:
    again = build(copy_tree(tmp_path / "elsewhere/tree", ""), tmp_path / kind, kind)
    first = release.rpm if kind == "rpm" else release.deb
    assert {name: _digest(path) for name, path in again.items()} == {
        name: _digest(path) for name, path in first.items()
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
