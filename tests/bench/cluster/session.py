"""The lab that all runs share, and what they all do with it."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lxml import etree

from tests.bench.cluster.configurations import nothing

if TYPE_CHECKING:
    from ocf_py.lab import Lab
    from ocf_py.lab.progress import Progress

PROVIDERS = ("ocfpy", "heartbeat")
# Not n1: its fencing is delayed, so that it wins a split.
VICTIM, SURVIVOR = "n2", "n1"
_SETTLE_SECONDS = 300
_CALM_SECONDS = 3.0  # announcers end, and every first recurring monitor has been


class Session:
    """One lab of two nodes, calm and without resources between two runs."""

    def __init__(self, lab: Lab, progress: Progress) -> None:
        self.lab = lab
        self.progress = progress

    def load(self, configuration: etree._Element, provider: str = "ocfpy") -> None:
        """Replace the configuration; Pacemaker acts on it while this returns."""
        with TemporaryDirectory() as folder:
            self.lab.load(self.write(configuration, Path(folder)), provider=alias(provider))

    @staticmethod
    def write(configuration: etree._Element, folder: Path) -> Path:
        """Write a configuration to a file in `folder`."""
        path = folder / "bench.xml"
        path.write_bytes(etree.tostring(configuration))
        return path

    def settle(self) -> None:
        """Wait until Pacemaker has nothing more to do."""
        wait = ["crm_resource", "--wait", f"--timeout={_SETTLE_SECONDS}s"]
        self.lab.node(SURVIVOR).run(wait, timeout=_SETTLE_SECONDS + 30)

    def clear(self) -> None:
        """Switch both nodes on, and stop every resource but the lab's own."""
        self.lab.start(VICTIM)
        self.lab.await_online()
        self.load(nothing())
        self.settle()

    def cpu_seconds(self) -> float:
        """What both nodes have used until now."""
        return sum(node.cpu_seconds() for node in self.lab.nodes)

    def measure_idle(self, window: float) -> float:
        """CPU of both nodes once nothing is to be done any more, in seconds a second."""
        self.settle()
        time.sleep(_CALM_SECONDS)
        begun, used = time.monotonic(), self.cpu_seconds()
        time.sleep(window)
        return (self.cpu_seconds() - used) / (time.monotonic() - begun)


def alias(provider: str) -> str | None:
    """How the lab wants a provider named that is to stand in for ours."""
    return None if provider == "ocfpy" else provider


def order_providers(run: int) -> tuple[str, ...]:
    """Who is measured first and who second: they change places from run to run."""
    return PROVIDERS if run % 2 == 0 else PROVIDERS[::-1]
