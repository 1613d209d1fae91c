"""Processes: told apart by pid and start time, signalled only when proven to be the one meant.

A pid alone is reused; with the start time it names one process of this boot (proc(5)).
"""

from __future__ import annotations

import errno
import posix

from . import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal

# Of /proc/PID/stat, counted from behind the name.
STATE, PARENT, GROUP, SESSION, START_TIME = 0, 1, 2, 3, 19
_THREADS = 17
_DEAD = ("Z", "X", "x")
_BUSY = ("R", "D")
# Names as the kernel keeps them, of at most 15 letters (TASK_COMM_LEN).
_CLUSTER_STACK = frozenset(
    (
        "attrd",
        "cib",
        "corosync",
        "crmd",
        "dlm_controld",
        "lrmd",
        "pcsd",
        "pengine",
        "sbd",
        "stonithd",
    )
)
_CLUSTER_PREFIXES = ("pacemaker", "corosync")
_CLUSTER_USER = "hacluster"  # of Debian's and Fedora's packages alike
_WRITABLE_BY_OTHERS = 0o022
_KILL_SECONDS = 2.0


class Protected(PermissionError):  # noqa: N818 - says what is
    """The process must not be signalled by an agent, whoever asks; the message says why."""


class ProcessIdentity:
    """One process: its pid, and its start time in clock ticks since boot. Text form "PID:TICKS"."""

    __slots__ = ("pid", "start_time")

    def __init__(self, pid: int, start_time: int) -> None:
        self.pid = pid
        self.start_time = start_time

    @classmethod
    def parse(cls, text: str) -> ProcessIdentity:
        """Read the text form; ValueError if it is none."""
        pid, colon, start_time = text.partition(":")
        if not (colon and pid.isdecimal() and start_time.isdecimal() and text.isascii()):
            raise ValueError(f"{text!r} is no process identity (PID:TICKS)")
        return cls(int(pid), int(start_time))

    def is_alive(self) -> bool:
        """Tell whether this very process still runs; a zombie does not."""
        return self._read_living() is not None

    def is_at_rest(self) -> bool:
        """Tell whether this very process lives, and its first thread waits for no CPU or disk."""
        found = self._read_living()
        return found is not None and found[STATE] not in _BUSY

    def _read_living(self) -> list[str] | None:
        """As `read_stat`; None as well where the process is another one, or a zombie."""
        found = read_stat(self.pid)
        is_it = found is not None and int(found[START_TIME]) == self.start_time and lives(found)
        return found if is_it else None

    def __str__(self) -> str:
        return f"{self.pid}:{self.start_time}"

    def __repr__(self) -> str:
        return f"ProcessIdentity({self.pid}, {self.start_time})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProcessIdentity):
            return NotImplemented
        return (self.pid, self.start_time) == (other.pid, other.start_time)

    def __hash__(self) -> int:
        return hash((self.pid, self.start_time))


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of the process that has this pid now, or None."""
    found = read_stat(pid)
    return None if found is None else ProcessIdentity(pid, int(found[START_TIME]))


def terminate(
    identity: ProcessIdentity, grace_seconds: float, kill_seconds: float = _KILL_SECONDS
) -> bool:
    """End this very process: SIGTERM, SIGKILL after ``grace_seconds``; True if it is gone.

    False if it survived SIGKILL for ``kill_seconds``, which is what uninterruptible sleep does.
    Raises Protected for pid 1, this process, its ancestors and the cluster stack, and OSError
    where the kernel refuses. A process handle (pidfd_open(2)) is taken before the start time is
    checked, so the signal cannot reach a successor of the pid.
    """
    import select

    handle = _open_handle(identity)
    if handle < 0:
        return True
    try:
        ended = select.poll()
        ended.register(handle, select.POLLIN)
        for signal, seconds in ((_signal.SIGTERM, grace_seconds), (_signal.SIGKILL, kill_seconds)):
            try:
                _signal.pidfd_send_signal(handle, signal)
            except ProcessLookupError:
                return True
            if ended.poll(int(seconds * 1000)):
                return True
        return False
    finally:
        posix.close(handle)


def send_signal(identity: ProcessIdentity, number: int) -> bool:
    """Send a signal to this very process; False if it has gone.

    Raises Protected, and OSError where the kernel refuses, as `terminate` does.
    """
    handle = _open_handle(identity)
    if handle < 0:
        return False
    try:
        _signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        posix.close(handle)
    return True


def find_protection(pid: int) -> str:
    """Say why an agent must not signal a process, whoever asks; "" where it may."""
    if pid == 1:
        return "pid 1 is the system's init"
    ancestor = posix.getpid()
    while ancestor > 0:
        if ancestor == pid:
            return f"pid {pid} is this process or an ancestor of it"
        found = read_stat(ancestor)
        ancestor = int(found[PARENT]) if found else 0
    name = (_read(f"/proc/{pid}/comm") or b"").decode("utf-8", "replace").strip()
    is_named_so = name in _CLUSTER_STACK or name.startswith(_CLUSTER_PREFIXES)
    if is_named_so and _is_of_the_system(pid):
        return f"pid {pid} is {name}, a part of the cluster stack"
    return ""


def _is_of_the_system(pid: int) -> bool:
    """Whether a process is run by root or the cluster's user from a program that is root's alone.

    Anybody can call a program corosync. True where it cannot be told.
    """
    status = _read(f"/proc/{pid}/status") or b""
    # Not the owner of /proc/PID, who is root where a process lets nobody look into it.
    users = set(status.partition(b"\nUid:")[2].partition(b"\n")[0].decode().split())
    if users - {"0", _find_cluster_user()}:
        return False
    try:
        program = posix.stat(f"/proc/{pid}/exe")
    except OSError:  # it has gone
        return True
    return program.st_uid == 0 and not program.st_mode & _WRITABLE_BY_OTHERS


def _find_cluster_user() -> str:
    try:
        import pwd

        return str(pwd.getpwnam(_CLUSTER_USER).pw_uid)
    except (ImportError, KeyError):
        return "0"


def _open_handle(identity: ProcessIdentity) -> int:
    """Open a handle (pidfd_open(2)) of a process that may be signalled; -1 if it has gone."""
    try:
        handle = posix.pidfd_open(identity.pid)
    except OSError as error:
        # EINVAL: the number is that of a thread now, so the process has gone.
        if error.errno in (errno.ESRCH, errno.EINVAL):
            return -1
        raise
    try:
        if identity.is_alive():
            protection = find_protection(identity.pid)
            if protection:
                raise Protected(errno.EPERM, protection)
            return handle
    except BaseException:
        posix.close(handle)
        raise
    posix.close(handle)
    return -1


def lives(stat: list[str]) -> bool:
    """Whether what `read_stat` has read is of a process that still runs; a zombie does not.

    One whose first thread has ended is shown as a zombie, and lives on in the others.
    """
    return stat[STATE] not in _DEAD or int(stat[_THREADS]) > 1


def read_stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat (proc(5)) from STATE on; None where there is no such process."""
    content = _read(f"/proc/{pid}/stat")
    if content is None:
        # Where /proc is missing too, nothing proves that the process has gone.
        posix.stat("/proc/self/stat")
    # The name stands in parentheses and may hold blanks and parentheses itself.
    return content[content.rindex(b")") + 2 :].decode("ascii").split() if content else None


def _read(path: str) -> bytes | None:
    """Return the content, None where the process is gone (ESRCH: between open and read)."""
    try:
        return read_file(path)
    except (FileNotFoundError, ProcessLookupError):
        return None
