"""The worker of a mirror as a process of its own, in a sandbox whose disks a test can spoil."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from ocf_py.mirror.control import ask
from ocf_py.mirror.record import open_generation
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.settings import Settings
from ocf_py.mirror.status import STARTING, read_status
from ocf_py.system import background

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox
    from ocf_py.mirror.record import Record
    from ocf_py.mirror.status import Status

PORT = 8874
ADDRESSES = {"n1": "127.0.0.1", "n2": "127.0.0.2"}
_DETACHED = os.path.join(os.path.dirname(background.__file__), "detached.py")
_PATIENCE = 20.0


class WorkerHost:
    """A sandbox with the worker of one node; ``base`` is its folder as seen from within.

    Alone it needs no quorum, so it can be promoted where there is no cluster.
    """

    def __init__(self, sandbox: Sandbox, node: str = "n1", *, is_alone: bool = True) -> None:
        self.sandbox = sandbox
        self.node = node
        self.base = f"/run/{node}"
        self.addresses = {node: ADDRESSES[node]} if is_alone else ADDRESSES
        self.process: subprocess.Popen[str] | None = None
        sandbox.run(["ip", "link", "set", "lo", "up"], check=True)
        self.seen_from_here("").mkdir()
        for name in ("fs", "run"):
            self.seen_from_here(name).mkdir()
        secrets = self.seen_from_here("secrets")
        secrets.write_text("site:a-secret-of-the-mirror\n")
        secrets.chmod(0o600)

    def seen_from_here(self, name: str) -> Path:
        """A path below the base, as this process reaches it."""
        return self.sandbox.root / self.base.strip("/") / name

    @property
    def data(self) -> Path:
        return self.seen_from_here("fs/data")

    @property
    def store(self) -> Path:
        return self.seen_from_here("fs/store")

    @property
    def folder(self) -> Path:
        """What the worker keeps below /run."""
        return self.seen_from_here("run/worker")

    def mount(self, name: str, size: str) -> None:
        """Let what is at a name have a small file system of its own."""
        argv = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs"]
        self.sandbox.run([*argv, f"{self.base}/{name}"], check=True)

    def settings(self, **wishes: Any) -> Settings:
        """The settings of this node, as the agent would hand them on."""
        given: dict[str, Any] = {
            "instance": "site",
            "node": self.node,
            "addresses": self.addresses,
            "port": PORT,
            "directory": f"{self.base}/fs/data",
            "store": f"{self.base}/fs/store",
            "secrets_file": f"{self.base}/secrets",
            "interval": 30.0,
            "trigger": "inotify",
            "snapshot": "none",
            "max_lag": 120.0,
            "max_delete": 50,
            "min_free": 0,
            "feature_set": "3.19.0",
            **wishes,
        }
        return Settings(**given)

    def make_folders(self) -> None:
        self.data.mkdir()
        self.store.mkdir(mode=0o700)

    def start(self, preamble: str = "", **wishes: Any) -> None:
        """Start the worker; ``preamble`` is what its interpreter runs first."""
        self.settings(**wishes).write(str(self.folder))
        folder = f"{self.base}/run/worker"
        argv = [sys.executable, "-ISB", _DETACHED, "ocf_py.mirror.worker", folder]
        if preamble:
            source = os.path.dirname(os.path.dirname(os.path.dirname(_DETACHED)))
            go_on = f"from ocf_py.mirror.worker import main; main([{folder!r}])"
            code = f"import sys; sys.path.insert(0, {source!r})\n{preamble}\n{go_on}"
            argv = [sys.executable, "-ISB", "-c", code]
        self.process = self.sandbox.popen(argv)

    def start_promoted(self, preamble: str = "", **wishes: Any) -> None:
        """Start it on a directory with a file in it, and have it promoted."""
        if not self.data.exists():
            self.make_folders()
        (self.data / "file").write_bytes(b"x" * 8192)
        self.start(preamble, **wishes)
        self.wait_for(lambda: self.status.stage != STARTING, "it does not come up")
        self.ask("promote")

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self, what: str, seconds: float = 20.0, **more: Any) -> dict[str, Any]:
        return ask(str(self.folder), what, seconds, **more)

    @property
    def status(self) -> Status:
        found = read_status(str(self.folder))
        assert found is not None
        return found

    @property
    def silence(self) -> float:
        """Seconds since its last beat."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.status.beat

    @property
    def record(self) -> Record:
        return RecordFile(str(self.store), self.node).read()

    def own(self) -> None:
        """Let its record be that of a promoted node, for whoever looks at it."""
        file = RecordFile(str(self.store), self.node)
        file.write(open_generation(file.read(), "ab12"))

    def wait_for(
        self, condition: Callable[[], bool], what: str, seconds: float = _PATIENCE
    ) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except (AssertionError, OSError):
                pass  # there is no status yet
            assert time.monotonic() < end, what
            time.sleep(0.05)

    def daemons(self) -> list[int]:
        """The processes of rsync's daemon, as seen from outside."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                # First: to read a stranger's command line may hang as long as that one does.
                if os.readlink(f"/proc/{name}/ns/net") != os.readlink(self.sandbox.netns_path):
                    continue
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    command = file.read()
            except OSError:
                continue  # it has ended
            if command.startswith(b"rsync\0--daemon") and self.base.encode() in command:
                found.append(int(name))
        return found

    def fill(self, name: str) -> Path:
        """Leave not a byte free where ``name`` is going to be."""
        path = self.seen_from_here(name)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        os.write(handle, b"\0" * size)
                except OSError:
                    continue
        finally:
            os.close(handle)
        return path
