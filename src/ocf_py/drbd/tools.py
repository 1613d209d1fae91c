"""DRBD's own tools: drbdsetup(8) for the kernel's state, drbdadm(8) for what is configured.

Both load the kernel module by the mere act of being asked, so nobody is asked before /sys says that
it is there.
"""

from __future__ import annotations

import posix

from ocf_py.outcomes import Failure, NotInstalled
from ocf_py.system import commands, read_file

from .reading import PictureUnreadable, is_nothing, parse, read_policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .picture import Resource

_PACKAGE = "it comes with drbd-utils"
_MAJOR = 147  # of its block devices, by LANANA's list
_MODULES = "/sys/module"
_MODULE = f"{_MODULES}/drbd"
_VERSION = f"{_MODULE}/version"
_UNKNOWN = ("No such resource", "Unknown resource")  # drbdsetup, and the kernel's ERR_RES_NOT_KNOWN
#: The first of DRBD's versions that can have more than one peer.
MANY_PEERS = 9


class OutOfTime(Failure):
    """A tool did not end within the time that it had."""


class Drbd:
    """One resource on this machine, under the configuration file ``configuration``.

    ``seconds`` tells how long a tool may take. Every method raises Failure for what goes wrong with
    the tool itself; what DRBD refuses is in the Completed.
    """

    __slots__ = ("configuration", "name", "seconds")

    def __init__(self, name: str, configuration: str, seconds: Callable[[], float]) -> None:
        self.name = name
        self.configuration = configuration
        self.seconds = seconds

    def is_loaded(self) -> bool:
        """Whether the kernel's module is there, of whatever version."""
        if posix.access(_MODULE, posix.F_OK):
            return True
        if posix.access(_MODULES, posix.F_OK):
            return False
        raise Failure(f"cannot tell whether DRBD is loaded: no {_MODULES}")

    def version(self) -> tuple[int, ...]:
        """The version of the loaded module, (8, 4, 11); () while it is not loaded."""
        if not self.is_loaded():
            return ()
        try:
            text = read_file(_VERSION).decode("ascii", "replace").strip()
            return read_version(text)
        except (OSError, ValueError) as error:
            raise Failure(f"cannot read {_VERSION}: {error}") from error

    def look(self) -> Resource | None:
        """The resource as it is; None where it is down. Asking never loads the module."""
        if not self.is_loaded():
            return None
        try:
            found = self._look()
        except PictureUnreadable:
            pass
        else:
            if found is None or not found.strange:
                return found
        # The kernel tells object by object: what changed in between does not fit together.
        try:
            return self._look()
        except PictureUnreadable as error:
            raise Failure(f"cannot tell the state of {self.name}: {error}") from error

    def _look(self) -> Resource | None:
        done = self._list_objects()
        if done.status != 0:
            if _is_unknown(done):
                return None
            raise Failure(
                f"{' '.join(done.argv)} ended with {done.status}: {say_briefly(done.stderr)}"
            )
        return parse(done.stdout, self.name)

    def is_up(self) -> bool:
        """Whether the kernel may have it, in whatever state. Asking never loads the module.

        A stop has to know no more, and so fails for no word that only a later DRBD says. That it
        is down is proven: whatever else is printed is no reason not to take it down.
        """
        if not self.is_loaded():
            return False
        done = self._list_objects()
        if done.status != 0:
            return not _is_unknown(done)
        return not is_nothing(done.stdout, self.name)

    def _list_objects(self) -> commands.Completed:
        """What the kernel has of it, a line an object."""
        return self._run(["drbdsetup", "events2", "--now", "--statistics", self.name])

    def has_tool(self, tool: str) -> bool:
        """Whether a program is installed."""
        try:
            commands.find(tool)
        except commands.ToolMissing:
            return False
        return True

    def administer(self, *words: str) -> commands.Completed:
        """Run `drbdadm WORDS NAME`, which goes by the configuration."""
        return self._run(["drbdadm", "-c", self.configuration, *words, self.name])

    def demote(self, minors: list[int]) -> commands.Completed:
        """Run `drbdsetup secondary`, which needs no configuration; on 8.4 it takes one device.

        ``minors`` has one at least. What is returned is the first that was refused, or the last.
        """
        is_one = self.version() >= (MANY_PEERS,)
        names = [self.name] if is_one else [str(minor) for minor in minors]
        done = self._run(["drbdsetup", "secondary", names[0]])
        for name in names[1:]:
            if done.status == 0:
                done = self._run(["drbdsetup", "secondary", name])
        return done

    def take_down(self) -> commands.Completed:
        """Run `drbdsetup down NAME`, which needs no configuration."""
        return self._run(["drbdsetup", "down", self.name])

    def fencing_policy(self) -> str:
        """The setting `fencing` that the kernel has of it."""
        return read_policy(self._run(["drbdsetup", "show", self.name]).stdout)

    def find_openers(self, minors: list[int]) -> list[str]:
        """Who has a device of it open, in words."""
        from .openers import find_openers

        return find_openers([f"{_MAJOR}:{minor}" for minor in minors])

    def _run(self, argv: list[str]) -> commands.Completed:
        try:
            return commands.run(argv, self.seconds())
        except commands.ToolMissing as missing:
            raise NotInstalled(str(missing), hint=_PACKAGE) from missing
        except commands.CommandTimedOut as error:
            raise OutOfTime(f"{argv[0]}: {error.strerror}") from error
        except OSError as error:
            raise Failure(f"{argv[0]}: {error.strerror}") from error


def _is_unknown(done: commands.Completed) -> bool:
    """Whether a resource was refused as none that the kernel has."""
    return any(said in done.stderr for said in _UNKNOWN)


def read_version(text: str) -> tuple[int, ...]:
    """The numbers of a version: "9.2.8-1" is (9, 2, 8). ValueError if it begins with none."""
    numbers = []
    for part in text.partition("-")[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    if not numbers:
        raise ValueError(f"{text!r} is no version")
    return tuple(numbers)


def say_briefly(output: str) -> str:
    """What a tool of DRBD's complains of, in one line, without the tail of its wrapper."""
    lines = [line.strip() for line in output.split("\n")]
    said = [line for line in lines if line and not line.startswith("Command '")]
    return "; ".join(said[:3])[:300]
