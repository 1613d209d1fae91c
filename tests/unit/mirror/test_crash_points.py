"""A crash before or after any step of a pass leaves a complete tree, and nothing that is lost."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.mirror import build as building
from ocf_py.mirror import trees, twin
from ocf_py.mirror.build import build
from ocf_py.mirror.decisions import FOLLOW, SET_ASIDE, Follow
from ocf_py.mirror.generations import FENCED
from ocf_py.mirror.order import Order, PassRefused
from ocf_py.mirror.passes import Place
from ocf_py.mirror.record import Record, advance, open_generation
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.record_text import dump
from ocf_py.mirror.transfer import Pulled

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 60  # more than a pass has, before and after each


class Crash(BaseException):
    """The power is gone: nothing that the program would still do is done."""


class Power:
    """Lets ``left`` steps happen, counted before and after each, and none behind them."""

    def __init__(self, left: int) -> None:
        self.left = left

    def use(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    def through(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def powered(*what: Any, **more: Any) -> Any:
            self.use()
            answer = step(*what, **more)
            self.use()
            return answer

        return powered


class Here:
    """A source on the same machine, in the place of a peer's daemon: all of its files differ."""

    def __init__(self, tree: Path, record: Record, power: Power) -> None:
        self.tree = tree
        self.record = record
        self.pull_tree = power.through(self._pull_tree)
        self.pull_some = power.through(self._pull_some)

    def list_changes(self, _module: str, target: str, _order: Order) -> tuple[str, bool]:
        gone = {*os.listdir(target)} - {*os.listdir(self.tree)}
        lines = [f"*deleting   {name}//\n" for name in sorted(gone)]
        lines += [f">f.st...... {name}//\n" for name in sorted(os.listdir(self.tree))]
        return "".join(lines), False

    def _pull_some(
        self, _module: str, paths: str, target: str, _like: str, _order: Order, *, share: bool
    ) -> Pulled:
        for path in Path(paths).read_bytes().split(b"\0"):
            source = self.tree / os.fsdecode(path)
            if source.is_file():
                shutil.copy(source, target)
        return Pulled(vanished=False, bytes=0)

    def _pull_tree(self, _module: str, target: str, _like: str, _order: Order) -> Pulled:
        shutil.copytree(self.tree, target, dirs_exist_ok=True)
        return Pulled(vanished=False, bytes=0)

    def pull_file(self, _module: str, _name: str, target: str, _seconds: float) -> None:
        Path(target).write_bytes(dump(self.record))


def fill(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("one", "two"):
        (folder / name).write_text(text)


def content(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.iterdir()}


class Bench:
    """A copy with an old tree, and a source with a new one."""

    def __init__(self, folder: Path, kind: str) -> None:
        for name in ("store", "run"):
            (folder / name).mkdir()
        self.live, self.tree = folder / "live", folder / "source"
        fill(self.tree, "new")
        fill(self.live, "old")
        (self.live / "gone").write_text("old")
        self.source = advance(open_generation(Record("n2"), "ab"))
        self.before = open_generation(Record("n1"), "cd") if kind == SET_ASIDE else Record("n1")
        self.place = Place(str(self.live), RecordFile(str(folder / "store"), "n1"))
        self.place.file.write(self.before)
        self.follow = Follow(kind, "", FENCED if kind == SET_ASIDE else "")
        where = (str(self.live), self.place.store, str(folder / "run"))
        self.order = Order(*where, "", 0, "", "", aside=kind == SET_ASIDE)

    def serve(self, patched: pytest.MonkeyPatch, power: Power) -> None:
        patched.setattr(building, "Source", lambda *_where: Here(self.tree, self.source, power))


@pytest.mark.parametrize("is_twin", [False, True])
@pytest.mark.parametrize("kind", [FOLLOW, SET_ASIDE])
@pytest.mark.parametrize("steps", range(STEPS))
def test_a_crash_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, steps: int, is_twin: bool
) -> None:
    bench = Bench(tmp_path, kind)
    place = bench.place
    if is_twin:
        fill(tmp_path / "store/staging", "of the tree before")
    power = Power(steps)
    with monkeypatch.context() as patched:
        for module, name in (
            *((trees, name) for name in ("exchange", "move", "remove", "sync_file_system")),
            *((twin, name) for name in ("align", "drop")),
        ):
            patched.setattr(module, name, power.through(getattr(module, name)))
        patched.setattr(place.file, "write", power.through(place.file.write), raising=False)
        bench.serve(patched, power)
        try:
            place.take(bench.before, build(bench.order), bench.follow)
        except Crash:
            assert steps < STEPS - 1, "a pass has more steps than are tried"
        else:
            assert steps > 0
            assert content(bench.live) == {"new"}

    assert content(bench.live) in ({"old"}, {"new"})
    record = place.recover()
    place.layout.sweep()
    check_recovered(bench, record)


class Disk:
    """Refuses one step: the one that comes after ``left`` others, before it or behind it."""

    def __init__(self, left: int, *, is_done: bool) -> None:
        self.left = left
        self.is_done = is_done

    def through(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def weak(*what: Any) -> Any:
            self.left -= 1
            if self.left == -1 and not self.is_done:
                raise OSError(errno.EIO, "the disk is tired", "somewhere")
            answer = step(*what)
            if self.left == -1:
                raise OSError(errno.EIO, "the disk is tired", "somewhere")
            return answer

        return weak


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("kind", [FOLLOW, SET_ASIDE])
@pytest.mark.parametrize("steps", range(6))
def test_a_disk_that_refuses_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, steps: int, is_done: bool
) -> None:
    bench = Bench(tmp_path, kind)
    with monkeypatch.context() as patched:
        bench.serve(patched, Power(1000))
        built = build(bench.order)
        disk = Disk(steps, is_done=is_done)
        for name in ("exchange", "move"):
            patched.setattr(trees, name, disk.through(getattr(trees, name)))
        write = disk.through(bench.place.file.write)
        patched.setattr(bench.place.file, "write", write, raising=False)
        try:
            record = bench.place.take(bench.before, built, bench.follow)
        except PassRefused:
            assert content(bench.live) == {"old"}
            record = bench.before
        else:
            assert content(bench.live) == {"new"}
    assert record == bench.place.file.read()
    bench.place.layout.sweep()
    check_recovered(bench, record)


def check_recovered(bench: Bench, record: Record) -> None:
    """Record and tree say the same, and the old tree is somewhere where it had to be kept."""
    before, source, store = bench.before, bench.source, bench.place.store
    (state,) = content(bench.live)
    kept = {"record", "staging", *(one.name for one in record.asides)}
    assert set(os.listdir(store)) <= kept
    if state == "old":
        assert record == before
        return
    assert record.generation == source.generation
    assert record.lineage == source.lineage
    assert [one.position for one in record.asides] == [before.tree] * len(record.asides)
    for aside in record.asides:
        assert content(Path(store, aside.name)) == {"old"}
    assert len(record.asides) == (before.tree is not None)
