"""What an administrator does on a working day: none of it may cost more than it must."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.cib.references import rename_resource
from ocf_py.lab.errors import LabError
from ocf_py.rehearsal.faults.base import DECISION, UNNOTICED, Fault
from ocf_py.rehearsal.record import ANYWHERE, MOVES, NOBODY, STAYS, Expectation

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene
    from ocf_py.rehearsal.stage import Stage

_LOAD_SECONDS = 8.0
_ROUNDS = 3
_SUFFIX = "-renamed"
_CHANGED = "arp_count"
_CHANGED_TO = "7"
_WORDLESS = 15.0  # seconds until Pacemaker can tell again what runs, where nobody else can


class Standby(Fault):
    """The node is to be empty, for maintenance of its own."""

    name = "standby"
    summary = "the active node is put on standby, and taken back"

    def expect(self, scene: Scene) -> Expectation:
        """Everything goes in order."""
        return Expectation(MOVES, DECISION + 2 * scene.stage.starting, NOBODY)

    def strike(self, scene: Scene) -> None:
        """Set the node's attribute."""
        self._standby(scene, "--update", "on")

    def mend(self, scene: Scene) -> None:
        """Take it away."""
        self._standby(scene, "--delete")

    def _standby(self, scene: Scene, *change: str) -> None:
        scene.order("crm_attribute", "--node", scene.victim, "--name", "standby", *change)


class Move(Standby):
    """The service is to run elsewhere."""

    name = "move"
    summary = "the service is moved by hand, and the constraint cleared"

    def expect(self, scene: Scene) -> Expectation:
        """What is moved goes in order; what else runs has a reason to if the CIB keeps it apart."""
        top = self._top(scene)
        own = tuple(one.address for one in scene.stage.addresses if one.top == top)
        return replace(super().expect(scene), clients=own, displacing=scene.stage.keeps_apart)

    def strike(self, scene: Scene) -> None:
        """Move it: with a mirror, its promoted role, which all else follows."""
        words = ["--move", "--node", scene.others[0]]
        promoted = ["--promoted"] if self._is_promoted(scene) else []
        scene.order("crm_resource", "--resource", self._top(scene), *words, *promoted)

    def mend(self, scene: Scene) -> None:
        """Clear it."""
        scene.order("crm_resource", "--resource", self._top(scene), "--clear")

    def _is_promoted(self, scene: Scene) -> bool:
        return bool(scene.stage.mirrors) or scene.stage.anchor.is_cloned

    def _top(self, scene: Scene) -> str:
        mirrors = scene.stage.mirrors
        return mirrors[0].top if mirrors else scene.stage.anchor.top


class MaintenanceRestart(Fault):
    """Pacemaker is exchanged while what it manages runs on."""

    name = "maintenance-restart"
    summary = "Pacemaker is restarted on every node in maintenance mode"

    def expect(self, scene: Scene) -> Expectation:
        """Nobody notices."""
        bound = _WORDLESS if scene.stage.is_wordless else UNNOTICED
        return Expectation(STAYS, bound, NOBODY, quiet=True)

    def strike(self, scene: Scene) -> None:
        """Stop it everywhere, and start it again."""
        scene.set_attribute("maintenance-mode", "true")
        for node in scene.lab.nodes:
            node.stop_pacemaker()
        for node in scene.lab.nodes:
            node.start_pacemaker()
        scene.lab.await_online()

    def mend(self, scene: Scene) -> None:
        """Hand it all back."""
        scene.set_attribute("maintenance-mode", None)


class ParametersChanged(Fault):
    """A parameter is changed while the resource is not managed."""

    name = "parameters-changed"
    summary = f"an address gets another {_CHANGED} while it is not managed, then is managed again"

    def reason_against(self, stage: Stage) -> str:
        """It is an address's."""
        return "" if stage.addresses else "there is no address"

    def expect(self, scene: Scene) -> Expectation:
        """A reload, or a restart in place."""
        return Expectation(STAYS, DECISION + 2 * scene.stage.starting, NOBODY)

    def strike(self, scene: Scene) -> None:
        """Change it, and manage it again."""
        self._set(scene, "--meta", "is-managed", "false")
        self._set(scene, "", _CHANGED, _CHANGED_TO)
        scene.settle()
        self._set(scene, "--meta", "is-managed", None)
        scene.settle()

    def mend(self, scene: Scene) -> None:
        """Have it as it was."""
        self._set(scene, "", _CHANGED, scene.stage.addresses[0].get(_CHANGED) or None)
        scene.settle()

    def _set(self, scene: Scene, kind: str, name: str, value: str | None) -> None:
        words = ["crm_resource", "--resource", scene.stage.addresses[0].id, *filter(None, [kind])]
        if value is None:
            scene.order(*words, "--delete-parameter", name)
        else:
            scene.order(*words, "--set-parameter", name, "--parameter-value", value)


