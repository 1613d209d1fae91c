"""The worker's status: a few lines that monitor reads, and a time that no clock can spoil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.status import (
    DIVERGED,
    PROMOTED,
    RUNNING,
    Status,
    StatusUnreadable,
    folder_of,
    read_status,
    write_status,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = Status(
        "12:345",
        RUNNING,
        PROMOTED,
        beat=98765.25,
        score=-1_000_000,
        is_told=True,
        fault_kind=DIVERGED,
        fault="two\nlines of it",
    )
    write_status(str(tmp_path), written)
    found = read_status(str(tmp_path))
    assert found is not None
    assert {name: getattr(found, name) for name in Status.__slots__} == {
        **{name: getattr(written, name) for name in Status.__slots__},
        "fault": "two lines of it",
    }


def test_a_beat_alone_changes_nothing_but_the_time(tmp_path: Path) -> None:
    write_status(str(tmp_path), Status("12:345", beat=1.5))
    before = (tmp_path / "status").stat().st_ino
    write_status(str(tmp_path), Status("12:345", beat=2.5))
    assert (tmp_path / "status").stat().st_ino == before
    found = read_status(str(tmp_path))
    assert found is not None
    assert found.beat == 2.5


def test_where_nobody_has_written_there_is_none(tmp_path: Path) -> None:
    assert read_status(str(tmp_path)) is None
    assert read_status(str(tmp_path / "nothing")) is None


@pytest.mark.parametrize("content", [b"", b"half", b"ocfpy-mirror-status 1\n1:2 a b\n \nend\n"])
def test_what_is_no_status_is_refused_by_its_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "status").write_bytes(content)
    with pytest.raises(StatusUnreadable, match=str(tmp_path)):
        read_status(str(tmp_path))


def test_no_two_directories_share_a_folder() -> None:
    paths = ["/a/b", "/a_b", "/a/_2f/b", "/a_2fb", "/a/_b", "/" + "x" * 300, "/" + "x" * 301]
    folders = [folder_of(path) for path in paths]
    assert len({*folders}) == len(paths)
    assert all(len(folder.rpartition("/")[2]) <= 255 for folder in folders)
    assert folder_of("/a/b/") == folder_of("/a/b")


def test_no_folder_has_what_rsync_takes_for_a_variable() -> None:
    assert "%" not in folder_of("/a/b c/ä")
