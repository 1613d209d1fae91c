"""The storage seam: what an agent asks of, and does to, mounts and the devices under them.

Mounting and unmounting are the programs' of util-linux: many file systems need their helpers.
"""

from __future__ import annotations

import posix

from . import read_file
from .mounts import MountTable, normalize, read_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .block_devices import BlockDevice
    from .contents import Contents
    from .holders import Mounts
    from .processes import ProcessIdentity

_FILE_TYPE, _REGULAR, _BLOCK, _FOLDER = 0o170000, 0o100000, 0o060000, 0o040000  # inode(7)
_BLOCKS = "/sys/dev/block"
_MODE = 0o755
_LOOK_SECONDS = 5.0
_NEVER_HANG = ("/dev/", "/sys/", "/proc/")


class Storage:
    """The kernel's mounts and devices in this namespace; nothing is kept between two calls."""

    __slots__ = ("_seconds",)

    def __init__(self, seconds: Callable[[], float]) -> None:
        """Let one call take at most ``seconds()``."""
        self._seconds = seconds

    def read_table(self) -> MountTable:
        """The mount table as it is now; OSError where there is none."""
        return read_table()

    # ------------------------------------------------------------------ devices

    def find_number(self, path: str) -> str | None:
        """The number, "MAJOR:MINOR", of the block device at ``path``; None where there is none."""
        status = _stat(path)
        if status is None or status[0] & _FILE_TYPE != _BLOCK:
            return None
        return f"{posix.major(status[1])}:{posix.minor(status[1])}"

    def identify(self, path: str) -> BlockDevice | None:
        """The block device at ``path``, so that it is known again; None where there is none."""
        number = self.find_number(path)
        if number is None:
            return None
        from .block_devices import BlockDevice

        return BlockDevice(number, self.find_sequence(number), path)

    def find_sequence(self, number: str) -> str:
        """What the kernel counts this device, or its disk, as; "" where it does not.

        Every monitor asks it; see `block_devices` for what it is good for.
        """
        for place in ("", "/.."):  # a partition's folder lies in its disk's
            try:
                return read_file(f"{_BLOCKS}/{number}{place}/diskseq").decode().strip()
            except OSError:
                continue
        return ""

    def find_path(self, device: BlockDevice) -> str:
        """Where a device is by now; "" where it has gone, or another has its number."""
        is_same = self.find_sequence(device.number) == device.sequence
        if device.sequence and device.is_loop and not is_same:
            return ""
        if device.sequence and is_same:
            return self.find_node(device.number, device.path)
        return device.path if self.find_number(device.path) == device.number else ""

    def find_node(self, number: str, path: str) -> str:
        """A path to the block device of this number: ``path``, or another; "" where none leads."""
        if self.find_number(path) == number:
            return path
        from .block_devices import find_path

        return find_path(number, self.find_number)

    def is_image(self, path: str, device: str, offset: int) -> bool:
        """Whether ``device`` shows the file ``path`` (resolved) from ``offset`` on (in bytes)."""
        from .loop_devices import is_image

        return is_image(path, device, offset)

    def is_file(self, path: str) -> bool:
        """Whether ``path`` is a regular file: the image of a file system."""
        status = _stat(path)
        return status is not None and status[0] & _FILE_TYPE == _REGULAR

    def exists(self, path: str) -> bool:
        """Whether anything is at ``path``."""
        return _stat(path) is not None

    def is_folder(self, path: str) -> bool:
        """Whether ``path`` is a directory."""
        status = _stat(path)
        return status is not None and status[0] & _FILE_TYPE == _FOLDER

    def is_present(self, device: str) -> bool:
        """Whether the kernel still has a block device of this number, as far as /sys tells."""
        return _stat(f"{_BLOCKS}/{device}") is not None or _stat(_BLOCKS) is None

    def are_siblings(self, number: str, other: str) -> bool:
        """Whether two block devices carry one btrfs file system."""
        from .block_devices import are_siblings

        return are_siblings(number, other)

    def ask_blkid(self, tag: str, value: str) -> str:
        """The path of the device that has the tag, as blkid(8) finds it; "" where none has."""
        from .commands import ToolMissing, run

        try:
            done = run(["blkid", "-l", "-o", "device", "-t", f"{tag}={value}"], self._seconds())
        except ToolMissing:
            return ""
        return done.stdout.split("\n")[0] if done.status == 0 else ""

    def read_contents(self, path: str) -> Contents | None:
        """What is on the device, as blkid(8) finds it; None where it cannot tell."""
        from .contents import read_contents

        return read_contents(path, min(_LOOK_SECONDS, self._seconds() / 2))

    # ------------------------------------------------------------------ mounting

    def mount(self, source: str, point: str, fstype: str, options: str, *, mark: str = "") -> str:
        """Bring it there; return "", or what the program says against it. ToolMissing, OSError.

        ``mark`` is what `find_mounting` knows the program and its helpers by.
        """
        from .commands import CommandTimedOut

        kind = ["-t", fstype] if fstype not in ("", "none") else []
        words = ["-o", options] if options else []
        seconds = self._seconds()
        try:
            return self._run(["mount", *kind, *words, source, point], seconds, _mark(mark))
        except CommandTimedOut as late:  # whose own words would show a password among the options
            raise OSError(late.errno, f"mount did not end within {seconds:.3g} s") from None

    def unmount(self, point: str, *flags: str, seconds: float) -> str:
        """Unmount what is topmost on ``point``; return "", or what umount(8) says against it."""
        return self._run(["umount", *flags, point], seconds)

    def part(self, point: str) -> str:
        """Let what is unmounted in the topmost mount on ``point`` stay where it is a copy of.

        Mounts propagate (mount_namespaces(7)): unmounted in a recursive bind of /, /proc would go.
        """
        return self._run(["mount", "--make-rslave", point])

    def find_mounting(self, mark: str, seconds: float) -> tuple[list[ProcessIdentity], str]:
        """What `mount` and `check` with this mark have left at work, and why that is not all."""
        from .holders import find_mounting
        from .probing import gather
        from .processes import ProcessIdentity

        found, problem = gather(lambda: find_mounting(_mark(mark)), seconds)
        return [ProcessIdentity(pid, ticks) for pid, ticks in found], problem

    def check(self, source: str, fstype: str, *, mark: str = "") -> tuple[int, str]:
        """Run fsck(8) as the system does at boot; return its exit status, and its last words."""
        from .commands import run

        words = ["fsck", "-t", fstype, "-a", source]
        done = run(words, self._seconds(), environment=_mark(mark))
        return done.status, (done.stderr or done.stdout).strip()

    def has_tool(self, name: str) -> bool:
        """Whether a program is installed."""
        from .commands import ToolMissing, find

        try:
            find(name)
        except ToolMissing:
            return False
        return True

    def knows_type(self, fstype: str) -> bool:
        """Whether the kernel, one of its modules, or a helper of mount(8) can mount this type.

        True as well where nobody can tell: "auto", a list, and where there is no modprobe(8).
        """
        if fstype in ("auto", "") or "," in fstype or fstype.startswith("no"):
            return True
        try:
            known = read_file("/proc/filesystems").decode().split()
        except OSError:
            return True
        if fstype in known or self.has_tool(f"mount.{fstype}"):
            return True
        family, dot, _ = fstype.partition(".")  # mount(8) has mount.fuse mount a fuse.sshfs
        if dot and self.has_tool(f"mount.{family}"):
            return True
        from .commands import ToolMissing, run

        try:  # a dry run: which module the kernel would ask for when it is mounted
            return run(["modprobe", "-n", "-q", f"fs-{fstype}"], self._seconds()).status == 0
        except ToolMissing:
            return True

    def make_folder(self, path: str) -> bool:
        """Make a directory and those above it; False if it was there. OSError."""
        if self.is_folder(path):
            return False
        parent = path.rpartition("/")[0]
        if parent:
            self.make_folder(parent)
        try:
            posix.mkdir(path, _MODE)
        except FileExistsError:
            if not self.is_folder(path):
                raise
        return True

    def is_claimed(self, path: str) -> bool:
        """Whether the kernel uses the block device: mounted, in whatever namespace (open(2))."""
        import errno

        try:
            flags = posix.O_RDONLY | posix.O_EXCL | posix.O_NONBLOCK | posix.O_CLOEXEC
            posix.close(posix.open(path, flags))
        except OSError as error:
            return error.errno == errno.EBUSY
        return False

    def look_at_claim(self, path: str) -> bool:
        """`is_claimed`, of a device that may never answer: then nothing is known against it."""
        from .probing import Hung

        try:
            return bool(self.look(lambda: self.is_claimed(path), self._seconds() / 4))
        except Hung:
            return False

    def remove_folder(self, path: str) -> None:
        """Remove an empty directory; nothing happens where that cannot be done."""
        try:
            posix.rmdir(path)
        except OSError:
            pass

    def _run(
        self,
        argv: list[str],
        seconds: float | None = None,
        environment: dict[str, str] | None = None,
    ) -> str:
        from .commands import run

        seconds = self._seconds() if seconds is None else seconds
        done = run(argv, seconds, environment=environment)
        if done.status == 0:
            return ""
        return " ".join(done.stderr.split()) or f"{argv[0]} ended with {done.status}"

    # ------------------------------------------------------------------ what may hang

    def look(self, body: Callable[[], Any], seconds: float) -> Any:
        """Look at what may never answer (see `probing`)."""
        from .probing import look

        return look(body, seconds)

    def is_silent(self, point: str, seconds: float) -> bool:
        """Whether what is mounted there gives no answer, be it an error, within ``seconds``."""
        from .checks import ask_folder
        from .probing import Hung

        try:
            self.look(lambda: ask_folder(point), seconds)
        except Hung:
            return True
        except OSError:
            return False
        return False

    def find_holders(
        self, mounts: Mounts, seconds: float
    ) -> tuple[list[tuple[int, int, str, int, str]], list[str], str]:
        """Who holds the mounts: (processes, what of the kernel's own, why these are not all).

        What was found within ``seconds`` counts, and the last is "" if it is all there is.
        """
        from .holders import find_holders, find_kernel_holders
        from .probing import gather

        def body() -> Iterator[Any]:
            yield from find_kernel_holders(mounts.points, read_table())
            yield from find_holders(mounts)

        found, problem = gather(body, seconds)
        kernel = [one for one in found if isinstance(one, str)]
        return [one for one in found if not isinstance(one, str)], kernel, problem

    def find_users(self, number: str, point: str) -> str:
        """Say what uses a block device that was mounted on ``point``, or is to be."""
        from .block_devices import list_holders
        from .holders import find_kernel_holders, find_namespaces

        kernel = find_kernel_holders([point], read_table())
        every = (*list_holders(number), *kernel, *find_namespaces(number))
        return ", ".join(every) or "the kernel or a program: see lsblk and fuser -v"


def _mark(mark: str) -> dict[str, str]:
    """The environment in which the programs of a start, and their helpers, are known."""
    return {"OCFPY_START": mark}


def _stat(path: str) -> tuple[int, int] | None:
    """The mode and the device number of what is at ``path``; None where there is nothing.

    Failure where that is on a server which does not answer.
    """
    try:
        if path.startswith(_NEVER_HANG) or not read_table().may_hang(normalize(path)):
            return _look_at(path)
        return _look_with_care(path)
    except (OSError, ValueError):  # nothing there, or no path at all (a NUL)
        return None


def _look_with_care(path: str) -> tuple[int, int]:
    from .probing import Hung, look

    try:
        mode, number = look(lambda: _look_at(path), _LOOK_SECONDS)
    except Hung as hung:
        from ocf_py.outcomes import Failure

        raise Failure(f"{path}: {hung}", hint="see whether its server is there") from hung
    return mode, number


def _look_at(path: str) -> tuple[int, int]:
    status = posix.stat(path)
    return status.st_mode, status.st_rdev
