"""A sandbox for one agent and a witness, in which an agent that goes astray does no harm."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Caller
from ocf_py.conformance.fuzz.witness import Witness, compare
from ocf_py.conformance.sandbox import Sandbox, SandboxUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from ocf_py.conformance.fuzz.witness import Picture
    from ocf_py.conformance.subject import Subject

_ENCLOSURE = Path(__file__).with_name("enclosure.py")
_QUIET = 0.01  # seconds between two looks
PATIENCE = 5.0  # seconds until quiet has to come: duplicate address detection takes up to 2


class Restless(RuntimeError):  # noqa: N818 - says what is
    """Something goes on changing where nothing should; the message says what."""


class Machine:
    """A context manager: the sandbox exists, prepared for its subject, while it is entered.

    `patience` is how many seconds what should come, or go, may take.
    """

    def __init__(self, subject: Subject, patience: float = PATIENCE) -> None:
        self.subject = subject
        self._patience = patience
        self._inside = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            sandbox = stack.enter_context(Sandbox())
            self.caller = Caller(sandbox, self.subject)
            stack.callback(self.caller.close)
            self.witness = Witness(sandbox)
            stack.callback(self.witness.close)
            self._enclose(sandbox)
            for command in self.subject.prepare:
                self.caller.run(command, expect=(0,))
            self.settle()
            self._inside = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.close()

    def _enclose(self, sandbox: Sandbox) -> None:
        kept = str(self.subject.executable.resolve())
        done = sandbox.run([sys.executable, "-ISB", _ENCLOSURE, kept])
        if done.returncode:
            raise SandboxUnavailable(f"it cannot be closed: {done.stderr.strip()[-500:]}")

    def settle(self) -> Picture:
        """Waits until two looks are the same; Restless if they never are.

        An address whose duplicates are still looked for will change, so that has its time too.
        """
        before = self.witness.look()
        end = time.monotonic() + self._patience
        while True:
            time.sleep(_QUIET)
            after = self.witness.look()
            changes = compare(before, after)
            is_late = time.monotonic() > end
            if not changes and (is_late or not any(map(_is_tentative, after.items()))):
                return after
            if is_late:
                raise Restless("; ".join(map(str, changes)))
            before = after

    def look_until(self, is_right: Callable[[Picture], bool]) -> Picture:
        """Looks again until all is right, or has had its time; returns the last look."""
        end = time.monotonic() + self._patience
        while True:
            picture = self.witness.look()
            if is_right(picture) or time.monotonic() > end:
                return picture
            time.sleep(_QUIET)


def _is_tentative(entry: tuple[str, str]) -> bool:
    thing, how = entry
    return thing.startswith("address ") and '"tentative": true' in how
