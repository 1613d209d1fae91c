"""A pass of the mirror beside plain rsync: 100,000 small files of which 100 have changed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.mirror.daemon import TREE, Daemon
from ocf_py.mirror.decisions import follow
from ocf_py.mirror.order import Built, Order, load_answer
from ocf_py.mirror.passes import Place
from ocf_py.mirror.record import advance, open_generation
from ocf_py.mirror.record_file import RecordFile
from ocf_py.system import background
from tests.bench.rows import Row, heading, show
from tests.bench.world import attach_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = "/usr/bin/python3"
TARGET = 1.3
FOLDERS, FILES = 1000, 100  # so many files in each
CHANGED_EVERY = 10  # folders: one file in each of these
HERE, PORT = "127.0.0.1", 8873
SECRETS = [("bench", "of no worth at all")]


class Mirror:
    """A source and its daemon, and two copies on the same disk: ours, and one of plain rsync."""

    def __init__(self, point: Path, run: Path) -> None:
        self.source, self.plain, self.copy = point / "source", point / "plain", point / "copy"
        self.run = run
        for folder in (self.source, self.plain, self.copy):
            (folder / "data").mkdir(parents=True)
            (folder / "store").mkdir(mode=0o700)
        self.daemon = Daemon(str(run))
        data, store = (str(self.source / name) for name in ("data", "store"))
        self.daemon.configure(data, store, HERE, PORT, [HERE], SECRETS)
        self.published = RecordFile(store, "source")
        self.published.write(open_generation(self.published.read(), "ab12"))
        self.place = Place(str(self.copy / "data"), RecordFile(str(self.copy / "store"), "copy"))

    @contextlib.contextmanager
    def serve(self) -> Iterator[None]:
        """Runs the daemon."""
        process = subprocess.Popen(self.daemon.argv)
        try:
            while True:
                with socket.socket() as trial:
                    if trial.connect_ex((HERE, PORT)) == 0:
                        break
                time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait()

    def fill(self) -> None:
        """Makes the files."""
        for folder in range(FOLDERS):
            place = self.source / f"data/{folder // 100}/{folder}"
            place.mkdir(parents=True)
            for number in range(FILES):
                (place / f"file-{number}").write_text(f"{folder} {number}\n" * 20)

    def change(self, state: int) -> None:
        """Changes what the next passes have to find."""
        for folder in range(0, FOLDERS, CHANGED_EVERY):
            place = self.source / f"data/{folder // 100}/{folder}/file-7"
            place.write_text(f"state {state}\n" * (state % 30 + 1))
        self.published.write(advance(self.published.read()))
        os.sync()

    def copy_plainly(self) -> float:
        """Milliseconds of one run of plain rsync."""
        argv = ["rsync", "-aHAX", "--delete", f"--password-file={self.run}/presented"]
        argv += [f"rsync://{SECRETS[0][0]}@{HERE}:{PORT}/{TREE}/", f"{self.plain}/data/"]
        began = time.monotonic()
        subprocess.run(argv, check=True)
        return (time.monotonic() - began) * 1000

    def make_pass(self) -> tuple[float, float]:
        """Milliseconds of one pass: of the process that builds it, and of taking it."""
        record, source = self.place.recover(), self.published.read()
        decision = follow(record, source, is_empty=record.tree is None)
        began = time.monotonic()
        built = self._build()
        between = time.monotonic()
        self.place.take(record, built, decision)
        return (between - began) * 1000, (time.monotonic() - between) * 1000

    def _build(self) -> Built:
        secret_file = f"{self.run}/presented"
        store = self.place.store
        peer = (HERE, PORT, SECRETS[0][0], secret_file)
        order = Order(self.place.directory, store, str(self.run), *peer, parent=os.getpid())
        program = Path(background.__file__).with_name("detached.py")
        argv = [PYTHON, "-ISB", str(program), "ocf_py.mirror.pass_child", "build"]
        done = subprocess.run(
            argv, input=order.dump(), stdout=subprocess.PIPE, text=True, check=True
        )
        return load_answer(done.stdout)


def compare_passes(rounds: int) -> bool:
    """Measures both in turns; whether the target is met."""
    folder = Path(tempfile.mkdtemp(prefix="ocf-py-bench-"))
    point, run = folder / "disk", folder / "run"
    point.mkdir()
    run.mkdir(mode=0o700)
    try:
        with attach_disk(folder, "4G", files=800_000) as device:
            subprocess.run(["mount", device, point], check=True)
            try:
                return _compare(Mirror(point, run), rounds)
            finally:
                subprocess.run(["umount", point], check=True)
    finally:
        shutil.rmtree(folder)


def _compare(mirror: Mirror, rounds: int) -> bool:
    with mirror.serve():
        mirror.fill()
        first = (mirror.make_pass(), mirror.copy_plainly())
        mirror.change(0)
        second = (mirror.make_pass(), mirror.copy_plainly())
        changed = [_take_turns(mirror, number) for number in range(1, rounds + 1)]
        same = [_take_turns(mirror, 0) for _ in range(3)]
    plain = [theirs for _, theirs in changed]
    print(heading(f"MirrorSync, {rounds} rounds", width=12, peer="rsync"))
    return show(
        [
            Row("100 of 100,000 changed", [ours[0] for ours, _ in changed], plain, TARGET),
            Row("with its exchange", [sum(ours) for ours, _ in changed], plain),
            Row("nothing changed", [ours[0] for ours, _ in same], [plain for _, plain in same]),
            Row("the first pass", [first[0][0]], [first[1]]),
            Row("the second, with no twin", [second[0][0]], [second[1]]),
        ]
    )


def _take_turns(mirror: Mirror, state: int) -> tuple[tuple[float, float], float]:
    """One round; with no `state`, nothing has changed."""
    if state:
        mirror.change(state)
    if state % 2:
        ours = mirror.make_pass()
        return ours, mirror.copy_plainly()
    theirs = mirror.copy_plainly()
    return mirror.make_pass(), theirs


if __name__ == "__main__":
    sys.exit(0 if compare_passes(int(sys.argv[1]) if sys.argv[1:] else 10) else 1)
