"""What runs can die by itself, and its pid can become another's: neither is to be mistaken."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.conformance.fuzz.witness import compare
from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, STOPPED

if TYPE_CHECKING:
    import subprocess

    from ocf_py.conformance.stage import Stage

_GONE = frozenset((1, 7, 9))  # what can be said of a resource whose processes have died
_TRIES = 5
_SECONDS = 0.5


@rule("a resource whose processes have died is no more active, and can be stopped and started")
def crash_is_noticed(stage: Stage) -> None:
    _crash(stage)
    stage.call("monitor", expect=_GONE, because="its processes were killed")
    stage.stop(because="its processes were killed")
    stage.call("monitor", expect=STOPPED, because="stop said 0")
    stage.call("start", expect=(0,), because="it was stopped after a crash")
    stage.call("monitor", expect=ACTIVE, because="start said 0")
    stage.stop()


@rule("another process that got the pid of the resource is neither taken for it nor killed")
def reused_pid_is_a_stranger(stage: Stage) -> None:
    pid = _crash(stage)[0]
    stranger = _spawn_with(stage, pid)
    try:
        stage.call("monitor", expect=_GONE, because=f"pid {pid} is another process now")
        answer = stage.call("stop", expect=(0, 1))
        stage.expect(
            pid in stage.processes(),
            f"the other process that has pid {pid} now to survive",
            "it was killed",
            answer,
        )
    finally:
        stranger.kill()
        stranger.wait()
    stage.stop()


def _crash(stage: Stage) -> tuple[int, ...]:
    """Starts the resource and kills its processes; NotApplicable if it is something else.

    What has changed a mount, an address or a route is that, and a process only helps it.
    """
    before = stage.witness.settle()
    left = tuple(pid for pid in stage.start().left if pid in stage.processes())
    changes = compare(before, stage.witness.look())
    if not left:
        raise NotApplicable("nothing outlives its start")
    if any(not one.thing.startswith(("process ", "path ")) for one in changes):
        raise NotApplicable("it is more than its processes")
    words = " ".join(map(str, left))
    killing = f"kill -KILL {words} 2>/dev/null; while kill -0 {words}; do :; done"
    stage.run(("sh", "-c", killing), expect=None)
    return left


def _spawn_with(stage: Stage, pid: int) -> subprocess.Popen[str]:
    """A process that has nothing to do with the agent, with a pid that is free (proc(5))."""
    for _ in range(_TRIES):
        stage.run(("sh", "-c", f"echo {pid - 1} >/proc/sys/kernel/ns_last_pid"))
        stranger = stage.caller.sandbox.popen(["/bin/sleep", "1000"])
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            if stage.processes().get(pid, "").endswith("sleep 1000"):
                return stranger
            time.sleep(0.01)
        stranger.kill()
        stranger.wait()
    raise NotApplicable(f"the kernel gave pid {pid} to nobody again")
