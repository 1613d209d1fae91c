"""What runs on the node is broken by itself: an application, an address, the memory."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.rehearsal.faults.base import DECISION, UNNOTICED, Fault
from ocf_py.rehearsal.held_addresses import held_addresses
from ocf_py.rehearsal.record import ANYWHERE, NOBODY, STAYS, Expectation
from ocf_py.rehearsal.scene import find_processes

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene
    from ocf_py.rehearsal.stage import Part, Stage

MEBIBYTES = 512
_SECONDS = 6.0


class ApplicationKilled(Fault):
    """Its main process dies."""

    name = "application-killed"
    summary = "the main process of an application is killed"

    def reason_against(self, stage: Stage) -> str:
        """There is none."""
        return "" if stage.programs else "there is no application"

    def expect(self, scene: Scene) -> Expectation:
        """It starts again; what its main process has left behind may answer until it is found."""
        program = self.program(scene.stage)
        bound = program.interval + 2 * DECISION + 2 * scene.stage.starting
        return Expectation(ANYWHERE, bound, NOBODY, dwell=program.soonest + DECISION)

    def found_by(self, stage: Stage) -> Part:
        """The one that is struck."""
        return self.program(stage)

    def program(self, stage: Stage) -> Part:
        """The one that is struck."""
        return stage.programs[0]

    def strike(self, scene: Scene) -> None:
        """Kill it."""
        self._signal(scene, signal.SIGKILL)

    def _signal(
        self, scene: Scene, number: signal.Signals, *, whole: bool = False, check: bool = True
    ) -> None:
        """Signal its main process, or with `whole` all of its processes."""
        program = self.program(scene.stage)
        node = scene.lab.node(scene.place_of(program) or scene.victim)
        unit = program.get("unit") or program.agent.partition("systemd:")[2]
        if unit:
            words = [f"--signal={number.name}", f"--kill-who={'all' if whole else 'main'}"]
            node.run(["systemctl", "kill", *words, unit], check=check)
        elif not find_processes(program, node, -number if whole else number) and check:
            raise LabError(f"{program.id}: no process on {node.name} is its main process")


class ApplicationHung(ApplicationKilled):
    """It is there, and does nothing."""

    name = "application-hung"
    summary = "every process of an application is stopped, and hangs"

    def reason_against(self, stage: Stage) -> str:
        """A monitor that does not ask the program cannot know."""
        if not stage.programs:
            return "there is no application"
        if any(stage.is_asked(one) for one in stage.programs):
            return ""
        names = ", ".join(one.id for one in stage.programs)
        return f"no monitor asks the application ({names}): set health, and a monitor of level 10"

    def program(self, stage: Stage) -> Part:
        """The first that a monitor asks."""
        return next(one for one in stage.programs if stage.is_asked(one))

    def expect(self, scene: Scene) -> Expectation:
        """It is found, killed and started again."""
        program = self.program(scene.stage)
        bound = (
            2 * program.interval
            + program.timeout
            + program.stopping
            + DECISION
            + 2 * scene.stage.starting
        )
        return Expectation(ANYWHERE, bound, NOBODY, dwell=program.interval + 2)

    def strike(self, scene: Scene) -> None:
        """Stop it."""
        self._signal(scene, signal.SIGSTOP, whole=True)

    def mend(self, scene: Scene) -> None:
        """Let it run on, if it is still there."""
        self._signal(scene, signal.SIGCONT, whole=True, check=False)


class AddressDeleted(Fault):
    """Somebody deletes the address by hand."""

    name = "address-deleted"
    summary = "the address is deleted by hand"

    def reason_against(self, stage: Stage) -> str:
        """There is none."""
        return "" if stage.addresses else "there is no address"

    def expect(self, scene: Scene) -> Expectation:
        """The next monitor finds it, and it comes back."""
        bound = scene.stage.addresses[0].interval + 2 * DECISION + 2 * scene.stage.starting
        return Expectation(ANYWHERE, bound, NOBODY)

    def found_by(self, stage: Stage) -> Part:
        """Its own."""
        return stage.addresses[0]

    def strike(self, scene: Scene) -> None:
        """Delete it, whatever its prefix and interface are."""
        part = scene.stage.addresses[0]
        deleted = [one for one in held_addresses(scene.node) if one.is_meant_by(part.get("ip"))]
        for one in deleted:
            scene.node.run(["ip", "address", "delete", one.text, "dev", one.interface])
        if not deleted:
            raise LabError(f"{part.id}: {scene.victim} has no address {part.get('ip')}")


class MemoryPressure(Fault):
    """A program eats memory."""

    name = "memory-pressure"
    summary = f"a program takes {MEBIBYTES} MiB, or half of what is free, and keeps writing to it"

    def expect(self, scene: Scene) -> Expectation:  # noqa: ARG002 - the same for every CIB
        """Nobody notices."""
        return Expectation(STAYS, UNNOTICED, NOBODY, quiet=True)

    def strike(self, scene: Scene) -> None:
        """Let it eat, for some seconds."""
        seconds = _SECONDS * scene.stage.pace
        command = scene.helper("hog", str(MEBIBYTES), str(seconds))
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=seconds + 60)
        except subprocess.SubprocessError as error:
            raise LabError(f"the memory was not taken to the end: {error}") from None
