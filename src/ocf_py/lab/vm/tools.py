"""Runs the tools that make an image; what they say is shown when they fail."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.kernel import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What a tool mounts, and whatever it starts, goes with it however it ends.
_APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--")
_LAST_LINES = 12


def run_tool(
    command: Sequence[str], *, cwd: Path | None = None, stdin: bytes = b"", apart: bool = False
) -> str:
    """Run a command to its end and return its output; LabError with its last lines if it fails.

    An exception that interrupts the wait kills it, as does the end of the caller. With `apart`, for
    root alone, what it has mounted and started ends with it.
    """
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(
                [*(_APART if apart else ()), *command],
                cwd=cwd,
                env=environment,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=said,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - a system call and no more
            )
        except FileNotFoundError:
            raise LabError(f"{command[0]} is not installed") from None
        try:
            output, _ = process.communicate()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        said.seek(0)
        errors = said.read().decode(errors="replace")
    shown = output.decode(errors="replace")
    if process.returncode != 0:
        last = "\n  ".join((shown + errors).strip().splitlines()[-_LAST_LINES:])
        raise LabError(f"{command[0]} ended with {process.returncode}; it said last:\n  {last}")
    return shown
