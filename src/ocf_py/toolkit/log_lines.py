"""What an agent has written to the log during one call: where agents write, and what is its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Where a system without a journal has what went to the facility `daemon`: Debian, Fedora.
FILES = ("/var/log/syslog", "/var/log/messages", "/var/log/daemon.log")
_SECONDS = 10


@contextlib.contextmanager
def listen(type_: str, instance: str) -> Iterator[LogLines]:
    """Listens for what this instance logs, for as long as the block runs."""
    handle, path = tempfile.mkstemp(prefix="ocf-py-run-", suffix=".log")
    os.close(handle)
    try:
        yield LogLines(type_, instance, path)
    finally:
        os.unlink(path)


class LogLines:
    """The file for HA_LOGFILE, which shell agents take, and the system's log from now on."""

    def __init__(self, type_: str, instance: str, path: str, files: Sequence[str] = FILES) -> None:
        self._tag = f"{type_}({instance})["
        self.path = path
        self._began = time.time()
        self._sizes: dict[str, int] = {}
        for one in files:
            with contextlib.suppress(OSError):
                self._sizes[one] = os.stat(one).st_size

    def take(self) -> list[str]:
        """The lines since: those of HA_LOGFILE, or else those in the system's log by their tag."""
        with open(self.path, "rb") as file:
            own = file.read().decode(errors="replace").splitlines()
        return own or [line for line in self._system_lines() if self._tag in line]

    def _system_lines(self) -> list[str]:
        lines: list[str] = []
        journalctl = shutil.which("journalctl")
        if journalctl and os.path.isdir("/run/systemd/journal"):
            argv = [journalctl, "-q", "--no-pager", "-o", "short", f"--since=@{self._began:.0f}"]
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                done = subprocess.run(
                    argv,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=_SECONDS,
                    check=False,
                )
                lines += done.stdout.decode(errors="replace").splitlines()
        if lines:
            return lines
        for path, size in self._sizes.items():
            with contextlib.suppress(OSError), open(path, "rb") as file:
                file.seek(size)
                lines += file.read().decode(errors="replace").splitlines()
        return lines
