"""A transient scope of systemd around a process tree: systemd.scope(5).

Asked for over D-Bus by busctl(1), which every systemd brings along.
"""

from __future__ import annotations

import posix

_MANAGER = (
    "org.freedesktop.systemd1",
    "/org/freedesktop/systemd1",
    "org.freedesktop.systemd1.Manager",
)
_SHARE = 0.5  # of the time that the caller has: the rest is for what it starts
_TRIES, _PAUSE = 3, 0.5  # seconds: a systemd that executes itself anew is back by then
_LONGEST = 200  # of 255 letters of a name: room for what is around it
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def is_systemd_running() -> bool:
    """Whether systemd is this machine's init: sd_booted(3)."""
    try:
        posix.stat("/run/systemd/system")
    except OSError:
        return False
    return True


def unit_name(name: str, token: str) -> str:
    """The scope's name for a start, known by its token, of what is called so.

    systemd.unit(5) says what may stand in one. No two names make the same.
    """
    plain = "".join(c if c in _PLAIN else f"\\x{ord(c):02x}" for c in name)
    if len(plain) > _LONGEST:
        from hashlib import sha256

        digest = sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        plain = f"{plain[: _LONGEST - 66]}::{digest}"
    return f"ocfpy-{plain}.{token}.scope"


def enter(name: str, token: str, pid: int, seconds: float) -> str:
    """Start the scope with this process in it; returns the path of its control group.

    Host shutdown stops what is ordered behind it first, the cluster manager. OSError if it cannot
    be had within half of ``seconds``, or after a few tries.
    """
    import time

    from ocf_py.service.cgroup import find_root

    unit = unit_name(name, token)
    end = time.monotonic() + seconds * _SHARE
    for number in range(1, _TRIES + 1):
        try:
            _ask(unit, name, pid, end - time.monotonic())
            break
        except OSError:
            if _path_of(pid).endswith(f"/{unit}"):  # the answer alone was lost
                break
            if number == _TRIES or time.monotonic() + _PAUSE >= end:
                raise
            time.sleep(_PAUSE)
    return _wait_until_inside(f"/{unit}", pid, find_root(), end)


def _ask(unit: str, name: str, pid: int, seconds: float) -> None:
    from ocf_py.system import commands

    properties = (
        ("PIDs", "au", "1", str(pid)),
        ("Description", "s", f"Cluster resource {name}"),
        ("Before", "as", "1", "pacemaker.service"),
        ("CollectMode", "s", "inactive-or-failed"),
    )
    words = [word for one in properties for word in one]
    answer = commands.run(
        ["busctl", "call", *_MANAGER, "StartTransientUnit", "ssa(sv)a(sa(sv))", unit,
         "fail", str(len(properties)), *words, "0"],
        seconds,
    )  # fmt: skip
    if answer.status != 0:
        raise OSError(0, f"systemd gives no scope: {answer.stderr.strip()}")


def _wait_until_inside(suffix: str, pid: int, root: str, end: float) -> str:
    """The job only begins when the call returns: wait until the process has been moved."""
    import time

    while True:
        path = _path_of(pid)
        if not path:
            raise OSError(0, "no control groups of version 2")  # it will never be seen inside one
        if path.endswith(suffix):
            return root + path
        if time.monotonic() > end:
            raise OSError(0, f"systemd did not put process {pid} into its scope")
        time.sleep(0.01)


def _path_of(pid: int) -> str:
    """The control group of version 2 that a process is in, from "/" on; "" where there is none."""
    from ocf_py.system import read_file

    lines = read_file(f"/proc/{pid}/cgroup").decode("utf-8", "surrogateescape").split("\n")
    return next((line[3:] for line in lines if line.startswith("0::")), "")
