"""The main job, shown: an address moves off a killed node under a client's eyes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.faults import PowerLoss, strike
from ocf_py.lab.timeline import Moment, trace_failover
from ocf_py.lab.witnesses import AddressWitness, Client

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab
    from ocf_py.lab.progress import Progress
    from ocf_py.lab.witnesses import Outage

ADDRESS = "10.77.2.100"  # as in examples/cib/address.xml
_RESOURCE = "vip"
_CALM_SECONDS = 1.0  # what a client sees before the fault, and after the takeover
_TAKEOVER_SECONDS = 60.0


@dataclass(frozen=True)
class Failover:
    """What was seen."""

    lost: str
    survivor: str
    moments: list[Moment]
    outage: Outage


def play_failover(lab: Lab, cib: Path, provider: str, progress: Progress) -> Failover:
    """Load `cib`, kill the active node, and watch; LabError unless the address moved rightly."""
    lab.load(cib, provider=None if provider == "ocfpy" else provider)
    lost = lab.wait_for_place(_RESOURCE)
    others = [node.name for node in lab.nodes if node.name != lost]
    progress.step(f"{cib.name}: {ADDRESS} runs on {lost} ({provider})")
    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        lab.wait_until(f"{ADDRESS} answers from {lost}", lambda: client.first_answer(lost))
        time.sleep(_CALM_SECONDS)
        progress.step(f"a client asks every 20 ms; now {lost} loses its power")
        fault = strike(lab, PowerLoss(lost))
        lab.wait_until(
            f"{ADDRESS} answers from another node than {lost}",
            lambda: any(client.first_answer(node, fault) for node in others),
            timeout=_TAKEOVER_SECONDS,
        )
        time.sleep(_CALM_SECONDS)
        holders = addresses.holders()
        survivor = next((node for node in others if node in holders), others[0])
        outage = client.longest_outage(fault)
        _judge(addresses, client, survivor, fault)
        if outage is None:
            raise LabError(f"{ADDRESS} never answered again; logs in {lab.settings.logs}")
        moments = trace_failover(lab, fault, lost, survivor, client, addresses)
    return Failover(lost, survivor, moments, outage)


def _judge(addresses: AddressWitness, client: Client, survivor: str, fault: float) -> None:
    """Raise LabError unless exactly the survivor holds the address and has answered."""
    if addresses.holders() != [survivor]:
        raise LabError(f"{ADDRESS} is held by {addresses.holders() or 'no node'}")
    doubles = addresses.double_holdings()
    if doubles:
        one, other = doubles[0]
        raise LabError(f"{ADDRESS} was held by {one.node} and {other.node} at the same time")
    if client.first_answer(survivor, fault) is None:
        raise LabError(f"{ADDRESS} is on {survivor}, but the client got no answer from it")


def find_example(name: str) -> Path:
    """One of the example CIBs: of the checkout, or of the installed package."""
    package = Path(__file__).resolve().parent.parent
    for home in (package.parent.parent / "examples/cib", package / "_cib"):
        if (home / name).is_file():
            return home / name
    raise LabError(f"the example CIB {name} was not installed with ocf-py")