class CleanupUnderLoad(Fault):
    """Somebody cleans up and refreshes while the node is busy."""

    name = "cleanup-under-load"
    summary = f"{_ROUNDS} times cleanup and refresh while a program on the node takes all it gets"

    def expect(self, scene: Scene) -> Expectation:  # noqa: ARG002 - the same for every CIB
        """Nobody notices."""
        return Expectation(STAYS, UNNOTICED, NOBODY, quiet=True)

    def strike(self, scene: Scene) -> None:
        """Do so."""
        seconds = _LOAD_SECONDS * scene.stage.pace
        busy = subprocess.Popen(scene.helper("hog", "0", str(seconds)))
        try:
            for _ in range(_ROUNDS):
                scene.order("crm_resource", "--cleanup")
                scene.order("crm_resource", "--refresh")
                scene.settle()
        finally:
            busy.kill()
            busy.wait()


class Renamed(Fault):
    """A resource gets another name: for Pacemaker one goes, and another one comes."""

    name = "renamed"
    summary = "the resource of the address is renamed while it runs"

    def reason_against(self, stage: Stage) -> str:
        """It is an address's."""
        return "" if stage.addresses else "there is no address"

    def expect(self, scene: Scene) -> Expectation:
        """It serves under the new name, after a restart at the most."""
        part = scene.stage.addresses[0]
        bound = part.interval + 2 * DECISION + 2 * scene.stage.starting
        return Expectation(ANYWHERE, bound, NOBODY, dwell=part.interval + 3)

    def strike(self, scene: Scene) -> None:
        """Rename it."""
        name = scene.stage.addresses[0].id
        _rename(scene, name, name + _SUFFIX)

    def mend(self, scene: Scene) -> None:
        """Rename it back."""
        name = scene.stage.addresses[0].id
        _rename(scene, name + _SUFFIX, name)
        # The stop of the one that went takes the address from the one that came: its next monitor
        # finds that, and is over before anybody looks what is left.
        time.sleep(scene.stage.addresses[0].interval + 1)
        scene.settle()


def _rename(scene: Scene, name: str, new: str) -> None:
    """Replace a resource's id, and where the configuration names it, in one step."""
    cib = etree.fromstring(scene.order("cibadmin", "--query").stdout.encode())
    configuration = cib.find("configuration")
    if configuration is None:
        raise LabError("the cluster's answer to `cibadmin --query` holds no configuration")
    rename_resource(configuration, name, new)
    replace = ["cibadmin", "--replace", "--scope", "configuration", "--xml-pipe"]
    scene.survivor.run(replace, stdin=etree.tostring(configuration))


class Upgrade(Fault):
    """The agents are exchanged node by node while what they run is running, as a package does."""

    name = "upgrade"
    summary = "our agents are replaced on one node after the other while the resources run"
    places = ("/usr/lib/ocf/resource.d/ocfpy", "/usr/lib/ocf/lib/ocfpy")

    def expect(self, scene: Scene) -> Expectation:
        """Nobody notices, and the new ones stop what the old ones started."""
        return Expectation(MOVES, DECISION + 2 * scene.stage.starting, NOBODY)

    def reason_against(self, stage: Stage) -> str:
        """None of them is ours."""
        is_ours = any(one.agent.startswith("ocf:ocfpy:") for one in stage.parts)
        return "" if is_ours else "no agent of it is ours"

    def strike(self, scene: Scene) -> None:
        """Exchange them, let them be asked, then have everything moved by the new ones."""
        for name in (*scene.others, scene.victim):
            for place in self.places:
                _exchange(scene, name, place)
            scene.order("crm_resource", "--refresh", "--node", name)
            scene.settle()
        Standby().strike(scene)

    def mend(self, scene: Scene) -> None:
        """Take the node back; the new agents stay."""
        Standby().mend(scene)


def _exchange(scene: Scene, name: str, place: str) -> None:
    """Put a copy in a folder's place: every file of it is another one from now on.

    A new copy each time: on a node that has not been off since, the last one is still there.
    """
    node = scene.lab.node(name)
    new = node.run(["mktemp", "--directory", "/var/lib/ocfpy-rehearsal-XXXXXXXX"]).stdout.strip()
    node.run(["chmod", "0755", new])
    node.run(["cp", "--archive", f"{place}/.", new])
    node.run(["mount", "--bind", new, place])
