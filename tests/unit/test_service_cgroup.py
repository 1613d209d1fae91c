"""The processes of a group are those of every group below it, whatever they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.service import cgroup

if TYPE_CHECKING:
    from pathlib import Path


def test_a_group_below_with_a_dot_in_its_name_is_one(tmp_path: Path) -> None:
    below = tmp_path / "lxc.payload.c1"
    below.mkdir()
    (tmp_path / "cgroup.procs").write_text("1\n")
    (below / "cgroup.procs").write_text("0\n23\n")
    (below / "memory.current").write_text("4\n")
    assert sorted(cgroup.pids(str(tmp_path))) == [1, 23]
