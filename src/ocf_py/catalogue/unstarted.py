"""Why the kernel does not execute an agent, in words that name what to mend."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FIRST = 256  # bytes of a script's first line that the kernel reads (BINPRM_BUF_SIZE)


def explain_unstarted(executable: Path, error: OSError) -> str:
    """A reason without a full stop; `error` is what execve(2) said, often of another file."""
    said = error.strerror or str(error)
    try:
        with executable.open("rb") as file:
            head = file.read(_FIRST)
    except OSError:  # a program that may be executed and not read
        return said
    if head.startswith(b"#!"):
        return _explain_script(head[2:].partition(b"\n")[0], error.errno or 0, said)
    if error.errno != errno.ENOEXEC:
        return said
    return f"{said}: it {'does not begin with #! and an interpreter' if head else 'is empty'}"


def _explain_script(line: bytes, number: int, said: str) -> str:
    interpreter = next(iter(line.decode(errors="backslashreplace").split(maxsplit=1)), "")
    if not interpreter:
        return f"{said}: its first line names no interpreter"
    if number == errno.ENOENT and line.endswith(b"\r"):
        return (
            f"its first line, which names the interpreter {interpreter}, ends in a carriage "
            "return: write its lines with the ends of Unix"
        )
    if number == errno.ENOENT:
        return f"{said}: the interpreter that its first line names, {interpreter}, is not there"
    if not os.access(interpreter, os.X_OK):
        return f"{said}: the interpreter that its first line names is {interpreter}"
    return said
