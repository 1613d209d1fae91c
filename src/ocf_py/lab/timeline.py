"""The course of a failover: what happened when, relative to the fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.lab.membership import find_loss

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab
    from ocf_py.lab.witnesses import AddressWitness, Client


@dataclass(frozen=True)
class Moment:
    """One line of it; `at` is CLOCK_MONOTONIC in seconds."""

    at: float
    text: str


def trace_failover(
    lab: Lab, fault: float, lost: str, survivor: str, client: Client, addresses: AddressWitness
) -> list[Moment]:
    """All that is known of the failover from `lost` to `survivor`, in the order of time.

    Sources: the lab's journal, Corosync's log, the survivor's kernel, the client.
    """
    moments = [Moment(fault, f"power loss of {lost}")]
    left = find_loss(
        lab.node(survivor).logs / "corosync/corosync.log", lab.node(lost).number, fault
    )
    if left is not None:
        moments.append(Moment(left, f"membership: {survivor} has lost {lost}"))
    for event in lab.events(fault):
        if event.node == lost and event.what.startswith("fencing"):
            by = event.details["by"]
            text = {
                "fencing requested": f"fencing requested: {by} asks for a reboot of {lost}",
                "fencing confirmed": f"fencing confirmed: the power switch tells {by} it is done",
            }.get(event.what, f"{event.what}: {event.details.get('error', '')}")
            moments.append(Moment(event.at, text))
    gained = addresses.gained(survivor, fault)
    if gained is not None:
        moments.append(Moment(gained, f"start: {survivor} holds {addresses.address}"))
    first = client.first_answer(survivor, fault)
    if first is not None:
        moments.append(Moment(first.answered, f"first answer from {survivor}"))
    return sorted(moments, key=lambda moment: moment.at)


def render_timeline(moments: list[Moment]) -> list[str]:
    """One line a moment, in seconds since the first."""
    return [f"{moment.at - moments[0].at:+8.3f} s  {moment.text}" for moment in moments]
