"""Marks in the environment that a process was started with: how one that was moved away is known.

A start has a secret, which its processes bear; what others can read, the record and the names of
control groups, has its digest alone. Nobody else can therefore make a process that bears the mark.

What a process was started with is read through its memory map, which waits for one that hangs in
the kernel on storage of its own, be it a stranger's: a child reads, and goes on behind it.
"""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Test = Callable[[bytes], bool]

_SECONDS = 0.5  # for one look at what is left to be read
_MOST_HUNG = 3
_LONGEST = 1 << 17  # bytes of an environment that are read
_SECRET, _DIGEST = 16, 32  # bytes, and letters: as systemd's own invocation ids have

#: Who hangs, of those that this action has met: none is waited for twice.
_hung: set[int] = set()


def make_secret() -> str:
    """A secret for one start."""
    return posix.urandom(_SECRET).hex()


def digest(secret: str) -> str:
    """What may be known of a secret."""
    from hashlib import sha256

    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST]


def find_bearers(name: str, value: str, pids: Iterable[int]) -> set[int]:
    """Who of these was started with NAME=value."""
    wanted = value.encode("utf-8", "surrogateescape")
    return _find(name, wanted.__eq__, pids)


def find_starters(name: str, known: str, pids: Iterable[int]) -> set[int]:
    """Who of these was started with the secret in NAME that has this digest."""
    from hashlib import sha256

    wanted = known.encode("ascii", "replace")

    def is_secret(value: bytes) -> bool:
        return sha256(value).hexdigest()[:_DIGEST].encode() == wanted

    return _find(name, is_secret, pids)


def _find(name: str, test: Test, pids: Iterable[int]) -> set[int]:
    from functools import partial

    from ocf_py.system.probing import gather

    # The system's own users first: a person's process that hangs hides none of a service's.
    waiting = sorted(set(pids) - _hung, key=lambda pid: (_user_of(pid), pid))
    found: set[int] = set()
    while waiting and len(_hung) < _MOST_HUNG:
        told, problem = gather(partial(_read_all, name, test, waiting), _SECONDS)
        found.update(pid for pid, bears in told if bears)
        if not problem:
            break
        last = told[-1][0] if told else waiting[0]
        if last == waiting[0]:  # it alone took all of the time
            _hung.add(last)
            waiting = waiting[1:]
        else:
            waiting = waiting[waiting.index(last) :]
    return found


def _read_all(name: str, test: Test, pids: Iterable[int]) -> Iterator[tuple[int, bool]]:
    """Tell of each before it is read, and again where it passes."""
    beginning = f"{name}=".encode()
    for pid in pids:
        yield pid, False
        for line in _read_environment(pid):
            if line.startswith(beginning) and test(line[len(beginning) :]):
                yield pid, True


def _read_environment(pid: int) -> list[bytes]:
    try:
        handle = posix.open(f"/proc/{pid}/environ", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return []
    try:
        return posix.read(handle, _LONGEST).split(b"\0")
    except OSError:
        return []
    finally:
        posix.close(handle)


def _user_of(pid: int) -> int:
    try:
        return posix.stat(f"/proc/{pid}").st_uid
    except OSError:
        return 0
