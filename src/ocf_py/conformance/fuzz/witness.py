"""What a sandbox looks like from within, taken before and after each call."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ocf_py.conformance.fuzz.views import DEAD
from ocf_py.conformance.sandbox import SandboxUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocf_py.conformance.sandbox import Sandbox

    #: Things → how they are, both in words; a thing begins with its kind: "address", "path", ...
    Picture = Mapping[str, str]

_QUIET = 0.01  # seconds between two looks
PATIENCE = 5.0  # seconds until quiet has to come: duplicate address detection takes up to 2
_BUSY = 4  # times the patience: a busy machine lets who is at work wait
_LOOKOUT = Path(__file__).with_name("lookout.py")
_LIBRARY = Path(__file__).parents[3]


class WitnessDied(RuntimeError):  # noqa: N818 - says what is
    """The process that looks is gone: its last words are in the message."""


class Restless(RuntimeError):  # noqa: N818 - says what is
    """Something goes on changing where nothing should; the message says what."""


class Change(NamedTuple):
    """One thing that is not as it was: `before` is None if it is new, `after` if it has gone."""

    thing: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """In words."""
        if self.before is None:
            return f"{self.thing} is new: {self.after}"
        if self.after is None:
            return f"{self.thing} has gone: it was {self.before}"
        return f"{self.thing} is {self.after}, was {self.before}"


class Witness:
    """Looks at addresses, routes, rules, mounts, processes and files of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._process = sandbox.popen(
            [sys.executable, "-ISB", _LOOKOUT, _LIBRARY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        #: Everything as it was at the last look.
        self.seen: Picture = {}
        self._at_work: list[str] = []

    def look(self) -> Picture:
        """Everything as it is now; SandboxUnavailable where it cannot look at all."""
        ask, answer, complaints = self._process.stdin, self._process.stdout, self._process.stderr
        assert ask and answer and complaints  # noqa: PT018, S101 - made with PIPE above
        with contextlib.suppress(BrokenPipeError):
            ask.write("look\n")
            ask.flush()
        line = answer.readline()
        if not line:
            words = f"{self._process.wait()}: {complaints.read().strip()[-2000:]}"
            # Before it has seen anything, there was nobody who could have ended it.
            raise WitnessDied(words) if self.seen else SandboxUnavailable(f"it is dark: {words}")
        news, gone, self._at_work = json.loads(line)
        if not (news or gone):
            return self.seen
        kept = {**self.seen, **news}
        for thing in gone:
            del kept[thing]
        self.seen = kept
        return kept

    def settle(self, patience: float = PATIENCE) -> Picture:
        """Waits until two looks are the same; Restless if they never are.

        Who is at work may be about to change something, however long a busy machine lets it wait,
        and so will an address whose duplicates are still looked for: these have their time too.
        """
        before = self.look()
        begun = time.monotonic()
        while True:
            time.sleep(_QUIET)
            after = self.look()
            changes = compare(before, after)
            is_late = self._is_late(begun, patience)
            will_change = self._at_work or any(map(_is_tentative, after.items()))
            if not changes and (is_late or not will_change):
                return after
            if is_late:
                raise Restless("; ".join(map(str, changes)))
            before = after

    def look_until(
        self, is_right: Callable[[Picture], bool], patience: float = PATIENCE
    ) -> Picture:
        """Looks again until all is right, or has had its time; returns the last look."""
        begun = time.monotonic()
        while True:
            picture = self.look()
            if is_right(picture) or self._is_late(begun, patience):
                return picture
            time.sleep(_QUIET)

    def find_changes(self, before: Picture, patience: float = PATIENCE) -> list[Change]:
        """All that is not as it was; whom a call has killed at its end has the time to be gone.

        Who is dead and stays, as nobody reaps it, is a change.
        """
        begun = time.monotonic()
        while True:
            changes = compare(before, self.look())
            is_dying = any(one.before is None and one.after == DEAD for one in changes)
            if not is_dying or self._is_late(begun, patience):
                return changes
            time.sleep(_QUIET)

    def _is_late(self, begun: float, patience: float) -> bool:
        """Whether the time is over for what began then; who is at work has some more."""
        return time.monotonic() - begun > patience * (_BUSY if self._at_work else 1)

    def close(self) -> None:
        """Ends it: by the end of its input, for whom a kill orphans is slow to be reaped."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()


def compare(before: Picture, after: Picture) -> list[Change]:
    """All that differs, in the order of its names."""
    if before is after:
        return []
    things = {thing for thing, _ in before.items() ^ after.items()}
    return [Change(thing, before.get(thing), after.get(thing)) for thing in sorted(things)]


def _is_tentative(entry: tuple[str, str]) -> bool:
    thing, how = entry
    return thing.startswith("address ") and '"tentative": true' in how
