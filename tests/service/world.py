"""The world a check of Service plays in: one host, a daemon that does as it is told, the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Check = Callable[["World"], None]

RECURRING = 10_000  # ms
PIDFILE = "/run/daemon.pid"


class World(Protocol):
    """One host. Processes are called after their role: see `daemon`."""

    #: The exit reason of the last call.
    reason: str
    #: Whether a process can be held that has left its session, its parents and its environment.
    holds_escapees: bool
    #: The path of the daemon's program, and of one that always, or never, ends with 0.
    daemon: str
    well: str
    ill: str
    #: One that does not end, and one that takes 0.3 seconds to end with 0.
    hanging: str
    slow: str

    def call(
        self,
        action: str,
        *,
        interval: int = 0,
        level: int = 0,
        timeout: float = 20.0,
        instance: str = "svc",
        kill_after: int | None = None,
        **parameters: Any,
    ) -> int | None:
        """Call the agent; None if it was killed, `kill_after` steps behind its beginning."""

    def steps(self, action: str) -> Sequence[int]:
        """Where to kill an action: as many steps as it takes, or a choice of them."""

    def processes(self) -> dict[int, str]:
        """What lives: pid → role. A stranger's role is `stranger`."""

    def kill(self, pid: int) -> None:
        """Send SIGKILL, and wait until it has gone."""

    def run_by_hand(self, *words: str) -> int:
        """Run the daemon as an admin would, past the agent; returns its pid."""

    def run_stranger(self) -> int:
        """Run another program; returns its pid."""

    def run_stranger_as_recorded(self) -> int:
        """Let another program have the pid of the recorded main process; returns it."""

    def age(self, path: str, seconds: float) -> None:
        """Have a file be written so long ago."""

    def write(self, path: str, text: str) -> None:
        """Write a file."""

    def read(self, path: str) -> str:
        """Read a file; "" where there is none."""

    def is_ready(self, ready: str) -> bool:
        """Ask the daemon in this form, past the agent; notify is always so."""

    def records(self) -> list[str]:
        """The start records there are."""

    def spoil_record(self) -> None:
        """Damage the start record."""

    def lose_record(self) -> None:
        """Take the start record away."""


CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Registers a check for every world."""
    CHECKS.append(function)
    return function


def asked(world: World, *words: str, **more: Any) -> dict[str, Any]:
    """Parameters for the daemon with these words."""
    held = [word for word in words if word != "escape" or world.holds_escapees]
    return {"command": world.daemon, "args": " ".join(held or ["workers"]), **more}


def roles(world: World) -> list[str]:
    """The roles of all that lives, in order."""
    return sorted(world.processes().values())


def find(world: World, role: str) -> int:
    """The pid of the one in this role."""
    (pid,) = [pid for pid, one in world.processes().items() if one == role]
    return pid


def is_calm(world: World) -> None:
    """Nothing runs, and no record says that something does."""
    assert roles(world) == []
    assert world.records() == []
