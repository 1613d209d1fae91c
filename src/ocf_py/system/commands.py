"""Running another program: never through a shell, never without a limit of time.

Built on posix_spawn(3): the subprocess module alone costs more than most of the tools called.
"""

from __future__ import annotations

import errno
import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Mapping, Sequence
else:
    import _signal

_ALWAYS_SEARCHED = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
_REAP_SECONDS = 0.5  # what a killed child gets to die before it is left to itself
_PIPE_CAPACITY = 65536  # pipe(7)
_FILE_TYPE, _REGULAR = 0o170000, 0o100000  # inode(7)


class ToolMissing(LookupError):  # noqa: N818 - says what is
    """The program is not on this machine; ``tool`` is the name looked for."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"{tool} is not installed: not in {':'.join(_search_path())}")
        self.tool = tool


class CommandTimedOut(OSError):  # noqa: N818 - says what is
    """The program did not end in time; it and its process group were killed.

    ``abandoned`` is true if it did not even die then: it sleeps uninterruptibly in the kernel.
    """

    def __init__(self, argv: Sequence[str], seconds: float, *, abandoned: bool) -> None:
        after = " and cannot be killed" if abandoned else ""
        super().__init__(
            errno.ETIMEDOUT, f"{' '.join(argv)} did not end within {seconds:g} s{after}"
        )
        self.abandoned = abandoned


class Completed:
    """A program's end: ``status`` is its exit status, or minus the signal that ended it."""

    __slots__ = ("argv", "status", "stderr", "stdout")

    def __init__(self, argv: Sequence[str], status: int, stdout: str, stderr: str) -> None:
        self.argv = list(argv)
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    def __repr__(self) -> str:
        return f"<Completed {' '.join(self.argv)!r} status {self.status}>"


def find(tool: str) -> str:
    """The path of a program: absolute, or looked for in PATH and the usual system directories.

    Raises ToolMissing. The current directory is never searched.
    """
    candidates = [tool] if "/" in tool else [f"{folder}/{tool}" for folder in _search_path()]
    for path in candidates:
        if path.startswith("/") and _is_program(path):
            return path
    raise ToolMissing(tool)


def run(
    argv: Sequence[str],
    seconds: float,
    *,
    environment: Mapping[str, str] | None = None,
    limit: int = 1 << 20,
) -> Completed:
    """Run a program to its end and return its status and output (at most ``limit`` bytes each).

    Its environment is PATH, LC_ALL=C and ``environment``; its standard input is empty. It has a
    process group of its own. It is over when the program itself ends, even if a process it left
    behind keeps its output open. Raises ToolMissing, CommandTimedOut, OSError.
    """
    from time import monotonic

    deadline = monotonic() + seconds
    names = {"PATH": ":".join(_search_path()), "LC_ALL": "C", **(environment or {})}
    output: dict[int, bytearray] = {}
    child, readers = _spawn(find(argv[0]), argv, names)
    handle = -1
    try:
        handle = posix.pidfd_open(child)
        output = {reader: bytearray() for reader in readers}
        ended = _collect(handle, output, limit, deadline)
    except BaseException:
        _kill(child, handle)
        raise
    else:
        if not ended:
            raise CommandTimedOut(argv, seconds, abandoned=not _kill(child, handle))
        _pid, status = posix.waitpid(child, 0)
    finally:
        for end in (handle, *readers):
            if end >= 0:
                posix.close(end)
    stdout, stderr = (kept.decode("utf-8", "replace") for kept in output.values())
    return Completed(argv, posix.waitstatus_to_exitcode(status), stdout, stderr)


def _spawn(path: str, argv: Sequence[str], names: Mapping[str, str]) -> tuple[int, tuple[int, int]]:
    """Start the program; returns its pid and the ends to read its output and errors from."""
    readers, writers = zip(*(posix.pipe2(posix.O_CLOEXEC) for _ in range(2)))
    try:
        child = posix.posix_spawn(
            path,
            list(argv),
            names,
            file_actions=[
                (posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0),
                (posix.POSIX_SPAWN_DUP2, writers[0], 1),
                (posix.POSIX_SPAWN_DUP2, writers[1], 2),
            ],
            setpgroup=0,
            setsigmask=(),
            # The two that Python ignores, and with it everything it starts.
            setsigdef=(_signal.SIGPIPE, _signal.SIGXFSZ),
        )
    except BaseException:
        for end in readers:
            posix.close(end)
        raise
    finally:
        for end in writers:
            posix.close(end)
    return child, readers


def _collect(handle: int, output: dict[int, bytearray], limit: int, deadline: float) -> bool:
    """Read until the process ends, which is True, or the time does."""
    import select
    from time import monotonic

    waiting = select.poll()
    for end in (handle, *output):
        waiting.register(end, select.POLLIN)
    ended = False
    while not ended:
        left = deadline - monotonic()
        events = waiting.poll(int(left * 1000) + 1) if left > 0 else []
        if not events:
            return False
        for end, _what in events:
            if end == handle:
                ended = True
            elif not _read(end, output[end], limit):
                waiting.unregister(end)
    for end, kept in output.items():
        # What was written before the end is in the pipe by now, and one read empties a pipe.
        posix.set_blocking(end, False)
        _read(end, kept, limit)
    return True


def _read(end: int, kept: bytearray, limit: int) -> bool:
    """Read once and keep what fits; what does not is dropped, so that the writer never blocks."""
    try:
        piece = posix.read(end, _PIPE_CAPACITY)
    except BlockingIOError:
        return True
    kept += piece[: limit - len(kept)]
    return bool(piece)


def _kill(child: int, handle: int) -> bool:
    """Kill the child's process group and reap the child; False if it does not die."""
    import select

    try:
        # Not reaped yet, so neither the pid nor the group can belong to anybody else.
        posix.kill(-child, _signal.SIGKILL)
    except ProcessLookupError:
        pass
    ended = select.poll()
    if handle >= 0:
        ended.register(handle, select.POLLIN)
        ended.poll(int(_REAP_SECONDS * 1000))
    return posix.waitpid(child, posix.WNOHANG)[0] == child


def _search_path() -> list[str]:
    """The folders of PATH and the usual ones; never a relative one, that is anywhere."""
    given = posix.environ.get(b"PATH", b"").decode("utf-8", "surrogateescape").split(":")
    folders = dict.fromkeys((*given, *_ALWAYS_SEARCHED))
    return [folder for folder in folders if folder.startswith("/")]


def _is_program(path: str) -> bool:
    try:
        mode = posix.stat(path).st_mode
    except OSError:
        return False
    return mode & _FILE_TYPE == _REGULAR and posix.access(path, posix.X_OK)
