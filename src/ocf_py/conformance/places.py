"""Where an agent is tested: in a sandbox, in one that is closed, or on the machine itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from ocf_py.conformance.caller import Caller
from ocf_py.conformance.sandbox import PLAIN_ENVIRONMENT, Sandbox, SandboxUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocf_py.conformance.subject import Subject

    #: Makes a place for one subject; what is made for it has gone with the context.
    Place = Callable[[Subject], contextlib.AbstractContextManager[Caller]]

_ENCLOSURE = Path(__file__).with_name("fuzz") / "enclosure.py"
_LIBRARY = Path(__file__).parents[2]


@contextlib.contextmanager
def in_sandbox(subject: Subject) -> Iterator[Caller]:
    """Namespaces of its own, which share the machine's files: for agents that are trusted."""
    with Sandbox() as sandbox, contextlib.closing(Caller(sandbox, subject)) as caller:
        prepare(caller, subject)
        yield caller


@contextlib.contextmanager
def in_enclosure(subject: Subject) -> Iterator[Caller]:
    """A sandbox in which no file of the machine can be changed: for agents that nobody knows.

    It is bare: who uses it makes it ready.
    """
    with Sandbox() as sandbox, contextlib.closing(Caller(sandbox, subject)) as caller:
        enclose(sandbox, subject)
        yield caller


@contextlib.contextmanager
def on_machine(subject: Subject) -> Iterator[Caller]:
    """The machine itself, with stand-ins for Pacemaker's tools, so that no cluster hears of it.

    It is as ready as it is: nothing is prepared for the subject.
    """
    folder = tempfile.mkdtemp(prefix="ocf-py-tools-")
    try:
        os.chmod(folder, 0o755)  # noqa: S103 - the agent's `nobody` looks for tools in it too
        caller = Caller(Host(), subject, role="machine", tools=folder)
        with contextlib.closing(caller):
            yield caller
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def enclose(sandbox: Sandbox, subject: Subject) -> None:
    """Closes a sandbox: what it shares with the machine is read-only from now on."""
    kept = (subject.executable.resolve(), sys.executable, _LIBRARY)
    done = sandbox.run([sys.executable, "-ISB", _ENCLOSURE, *kept])
    if done.returncode:
        raise SandboxUnavailable(f"it cannot be closed: {done.stderr.strip()[-500:]}")


class Host:
    """The machine itself, in the words of a sandbox."""

    root = Path("/")

    def popen(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: int | None = subprocess.DEVNULL,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> subprocess.Popen[str]:
        """Starts ``argv`` in a session of its own, so that a Ctrl-C does not tear a test apart."""
        return subprocess.Popen(
            argv,
            env=dict(PLAIN_ENVIRONMENT if env is None else env),
            cwd="/",
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
        )


def list_descendants(pid: int) -> list[int]:
    """Everything that the process has started, directly or not."""
    return [one.pid for one in psutil.Process(pid).children(recursive=True)]


def prepare(caller: Caller, subject: Subject) -> None:
    """Runs what makes the place ready for the subject; RuntimeError where it fails."""
    for command in subject.prepare:
        caller.run(command, expect=(0,))
