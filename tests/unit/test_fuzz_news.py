"""A witness whom the kernel tells nothing looks at everything every time."""

from __future__ import annotations

import ctypes
import errno
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance.fuzz import news
from ocf_py.conformance.fuzz.news import FileNews
from ocf_py.conformance.fuzz.trees import Tree

if TYPE_CHECKING:
    from pathlib import Path


class NoRoom:
    """A kernel with as many inotify instances, or watches, as it has room for."""

    def __init__(self, refused: str, number: int) -> None:
        self._refused = refused
        self._number = number

    def inotify_init1(self, flags: int) -> int:
        return self._answer("instance", flags)

    def inotify_add_watch(self, handle: int, folder: bytes, _mask: Any) -> int:
        return self._answer("watch", handle, folder)

    def _answer(self, what: str, *arguments: object) -> int:
        if what == self._refused:
            ctypes.set_errno(self._number)
            return -1
        real: Any = ctypes.CDLL(None, use_errno=True)
        return int(real.inotify_init1(*arguments))


@pytest.mark.parametrize(
    ("refused", "number"), [("instance", errno.EMFILE), ("watch", errno.ENOSPC)]
)
def test_a_kernel_without_room_for_it_means_that_there_always_are_news(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refused: str, number: int
) -> None:
    monkeypatch.setattr(news, "_libc", NoRoom(refused, number))
    tree = Tree(str(tmp_path))
    assert list(tree.look(anew=False)) == [f"path {tmp_path}"]
    (tmp_path / "a").touch()
    assert list(tree.look(anew=False)) == [f"path {tmp_path}", f"path {tmp_path}/a"]


def test_a_folder_that_went_before_it_could_be_followed_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileNews().follow(str(tmp_path / "gone"))


def test_what_the_kernel_refuses_for_another_reason_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(news, "_libc", NoRoom("watch", errno.EACCES))
    with pytest.raises(PermissionError):
        Tree(str(tmp_path)).look(anew=False)
