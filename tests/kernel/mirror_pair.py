"""Two hosts with a mirrored directory: the daemon of one serves the source, the other copies it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from ocf_py.mirror.daemon import STATE, Daemon
from ocf_py.mirror.order import Built, Order, PassRefused
from ocf_py.mirror.passes import Place
from ocf_py.mirror.record import advance, open_generation
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.record_text import load
from tests.kernel.inside import inside
from tests.kernel.mirror_pass import make_pass, order_from, run_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox
    from ocf_py.mirror.record import Record
    from ocf_py.mirror.transfer import Source

SECRETS = [("first", "a-secret-of-the-mirror"), ("second", "another-secret-of-it")]
#: What stands before a program that has the file modes of a daemon's.
AS_THE_WORKER = ("sh", "-c", 'umask 077; exec "$@"', "sh")
HERE, THERE, PORT = "192.0.2.1", "192.0.2.2", 8873


class Pair:
    """Two hosts: `there` has the source and its daemon, `here` the copy."""

    def __init__(self, here: Sandbox, there: Sandbox, folder: Path) -> None:
        self.here, self.there = here, there
        self.source, self.copy = folder / "there", folder / "here"
        for side in (self.source, self.copy):
            (side / "data").mkdir(parents=True)
            (side / "store").mkdir(mode=0o700)
        self.run = folder / "run"
        self.daemon = Daemon(str(self.run / "there"))
        self.client = Daemon(str(self.run / "here"))
        for sandbox, address in ((here, HERE), (there, THERE)):
            sandbox.run(["ip", "address", "add", f"{address}/24", "dev", "eth0"], check=True)
            sandbox.run(["ip", "link", "set", "lo", "up"], check=True)
        self.configure(SECRETS)
        self.client.configure("/nowhere", "/nowhere", HERE, PORT, [], SECRETS)
        argv = [*AS_THE_WORKER, *self.daemon.argv]
        self.process = there.popen(argv, stderr=subprocess.DEVNULL)
        self.publish(open_generation(self.file(self.source).read(), "ab12"))
        inside(here, lambda: wait_for(THERE))

    def configure(self, secrets: list[tuple[str, str]], peers: tuple[str, ...] = (HERE,)) -> None:
        data, store = str(self.source / "data"), str(self.source / "store")
        self.daemon.configure(data, store, THERE, PORT, peers, secrets)

    def renew(self) -> None:
        """Begin again with two empty directories."""
        for side in (self.source, self.copy):
            shutil.rmtree(side)
            (side / "data").mkdir(parents=True)
            (side / "store").mkdir(mode=0o700)
        self.publish(open_generation(self.file(self.source).read(), "ab12"))

    def file(self, side: Path) -> RecordFile:
        return RecordFile(str(side / "store"), side.name)

    def publish(self, record: Record) -> None:
        self.file(self.source).write(record)

    def write(self, change: Callable[[Path], object]) -> None:
        """Something changes at the source, and its record says so."""
        change(self.source / "data")
        self.publish(advance(self.file(self.source).read()))

    @property
    def reach(self) -> Source:
        return self.client.reach(THERE, PORT, SECRETS[0][0])

    def look(self) -> Record:
        target = self.run / "seen"
        self.reach.pull_file(STATE, "record", str(target), 20)
        return load(target.read_bytes())

    def order(self, **wishes: object) -> Order:
        return order_from(self.copy, self.run, THERE, PORT, SECRETS[0][0], **wishes)

    def build(self, **wishes: object) -> Built | PassRefused:
        """The long part of a pass, from the copy's host, in its own process."""

        def body() -> Built | PassRefused:
            try:
                return run_child(self.order(**wishes))
            except PassRefused as refused:
                return refused

        return inside(self.here, body)

    def pull(self, **wishes: object) -> Record:
        """One pass, from the copy's host."""
        return inside(self.here, lambda: self.pull_here(run_child, **wishes))

    def pull_here(self, run: Callable[[Order], Built], **wishes: object) -> Record:
        place = Place(str(self.copy / "data"), self.file(self.copy))
        return make_pass(place, self.look(), self.order(**wishes), run)


def wait_for(address: str) -> None:
    end = time.monotonic() + 10
    while True:
        with socket.socket() as trial:
            if trial.connect_ex((address, PORT)) == 0:
                return
        assert time.monotonic() < end, "the daemon does not listen"
        time.sleep(0.02)
