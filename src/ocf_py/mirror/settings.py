"""What an instance's worker is told by the action that starts it, in a file of its folder."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from ocf_py.system.durable import replace_durably

_NAME = "settings"
#: The one kind of snapshot; the other value of the parameter is for none.
BTRFS = "btrfs"
#: What may change while the worker runs.
_RELOADABLE = (
    "interval",
    "max_lag",
    "max_delete",
    "min_free",
    "exclude",
    "bwlimit",
    "compress",
    "keep_aside",
    "allow_stale",
    "on_diverged",
)


@dataclass
class Settings:
    """One instance's parameters, and who it is. Times are in seconds, sizes in bytes.

    ``instance`` and ``feature_set`` are what Pacemaker's tools want to know, ``addresses`` the
    address of every node's daemon, this one's too; ``promoted`` the nodes that the cluster says are
    promoted at this start, ``active`` those on which the mirror runs or starts as well.
    """

    instance: str
    node: str
    addresses: dict[str, str]
    port: int
    directory: str
    store: str
    secrets_file: str
    interval: float
    trigger: str
    snapshot: str
    max_lag: float
    max_delete: int
    min_free: int
    exclude: tuple[str, ...] = ()
    bwlimit: int = 0
    compress: bool = False
    keep_aside: int = 1
    allow_stale: bool = False
    on_diverged: str = "degraded"
    feature_set: str = ""
    promoted: tuple[str, ...] = ()
    active: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where this node's daemon listens."""
        return self.addresses[self.node]

    @property
    def peers(self) -> dict[str, str]:
        """The addresses of all others, by node."""
        return {node: one for node, one in self.addresses.items() if node != self.node}

    def write(self, folder: str) -> None:
        """Put them in the worker's folder, which is made; OSError."""
        os.makedirs(folder, 0o700, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            replace_durably(handle, _NAME, json.dumps(asdict(self)).encode())
        finally:
            os.close(handle)

    def take_over(self, other: Settings) -> None:
        """Let what is reloadable be as it is in ``other``."""
        for name in _RELOADABLE:
            setattr(self, name, getattr(other, name))

    @classmethod
    def read(cls, folder: str) -> Settings:
        """Read them from a worker's folder; OSError, ValueError."""
        with open(f"{folder}/{_NAME}", encoding="utf-8") as file:
            said = json.load(file)
        try:
            for name in ("exclude", "promoted", "active"):
                said[name] = tuple(said[name])
            return cls(**said)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{file.name} is of another version: {error}") from None
