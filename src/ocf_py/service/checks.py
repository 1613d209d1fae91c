"""Questions that tell whether a service works: a port, a socket, a page, a file, a command.

`parse_check` reads the forms; asking happens in a child (`disposable`), as the service's user.
"""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .disposable import Finding
    from .program import Program

NOTIFY, TCP, UNIX, HTTP, FILE, COMMAND = "notify", "tcp", "unix", "http", "file", "command"
_HIGHEST_PORT = 65535
_HTTP_PORT = "80"
_GOOD = range(200, 400)
_LONGEST_LINE = 4096


class Check:
    """One question: ``kind`` as above, ``target`` the address, path or command line."""

    __slots__ = ("host", "kind", "port", "target", "words")

    def __init__(
        self,
        kind: str,
        target: str = "",
        host: str = "",
        port: str = "",
        words: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self.target = target
        self.host = host
        self.port = port
        self.words = words

    def ask(
        self, build: Callable[[], Program], seconds: float, *, leaves_nothing: bool = True
    ) -> Finding:
        """Ask once, as the program's user and, for a command, in its surroundings.

        What a command has started ends with it, in sessions of their own as well, if it is to leave
        nothing. ``build`` makes the program in the child as well: what it reads, and whom it asks
        for the user, may hang like the rest.
        """
        from .disposable import look

        mark = ""
        more = {}
        if self.kind == COMMAND and leaves_nothing:
            from .marks import make_secret
            from .tree import MARK

            more = {MARK: make_secret()}
            mark = f"{MARK}={more[MARK]}"

        def work() -> None:
            program = build()
            if self.kind == COMMAND:
                program.running(self.words).become(more)
            program.owner.become()
            _ASK[self.kind](self, seconds)

        found = look(work, seconds, mark)
        if found.reason:
            found.reason = f"{self} {found.reason}"
        return found

    def __str__(self) -> str:
        if self.kind == COMMAND:
            return self.words[0].rpartition("/")[2]
        return self.kind if self.kind == NOTIFY else f"{self.kind}://{self.target}"


def parse_check(text: str, *, with_shell: bool = False) -> Check:
    """Read a form; ValueError, as a phrase that follows the text, for what is none.

    A command is an absolute path and words; with ``with_shell`` it is a line for /bin/sh.
    """
    if text == NOTIFY:
        return Check(NOTIFY)
    kind, mark, target = text.partition("://")
    if mark and kind in (TCP, HTTP):
        host, port = _read_address(target.partition("/")[0] if kind == HTTP else target, kind)
        return Check(kind, target, host, port)
    if mark and kind in (UNIX, FILE):
        if not target.startswith("/"):
            raise ValueError(f"has no absolute path behind {kind}://")
        return Check(kind, target)
    if mark and kind.isalpha():
        raise ValueError(f"begins with {kind}://, which is none of tcp, unix, http, file")
    if with_shell:
        return Check(COMMAND, words=("/bin/sh", "-c", text))
    return parse_command(text, "neither a form such as tcp://HOST:PORT nor an absolute path")


def parse_command(text: str, otherwise: str = "not a command: an absolute path and words") -> Check:
    """Read a command; ValueError that it is ``otherwise``, as a phrase that follows the text."""
    from .words import split_words

    words = split_words(text)
    if not words or not words[0].startswith("/"):
        raise ValueError(f"is {otherwise}")
    return Check(COMMAND, words=tuple(words))


def _read_address(text: str, kind: str) -> tuple[str, str]:
    host, colon, port = text.rpartition(":")
    if text.endswith("]") or not colon:
        host, port = text, _HTTP_PORT if kind == HTTP else ""
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("has an IPv6 address that is not in brackets")
    if not host or not (port.isascii() and port.isdecimal()):
        raise ValueError(f"has no HOST:PORT behind {kind}://")
    if len(port) > len(str(_HIGHEST_PORT)) or not 0 < int(port) <= _HIGHEST_PORT:
        raise ValueError(f"has a port that is not from 1 to {_HIGHEST_PORT}")
    if not host.isascii() or any(c <= " " or c == "/" for c in text):
        raise ValueError(f"has no host's name behind {kind}://")
    return host, port


# ---------------------------------------------------------------------- in the child


def _ask_tcp(check: Check, seconds: float) -> None:
    posix.close(_connect(check, seconds))


def _connect(check: Check, seconds: float) -> int:
    import _socket

    problem: Exception = OSError(0, "no address")
    for family, kind, protocol, _, address in _socket.getaddrinfo(
        check.host, check.port, 0, _socket.SOCK_STREAM
    ):
        link = _socket.socket(family, kind, protocol)
        link.settimeout(seconds)
        try:
            link.connect(address)
        except OSError as error:
            problem = error
            link.close()
        else:
            link.settimeout(None)
            return link.detach()
    raise problem


def _ask_unix(check: Check, seconds: float) -> None:
    import _socket

    for kind in (_socket.SOCK_STREAM, _socket.SOCK_SEQPACKET, _socket.SOCK_DGRAM):
        link = _socket.socket(_socket.AF_UNIX, kind)
        link.settimeout(seconds)
        try:
            link.connect(check.target)
        except OSError as error:
            import errno

            if error.errno != errno.EPROTOTYPE:  # it is of another kind: unix(7)
                raise
        else:
            return
    raise OSError(0, "no socket of a kind that can be asked")


def _ask_http(check: Check, seconds: float) -> None:
    handle = _connect(check, seconds)
    address, slash, path = check.target.partition("/")
    if any(c <= " " or c > "~" for c in path):
        raise ValueError("the path holds what must be escaped with %")
    request = f"GET {slash or '/'}{path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    posix.write(handle, request.encode("ascii"))
    answer = b""
    while b"\n" not in answer and len(answer) < _LONGEST_LINE:
        part = posix.read(handle, _LONGEST_LINE)
        if not part:
            break
        answer += part
    # RFC 9112, section 4: HTTP-version SP status-code SP ...
    words = answer.partition(b"\n")[0].split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():  # noqa: PLR2004
        raise ValueError("the answer is not HTTP")
    if int(words[1]) not in _GOOD:
        raise ValueError(f"status {words[1].decode('ascii')}")


def _ask_file(check: Check, _seconds: float) -> None:
    posix.stat(check.target)


_ASK = {TCP: _ask_tcp, UNIX: _ask_unix, HTTP: _ask_http, FILE: _ask_file}
