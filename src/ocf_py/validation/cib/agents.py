"""The agents that a configuration names: each is asked once what it takes and what it refuses."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.catalogue.calling import call
from ocf_py.catalogue.description import UnreadableDescription, read_description
from ocf_py.catalogue.places import list_agents
from ocf_py.cib.model import TRUE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ocf_py.catalogue.description import Description
    from ocf_py.catalogue.places import InstalledAgent
    from ocf_py.cib.model import Resource

_REASON = "ocf-exit-reason:"
_SECONDS = 20  # Pacemaker's own limit for an operation without a timeout
_CLONE_META = {  # what Pacemaker hands to each instance of a clone, with its own defaults
    "clone-node-max": "1",
    "globally-unique": "false",
    "notify": "false",
}


@dataclass(frozen=True)
class Refusal:
    """What `validate-all` of an agent answered; `code` is None where it did not end in time."""

    code: int | None
    reason: str


class Agents:
    """Those below one OCF root."""

    def __init__(self, ocf_root: Path) -> None:
        self._installed = {one.name: one for one in list_agents(ocf_root)}
        self._said: dict[str, Description | UnreadableDescription] = {}

    @property
    def names(self) -> list[str]:
        """All of them: ocf:PROVIDER:TYPE."""
        return list(self._installed)

    def find(self, resource: Resource) -> InstalledAgent | None:
        """The executable behind a resource."""
        return self._installed.get(resource.agent)

    def describe(self, resource: Resource) -> Description | None:
        """What the resource's agent says it takes; None where it is not there or says nothing."""
        said = self._said.get(resource.agent)
        return None if isinstance(said, UnreadableDescription) else said

    def trouble(self, resource: Resource) -> str:
        """Why the resource's agent could not be asked, "" where it could."""
        said = self._said.get(resource.agent)
        return str(said) if isinstance(said, UnreadableDescription) else ""

    def ask(self, resources: Iterable[Resource]) -> None:
        """Asks all agents that these resources are of, several at a time."""
        named = {one.agent: self._installed[one.agent] for one in resources if self.find(one)}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self._said.update(zip(named, pool.map(_ask, named.values())))

    def refusals(self, cases: list[tuple[Resource, dict[str, str]]]) -> list[Refusal | None]:
        """What `validate-all` says to each resource with these parameters; None for no objection.

        At level 0, as `crm_resource --validate` and `pcs` ask: the form of the values, not the
        machine. In an environment of its own: nothing of the caller's reaches an agent.
        """
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(self._refusal, cases))

    def _refusal(self, case: tuple[Resource, dict[str, str]]) -> Refusal | None:
        resource, values = case
        agent, said = self.find(resource), self.describe(resource)
        if agent is None or said is None or "validate-all" not in said.action_names:
            return None
        secrets = [values[name] for name in said.secrets if values.get(name)]
        refusal = _validate(agent, _environment(resource, values))
        if refusal is None:
            return None
        reason = refusal.reason
        for secret in secrets:
            reason = reason.replace(secret, "(a secret)")
        return Refusal(refusal.code, reason)


def _ask(agent: InstalledAgent) -> Description | UnreadableDescription:
    try:
        return read_description(agent.path)
    except UnreadableDescription as error:
        return error


def _environment(resource: Resource, values: dict[str, str]) -> dict[str, str]:
    found = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C",
        "OCF_ROOT": "/usr/lib/ocf",
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "1",
        "OCF_EXIT_REASON_PREFIX": _REASON,
        "OCF_RESOURCE_INSTANCE": resource.id,
        "OCF_RESOURCE_TYPE": resource.type,
        "OCF_RESOURCE_PROVIDER": resource.provider,
        "OCF_CHECK_LEVEL": "0",
        "OCF_RESKEY_CRM_meta_name": "validate-all",
        "OCF_RESKEY_CRM_meta_timeout": str(_SECONDS * 1000),
        "HA_LOGFACILITY": "none",  # a question offline is nothing for the system's log
    }
    found.update({f"OCF_RESKEY_{name}": value for name, value in values.items()})
    if resource.collective is not None and resource.collective.tag != "bundle":
        found["OCF_RESKEY_CRM_meta_clone"] = "0"
        for name, default in _CLONE_META.items():
            value = resource.around(name) or default
            is_flag = name != "clone-node-max"
            shown = str(value.lower() in TRUE).lower() if is_flag else value
            found["OCF_RESKEY_CRM_meta_" + name.replace("-", "_")] = shown
    return found


def _validate(agent: InstalledAgent, environment: dict[str, str]) -> Refusal | None:
    usable = {name: value for name, value in environment.items() if "\0" not in name + value}
    try:
        called = call([agent.path, "validate-all"], usable, timeout=_SECONDS, ends_when_cut=True)
    except OSError as error:
        return Refusal(None, error.strerror or str(error))
    if called.code is None:
        ended = f"did not end within {_SECONDS} s" if called.timed_out else "died of a signal"
        return Refusal(None, ended)
    if called.code == 0:
        return None
    text = called.stderr.decode(errors="replace")
    _, mark, rest = text.rpartition(_REASON)
    lines = (rest if mark else text).strip().splitlines()
    reason = (lines[0] if mark else lines[-1]) if lines else "without a reason"
    return Refusal(called.code, " ".join(reason.split()))
