"""The kernel tells of every change below a directory, also in folders that are made later."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SOON, _AT_ONCE = 2.0, 0.0


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "top/a/b").mkdir(parents=True)
    (tmp_path / "top/a/b/file").write_text("x")
    (tmp_path / "outside").mkdir()
    return tmp_path / "top"


@pytest.fixture
def changes(top: Path) -> Iterator[Changes]:
    with Changes(str(top)) as made:
        yield made


def odd(top: Path) -> None:
    with open(os.fsencode(top) + b"/a/\xff\n", "w"):
        pass


@pytest.mark.parametrize(
    "change",
    [
        lambda top: (top / "a/b/file").write_text("y"),
        lambda top: (top / "a/b/file").chmod(0o600),
        lambda top: (top / "a/b/file").unlink(),
        lambda top: (top / "a/b/file").rename(top / "file"),
        lambda top: os.setxattr(top / "a/b/file", "user.x", b"y"),
        lambda top: os.utime(top / "a/b/file", (1, 1)),
        lambda top: (top / "a/b/link").symlink_to("file"),
        lambda top: os.link(top / "a/b/file", top / "hard"),
        lambda top: (top / "a").chmod(0o700),
        lambda top: top.chmod(0o700),
        lambda top: (top / "new").mkdir(),
        odd,
    ],
    ids=str,
)
def test_every_kind_of_change_is_heard(
    changes: Changes, top: Path, change: Callable[[Path], object]
) -> None:
    assert not changes.wait(_AT_ONCE)
    change(top)
    assert changes.wait(_SOON)
    assert not changes.wait(_AT_ONCE)


def test_what_is_only_read_is_no_change(changes: Changes, top: Path) -> None:
    assert (top / "a/b/file").read_text() == "x"
    assert os.listdir(top / "a") == ["b"]
    assert not changes.wait(_AT_ONCE)


def test_folders_that_are_made_or_moved_in_are_watched_to_their_depth(
    changes: Changes, top: Path
) -> None:
    (top / "new/deep/er").mkdir(parents=True)
    (top.parent / "outside/in").mkdir()
    (top.parent / "outside").rename(top / "moved")
    assert changes.wait(_SOON)
    for folder in ("new/deep/er", "moved/in"):
        (top / folder / "file").write_text("x")
        assert changes.wait(_SOON), folder


def test_more_changes_than_the_kernel_keeps_are_a_change_and_nothing_is_missed_later(
    changes: Changes, top: Path
) -> None:
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as limit:
        longest = int(limit.read())
    script = f"for i in $(seq {longest // 2 + 100}); do :>f$i; done; mkdir -p late/er"
    subprocess.run(["bash", "-c", script], cwd=top, check=True)
    assert changes.wait(_SOON)
    (top / "late/er/file").write_text("x")
    assert changes.wait(_SOON)
    assert changes.is_complete


def test_a_symlink_leads_no_watch_out_of_the_tree(top: Path) -> None:
    (top / "out").symlink_to(top.parent / "outside")
    with Changes(str(top)) as changes:
        (top.parent / "outside/file").write_text("x")
        assert not changes.wait(0.1)


def test_what_is_no_folder_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Changes(str(tmp_path / "nowhere"))
