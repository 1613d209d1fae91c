"""How an action, or an admin's command, tells the worker what to do: a socket in its folder.

One question and one answer a connection, each a line of JSON. The folder is root's alone, so
whoever gets in may ask anything.
"""

from __future__ import annotations

import json
import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    import socket as sockets
    from collections.abc import Awaitable, Callable
    from typing import Any

    Answer = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

_NAME = "control"
_LONGEST = 1 << 20  # bytes of a line
_EXTRA = 1.0  # seconds beyond what the worker was given: it answers in time, or not at all


class WorkerSilent(OSError):  # noqa: N818 - says what is
    """Nobody answers: there is no worker, or it hangs."""


class Refused(Exception):  # noqa: N818 - says what is
    """The worker did not do it; the message says why, `hint` what helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def ask(folder: str, what: str, seconds: float, **more: Any) -> dict[str, Any]:
    """Ask the worker of a folder to do ``what`` within ``seconds``, and return its answer.

    Refused says why it did not, WorkerSilent that nobody answered.
    """
    import _socket

    question = json.dumps({"do": what, "seconds": seconds, **more}).encode() + b"\n"
    answer = b""
    try:
        directory = _open_folder(folder)
        try:
            line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)  # lighter than `socket`
            try:
                line.settimeout(seconds + _EXTRA)
                line.connect(_path_in(directory))
                line.sendall(question)
                while not answer.endswith(b"\n") and len(answer) < _LONGEST:
                    part = line.recv(65536)
                    if not part:
                        break
                    answer += part
            finally:
                line.close()
        finally:
            posix.close(directory)
        said: dict[str, Any] = json.loads(answer)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        raise WorkerSilent(0, f"the mirror's worker does not answer: {reason}") from error
    if "refused" in said:
        raise Refused(said["refused"], said.get("hint", ""))
    return said


def listen(folder: str) -> sockets.socket:
    """Open the socket in the folder for the worker, in place of one that a dead one left."""
    import socket

    directory = _open_folder(folder)
    try:
        try:
            posix.unlink(_NAME, dir_fd=directory)
        except FileNotFoundError:
            pass
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.bind(_path_in(directory))
    finally:
        posix.close(directory)
    return line


async def serve(line: sockets.socket, answer: Answer) -> asyncio.AbstractServer:
    """Answer every question that comes in by ``answer(what, more)``, which may raise Refused."""
    import asyncio

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            question = json.loads(await reader.readline())
            try:
                said = await answer(question.pop("do"), question)
            except Refused as refused:
                said = {"refused": str(refused), "hint": refused.hint}
            writer.write(json.dumps(said).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, KeyError):
            pass  # it has hung up, or speaks something else
        finally:
            writer.close()

    return await asyncio.start_unix_server(on_connection, sock=line, limit=_LONGEST)


def _open_folder(folder: str) -> int:
    flags = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
    return posix.open(folder, flags)


def _path_in(directory: int) -> str:
    """A path as short as a socket's address must be (108 bytes, unix(7)), however deep it lies."""
    return f"/proc/self/fd/{directory}/{_NAME}"
