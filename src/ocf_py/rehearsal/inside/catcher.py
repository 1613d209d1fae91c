"""Lies in wait for one action of an agent in a node: kills it, sees it, or has it take its time.

``catcher.py RESOURCE ACTION kill PACE`` kills the first one when it is in the midst of its work,
and ends; all is PACE times slower than usual. ``see INTERVAL`` lets the first one be that comes
every so many milliseconds, and ends. With SECONDS in the place of ``kill`` it stops each for that
long. Says ``ready`` when it looks, ``caught`` for each.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

PAUSE = 0.001
REST = 4  # times as long as a look has taken: a guest's only processor is for others too
EXECUTOR = "pacemaker-execd"
FOLDER = "/ocf/resource.d/"
OURS = f"{FOLDER}ocfpy/"
STEP = 0.0003  # seconds: what a stop does may take two milliseconds
LONGEST, USUAL = 8000, 30  # steps until one of ours is at work, and until another is taken to be
ALARM = 1 << (signal.SIGALRM - 1)


def find(resource: str, action: str, interval: str, known: set[str]) -> int | None:
    """A process that is new and runs this action of this resource's agent, or None.

    `interval` is that of the operation in milliseconds, "" for any.
    """
    for name in os.listdir("/proc"):
        if not name.isdigit() or name in known:
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = os.fsdecode(file.read()).split("\0")[:-1]
            with open(f"/proc/{name}/environ", "rb") as file:
                settings = os.fsdecode(file.read()).split("\0")
        except OSError:
            continue
        if not any(FOLDER in word for word in words):
            if words and not words[0].endswith(EXECUTOR):
                known.add(name)  # one that is about to become an agent is looked at again
            continue
        known.add(name)
        mine = (f"OCF_RESOURCE_INSTANCE={resource}", f"OCF_RESOURCE_INSTANCE={resource}:")
        if (
            words[-1] == action
            and any(one == mine[0] or one.startswith(mine[1]) for one in settings)
            and (not interval or f"OCF_RESKEY_CRM_meta_interval={interval}" in settings)
        ):
            return int(name)
    return None


def kill_at_work(pid: int, step: float = STEP) -> None:
    """Let it run a step of so many seconds at a time until it is at work: there it dies.

    One of ours has a handler for its deadline's alarm from before it does anything on. What a start
    of an interpreter takes is nobody's to know, so that no fixed time would do.
    """
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        steps = LONGEST if OURS.encode() in file.read() else USUAL
    while steps and not stop(pid):
        os.kill(pid, signal.SIGCONT)
        time.sleep(step)
        steps -= 1
    os.kill(pid, signal.SIGKILL)


def stop(pid: int) -> bool:
    """Stop it; whether it waits for its alarm. ProcessLookupError where it ends, or has ended.

    What stands still has not ended: from there it dies by the signal, whatever it was about to say.
    """
    os.kill(pid, signal.SIGSTOP)
    while True:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            known = dict(line.partition(":")[::2] for line in file)
        state = known["State"].split()[0]
        if state in "ZX":
            raise ProcessLookupError
        if state == "T":
            return bool(int(known["SigCgt"], 16) & ALARM)
        time.sleep(STEP / 10)  # it has to get its turn to see that it is to stop


def say(word: str) -> None:
    """Tell whoever listens."""
    os.write(1, word.encode() + b"\n")


def main() -> None:
    """Wait, and catch."""
    resource, action, how, more = (*sys.argv[1:], "")[:4]
    interval = more if how == "see" else ""
    if how == "kill":
        # Ahead of whom it waits for: on a busy machine all of it would be over in one turn.
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    known: set[str] = set()
    find(resource, action, interval, known)
    say("ready")
    held: dict[int, float] = {}
    while True:
        begun = time.monotonic()
        pid = find(resource, action, interval, known)
        rest = REST * (time.monotonic() - begun)
        if pid is not None and how == "see":
            say("caught")
            return
        if pid is not None:
            try:
                if how == "kill":
                    kill_at_work(pid, STEP * float(more))
                    say("caught")
                    return
                os.kill(pid, signal.SIGSTOP)
            except (ProcessLookupError, FileNotFoundError):  # it was over before
                continue
            say("caught")
            held[pid] = time.monotonic() + float(how)
        for one, until in list(held.items()):
            if time.monotonic() >= until:
                del held[one]
                try:
                    os.kill(one, signal.SIGCONT)
                except ProcessLookupError:
                    pass
        time.sleep(max(PAUSE, rest))


if __name__ == "__main__":
    main()
