"""One address, the demo's failover again and again: what a client waits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ocf_py.lab.cib import read_configuration
from ocf_py.lab.demo import find_example, play_failover
from ocf_py.lab.errors import LabError
from ocf_py.lab.progress import Silence
from tests.bench.cluster.configurations import prefer
from tests.bench.cluster.session import VICTIM

if TYPE_CHECKING:
    from ocf_py.lab.demo import Failover
    from tests.bench.cluster.session import Session

_RESOURCE = "vip"  # as in examples/cib/address.xml


@dataclass(frozen=True)
class SingleRun:
    """One provider's run, in milliseconds.

    `outage`: what the client waited; `decision`: from the lost membership to the request to fence;
    `gap`: from the confirmed fencing to the first answer.

    The decision is Pacemaker's alone, and takes 10 ms or 1010: its controller sleeps for a second
    when it finds an update of the CIB still on its way. Half of the runs have it, by chance.
    """

    provider: str
    outage: float
    decision: float
    gap: float

    @property
    def comparable(self) -> float:
        """The outage without the decision."""
        return self.outage - self.decision


def play_single(session: Session, provider: str) -> SingleRun:
    """One failover away from the victim; LabError unless it went rightly."""
    configuration = read_configuration(find_example("address.xml"))
    prefer(configuration, _RESOURCE, VICTIM)
    with TemporaryDirectory() as folder:
        cib = session.write(configuration, Path(folder))
        seen = play_failover(session.lab, cib, provider, Silence())
    if seen.lost != VICTIM:
        raise LabError(f"the address began on {seen.lost}, not on {VICTIM}")
    left, asked, confirmed = (
        find_moment(seen, what) for what in ("membership", "fencing requested", "fencing confirmed")
    )
    run = SingleRun(
        provider,
        outage=seen.outage.milliseconds,
        decision=(asked - left) * 1000,
        gap=(seen.outage.first_answer.answered - confirmed) * 1000,
    )
    session.progress.step(
        f"{provider}: outage {run.outage:.0f} ms, of it {run.decision:.0f} ms Pacemaker's decision "
        f"and {run.gap:.0f} ms from the confirmed fencing"
    )
    return run


def find_moment(seen: Failover, what: str) -> float:
    """When something happened, CLOCK_MONOTONIC; LabError when it did not."""
    for moment in seen.moments:
        if moment.text.startswith(what):
            return moment.at
    raise LabError(f"the address moved, but nobody saw this: {what}")
