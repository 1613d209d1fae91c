"""One play's cluster: which node is struck, who is asked, and how commands get there."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.cib import FENCE_PREFIX
from ocf_py.lab.cluster_state import PROMOTED, STARTED
from ocf_py.lab.errors import LabError
from ocf_py.mirror.control import WorkerSilent, ask
from ocf_py.mirror.status import folder_of
from ocf_py.rehearsal import inside
from ocf_py.rehearsal.mirrored_disks import await_whole
from ocf_py.system import RUN_DIRECTORY

if TYPE_CHECKING:
    import subprocess

    from ocf_py.lab.cluster_state import FailedAction
    from ocf_py.lab.lab import Lab
    from ocf_py.lab.node import Node
    from ocf_py.rehearsal.stage import Part, Stage

_PATIENCE = 120.0  # seconds until the cluster is expected to be where it is to be
_ANSWER_SECONDS = 5.0
# CRM_EX_DISCONNECT and CRM_EX_TIMEOUT of Pacemaker's include/crm/common/results.h
_DISCONNECTED, _TIMED_OUT = 102, 124
_INSIDE = Path(inside.__file__).parent


class Scene:
    """`victim` is where the anchor of the CIB runs now; raises LabError where it runs nowhere."""

    def __init__(self, lab: Lab, stage: Stage) -> None:
        self.lab = lab
        self.stage = stage
        self.victim = self.await_place(stage.anchor)
        self.others = [node.name for node in lab.nodes if node.name != self.victim]

    @property
    def _patience(self) -> float:
        return _PATIENCE * self.stage.pace

    @property
    def node(self) -> Node:
        """The node that is struck."""
        return self.lab.node(self.victim)

    @property
    def survivor(self) -> Node:
        """A node that is not."""
        return self.lab.node(self.others[0])

    def place_of(self, part: Part) -> str:
        """Where a part runs, promoted if it can be; "" for nowhere, or in several places."""
        state = self.lab.state()
        if state is None:
            return ""
        for role in (PROMOTED, STARTED):
            found = state.node_of(part.id, role)
            if found:
                return found
        return ""

    def await_place(self, part: Part) -> str:
        """Wait until it runs; returns where."""
        return self.lab.wait_until(
            f"{part.id} runs", lambda: self.place_of(part), timeout=self._patience
        )

    def order(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Give the cluster an order through a node that is not struck."""
        return self.survivor.run(list(words), check=check)

    def set_attribute(self, name: str, value: str | None) -> None:
        """Set a cluster property, or delete it with None."""
        change = ["--delete"] if value is None else ["--update", value]
        self.order("crm_attribute", "--name", name, *change)

    def await_event(self, what: str, since: float) -> None:
        """Wait until the lab's journal has it, for as long as a lost node may take to be fenced."""
        self.lab.wait_until(
            f"the journal says: {what}",
            lambda: any(event.what == what for event in self.lab.events(since)),
            timeout=self.stage.loss * self.stage.pace,
        )

    def settle(self) -> None:
        """Wait until Pacemaker has nothing more to do."""
        self._have_done("--wait", f"--timeout={self._patience:.0f}s")

    def have_on(self, node: str) -> None:
        """Have everything on one node, and every node free to take it afterwards."""
        parts = [part for part in self.stage.parts if not part.is_cloned]
        if parts and all(self.place_of(part) == node for part in parts):
            return
        others = [one.name for one in self.lab.nodes if one.name != node]
        standby = ["crm_attribute", "--name", "standby", "--node"]
        for name in others:
            self.order(*standby, name, "--update", "on")
        self.settle()
        for name in others:
            self.order(*standby, name, "--delete")
        self.calm()

    def calm(self) -> None:
        """Have all nodes back, nothing failed, everything started, and every copy current.

        A cluster that took its time to see what had befallen a node may fence it only now, amid
        this: then it is all done again, once.
        """
        begun = time.monotonic()
        try:
            self._calm()
        except LabError:
            if not self.lab.fenced_since(begun):
                raise
            self._calm()

    def _calm(self) -> None:
        self.lab.heal()
        for node in self.lab.nodes:
            self.lab.start(node.name)
        self.lab.await_online()
        self._clean_up()
        for mirror in self.stage.mirrors:
            source = self.await_place(mirror)
            for node in self.lab.nodes:
                if node.name != source:
                    self.lab.wait_until(
                        f"the copy on {node.name} is current",
                        lambda name=node.name, of=mirror: self._is_current(name, of),  # type: ignore[misc]
                        timeout=self._patience,
                    )
        for disk in self.stage.mirrored_disks:
            await_whole(self.lab, disk, self._patience)
        self.settle()
        state = self.lab.state()
        if state is not None and any(map(_is_of_a_cleanup, state.failures)):
            # What is over stays listed until the next one; what is not is found anew, and judged.
            self._clean_up()

    def _clean_up(self) -> None:
        self._have_done("--cleanup")
        self.settle()

    def _have_done(self, *words: str) -> None:
        """Have crm_resource do something; a daemon that it asks may just be being started anew."""
        node, command = self.lab.running_nodes()[0], ["crm_resource", *words]
        # A wait that is over in vain says the same as a cleanup that was asked of one that died.
        again = {_DISCONNECTED, *([_TIMED_OUT] if "--cleanup" in words else [])}

        def give() -> subprocess.CompletedProcess[str] | None:
            done = node.run(command, check=False, timeout=self._patience + 30)
            return None if done.returncode in again else done

        done = self.lab.wait_until(
            f"{node.name}'s Pacemaker takes an order", give, timeout=self._patience
        )
        if done.returncode != 0:
            raise LabError(f"{node.name}: {' '.join(command)}: {done.stderr.strip()}")

    def mirror_status(self, node: str, mirror: Part) -> dict[str, object] | None:
        """What the worker of a mirror says of itself; None where none answers."""
        with contextlib.suppress(OSError, LabError, WorkerSilent):
            root = f"/proc/{self.lab.node(node).pid}/root"
            folder = folder_of(mirror.get("directory"), root + RUN_DIRECTORY)
            return ask(folder, "status", _ANSWER_SECONDS)
        return None

    def _is_current(self, node: str, mirror: Part) -> bool:
        said = self.mirror_status(node, mirror)
        return said is not None and bool(said["source"]) and int(str(said["score"])) > 0

    def lag(self, mirror: Part) -> float | None:
        """The greatest age of a copy, in seconds, as the copies themselves tell it."""
        ages = []
        for name in self.others:
            said = self.mirror_status(name, mirror)
            last = None if said is None else said["last_pass"]
            if isinstance(last, dict):
                ages.append(float(last["age_seconds"]))
        return max(ages, default=None)

    def helper(self, name: str, *words: str) -> list[str]:
        """The command of the host that runs one of `inside` in the struck node."""
        return self.node.command_line(_helper(name, *words))


def find_processes(program: Part, node: Node, signal: int = 0) -> list[int]:
    """The main processes of a program of a node's, each of which got the signal, if any.

    Of a negative one, all that descends from them got it too.
    """
    found = node.run(_helper("processes", str(signal), *program.words)).stdout
    return [int(pid) for pid in found.split()]


def _is_of_a_cleanup(failure: FailedAction) -> bool:
    """Whether a cleanup itself may have brought it about.

    It has the lab's fence devices looked for at once, which fail where Pacemaker's fencer has just
    been killed or started; it has disks probed while they still sync, and takes monitors that are
    under way for lost.
    """
    is_fencing = failure.operation_key.startswith(FENCE_PREFIX)
    return is_fencing or failure.is_degraded or failure.is_unanswered


def _helper(name: str, *words: str) -> list[str]:
    source = (_INSIDE / f"{name}.py").read_text(encoding="utf-8")
    return ["/usr/bin/python3", "-ISE", "-c", source, *words]
