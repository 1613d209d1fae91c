"""Whole nodes go: their power, their time, in order, both of them, or with no way to fence them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.rehearsal.faults.base import DECISION, Fault
from ocf_py.rehearsal.record import ANYBODY, ANYWHERE, MOVES, NOBODY, VICTIM, Expectation

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene

# Both at once, one first: what passes between the two.
_APART = 3.0
_BOOT = 30.0  # seconds until a node that is switched on is a member with quorum


class PowerLoss(Fault):
    """The plug is pulled."""

    name = "power-loss"
    summary = "the active node loses its power"

    def expect(self, scene: Scene) -> Expectation:
        """Fencing, and a takeover."""
        return Expectation(MOVES, scene.stage.loss + scene.stage.starting, VICTIM, losing=True)

    def strike(self, scene: Scene) -> None:
        """Pull it."""
        scene.lab.kill(scene.victim)


class Hang(PowerLoss):
    """Its operating system hangs: the kernel answers for its addresses, and nothing runs."""

    name = "hang"
    summary = "every process of the active node stops, its kernel answers on"

    def strike(self, scene: Scene) -> None:
        """Freeze it."""
        scene.lab.freeze(scene.victim)

    def mend(self, scene: Scene) -> None:
        """Let it run on, unless fencing has rebooted it."""
        if scene.node.describe()["frozen"]:
            scene.lab.thaw(scene.victim)


class Shutdown(PowerLoss):
    """It is shut down as an administrator does."""

    name = "shutdown"
    summary = "the active node is shut down in order"

    def expect(self, scene: Scene) -> Expectation:
        """Nothing is lost, and nobody has to be fenced."""
        return Expectation(MOVES, DECISION + 2 * scene.stage.starting, NOBODY)

    def strike(self, scene: Scene) -> None:
        """Ask for it."""
        scene.lab.shut_down(scene.victim)

    def mend(self, scene: Scene) -> None:
        """Wait until it is off: switching it on before would not."""
        scene.lab.wait_until(
            f"{scene.victim} is off", lambda: scene.node.describe()["power"] == "off"
        )


class BothOff(Fault):
    """The power of the whole room fails; the nodes come back one after the other."""

    name = "both-off-active-first"
    summary = "all nodes lose power; the one that was active comes back first"

    def expect(self, scene: Scene) -> Expectation:
        """With all nodes back all serves again, wherever."""
        bound = _BOOT + scene.stage.loss + scene.stage.starting
        return Expectation(ANYWHERE, bound, ANYBODY, after_mend=True, losing=True, dwell=1.0)

    def strike(self, scene: Scene) -> None:
        """Pull all plugs."""
        for name in (scene.victim, *scene.others):
            scene.lab.kill(name)

    def mend(self, scene: Scene) -> None:
        """Switch on, one after the other."""
        for name in self.order_of(scene):
            scene.lab.start(name)
            time.sleep(_APART)

    def order_of(self, scene: Scene) -> list[str]:
        """Who comes back first."""
        return [scene.victim, *scene.others]


class BothOffStandbyFirst(BothOff):
    """The same, in the other order."""

    name = "both-off-standby-first"
    summary = "all nodes lose power; the one that was active comes back last"

    def order_of(self, scene: Scene) -> list[str]:
        """Who comes back first."""
        return [*scene.others, scene.victim]


class FencingFails(Fault):
    """The node is gone, and the power switch does not answer."""

    name = "fencing-fails"
    summary = "the active node loses its power while the fencing device is broken"

    def expect(self, scene: Scene) -> Expectation:
        """Nothing is taken over before the device is repaired."""
        bound = 2 * scene.stage.loss + scene.stage.starting
        return Expectation(MOVES, bound, VICTIM, after_mend=True, losing=True, dwell=8.0)

    def strike(self, scene: Scene) -> None:
        """Break it, then pull the plug; whoever is to fence has to have failed at it."""
        since = scene.lab.note("the power switch is about to break")
        scene.lab.break_power_switch()
        scene.lab.kill(scene.victim)
        scene.await_event("fencing failed", since)

    def mend(self, scene: Scene) -> None:
        """Repair it; Pacemaker may have given up, so the administrator asks for the fencing."""
        scene.lab.break_power_switch(broken=False)
        scene.order("crm_resource", "--cleanup", check=False)
        scene.order("stonith_admin", "--reboot", scene.victim, "--timeout=30", check=False)
