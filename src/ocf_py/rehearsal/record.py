"""What was seen of one fault: the facts that the judge and every report are made from.

Times are seconds relative to the fault, negative before it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from ocf_py.lab.witnesses.holdings import Holding, Holdings

if TYPE_CHECKING:
    from typing import Any

# Whose agents are played: our own, or the counterparts that they stand in for.
OURS, PEER = "ocfpy", "peer"
# Where what ran on the struck node is to serve after the fault.
STAYS, MOVES, ANYWHERE = "stays", "moves", "anywhere"
# Whose fencing is right.
NOBODY, VICTIM, ONE, ANYBODY = "nobody", "victim", "one", "anybody"
VICTIM_OR_NOBODY = "victim or nobody"
# A mirror's age is told in whole passes; what is acknowledged while it is asked is not in it.
LAG_MARGIN = 1.0
# Seconds: shorter gaps are a machine's own hiccups.
HICCUP = 0.1
#: The rule about what clients felt, by its name.
SERVES_AGAIN = "serves again"
# Who answers where an answer tells no node, as a program's and a writer's.
SOMEBODY = "somebody"
# How the name of a client begins that writes.
WRITER = "writer to"
# What a detection says that is none of a resource.
LOST, ASKED = "has lost", "asks for the fencing"


@dataclass(frozen=True)
class Expectation:
    """What should happen.

    `bound` is the longest outage of any client in seconds; with `after_mend` it counts from the
    repair. `losing` says that a mirror may lose what its copy had not yet, as after a crash.
    `dwell` is how long the fault lasts at least, also when all serves already. `clients` are those
    that `place` is about, of the struck node; () for all of them. `displacing` says that what is
    elsewhere may have to make room. `quiet` says that the cluster has nothing to do for it.
    `by_chance` says that Pacemaker's own timing decides whether it fences, whatever the agents do.
    """

    place: str
    bound: float
    fencing: str = NOBODY
    after_mend: bool = False
    losing: bool = False
    dwell: float = 0.0
    clients: tuple[str, ...] = ()
    displacing: bool = False
    quiet: bool = False
    by_chance: bool = False

    def at_pace(self, pace: float) -> Expectation:
        """The same of a cluster on which everything takes so many times longer."""
        return replace(self, bound=self.bound * pace, dwell=self.dwell * pace)

    @property
    def sentence(self) -> str:
        """The same in words."""
        where = {
            STAYS: "everything stays where it is",
            MOVES: "what ran there moves",
            ANYWHERE: "it serves, there or elsewhere",
        }[self.place]
        fenced = {
            NOBODY: "nobody is fenced",
            VICTIM: "the node is fenced first",
            ONE: "one node is fenced, whichever, and before anything moves",
            ANYBODY: "a node may be fenced",
            VICTIM_OR_NOBODY: "the node may be fenced",
        }[self.fencing]
        since = "within {:g} s of the repair" if self.after_mend else "no client waits over {:g} s"
        quiet = "; the cluster does nothing" if self.quiet else ""
        return f"{where}; {fenced}; {since.format(self.bound)}{quiet}"


@dataclass(frozen=True)
class Moment:
    """Something that happened; `lasted` seconds until `at`, 0 for what took no time.

    `kind` is fault, repair, detection, fencing, power, operation or failure.
    """

    at: float
    kind: str
    text: str
    node: str = ""
    resource: str = ""
    lasted: float = 0.0


class Stay(Holding):
    """A node had something (an address, a mount), in the times of its play; None: to the end."""


@dataclass(frozen=True)
class Gap:
    """A client had no answer from `since` to `until`; None: never again. `node` answered then."""

    since: float
    until: float | None
    node: str = ""

    def seconds(self, end: float) -> float:
        """How long, where the play ended at `end`."""
        return (end if self.until is None else self.until) - self.since

    def seconds_after(self, start: float, end: float) -> float:
        """How long of it was after `start`."""
        return (end if self.until is None else self.until) - max(start, self.since)


@dataclass(frozen=True)
class Heard:
    """What one client heard: who answered before the fault, its gaps, who answers at the end.

    `repaired` is the first answer to a question that was asked after the repair; None: none came.
    """

    client: str
    before: str
    gaps: list[Gap]
    finally_from: str
    first_elsewhere: float | None = None
    repaired: float | None = None


@dataclass(frozen=True)
class Held:
    """Who had an address or a mount; `kind` is address or mount.

    Two that are seen to touch for `resolution` seconds or less may have had it one after the other.
    """

    kind: str
    name: str
    stays: list[Stay]
    resolution: float

    def doubles(self) -> list[tuple[Holding, Holding]]:
        """Pairs of different nodes' stays that overlap."""
        return Holdings(*self.stays).doubles()


@dataclass(frozen=True)
class Written:
    """A writer's count. `lost` has when each acknowledged write that is gone was acknowledged.

    `kind` is disk, database or mirror; `lag` is what a mirror's copy itself reported right before
    the fault, in seconds; None where none is reported.
    """

    writer: str
    kind: str
    acknowledged: int
    lost: list[float]
    lag: float | None = None


@dataclass(frozen=True)
class Aftermath:
    """What is there once all is repaired, a line each; empty lists are what there should be."""

    failures: list[str]
    astray: list[str]
    offline: list[str]


@dataclass(frozen=True)
class Verdict:
    """The judge's word on one rule."""

    rule: str
    holds: bool
    said: str


@dataclass
class Play:
    """One fault, once. `provider` is OURS or PEER.

    `in_step` says that it struck when the monitor that has to find it had just been. `again` has
    why each earlier try tells nothing: somebody who watches could not see, or it did not strike.
    `is_void` says that this one does not tell either.
    """

    fault: str
    summary: str
    cib: str
    provider: str
    victim: str
    expectation: Expectation
    ended: float = 0.0
    repair: float | None = None
    moments: list[Moment] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    fenced: list[str] = field(default_factory=list)
    aftermath: Aftermath = field(default_factory=lambda: Aftermath([], [], []))
    in_step: bool = False
    again: list[str] = field(default_factory=list)
    trouble: str = ""
    is_void: bool = False
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The fault, and whose agents it struck where they are not ours."""
        return self.fault if self.provider == OURS else f"{self.fault} ({self.provider})"

    @property
    def tries(self) -> int:
        """How often it was played, this time included."""
        return len(self.again) + 1

    @property
    def passed(self) -> bool:
        """Whether every rule holds."""
        return bool(self.verdicts) and all(one.holds for one in self.verdicts)

    @property
    def outage(self) -> float | None:
        """Seconds of the longest outage of any client; None where no client asked."""
        gaps = [gap.seconds(self.ended) for heard in self.heard for gap in heard.gaps]
        return max(gaps, default=0.0) if self.heard else None

    def to_json(self) -> dict[str, Any]:
        """As it stands in report.json."""
        return {
            **asdict(self),
            "expected": self.expectation.sentence,
            "passed": self.passed,
            "outage": self.outage,
            "tries": self.tries,
        }
