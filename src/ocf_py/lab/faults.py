"""What can go wrong, each fault an object: it strikes, and may be mended.

with suffer(lab, CutCables("n1", "0")):
    ...                                  # mended at the end of the block
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab.lab import Lab


class Fault(Protocol):
    """Something that befalls one lab."""

    def strike(self, lab: Lab) -> None:
        """Let it happen now; returns when it has."""

    def mend(self, lab: Lab) -> None:
        """Undo it, as far as the administrator could."""


@dataclass(frozen=True)
class PowerLoss:
    """A node's power fails: every process and every cable of it is gone at once."""

    node: str

    def strike(self, lab: Lab) -> None:
        """Cut the power."""
        lab.kill(self.node)

    def mend(self, lab: Lab) -> None:
        """Switch it on again."""
        lab.start(self.node)


@dataclass(frozen=True)
class Freeze:
    """A node hangs: no process of it runs, but its kernel keeps and answers for its addresses."""

    node: str

    def strike(self, lab: Lab) -> None:
        """Freeze all of its processes."""
        lab.freeze(self.node)

    def mend(self, lab: Lab) -> None:
        """Let it run on, unless fencing has ended and rebooted it meanwhile."""
        if lab.node(self.node).describe()["frozen"]:
            lab.thaw(self.node)


@dataclass(frozen=True)
class CutCables:
    """A node's cables are cut: "0", "1", "rings" (both), "service" or "all".

    `drop` loses the frames and keeps the carrier, as a broken switch does; `down` loses both.
    """

    node: str
    cable: str
    mode: str = "drop"

    def strike(self, lab: Lab) -> None:
        """Cut."""
        lab.cut(self.node, self.cable, self.mode)

    def mend(self, lab: Lab) -> None:
        """Splice."""
        lab.mend(self.node, self.cable)


@dataclass(frozen=True)
class BrokenPowerSwitch:
    """Every fencing fails."""

    def strike(self, lab: Lab) -> None:
        """Break the power switch."""
        lab.break_power_switch()

    def mend(self, lab: Lab) -> None:
        """Repair it. Pacemaker may have given up meanwhile: `crm_resource --cleanup`."""
        lab.break_power_switch(broken=False)


@contextlib.contextmanager
def suffer(lab: Lab, fault: Fault) -> Iterator[float]:
    """Strike, yield the time of it (CLOCK_MONOTONIC), and mend at the end of the block."""
    at = strike(lab, fault)
    try:
        yield at
    finally:
        fault.mend(lab)


def strike(lab: Lab, fault: Fault) -> float:
    """Let a fault happen; returns the moment before it did, CLOCK_MONOTONIC."""
    at = lab.note(f"fault: {fault}")
    fault.strike(lab)
    return at
