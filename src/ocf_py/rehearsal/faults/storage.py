"""What befalls a file system: full, read-only, frozen."""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING

from ocf_py.rehearsal.faults.base import DECISION, Fault
from ocf_py.rehearsal.record import ANYBODY, ANYWHERE, NOBODY, VICTIM_OR_NOBODY, Expectation

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene
    from ocf_py.rehearsal.stage import Part, Stage

_FILLER = ".ocfpy-rehearsal-filler"
_FROZEN_SECONDS = 12.0  # on sets of namespaces
_THAW_PAUSE = 0.05


class DiskFull(Fault):
    """There is no room for a byte."""

    name = "disk-full"
    summary = "the file system is full"

    def reason_against(self, stage: Stage) -> str:
        """There is none."""
        if stage.mounts:
            return ""
        loose = ", ".join(one.id for one in stage.loose_mounts)
        return f"no disk of the lab is below {loose}" if loose else "there is no file system"

    def mount(self, scene: Scene) -> Part:
        """The one that is struck."""
        return scene.stage.mounts[0]

    def where(self, scene: Scene) -> str:
        """The node that has it mounted."""
        return scene.place_of(self.mount(scene)) or scene.victim

    def expect(self, scene: Scene) -> Expectation:
        """It serves again when there is room; nobody is fenced for it."""
        bound = self.mount(scene).interval + 2 * DECISION + 2 * scene.stage.starting
        return Expectation(ANYWHERE, bound, NOBODY, after_mend=True, dwell=6.0)

    def strike(self, scene: Scene) -> None:
        """Fill it, to the last block."""
        directory, node = self.mount(scene).get("directory"), scene.lab.node(self.where(scene))
        shown = node.run(["df", "--output=avail", "--block-size=1", directory]).stdout
        free = shown.split()[-1]
        filler = f"{directory}/{_FILLER}"
        node.run(["fallocate", "--length", free, filler], check=False)
        rest = ["dd", "if=/dev/zero", f"of={filler}.rest", "bs=4k", "status=none"]
        node.run(rest, check=False)  # ends when there is no more room: that is what it is for

    def mend(self, scene: Scene) -> None:
        """Make room, wherever it is mounted now."""
        directory = self.mount(scene).get("directory")
        fillers = [f"{directory}/{_FILLER}", f"{directory}/{_FILLER}.rest"]
        scene.lab.node(self.where(scene)).run(["rm", "-f", *fillers])


class DiskReadOnly(DiskFull):
    """The kernel gives the file system up for an error of the disk, and lets nobody write."""

    name = "disk-read-only"
    summary = "the file system turns read-only after an error of its disk"

    def reason_against(self, stage: Stage) -> str:
        """Only ext4 can be told to."""
        none = super().reason_against(stage)
        if none:
            return none
        kind = stage.mounts[0].get("fstype")
        return "" if kind.startswith("ext") else f"{kind} cannot be told to abort"

    def expect(self, scene: Scene) -> Expectation:
        """It is mounted anew, here or there."""
        mount = self.mount(scene)
        bound = mount.interval + 3 * DECISION + 3 * scene.stage.starting
        return Expectation(ANYWHERE, bound, NOBODY, dwell=mount.interval + 2)

    def strike(self, scene: Scene) -> None:
        """Have the kernel abort it."""
        directory = self.mount(scene).get("directory")
        scene.lab.node(self.where(scene)).run(["mount", "-o", "remount,abort", directory])

    def mend(self, scene: Scene) -> None:
        """Nothing: to mount it anew is the cluster's."""


class FilesystemFrozen(DiskFull):
    """Every write to it hangs, as with a disk that does not answer."""

    name = "filesystem-frozen"
    summary = "the file system is frozen for a while: every write to it hangs"

    def __init__(self) -> None:
        self._over = threading.Event()
        self._place = ""

    def expect(self, scene: Scene) -> Expectation:
        """It serves again when it is thawed, or elsewhere after a fencing."""
        bound = scene.stage.loss + 2 * DECISION + 2 * scene.stage.starting
        fenced = VICTIM_OR_NOBODY if self.where(scene) == scene.victim else ANYBODY
        return Expectation(
            ANYWHERE, bound, fenced, after_mend=True, losing=True, dwell=_FROZEN_SECONDS
        )

    def strike(self, scene: Scene) -> None:
        """Freeze it; it dies with its node, which one kernel for all nodes would not do."""
        self._place = self.where(scene)
        directory = self.mount(scene).get("directory")
        scene.lab.node(self._place).run(["fsfreeze", "--freeze", directory])
        if scene.stage.needs_guests:  # of which each has its own
            return
        root = f"/proc/{scene.lab.node(self._place).pid}/root"
        since = scene.lab.note("the file system is frozen")
        threading.Thread(
            target=self._thaw_at_power_off, args=(scene, f"{root}{directory}", since), daemon=True
        ).start()

    def _thaw_at_power_off(self, scene: Scene, directory: str, since: float) -> None:
        while not self._over.wait(_THAW_PAUSE):
            if any(
                event.what == "fencing requested" and event.node == self._place
                for event in scene.lab.events(since)
            ):
                thaw = ["/usr/sbin/fsfreeze", "--unfreeze", directory]
                subprocess.run(thaw, capture_output=True, check=False)
                return

    def mend(self, scene: Scene) -> None:
        """Thaw it, if its node still has it."""
        self._over.set()
        place = scene.lab.node(self._place)
        if place.describe()["pid"] is not None:
            directory = self.mount(scene).get("directory")
            place.run(["fsfreeze", "--unfreeze", directory], check=False)
