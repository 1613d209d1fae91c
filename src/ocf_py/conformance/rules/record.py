"""Safety rule 2, the start record: private, written first, removed last, of this boot alone."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Hold, Surroundings
from ocf_py.conformance.rule import rule
from ocf_py.conformance.stage import ACTIVE, RECURRING, STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocf_py.conformance.stage import Stage

_NOTHING: dict[str, str] = {}
_OTHER_BOOT = "boot 00000000-0000-0000-0000-000000000000"


@rule("the record is root's alone, and there from start to stop", safety=2, library=True)
def record_is_private(stage: Stage) -> None:
    stage.start()
    records = stage.records()
    stage.expect(len(records) == 1, "one record in /run/ocfpy after start", str(records))
    for path, mode in ((records[0], 0o600), (records[0].parent, 0o700)):
        found = path.lstat()
        stage.expect(
            found.st_uid == 0 and stat.S_IMODE(found.st_mode) == mode,
            f"{path.name} to be root's with mode {mode:o}",
            f"user {found.st_uid}, mode {stat.S_IMODE(found.st_mode):o}",
        )
    # With a umask of nothing, too.
    stage.stop()
    stage.path("/run/ocfpy").rmdir()
    stage.call("start", expect=(0,), surroundings=Surroundings(umask=0))
    (record,) = stage.records()
    modes = [stat.S_IMODE(path.lstat().st_mode) for path in (record, record.parent)]
    stage.expect(modes == [0o600, 0o700], "modes 600 and 700 under any umask", str(modes))
    stage.stop()
    stage.expect(not stage.records(), "no record after stop", str(stage.records()))


@rule("a start that cannot record has no effect", safety=2, library=True)
def start_records_or_does_nothing(stage: Stage) -> None:
    for what, block, clear in _OBSTACLES:
        block(stage)
        stage.call("start", expect=(1,), because=f"/run/ocfpy {what}")
        clear(stage)
        stage.expect_stopped(because=f"a start while /run/ocfpy {what} has no effect")
    locked = Surroundings(read_only=("/run",))
    stage.call("start", expect=(1,), because="/run is read-only", surroundings=locked)
    stage.expect_stopped(because="a start that cannot record has no effect")


@rule("the record is written before the first effect of start", safety=2, library=True)
def record_comes_first(stage: Stage) -> None:
    path = f"/run/ocfpy/{stage.subject.type}.{stage.subject.instance}"
    stage.call("stop")
    answer = stage.call("start", surroundings=Surroundings(hold=Hold(path)), politely=False)
    stage.expect(answer.held, f"start to write {path}", "", answer)
    stage.expect_stopped(because="start was killed the moment that its record was there")
    stage.stop(_NOTHING, because="start was killed half way")
    stage.expect(not stage.records(), "no record after stop", str(stage.records()))


@rule("the record goes after the last effect of stop", safety=2, library=True)
def record_goes_last(stage: Stage) -> None:
    stage.start()
    (record,) = stage.records()
    gone = Hold(f"!/run/ocfpy/{record.name}")
    answer = stage.call("stop", surroundings=Surroundings(hold=gone), politely=False)
    stage.expect(answer.held, "stop to remove the record", "", answer)
    stage.expect_stopped(because="stop was killed the moment that its record had gone")


@rule("a start that is killed is undone by a stop without parameters", safety=2, library=True)
def killed_start_can_be_stopped(stage: Stage) -> None:
    for timeout in (0.005, 0.01, 0.015, 0.02, 0.03, 0.05):
        stage.call("start", surroundings=Surroundings(), timeout=timeout, politely=False)
        stage.stop(_NOTHING, because=f"start was killed after {timeout} s")
        stage.expect_stopped(because="stop said 0")


@rule("a monitor that finds the resource active writes a missing record", safety=2, library=True)
def monitor_adopts(stage: Stage) -> None:
    for interval in (0, RECURRING):
        stage.start()
        (record,) = stage.records()
        record.unlink()
        stage.call("monitor", expect=ACTIVE, interval_ms=interval)
        stage.expect(record.exists(), "monitor to record what it found active", "no record")
        stage.stop(_NOTHING, because="it was adopted")
        stage.expect_stopped(because="what was adopted is stopped without parameters too")


@rule("the record of another boot says nothing", safety=2, library=True)
def record_of_another_boot_is_void(stage: Stage) -> None:
    stage.start()
    (record,) = stage.records()
    lines = record.read_text().split("\n")
    stage.stop()
    stage.call("start", instance="neighbour", expect=(0,))
    lines = [_OTHER_BOOT if line.startswith("boot ") else line for line in lines]
    record.write_text("\n".join(lines))
    record.chmod(0o600)
    stage.call("monitor", _NOTHING, expect=STOPPED, because="the record is of another boot")
    stage.stop(_NOTHING, because="the record is of another boot")
    stage.expect_active(because="nothing of this boot was to be stopped")


@rule("the record never says whether the resource is there", safety=2, library=True)
def record_is_no_proof(stage: Stage) -> None:
    stage.start()
    (record,) = stage.records()
    content = record.read_bytes()
    stage.stop()
    record.write_bytes(content)
    record.chmod(0o600)
    stage.call("monitor", expect=STOPPED, because="a record alone is no resource")
    stage.call("monitor", _NOTHING, expect=STOPPED, because="a record alone is no resource")
    stage.call("stop", _NOTHING, expect=(0,))
    record.write_bytes(content)
    record.chmod(0o600)
    stage.call("start", expect=(0,))
    stage.expect_active(because="start said 0")


def _folder(stage: Stage) -> Path:
    return stage.path("/run/ocfpy")


def _put_file(stage: Stage) -> None:
    _folder(stage).write_text("in the way")


def _put_symlink(stage: Stage) -> None:
    target = stage.path("/run/elsewhere")
    target.mkdir(0o700)
    _folder(stage).symlink_to("elsewhere")


def _put_open_folder(stage: Stage) -> None:
    _folder(stage).mkdir()
    _folder(stage).chmod(0o777)


def _unlink(stage: Stage) -> None:
    _folder(stage).unlink()


def _rmdir(stage: Stage) -> None:
    left = sorted(_folder(stage).iterdir())
    stage.expect(not left, "nothing to be written where everybody can", str(left))
    _folder(stage).rmdir()


_OBSTACLES: tuple[tuple[str, Callable[[Stage], None], Callable[[Stage], None]], ...] = (
    ("is a file", _put_file, _unlink),
    ("is a symlink", _put_symlink, _unlink),
    ("can be written by everybody", _put_open_folder, _rmdir),
)
