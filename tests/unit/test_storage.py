"""What the storage seam says of mount(8) when that does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.deadline import DeadlinePassed
from ocf_py.system import commands, storage
from ocf_py.system.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_a_mount_that_takes_too_long_shows_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    def never_end(argv: Sequence[str], seconds: float, **_: Any) -> None:
        raise commands.CommandTimedOut(argv, seconds, abandoned=True)

    monkeypatch.setattr(commands, "run", never_end)
    with pytest.raises(OSError, match="mount did not end within 3 s") as caught:
        Storage(lambda: 3.0).mount("//h/s", "/srv", "cifs", "password=hidden")
    assert "hidden" not in str(caught.value)


def test_a_deadline_that_ends_a_look_at_a_file_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end() -> None:
        raise DeadlinePassed("the time is up")

    monkeypatch.setattr(storage, "read_table", end)
    with pytest.raises(DeadlinePassed):
        Storage(lambda: 3.0).is_file("/srv/image")


@pytest.mark.parametrize(
    ("fstype", "tool", "is_known"),
    [
        ("fuse.sshfs", "mount.fuse", True),
        ("fuse.sshfs", "mount.fuse.sshfs", True),
        ("fuse.sshfs", "mount.sshfs", False),
        ("strange", "mount.fuse", False),
    ],
)
def test_a_type_with_a_dot_is_mounted_by_the_helper_of_what_stands_before_it(
    fstype: str, tool: str, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Storage, "has_tool", lambda _, name: name == tool)
    assert Storage(lambda: 5.0).knows_type(fstype) is is_known
