"""The mount table: decoded to the byte, walked as the kernel walks a path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.system.mounts import (
    Mount,
    MountTable,
    escape,
    is_within,
    normalize,
    read_table,
    unescape,
)

if TYPE_CHECKING:
    from pathlib import Path

LINE = (
    rb"36 35 98:0 /mnt1 /mnt\040two rw,noatime master:1 shared:2 - "
    rb"ext3 /dev/root rw,errors=continue"
)


def table(*mounts: tuple[int, int, str]) -> MountTable:
    """Of mounts that are known by id, parent and place."""
    lines = [
        b"%d %d 0:%d / %s rw - tmpfs m%d rw" % (own, parent, own, escape(point), own)
        for own, parent, point in mounts
    ]
    return MountTable(b"\n".join(lines) + b"\n")


def ids(mounts: list[Mount]) -> list[int]:
    return [one.mount_id for one in mounts]


class TestALine:
    def test_is_taken_apart(self) -> None:
        one = Mount.decode(LINE)
        assert (one.mount_id, one.parent_id, one.device) == (36, 35, "98:0")
        assert (one.root, one.point, one.options) == ("/mnt1", "/mnt two", "rw,noatime")
        assert (one.fstype, one.source) == ("ext3", "/dev/root")
        assert one.super_options == "rw,errors=continue"
        assert one.signature == "36 98:0 ext3 - /mnt1"
        assert not one.is_anonymous

    def test_has_its_name_among_its_marks_where_that_is_no_path(self) -> None:
        one = Mount.decode(b"36 35 0:45 / /mnt rw - tmpfs scratch rw")
        assert one.signature == "36 0:45 tmpfs scratch /"
        assert one.is_anonymous

    @pytest.mark.parametrize(
        ("options", "super_options", "is_read_only"),
        [
            ("rw", "rw", False),
            ("ro,nosuid", "rw", True),
            ("rw", "ro,data=ordered", True),
            ("rw,errors=remount-ro", "rw,errors=remount-ro", False),
        ],
    )
    def test_is_read_only_by_either_of_its_options(
        self, options: str, super_options: str, is_read_only: bool
    ) -> None:
        one = Mount.decode(f"1 0 8:1 / / {options} - ext4 /dev/x {super_options}".encode())
        assert one.is_read_only is is_read_only

    @pytest.mark.parametrize("word", ["shutdown", "emergency_ro"])
    def test_says_that_a_file_system_has_given_up(self, word: str) -> None:
        one = Mount.decode(f"1 0 8:1 / / rw - ext4 /dev/x rw,{word}".encode())
        assert one.is_shut_down

    @pytest.mark.parametrize(
        "path", ["/a b", "/a\tb", "/a\nb", "/a\\b", "/a\\040b", "/ä", "/\udcff", "/a#b", "/\r"]
    )
    def test_gives_every_path_back(self, path: str) -> None:
        assert unescape(escape(path)) == path
        assert ids(table((1, 0, "/"), (2, 1, path)).look(path).stack) == [2]

    def test_without_a_source_is_one_all_the_same(self) -> None:
        assert Mount.decode(b"1 0 0:5 / /x rw -  tmpfs rw").fstype == ""


class TestAWalk:
    def test_ends_in_the_mount_that_is_topmost(self) -> None:
        found = table((1, 0, "/"), (2, 1, "/a"), (3, 2, "/a"), (4, 3, "/a")).look("/a")
        assert ids(found.stack) == [2, 3, 4]
        assert found.buried == []

    def test_follows_parents_and_not_the_order_of_the_lines(self) -> None:
        found = table((9, 7, "/a"), (1, 0, "/"), (7, 1, "/a")).look("/a")
        assert ids(found.stack) == [7, 9]

    def test_does_not_meet_what_a_mount_further_up_hides(self) -> None:
        found = table((1, 0, "/"), (2, 1, "/a/b"), (3, 1, "/a")).look("/a/b")
        assert found.stack == []
        assert ids(found.buried) == [2]
        assert found.above is not None
        assert found.above.mount_id == 3

    def test_meets_what_is_mounted_in_what_hides(self) -> None:
        found = table((1, 0, "/"), (2, 1, "/a/b"), (3, 1, "/a"), (4, 3, "/a/b")).look("/a/b")
        assert ids(found.stack) == [4]
        assert ids(found.buried) == [2]

    def test_takes_names_as_they_are(self) -> None:
        mounts = table((1, 0, "/"), (2, 1, "/srv/aXb"), (3, 1, "/srv/a"), (4, 1, "/srv/a.b.c"))
        assert mounts.look("/srv/a.b").stack == []

    def test_begins_where_a_chroot_lets_it(self) -> None:
        """There, the root's own mount may be in nobody's sight."""
        found = table((20, 19, "/run"), (21, 19, "/srv/a")).look("/srv/a")
        assert ids(found.stack) == [21]

    def test_takes_the_real_table(self) -> None:
        assert ids(read_table().look("/proc").stack)
        assert read_table().look("/proc/self/fd").stack == []


class TestWhatIsBelow:
    def test_comes_children_first(self) -> None:
        mounts = table(
            (1, 0, "/"),
            (2, 1, "/a"),
            (3, 2, "/a/b"),
            (4, 3, "/a/b/c"),
            (5, 2, "/a/d"),
            (6, 2, "/a"),
        )
        top = mounts.look("/a").stack[0]
        below = ids(mounts.list_below(top))
        assert sorted(below) == [3, 4, 5, 6]
        assert below.index(4) < below.index(3)

    def test_is_nothing_of_a_neighbour(self) -> None:
        mounts = table((1, 0, "/"), (2, 1, "/a"), (3, 1, "/a-old"), (4, 3, "/a-old/x"))
        assert mounts.list_below(mounts.look("/a").stack[0]) == []


class TestAPath:
    @pytest.mark.parametrize(
        ("given", "plain"),
        [("/a//b/", "/a/b"), ("/./a/.", "/a"), ("//", "/"), ("/a/../b", "/a/../b"), ("/", "/")],
    )
    def test_is_normalized_by_its_words(self, given: str, plain: str) -> None:
        assert normalize(given) == plain

    def test_is_within_by_its_components(self) -> None:
        assert is_within("/a/b", "/a")
        assert is_within("/a", "/a")
        assert is_within("/a", "/")
        assert not is_within("/ab", "/a")

    def test_is_resolved_as_the_kernel_does(self, tmp_path: Path) -> None:
        real = tmp_path / "real"
        (real / "inner").mkdir(parents=True)
        (tmp_path / "link").symlink_to("real/./inner")
        (real / "inner" / "up").symlink_to("../..")
        (tmp_path / "loop").symlink_to("loop")
        mounts = read_table()
        for path in ("link", "link/up/real", "link/../inner/x/y", "link/up/link"):
            given = f"{tmp_path}/{path}"
            assert mounts.resolve(given) == os.path.realpath(given), path
        assert mounts.resolve(f"{tmp_path}/loop/x").endswith("/loop/x")

    def test_is_not_asked_where_something_is_mounted(self, tmp_path: Path) -> None:
        """It would never come back from a server that is dead."""
        (tmp_path / "a").symlink_to("/etc")
        mounts = table((1, 0, "/"), (2, 1, f"{tmp_path}/a"))
        assert mounts.resolve(f"{tmp_path}/a/b") == f"{tmp_path}/a/b"
