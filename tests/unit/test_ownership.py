"""Whose a mounted directory is to be, and for whom."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.system.ownership import apply, find_group, find_user, parse_mode

if TYPE_CHECKING:
    from pathlib import Path


def test_modes_are_octal() -> None:
    assert [parse_mode(text) for text in ("0750", "750", "1777", "0")] == [0o750, 0o750, 0o1777, 0]
    for text in ("", "8", "u+x", "17777", "-1", "0o7", "٧"):
        with pytest.raises(ValueError, match="no mode"):
            parse_mode(text)


def test_users_and_groups_have_names_or_numbers() -> None:
    assert (find_user("root"), find_user("12"), find_group("root"), find_group("7")) == (
        0,
        12,
        0,
        7,
    )
    for find in (find_user, find_group):
        with pytest.raises(LookupError):
            find("nobody-of-this-name")


def test_only_what_differs_is_changed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert apply(str(tmp_path), None, None, 0o750)
    assert tmp_path.stat().st_mode & 0o7777 == 0o750
    assert not apply(str(tmp_path), os.getuid(), None, 0o750)
    assert not apply(str(tmp_path), None, None, None)
