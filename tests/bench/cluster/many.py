"""Many addresses on one node: how fast they are up, what they cost, how they fail over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.faults import PowerLoss, strike
from ocf_py.lab.witnesses import AddressesClient, AddressesWitness
from tests.bench.cluster.configurations import name_resource
from tests.bench.cluster.session import SURVIVOR, VICTIM
from tests.bench.cluster.takeovers import find_takeovers, measure_spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from tests.bench.cluster.session import Session

_ASK_SECONDS = 0.05  # of each address; fifty of them are 1000 questions a second
_UP_SECONDS = 300.0
_CALM_SECONDS = 1.0


@dataclass(frozen=True)
class ManyRun:
    """One provider's run; all figures in seconds, `idle` in CPU seconds a second.

    `up`: from the load until the last address is held; `up_cpu`: of both nodes until Pacemaker
    has settled. `outages`: by address.
    """

    provider: str
    up: float
    up_cpu: float
    idle: float
    outages: dict[str, float]
    spread: float


def play_many(
    session: Session,
    provider: str,
    configuration: etree._Element,
    addresses: Sequence[str],
    window: float,
) -> ManyRun:
    """Load, wait, measure, cut the power, watch; LabError or NeverAnsweredError when one fails."""
    lab = session.lab
    with AddressesWitness(lab, addresses) as witness:
        used = session.cpu_seconds()
        begun = lab.note(f"{len(addresses)} addresses of {provider} are loaded")
        session.load(configuration, provider)
        _await_all(session, witness, VICTIM)
        gained = [holdings.gained(VICTIM, begun) or begun for holdings in witness.seen.values()]
        up = max(gained) - begun
        session.settle()
        up_cpu = session.cpu_seconds() - used
        _check_started(session, addresses, VICTIM)
        session.progress.step(f"{provider}: all up after {up:.1f} s, {up_cpu:.1f} s of CPU")
        idle = session.measure_idle(window)
        session.progress.step(f"{provider}: idle at {idle * 100:.2f} % of a core")
        with AddressesClient(lab, addresses, _ASK_SECONDS) as client:
            lab.wait_until("every address answers", lambda: all(client.heard.values()))
            time.sleep(_CALM_SECONDS)
            strike(lab, PowerLoss(VICTIM))
            _await_all(session, witness, SURVIVOR)
            time.sleep(_CALM_SECONDS)
        session.settle()
        _check_started(session, addresses, SURVIVOR)
        _check_single(witness)
        takeovers = find_takeovers(client.heard, VICTIM, SURVIVOR)
    outages = {address: takeover.outage for address, takeover in takeovers.items()}
    spread = measure_spread(takeovers)
    session.progress.step(
        f"{provider}: answered again after {min(outages.values()):.1f} s to "
        f"{max(outages.values()):.1f} s"
    )
    return ManyRun(provider, up, up_cpu, idle, outages, spread)


def _await_all(session: Session, witness: AddressesWitness, node: str) -> None:
    session.lab.wait_until(
        f"{node} holds all {len(witness.seen)} addresses",
        lambda: witness.count_on(node) == len(witness.seen),
        timeout=_UP_SECONDS,
    )


def _check_started(session: Session, addresses: Sequence[str], node: str) -> None:
    """Hold what the kernel shows against what Pacemaker says."""
    state = session.lab.state(node)
    if state is None:
        raise LabError(f"Pacemaker on {node} says nothing")
    missing = [a for a in addresses if state.nodes_of(name_resource(a)) != [node]]
    if missing or state.failures:
        raise LabError(f"not started on {node}: {missing}; failures: {list(state.failures)}")


def _check_single(witness: AddressesWitness) -> None:
    for address, (one, other) in witness.held_twice().items():
        raise LabError(f"{address} was held by {one.node} and {other.node} at the same time")
