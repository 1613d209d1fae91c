"""What a CIB has that can be watched and broken: addresses, mounts, programs, mirrors, disks."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocf_py.cib.model import FALSE, resources
from ocf_py.cib.times import parse_ms
from ocf_py.lab.shared_disk import SHARED_DEVICE
from ocf_py.rehearsal.idle import find_idle
from ocf_py.service.words import split_words
from ocf_py.validation.cib.company import Company, promoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocf_py.cib.document import Document
    from ocf_py.cib.model import Operation, Resource

_ADDRESSES = ("IPaddr", "IPaddr2")
_MIRRORED_DISKS = ("Drbd", "drbd")
_START_SECONDS = {"address": 1.0, "mount": 3.0, "program": 5.0, "mirror": 8.0, "other": 2.0}
# Until a node that is gone is known, fenced and its service decided on elsewhere: token and
# consensus 2.2, the lab's delay 1, Pacemaker's own hesitation 1, and room for a busy machine.
_LOSS_SECONDS = 15.0
_LONGEST_MONITOR = 60.0
# Guests compute about ten times slower, but do not only compute; a start computes most.
_GUESTS_PACE = 4.0
_GUESTS_STARTS = 3.0  # and that many times again
_DEFAULT_TIMEOUT_MS = 20_000
_HEALTH_LEVEL = 10
_SOON_MS = 120_000  # what it is worth waiting for


@dataclass(frozen=True)
class Part:
    """A primitive. `top` is the resource that constraints name: its group, its clone, or itself.

    What has the same `company` is always on one node.

    Times in seconds: `interval` between two monitors of the kind that comes most seldom, `soonest`
    of the one that comes most often (0: none), `timeout` of one, `stopping` of a stop. What is
    spread runs in several places alike, and has no one place to move from.
    """

    id: str
    top: str
    company: str
    agent: str
    values: dict[str, str]
    interval: float
    soonest: float
    timeout: float
    stopping: float
    is_cloned: bool
    is_spread: bool
    levels: frozenset[int]

    def get(self, *names: str) -> str:
        """The first of these parameters that is given; "" for none."""
        return next((self.values[name] for name in names if self.values.get(name)), "")

    @property
    def address(self) -> str:
        """Of one that is an address, as `ipaddress` writes it: of IPv6 there are many ways."""
        return str(ipaddress.ip_address(self.get("ip")))

    @property
    def words(self) -> list[str]:
        """What a program's main process is started as; nothing for a unit."""
        command = self.get("command", "binfile")
        return [command, *split_words(self.get("args", "cmdline_options"))] if command else []

    @property
    def is_unit(self) -> bool:
        """Whether systemd runs it."""
        return self.agent.startswith(("systemd:", "service:")) or bool(self.get("unit"))


@dataclass
class Stage:
    """The parts by what they are; each list in the CIB's order.

    `mounts` are those that one node at a time has of a disk of the lab's. A server's export, a
    directory, memory, or what every node mounts are `loose_mounts`: nobody can tell from outside
    who has them, or what has to be found in them elsewhere.

    `retries` says that a start that failed is tried again soon on the same node.

    `idle` has what is not to run, and is no part of it, with the reasons.
    """

    name: str
    parts: list[Part] = field(default_factory=list)
    addresses: list[Part] = field(default_factory=list)
    mounts: list[Part] = field(default_factory=list)
    loose_mounts: list[Part] = field(default_factory=list)
    programs: list[Part] = field(default_factory=list)
    mirrors: list[Part] = field(default_factory=list)
    mirrored_disks: list[Part] = field(default_factory=list)
    nodes: int = 2
    fencing_delay: float = 0.0
    keeps_apart: bool = False
    retries: bool = False
    idle: dict[str, str] = field(default_factory=dict)

    @property
    def anchor(self) -> Part:
        """What says where the service is: an address before a mount before anything else.

        LookupError where nothing is in one place.
        """
        for some in (self.addresses, self.mounts, self.programs, self.mirrors, self.parts):
            for part in some:
                if not part.is_spread:
                    return part
        raise LookupError(self.name)

    @property
    def all_mounts(self) -> list[Part]:
        """Those that are watched, and the others."""
        return [*self.mounts, *self.loose_mounts]

    @property
    def needs_disk(self) -> bool:
        """Whether any is of the shared disk."""
        return any(one.get("device") == SHARED_DEVICE for one in self.all_mounts)

    def addresses_with(self, part: Part) -> list[Part]:
        """The addresses that are always where a part is, those of its own group first."""
        found = [one for one in self.addresses if one.company == part.company]
        return sorted(found, key=lambda one: one.top != part.top)

    @property
    def is_wordless(self) -> bool:
        """Whether Pacemaker alone tells where something is that is watched."""
        return not self.addresses or not all(self.addresses_with(one) for one in self.mirrors)

    @property
    def loss(self) -> float:
        """Seconds until a lost node is fenced; the CIB may let whoever shoots wait for it."""
        return _LOSS_SECONDS + self.fencing_delay

    @property
    def starting(self) -> float:
        """Seconds that a start of all of it may take."""
        known = {
            "address": self.addresses,
            "mount": self.all_mounts,
            "program": self.programs,
            "mirror": self.mirrors,
        }
        counted = sum(_START_SECONDS[kind] * len(some) for kind, some in known.items())
        others = len(self.parts) - sum(len(some) for some in known.values())
        slower = _GUESTS_STARTS if self.needs_guests else 1.0
        return slower * (counted + others * _START_SECONDS["other"])

    @property
    def needs_systemd(self) -> bool:
        """Whether something of it is a unit of systemd."""
        return any(one.is_unit for one in self.parts)

    @property
    def needs_guests(self) -> bool:
        """Whether each node needs a kernel of its own, as DRBD does."""
        return bool(self.mirrored_disks)

    @property
    def pace(self) -> float:
        """How many times longer than on sets of namespaces everything may take."""
        return _GUESTS_PACE if self.needs_guests else 1.0

    def is_asked(self, program: Part) -> bool:
        """Whether any monitor asks the program itself, so that one that hangs is found."""
        if program.agent.startswith("systemd:"):
            return False
        hook = program.get("monitor_hook")
        deep = program.get("health") and any(
            _HEALTH_LEVEL <= level < 2 * _HEALTH_LEVEL for level in program.levels
        )
        deeper = program.get("deep_health") and max(program.levels, default=0) >= 2 * _HEALTH_LEVEL
        return bool(hook or deep or deeper)


