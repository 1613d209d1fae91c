"""What a lab is made of and where its files are; written once, read by all of its processes."""

from __future__ import annotations

import json
import operator
import re
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ocf_py.lab.errors import UnsuitableLabError

STATE_HOME = Path("/run/ocfpy-lab")
LOG_HOME = Path("/var/log/ocfpy-lab")
DEFAULT_NAME = "default"
MOST_NODES = 16
LEAST_DISK, MOST_DISK = 16, 65536  # MiB
LONGEST_STATE_PATH = 80  # a unix socket's path ends at 107 bytes
INITS = ("mini", "systemd")
KINDS = ("namespaces", "vm")
MOST_GUESTS = 4
OWN_DISKS_MIB = (64, 64)  # of each guest


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_SERIAL = re.compile(r"[0-9a-f]{8}")


def check_name(name: str) -> None:
    """Raise UnsuitableLabError unless `name` can be a directory's and a cgroup's."""
    if not _NAME.fullmatch(name):
        raise UnsuitableLabError(
            f"lab name {name!r}: use up to 40 letters, digits, '-', '_' and '.', "
            "and begin with a letter or digit"
        )


def check_nodes(nodes: int) -> None:
    """Raise UnsuitableLabError unless a lab can have so many."""
    if not 1 <= nodes <= MOST_NODES:
        raise UnsuitableLabError(f"a lab has 1 to {MOST_NODES} nodes, not {nodes}")


