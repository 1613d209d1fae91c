"""The cluster's own programs are killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.rehearsal.faults.base import Fault
from ocf_py.rehearsal.faults.power import PowerLoss
from ocf_py.rehearsal.record import ANYWHERE, VICTIM_OR_NOBODY, Expectation

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene

PACEMAKER = ("based", "fenced", "execd", "attrd", "schedulerd", "controld")


class CorosyncKilled(PowerLoss):
    """A node without membership is lost: the others fence it."""

    name = "corosync-killed"
    summary = "Corosync is killed on the active node"

    def strike(self, scene: Scene) -> None:
        """Kill it."""
        scene.node.run(["pkill", "-KILL", "-x", "corosync"])


class PacemakerdKilled(Fault):
    """Pacemaker's first process is killed; whatever becomes of it, what it runs goes on."""

    name = "pacemakerd-killed"
    summary = "pacemakerd is killed on the active node"
    process = "pacemakerd"

    def expect(self, scene: Scene) -> Expectation:
        """It comes back, or its node is fenced: both is right."""
        bound = scene.stage.loss + scene.stage.starting
        return Expectation(
            ANYWHERE, bound, VICTIM_OR_NOBODY, losing=True, dwell=6.0, by_chance=True
        )

    def strike(self, scene: Scene) -> None:
        """Kill it; the kernel keeps 15 letters of a name, so the path tells them apart."""
        scene.node.run(["pkill", "-KILL", "-f", f"^(/[^ ]*/)?{self.process}( |$)"])

    def mend(self, scene: Scene) -> None:
        """Start it where nobody else has."""
        if scene.node.describe()["pid"] is not None:
            scene.node.start_pacemaker()


def _of(daemon: str) -> type[PacemakerdKilled]:
    process = f"pacemaker-{daemon}"
    return type(
        f"{daemon.capitalize()}Killed",
        (PacemakerdKilled,),
        {
            "__doc__": f"{process} is killed; pacemakerd starts it again.",
            "name": f"{process}-killed",
            "summary": f"{process} is killed on the active node",
            "process": process,
        },
    )


DAEMONS_KILLED: tuple[type[PacemakerdKilled], ...] = (
    PacemakerdKilled,
    *(_of(daemon) for daemon in PACEMAKER),
)