def pick_address(addresses: Iterable[Part]) -> str:
    """Where a client asks: the first of IPv4, at which more programs listen; "" for none at all."""
    return min((one.address for one in addresses), key=lambda ip: ":" in ip, default="")


def read_stage(name: str, document: Document, nodes: int = 2) -> Stage:
    """Sort the primitives of a configuration; fence devices are the lab's own."""
    stage = Stage(name, nodes=nodes, fencing_delay=_read_fencing_delay(document))
    colocations = document.root.iterfind(".//constraints/rsc_colocation")
    stage.keeps_apart = any(one.get("score", "").startswith("-") for one in colocations)
    stage.retries = _tries_again(document)
    stage.idle = find_idle(document)
    company = Company(document)
    for resource in resources(document):
        if resource.standard == "stonith" or resource.id in stage.idle:
            continue
        part = _read_part(resource, company)
        stage.parts.append(part)
        if resource.standard == "ocf" and resource.type in _ADDRESSES:
            if not part.is_spread:  # who answers for an address of several nodes is their matter
                stage.addresses.append(part)
        elif resource.standard == "ocf" and resource.type == "Filesystem":
            (stage.mounts if _is_watched(part) else stage.loose_mounts).append(part)
        elif resource.standard == "ocf" and resource.type == "MirrorSync":
            stage.mirrors.append(part)
        elif resource.standard == "ocf" and resource.type in _MIRRORED_DISKS:
            stage.mirrored_disks.append(part)
        elif resource.type in ("Service", "anything") or resource.standard in (
            "systemd",
            "service",
        ):
            stage.programs.append(part)
    return stage


def _read_fencing_delay(document: Document) -> float:
    pairs = document.root.iterfind(".//crm_config//nvpair[@name='priority-fencing-delay']")
    return max(((parse_ms(pair.get("value", "")) or 0) / 1000 for pair in pairs), default=0.0)


def _tries_again(document: Document) -> bool:
    pairs = [(one.get("name"), one.get("value", "")) for one in document.root.iter("nvpair")]
    return any(
        (name == "start-failure-is-fatal" and value.lower() in FALSE)
        or (name == "failure-timeout" and 0 < (parse_ms(value) or 0) < _SOON_MS)
        for name, value in pairs
    )


def _is_watched(mount: Part) -> bool:
    device = mount.get("device")
    return not mount.is_spread and (device == SHARED_DEVICE or device.startswith("/dev/drbd"))


def _read_part(resource: Resource, company: Company) -> Part:
    monitors = [
        one
        for one in resource.operations
        if one.name == "monitor" and one.interval and one.is_enabled
    ]
    element = resource.collective if resource.collective is not None else resource.group
    top = resource.id if element is None else element.get("id", resource.id)
    intervals = [one.interval / 1000 for one in monitors if one.interval]
    return Part(
        resource.id,
        top,
        company.find(resource.id if resource.collective is None else promoted(top)),
        resource.agent,
        {one.name: one.value for one in reversed(resource.parameters)},
        min(max(intervals, default=0.0), _LONGEST_MONITOR),
        min(intervals, default=0.0),
        max((_timeout(one) for one in monitors), default=_DEFAULT_TIMEOUT_MS / 1000),
        max(
            (_timeout(one) for one in resource.operations if one.name == "stop"),
            default=_DEFAULT_TIMEOUT_MS / 1000,
        ),
        resource.collective is not None,
        resource.collective is not None and not _has_one_promoted(resource),
        frozenset(int(one.level) for one in monitors if one.level.isdecimal()),
    )


def _has_one_promoted(resource: Resource) -> bool:
    number = resource.around("promoted-max") or resource.around("master-max")
    return resource.is_promotable and number in ("", "1")


def _timeout(operation: Operation) -> float:
    return (operation.timeout or _DEFAULT_TIMEOUT_MS) / 1000