@dataclass(frozen=True)
class Settings:
    """One lab. `boot_seconds` is what a machine that was reset takes before its init runs."""

    name: str = DEFAULT_NAME
    state: Path = STATE_HOME / DEFAULT_NAME
    logs: Path = LOG_HOME / DEFAULT_NAME
    nodes: int = 2
    init: str = "mini"
    provider_trees: tuple[Path, ...] = ()
    disk_mib: int = 0  # of the disk that all nodes see; 0: there is none
    token_ms: int = 1000
    kind: str = "namespaces"
    image: Path = Path()  # what guests boot from, and by which of QEMU's accelerators
    accelerator: str = ""
    own_disks_mib: tuple[
        int, ...
    ] = ()  # of each node, as /dev/vdb and so on: guests alone have any
    # A node that is back before its fencing's transition is through aborts that transition and so
    # delays the failover; real machines take a while.
    boot_seconds: float = 5.0
    # The machine has one cgroup hierarchy, but perhaps several chroots with a lab of this name.
    serial: str = field(default_factory=lambda: secrets.token_hex(4))

    @classmethod
    def build(
        cls,
        name: str,
        state: Path | None = None,
        *,
        nodes: int = 2,
        init: str = "mini",
        provider_trees: tuple[Path, ...] = (),
        disk_mib: int = 0,
        kind: str = "namespaces",
    ) -> Settings:
        """Check what a user asked for; UnsuitableLabError says what is wrong with it."""
        check_name(name)
        check_nodes(nodes)
        if init not in INITS:
            raise UnsuitableLabError(f"unknown init {init!r}: choose {' or '.join(INITS)}")
        if disk_mib and not LEAST_DISK <= disk_mib <= MOST_DISK:
            raise UnsuitableLabError(
                f"a shared disk has {LEAST_DISK} to {MOST_DISK} MiB, not {disk_mib}"
            )
        for tree in provider_trees:
            if not (tree / "usr/lib/ocf/resource.d").is_dir():
                raise UnsuitableLabError(
                    f"{tree} holds no usr/lib/ocf/resource.d: give an installed root"
                )
        home = STATE_HOME / name if state is None else state.absolute()
        logs = LOG_HOME / name if state is None else home / "log"
        if len(str(home)) > LONGEST_STATE_PATH:
            raise UnsuitableLabError(
                f"{home}: a state directory's path may have {LONGEST_STATE_PATH} bytes"
            )
        trees = tuple(tree.absolute() for tree in provider_trees)
        settings = cls(name, home, logs, nodes, init, trees, disk_mib)
        return _for_guests(settings) if kind == "vm" else settings

    @property
    def node_names(self) -> list[str]:
        """All nodes, in order."""
        return [f"n{number}" for number in range(1, self.nodes + 1)]

    def number_of(self, node: str) -> int:
        """Corosync's id of a node, from 1."""
        return self.node_names.index(node) + 1

    @property
    def settings_file(self) -> Path:
        """These settings, as JSON."""
        return self.state / "settings.json"

    @property
    def lock_file(self) -> Path:
        """Locked as long as the lab exists."""
        return self.state / "lock"

    @property
    def control_socket(self) -> Path:
        """Where the daemon takes orders from the host."""
        return self.state / "control.sock"

    @property
    def shared(self) -> Path:
        """What the nodes see as /run/lab."""
        return self.state / "shared"

    @property
    def power_socket(self) -> Path:
        """Where the daemon takes orders from the nodes' fence agents."""
        return self.shared / "power.sock"

    @property
    def disks(self) -> Path:
        """Mount point of the lab's own tmpfs; what is in it is seen by the lab alone."""
        return self.state / "disks"

    @property
    def agent_tree(self) -> Path:
        """Where this project's agents are installed for the nodes."""
        return self.disks / "tree"

    @property
    def cgroups(self) -> Path:
        """Mount point of the lab's own view of the cgroup2 hierarchy."""
        return self.state / "cgroup"

    @property
    def cgroup(self) -> Path:
        """This lab's cgroup, whose name no other lab on the machine has."""
        return self.cgroups / f"{self._cgroup_prefix}{self.serial}"

    @property
    def _cgroup_prefix(self) -> str:
        return f"ocfpy-lab-{self.name}-"

    def is_cgroup_name(self, name: str) -> bool:
        """Whether a lab of this name, perhaps another one, has or had such a cgroup."""
        prefix = self._cgroup_prefix
        return name.startswith(prefix) and bool(_SERIAL.fullmatch(name[len(prefix) :]))

    @property
    def daemon_log(self) -> Path:
        """What the lab's own daemon has to complain about."""
        return self.logs / "lab.log"

    @property
    def event_log(self) -> Path:
        """One JSON object a line: what happened, and when by CLOCK_MONOTONIC."""
        return self.logs / "events.jsonl"

    def save(self) -> None:
        """Write the settings for the lab's other processes."""
        beside = self.settings_file.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self), default=str, indent=1) + "\n")
        beside.replace(self.settings_file)  # nobody ever reads half of them

    @classmethod
    def load(cls, state: Path) -> Settings:
        """Read the settings of a lab that exists.

        Where its state is, the caller says and not the file. OSError when there are none;
        ValueError when they are of another version, or no settings at all.
        """
        values = json.loads((state / "settings.json").read_text())
        try:
            values["state"] = state.absolute()
            values["logs"] = Path(values["logs"])
            values["image"] = Path(values["image"])
            values["own_disks_mib"] = tuple(values["own_disks_mib"])
            values["provider_trees"] = tuple(Path(tree) for tree in values["provider_trees"])
            settings = cls(**values)
            settings._check()
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{state}/settings.json: {error}") from None
        return settings

    def _check(self) -> None:
        """Raise TypeError or ValueError for what `save` never writes."""
        if not (
            _NAME.fullmatch(self.name)
            and _SERIAL.fullmatch(self.serial)
            and 1 <= operator.index(self.nodes) <= MOST_NODES
            and self.init in INITS
            and self.kind in KINDS
            and all(LEAST_DISK <= size <= MOST_DISK for size in self.own_disks_mib)
            and (self.disk_mib == 0 or LEAST_DISK <= self.disk_mib <= MOST_DISK)
            and self.token_ms > 0
            and self.boot_seconds >= 0
        ):
            raise ValueError(f"{self.settings_file}: not what a lab of this version writes")


def _for_guests(settings: Settings) -> Settings:
    """The same lab of guests: they are slower, and their power-on takes its own time."""
    if settings.init != "mini":
        raise UnsuitableLabError(
            f"--init {settings.init}: a guest has the small init of the lab's own"
        )
    if settings.nodes > MOST_GUESTS:
        raise UnsuitableLabError(
            f"a lab of guests has 1 to {MOST_GUESTS} nodes, not {settings.nodes}"
        )
    return replace(
        settings, kind="vm", own_disks_mib=OWN_DISKS_MIB, token_ms=3000, boot_seconds=0.0
    )
