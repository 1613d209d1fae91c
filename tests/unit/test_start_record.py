"""The record on disk: nobody else's, never half, never mistaken for another's."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from ocf_py.deadline import DeadlinePassed
from ocf_py.start_record import RecordFile, RecordUnreadable, StartRecord

if TYPE_CHECKING:
    from pathlib import Path

ODD = [
    "vip",
    "vip:0",
    "vip%3A0",
    "../vip",
    "vip/0",
    "a b",
    "ä",
    "\udcff",
    ".",
    "..",
    "x" * 300,
    "x" * 301,
]


def file(tmp_path: Path, instance: str = "vip", boot: str = "this boot") -> RecordFile:
    return RecordFile("IPaddr", instance, str(tmp_path / "ocfpy"), boot)


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    parameters = {"ip": "10.0.0.1", "odd": "a=b\nc%0Ad\r%\udcff ", "empty": ""}
    file(tmp_path).write(StartRecord(parameters, {"announcer": "1:2"}))
    record = file(tmp_path).read()
    assert record is not None
    assert record.parameters == parameters
    assert record.facts == {"announcer": "1:2"}


def test_is_absent_before_and_after(tmp_path: Path) -> None:
    assert file(tmp_path).read() is None
    file(tmp_path).remove()
    file(tmp_path).write(StartRecord({}))
    file(tmp_path).remove()
    assert file(tmp_path).read() is None


def test_odd_instance_names_never_collide(tmp_path: Path) -> None:
    for instance in ODD:
        file(tmp_path, instance).write(StartRecord({"instance": instance}))
    for instance in ODD:
        record = file(tmp_path, instance).read()
        assert record is not None
        assert record.parameters == {"instance": instance}
    assert len(os.listdir(tmp_path / "ocfpy")) == len(ODD)
    assert os.listdir(tmp_path) == ["ocfpy"]


def test_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        file(tmp_path).write(StartRecord({}))
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(tmp_path / "ocfpy").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(file(tmp_path).path).st_mode) == 0o600


def test_what_another_boot_started_is_gone(tmp_path: Path) -> None:
    file(tmp_path, boot="the boot before").write(StartRecord({}))
    assert file(tmp_path).read() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ocfpy-record 2\nboot this boot\nend\n",
        b"ocfpy-record 1\nboot this boot\nparameter ip=10.0",
        b"ocfpy-record 1\nboot this boot\nwhat is this\nend\n",
        b"ocfpy-record 1\nend\n",
        os.urandom(64),
    ],
)
def test_what_cannot_be_understood_is_unreadable(tmp_path: Path, content: bytes) -> None:
    record = file(tmp_path)
    record.write(StartRecord({}))
    with open(record.path, "wb") as handle:
        handle.write(content)
    with pytest.raises(RecordUnreadable, match="ocfpy/IPaddr.vip"):
        record.read()


def test_a_symbolic_link_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    record = file(tmp_path)
    record.write(StartRecord({}))
    victim = tmp_path / "victim"
    victim.write_text("precious")
    os.unlink(record.path)
    os.symlink(victim, record.path)
    with pytest.raises(RecordUnreadable):
        record.read()
    record.write(StartRecord({"ip": "1"}))  # takes the link's place
    assert victim.read_text() == "precious"
    assert not os.path.islink(record.path)


def test_what_is_no_file_is_unreadable_at_once(tmp_path: Path) -> None:
    record = file(tmp_path)
    record.write(StartRecord({}))
    os.unlink(record.path)
    os.mkfifo(record.path)
    with pytest.raises(RecordUnreadable, match="no regular file"):
        record.read()


def test_a_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ocfpy").mkdir()
    os.chmod(tmp_path / "ocfpy", 0o777)
    with pytest.raises(PermissionError, match="others can write|others than its owner"):
        file(tmp_path).write(StartRecord({}))


def test_a_link_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "ocfpy")
    with pytest.raises(OSError, match="ocfpy"):
        file(tmp_path).write(StartRecord({}))


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_deadline_that_passes_while_it_is_written_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def give_up(*_: object, **__: object) -> None:
        raise DeadlinePassed("gave up")

    monkeypatch.setattr(f"posix.{call}", give_up)
    with pytest.raises(DeadlinePassed):
        file(tmp_path).write(StartRecord({}))
    assert os.listdir(tmp_path / "ocfpy") == []


def test_a_deadline_that_passes_once_it_is_in_place_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def give_up(temporary: str, name: str, **folders: int) -> None:
        rename(temporary, name, **folders)
        raise DeadlinePassed("gave up")

    monkeypatch.setattr("posix.rename", give_up)
    with pytest.raises(DeadlinePassed):
        file(tmp_path).write(StartRecord({}))
    assert os.listdir(tmp_path / "ocfpy") == ["IPaddr.vip"]


def test_a_temporary_file_of_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    record = file(tmp_path)
    record.write(StartRecord({}))
    (tmp_path / "ocfpy" / f".{record.name}.{os.getpid()}").write_text("half")
    record.write(StartRecord({"ip": "1"}))
    assert os.listdir(tmp_path / "ocfpy") == [record.name]


def test_a_boot_that_cannot_be_told_makes_a_record_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file(tmp_path).write(StartRecord({"ip": "192.0.2.1"}))
    untold = file(tmp_path, boot="")

    def refuse(_: RecordFile) -> str:
        raise OSError(2, "No such file or directory")

    monkeypatch.setattr(RecordFile, "_boot_id", refuse)
    with pytest.raises(RecordUnreadable, match="of a boot that cannot be told"):
        untold.read()


def test_a_write_in_progress_is_no_other_instances_record(tmp_path: Path) -> None:
    other = file(tmp_path, f"vip.{os.getpid()}")
    other.write(StartRecord({"ip": "2"}))
    file(tmp_path).write(StartRecord({"ip": "1"}))
    record = other.read()
    assert record is not None
    assert record.parameters == {"ip": "2"}
