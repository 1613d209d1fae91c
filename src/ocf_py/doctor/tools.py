"""The programs that the agents run, and the agents themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.doctor.packages import PACKAGES
from ocf_py.system.mounting import HELPERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_OCF = "/usr/lib/ocf/resource.d"
#: Programs without which an agent does not start, whatever its parameters are.
_ALWAYS = {
    "Filesystem": ("mount", "umount"),
    "MirrorSync": ("rsync", "setpriv", "unshare", "crm_attribute"),
}


def check_tools(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """Each program that one of `resources` needs; without any known, each that an agent may."""
    wanted: dict[str, list[str]] = {}
    if resources is None:
        for type_, tools in _ALWAYS.items():
            for tool in tools:
                wanted.setdefault(tool, []).append(f"ocf:ocfpy:{type_}")
    for resource in resources or ():
        for tool in _needs(resource):
            wanted.setdefault(tool, []).append(resource.id)
    for tool, users in sorted(wanted.items()):
        path = node.find(tool)
        if path is not None:
            yield fine("tools", tool, path)
            continue
        say = warning if resources is None else problem
        yield say(
            "tools",
            tool,
            f"is not installed, and {', '.join(users)} {_need(users)} it",
            "its start answers 5 here: Pacemaker bans it from this node",
            f"install the package {PACKAGES[tool]}",
        )


def check_agents(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """Whether the agent of each resource is here."""
    for agent, users in _group(resources or []).items():
        first = users[0]
        path = _agent_path(first)
        if not path:
            continue
        if node.is_program(path):
            yield fine("agents", agent, path)
        else:
            yield problem(
                "agents",
                agent,
                f"there is no program {path}, and {', '.join(one.id for one in users)} "
                f"{_need(users)} it",
                "Pacemaker cannot start, monitor or stop it here",
                "run `ocf-py install`" if first.provider == "ocfpy" else "install its package",
            )


def _need(users: Sequence[object]) -> str:
    return "needs" if len(users) == 1 else "need"


def _group(resources: list[Resource]) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for resource in resources:
        found.setdefault(resource.agent, []).append(resource)
    return found


def _agent_path(resource: Resource) -> str:
    """Its program; "" for a class that has none, as systemd."""
    if resource.standard == "ocf":
        return f"{_OCF}/{resource.provider}/{resource.type}"
    if resource.standard == "lsb":
        return f"/etc/init.d/{resource.type}"
    # Those with a "/" are plugins of cluster-glue's: libraries.
    is_program = resource.standard == "stonith" and "/" not in resource.type
    return f"/usr/sbin/{resource.type}" if is_program else ""


def _needs(resource: Resource) -> list[str]:
    if resource.standard == "systemd":
        return ["systemctl"]
    if (resource.standard, resource.provider) != ("ocf", "ocfpy"):
        return []
    tools = list(_ALWAYS.get(resource.type, ()))
    if resource.is_of("Filesystem"):
        helper = HELPERS.get(resource.parameters.get("fstype", ""))
        tools += [helper[0]] if helper else []
        device = resource.parameters.get("device", "")
        if device.startswith("-") or "=" in device.partition("/")[0]:  # by a label or a UUID
            tools.append("blkid")
    elif resource.is_of("Drbd"):  # few nodes have it: it is missed only where the CIB wants it
        tools += ["drbdadm", "drbdsetup"]
    elif resource.is_of("Service") and resource.parameters.get("unit"):
        tools.append("systemctl")
    return tools
