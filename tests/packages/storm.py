"""Actions without a pause, on a machine whose packages are exchanged meanwhile."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from typing import TYPE_CHECKING

from tests.packages.conftest import LAUNCHERS

if TYPE_CHECKING:
    from typing_extensions import Self

    from tests.packages.conftest import Machine

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "OCF_ROOT": "/usr/lib/ocf", "HA_LOGFACILITY": "none"}


class Storm:
    """Long monitors that import one module after the other, and metadata in between."""

    def __init__(self, machine: Machine) -> None:
        self.faults: Counter[str] = Counter()
        self.done = 0
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

    def _blow(self, action: str) -> None:
        while not self._over.is_set():
            ended = subprocess.run(
                ["/usr/sbin/chroot", self._machine.root, f"/{LAUNCHERS}/Mixer", action],
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            self.done += 1
            if ended.returncode:
                self.faults[f"{action}: {ended.returncode}: {ended.stderr.strip()[-200:]}"] += 1
