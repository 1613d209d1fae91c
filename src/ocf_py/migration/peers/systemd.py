"""A unit of systemd, which Pacemaker asks for by its class, as ocf:ocfpy:Service with a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.migration.translation import Further, Peer, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocf_py.migration.translation import Case, Outcome


def _meaningless(name: str, value: str, _case: Case) -> Outcome:
    return Refused(f"{name}={value}: a unit takes no parameters, and Pacemaker hands it none")


def find_systemd(agent: str, names: Iterable[str]) -> Peer:
    """The unit `systemd:UNIT`; `names` are what parameters its resource has all the same."""
    unit = agent.partition(":")[2]

    def name_unit(case: Case) -> Further:
        found = Further(added={"unit": unit})
        if case.is_globally_unique:
            found.reasons.append("instances that are told apart would all be the one unit")
        return found

    return Peer(agent, "Service", dict.fromkeys(names, _meaningless), name_unit)
