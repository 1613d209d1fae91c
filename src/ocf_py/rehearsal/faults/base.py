"""What a fault is: it says what should happen, strikes, and is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ocf_py.rehearsal.record import Expectation
    from ocf_py.rehearsal.scene import Scene
    from ocf_py.rehearsal.stage import Part, Stage

#: Seconds that an order, or a change that disturbs nothing, may cost a client.
UNNOTICED = 2.0
#: Seconds that a transition takes beside what its actions do.
DECISION = 5.0


class Fault:
    """Base of all; an object is for one play."""

    name: ClassVar[str]
    summary: ClassVar[str]

    def reason_against(self, stage: Stage) -> str:  # noqa: ARG002 - most faults befall any CIB
        """Why it cannot befall this CIB; "" where it can."""
        return ""

    def expect(self, scene: Scene) -> Expectation:
        """What should happen; asked when all is well."""
        raise NotImplementedError

    def found_by(self, stage: Stage) -> Part | None:  # noqa: ARG002 - few faults wait for one
        """The part whose monitor has to find it; None where no monitor has to."""
        return None

    def strike(self, scene: Scene) -> None:
        """Let it happen; returns when it has."""
        raise NotImplementedError

    def mend(self, scene: Scene) -> None:
        """Undo what lasts; nodes that are off are switched on afterwards in any case."""
