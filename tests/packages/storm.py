"""Actions without a pause, on a machine whose packages are exchanged meanwhile."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.packages.conftest import LAUNCHERS

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from tests.packages.conftest import Machine

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "OCF_ROOT": "/usr/lib/ocf", "HA_LOGFACILITY": "none"}

_LEAD = 0.5  # seconds: monitors are in their midst when the exchange begins


class Storm:
    """Long monitors that import one module after the other, and metadata in between."""

    def __init__(self, machine: Machine) -> None:
        self.faults: Counter[str] = Counter()
        self._monitors: list[tuple[float, float]] = []  # when each began and ended
        self._exchanges: list[float] = []
        self._machine = machine
        self._over = threading.Event()
        words = ["monitor"] * 4 + ["meta-data"]
        self._threads = [threading.Thread(target=self._blow, args=(word,)) for word in words]

    def __enter__(self) -> Self:
        """From now on they run."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Until the last has ended."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def exchange(self, *words: str | Path) -> None:
        """A command of the package manager amid all that."""
        time.sleep(_LEAD)
        self._exchanges.append(time.monotonic())
        self._machine.run(*words)

    @property
    def struck(self) -> int:
        """How many monitors were under way when an exchange began."""
        return sum(
            began < exchange < ended
            for began, ended in self._monitors
            for exchange in self._exchanges
        )

    def _blow(self, action: str) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            ended = subprocess.run(
                ["/usr/sbin/chroot", self._machine.root, f"/{LAUNCHERS}/Mixer", action],
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if action == "monitor":
                self._monitors.append((began, time.monotonic()))
            if ended.returncode:
                self.faults[f"{action}: {ended.returncode}: {ended.stderr.strip()[-200:]}"] += 1
