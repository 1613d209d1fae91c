"""A sandbox for one agent and a witness, in which an agent that goes astray does no harm."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Caller
from ocf_py.conformance.fuzz.witness import PATIENCE, Witness
from ocf_py.conformance.places import enclose
from ocf_py.conformance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from ocf_py.conformance.fuzz.witness import Change, Picture
    from ocf_py.conformance.subject import Subject


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
            enclose(sandbox, self.subject)  # first: what it covers comes back by and by
            self.witness = Witness(sandbox)
            stack.callback(self.witness.close)
            for command in self.subject.prepare:
                self.caller.run(command, expect=(0,))
            self.settle()
            self._inside = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.close()

    def settle(self) -> Picture:
        """Waits until two looks are the same; Restless if they never are."""
        return self.witness.settle(self._patience)

    def find_changes(self, before: Picture) -> list[Change]:
        """All that is not as it was, but for who is only about to be gone."""
        return self.witness.find_changes(before, self._patience)

    def look_until(self, is_right: Callable[[Picture], bool]) -> Picture:
        """Looks again until all is right, or has had its time; returns the last look."""
        return self.witness.look_until(is_right, self._patience)
