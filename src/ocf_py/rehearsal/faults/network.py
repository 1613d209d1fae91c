"""Cables and links."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.vm.drbd_pair import LINK
from ocf_py.rehearsal.faults.base import DECISION, UNNOTICED, Fault
from ocf_py.rehearsal.record import ANYWHERE, NOBODY, ONE, STAYS, Expectation

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene
    from ocf_py.rehearsal.stage import Stage


class RingCut(Fault):
    """One of two redundant links between the nodes fails."""

    name = "ring-cut"
    summary = "one ring of the active node is cut"

    def expect(self, scene: Scene) -> Expectation:  # noqa: ARG002 - the same for every CIB
        """Nobody notices."""
        return Expectation(STAYS, UNNOTICED, NOBODY, dwell=5.0, quiet=True)

    def strike(self, scene: Scene) -> None:
        """Cut it."""
        scene.lab.cut(scene.victim, "0")

    def mend(self, scene: Scene) -> None:
        """Splice it."""
        scene.lab.mend(scene.victim)


class RingsCut(RingCut):
    """The nodes cannot see each other, and both live: a split brain, without fencing."""

    name = "rings-cut"
    summary = "all rings of the active node are cut"

    def expect(self, scene: Scene) -> Expectation:
        """One of them goes before the other one takes anything."""
        return Expectation(
            ANYWHERE, scene.stage.loss + scene.stage.starting, ONE, losing=True, dwell=5.0
        )

    def strike(self, scene: Scene) -> None:
        """Cut both; they stay cut until somebody has noticed."""
        since = scene.lab.note("the rings are about to be cut")
        scene.lab.cut(scene.victim, "rings")
        with contextlib.suppress(LabError):  # that nobody was fenced is for the judge to say
            scene.await_event("fencing requested", since)


class MirrorCut(RingCut):
    """The disks' mirror is interrupted, and both nodes live: DRBD has to fence, not the cluster."""

    name = "mirror-cut"
    summary = "the link of the disks' mirror is cut; the cluster has another one"

    def reason_against(self, stage: Stage) -> str:
        """There is no such mirror."""
        return "" if stage.mirrored_disks else "no disk of it is mirrored by DRBD"

    def expect(self, scene: Scene) -> Expectation:  # noqa: ARG002 - the same for every CIB
        """Writes wait until the other node cannot be promoted; then all goes on in its place."""
        return Expectation(STAYS, 2 * DECISION, NOBODY, dwell=2 * DECISION)

    def strike(self, scene: Scene) -> None:
        """Cut it."""
        scene.lab.cut(scene.victim, LINK)


class ServiceCut(RingCut):
    """The clients cannot reach the active node; the cluster can."""

    name = "service-cut"
    summary = "the service network of the active node is cut, its carrier stays"
    mode = "drop"

    def reason_against(self, stage: Stage) -> str:
        """No client is on it."""
        return "" if stage.addresses else "there is no address in the service network"

    def expect(self, scene: Scene) -> Expectation:
        """With a ping resource it moves; without, it waits for the repair."""
        part = scene.stage.anchor
        bound = part.interval + DECISION + 2 * scene.stage.starting
        return Expectation(ANYWHERE, bound, NOBODY, after_mend=True, dwell=part.interval + 4)

    def strike(self, scene: Scene) -> None:
        """Cut it."""
        scene.lab.cut(scene.victim, "service", self.mode)


class LinkDown(ServiceCut):
    """Its cable is pulled out: the kernel knows that at once."""

    name = "link-down"
    summary = "the service link of the active node goes down"
    mode = "down"
