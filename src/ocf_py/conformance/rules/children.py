"""Safety rule 11: what outlives an action has cut every tie to it, and ends with the resource."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Surroundings
from ocf_py.conformance.rule import NotApplicable, rule

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.conformance.stage import Stage

_ACTION_VARIABLES = ("OCF_", "PCMK_", "HA_", "CRM_")
_NULL = os.makedev(1, 3)  # by its number: its path is another inside a chroot
_UMASKS = ("0022", "0077")
#: A caller with everything that a child must not inherit.
_UNTIDY = Surroundings(
    stray_handles=(7, 23),
    umask=0,
    blocked_signals=(signal.SIGTERM, signal.SIGUSR1),
    oom_score_adj=321,
)


@rule(
    "a process that outlives start has its own session and nothing of the action's",
    safety=11,
    library=True,
)
def survivors_are_detached(stage: Stage) -> None:
    answer = stage.call("start", expect=(0,), surroundings=_UNTIDY)
    survivors = _survivors(stage, answer.left)
    for process in survivors:
        for problem in _find_ties(process, answer.pid):
            stage.fail(f"{_command(process)!r} to have cut its ties to the action", problem, answer)
    stage.expect_active()
    if not survivors:
        raise NotApplicable("nothing outlives its start")


@rule("a process that outlives start does not belong to the action's process group", safety=11)
def survivors_leave_the_group(stage: Stage) -> None:
    answer = stage.start()
    survivors = _survivors(stage, answer.left)
    for process in survivors:
        group = int((process / "stat").read_text().rpartition(")")[2].split()[2])
        stage.expect(
            group != answer.pid, f"{_command(process)!r} to lead a group of its own", "", answer
        )
    if not survivors:
        raise NotApplicable("nothing outlives its start")


@rule("monitor, validate-all and stop leave no process behind", safety=11, machine=True)
def nothing_else_leaves_survivors(stage: Stage) -> None:
    stage.call("validate-all", expect=(0,))
    for action in ("start", "monitor", "stop"):
        answer = stage.call(action)
        if action != "start":
            left = [_command(one) for one in _survivors(stage, answer.left)]
            stage.expect(not left, f"{action} to leave no process behind", str(left), answer)


@rule("what start left running has gone after stop", safety=11, machine=True)
def survivors_end_with_the_resource(stage: Stage) -> None:
    before = set(stage.processes())
    left = stage.start().left
    if not left:
        raise NotApplicable("nothing outlives its start")
    for parameters in ({}, stage.subject.parameters):
        stage.stop(parameters)
        more = {pid: line for pid, line in stage.processes().items() if pid not in before}
        stage.expect(not more, "nothing of the resource to run after stop", str(more))
        stage.start()
    stage.stop()


def _survivors(stage: Stage, pids: tuple[int, ...]) -> list[Path]:
    """The folders below /proc of those that are alive; one may have ended meanwhile."""
    folders = [stage.path(f"/proc/{pid}") for pid in pids]
    return [folder for folder in folders if _command(folder)]


def _find_ties(process: Path, action: int) -> list[str]:
    """What ties a process to the action, of that pid, that started it (proc(5))."""
    stat = (process / "stat").read_text().rpartition(")")[2].split()
    group, session = int(stat[2]), int(stat[3])
    ties = []
    # The session of the action belongs to the outside, which is 0 in here.
    if group == action or session == 0:
        ties.append(f"it is in its caller's group {group} or session {session}")
    status = dict(line.split(":\t") for line in (process / "status").read_text().splitlines())
    if status["Umask"] not in _UMASKS:
        ties.append(f"its umask is {status['Umask']}")
    if int(status["SigBlk"], 16):
        ties.append(f"it blocks signals: {status['SigBlk']}")
    score = (process / "oom_score_adj").read_text().strip()
    if score != "0":
        ties.append(f"its oom_score_adj is {score}")
    ties += [
        f"descriptor {handle} is {_target(process, handle)}"
        for handle in (0, 1, 2)
        if not _is_null(process / f"fd/{handle}")
    ]
    environment = (process / "environ").read_bytes().split(b"\0")
    ties += [
        f"it inherited {variable.decode(errors='replace')}"
        for variable in environment
        if variable.decode(errors="replace").startswith(_ACTION_VARIABLES)
    ]
    return ties


def _is_null(descriptor: Path) -> bool:
    try:
        return descriptor.stat().st_rdev == _NULL
    except FileNotFoundError:
        return False


def _target(process: Path, handle: int) -> str:
    try:
        return os.readlink(process / f"fd/{handle}")
    except FileNotFoundError:
        return "closed"


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
