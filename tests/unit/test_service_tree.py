"""Whose a process is: what one reading of /proc cannot tell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ocf_py.service import tree
from ocf_py.system.processes import identify

if TYPE_CHECKING:
    import pytest


def test_who_forks_while_processes_are_listed_is_found_by_another_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a daemon's two forks the first is listed and has ended, the second began too late."""
    me = identify(os.getpid())
    assert me is not None
    read = tree._read_stats
    lists = [{}, read(), {}, {}]
    monkeypatch.setattr(tree, "_read_stats", lambda: lists.pop(0))
    assert me in tree.members(tree.DESCENDANTS, [me])
    assert tree.members(tree.DESCENDANTS, [me]) == []
    assert not lists
