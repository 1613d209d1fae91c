"""The resource scripts of haresources, and the resources that take their place."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocf_py.heartbeat.source import Line

#: The scripts whose argument is an address.
ADDRESSES = ("IPaddr", "IPaddr2", "IPv6addr")
_UNIT = re.compile(r"[A-Za-z0-9_.@-]+")


@dataclass(frozen=True)
class Resource:
    """A resource: its agent as Pacemaker's CLASS:PROVIDER:TYPE or CLASS:TYPE, and its parameters.

    `timeouts` are those of its operations in seconds, without a unit. `promotes` says that it is
    a promotable clone beside the group, which follows where it is promoted.
    """

    agent: str
    parameters: Mapping[str, str]
    timeouts: Mapping[str, int]
    interval: int = 10
    promotes: bool = False


@dataclass(frozen=True)
class Script:
    """One word of a line of haresources: the script's name, and its arguments between the `::`."""

    line: Line
    name: str
    arguments: list[str] = field(default_factory=list)

    @property
    def argument(self) -> str:
        """The one argument that it has to have."""
        if not self.arguments or not self.arguments[0]:
            raise self.line.refuse(f"{self.name} wants an argument, such as {self.name}::NAME")
        return self.arguments[0]


class Untranslatable(Exception):  # noqa: N818 - says what is
    """No agent takes the script's place; the message says why, and what to do."""


def translate(script: Script, *, lsb: bool) -> tuple[Resource, str]:
    """The resource that takes the script's place, and a remark; Untranslatable if none does.

    `lsb` leaves init scripts what they are, instead of taking the unit of that name.
    """
    if script.name in _MAKERS:
        return _MAKERS[script.name](script), ""
    if script.name in _WITHOUT:
        raise Untranslatable(_WITHOUT[script.name])
    if script.arguments:
        raise Untranslatable(
            "no agent is known in its place: write one (`ocf-py new`), or run the program by "
            "ocf:ocfpy:Service with `command`"
        )
    if not _UNIT.fullmatch(script.name):
        raise script.line.refuse(f"{script.name!r} cannot be the name of a script")
    timeouts = {"start": 60, "stop": 60, "monitor": 20}
    if lsb:
        remark = "the init script has to answer `status` as LSB wants it, which many do not"
        return Resource(f"lsb:{script.name}", {}, timeouts), remark
    unit = script.name if script.name.endswith(".service") else f"{script.name}.service"
    remark = f"the unit {unit} has to be on both nodes, and disabled: systemctl disable {unit}"
    return Resource("ocf:ocfpy:Service", {"unit": unit}, timeouts), remark


def _address(script: Script) -> Resource:
    """An address by ADDRESS[/PREFIX[/DEVICE[:LABEL]][/BROADCAST]]."""
    address, *rest = script.argument.split("/")
    parameters = {"ip": address}
    try:
        version = ipaddress.ip_address(address).version
        if rest:
            length = rest.pop(0)
            ipaddress.ip_network(f"{address}/{length}", strict=False)
            parameters["cidr_netmask"] = length
    except ValueError as error:
        raise script.line.refuse(f"{script.name}: {error}") from None
    for part in rest:
        if "broadcast" not in parameters and version == 4 and _is_address(part):  # noqa: PLR2004
            parameters["broadcast"] = part
        elif "nic" not in parameters and part and "broadcast" not in parameters:
            nic, _, label = part.partition(":")
            parameters["nic"] = nic
            if label:
                parameters["iflabel"] = label
        else:
            raise script.line.refuse(f"{script.name}: {part!r} in {script.argument} means nothing")
    return Resource("ocf:ocfpy:IPaddr", parameters, {"start": 20, "stop": 20, "monitor": 20})


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _filesystem(script: Script) -> Resource:
    values = dict(zip(("device", "directory", "fstype", "options"), script.arguments))
    if len(script.arguments) > 4:  # noqa: PLR2004 - as many as it takes
        raise script.line.refuse("Filesystem takes DEVICE::DIRECTORY::TYPE::OPTIONS")
    for needed in ("device", "directory", "fstype"):
        if not values.get(needed):
            raise script.line.refuse(
                f"Filesystem names no {needed}: write it as DEVICE::DIRECTORY::TYPE, for instance "
                "with ext4 as the type"
            )
    if not values.get("options"):
        values.pop("options", None)
    timeouts = {"start": 60, "stop": 60, "monitor": 40}
    return Resource("ocf:ocfpy:Filesystem", values, timeouts, interval=20)


def _drbd(script: Script) -> Resource:
    timeouts = {"start": 240, "promote": 90, "demote": 90, "stop": 100, "notify": 90, "monitor": 20}
    parameters = {"drbd_resource": script.argument}
    return Resource("ocf:linbit:drbd", parameters, timeouts, interval=20, promotes=True)


def _maker(
    agent: str,
    names: Sequence[str],
    seconds: int,
    *,
    interval: int = 10,
    fixed: Mapping[str, str] | None = None,
) -> Callable[[Script], Resource]:
    """A resource whose parameters are the script's arguments, by their `names`."""

    def make(script: Script) -> Resource:
        script.argument  # noqa: B018 - refuses where there is none
        if len(script.arguments) > len(names):
            raise script.line.refuse(f"{script.name} takes {'::'.join(names)}")
        given = dict(zip(names, script.arguments))
        timeouts = dict.fromkeys(("start", "stop", "monitor"), seconds)
        return Resource(agent, {**given, **(fixed or {})}, timeouts, interval)

    return make


_MAKERS: dict[str, Callable[[Script], Resource]] = {
    **dict.fromkeys(ADDRESSES, _address),
    "Filesystem": _filesystem,
    "drbddisk": _drbd,
    "LVM": _maker(
        "ocf:heartbeat:LVM-activate",
        ("vgname",),
        90,
        interval=30,
        fixed={"vg_access_mode": "system_id"},
    ),
    "MailTo": _maker("ocf:heartbeat:MailTo", ("email", "subject"), 20),
    "IPsrcaddr": _maker("ocf:heartbeat:IPsrcaddr", ("ipaddress",), 20),
    "apache": _maker("ocf:heartbeat:apache", ("configfile",), 60),
    "db2": _maker("ocf:heartbeat:db2", ("instance",), 120, interval=20),
    "Xinetd": _maker("ocf:heartbeat:Xinetd", ("service",), 20),
    "portblock": _maker("ocf:heartbeat:portblock", ("protocol", "portno", "action"), 20),
}
_WITHOUT = {
    "SendArp": "ocf:ocfpy:IPaddr announces its address by itself: leave it out",
    "AudibleAlarm": "an alert of Pacemaker does this: pcs alert create",
    "WinPopup": "an alert of Pacemaker does this: pcs alert create",
    "drbdupper": "use ocf:linbit:drbd for the upper resource too, promoted after the lower one",
    "LVSSyncDaemonSwap": "the IPVS sync daemon can run as master and backup on both nodes at once",
    "ServeRAID": "its hardware is gone: use a disk that both nodes see, or DRBD",
    "WAS": "run the application server by ocf:ocfpy:Service with its unit",
    "ICP": "its hardware is gone: use a disk that both nodes see, or DRBD",
    "Raid1": "ocf:heartbeat:mdraid does this; it wants an mdadm.conf, which a raidtab is not",
    "ids": "run the database server by ocf:ocfpy:Service with its unit",
}
