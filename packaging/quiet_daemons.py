"""Lets packages install without the cluster daemons in them starting or staying enabled."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# What corosync, pacemaker, pcs, cluster-glue and their companions start by themselves, and the
# applications that the tests run as resources.
DAEMONS = (
    "booth",
    "corosync",
    "corosync-notifyd",
    "corosync-qdevice",
    "corosync-qnetd",
    "crm_mon",
    "logd",
    "nginx",
    "pacemaker",
    "pacemaker_remote",
    "pcs_snmp_agent",
    "pcsd",
    "pcsd-ruby",
    "postgresql",
    "redis",
    "redis-server",
    "sbd",
)

# Debian asks this program before a maintainer script starts anything (invoke-rc.d(8)).
_POLICY = Path("usr/sbin/policy-rc.d")
_ASIDE = Path("usr/sbin/policy-rc.d.before-ocf-py")
_MARK = "# ocf-py: enabled before: "


def enabled_links(root: Path) -> set[str]:
    """The links under `root` that start a cluster daemon at boot, each relative to `root`."""
    patterns = [f"etc/systemd/system/*.wants/{name}.service" for name in DAEMONS]
    patterns += [f"etc/rc[2345S].d/S[0-9][0-9]{name}" for name in DAEMONS]
    return {
        str(link.relative_to(root))
        for pattern in patterns
        for link in root.glob(pattern)
        if link.is_symlink()
    }


def running_units() -> set[str]:
    """The cluster daemons that this machine's systemd runs now; none where it is not pid 1."""
    if not Path("/run/systemd/system").is_dir():
        return set()
    return {name for name in DAEMONS if _call("systemctl", "is-active", "-q", name) == 0}


class StartPolicy:
    """A policy-rc.d that refuses the cluster's daemons and hands the rest to the one before it.

    It also remembers what was enabled before, so that a run after a power cut ends the work of
    the one that was cut off.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / _POLICY
        self.aside = root / _ASIDE

    def put(self, enabled: set[str]) -> set[str]:
        """Sets the policy up; returns what was enabled before the first unfinished run."""
        left = self._read_mark()
        if left is not None:
            return left
        if os.path.lexists(self.path):
            self.path.rename(self.aside)
        fresh = self.path.with_name(f"{self.path.name}.new-by-ocf-py")
        fresh.write_text(self._text(enabled))
        fresh.chmod(0o755)
        fresh.rename(self.path)
        return enabled

    def remove(self) -> None:
        """Puts the policy that was there before back, or none."""
        if os.path.lexists(self.aside):
            self.aside.rename(self.path)
        else:
            self.path.unlink()

    def _text(self, enabled: set[str]) -> str:
        return (
            "#!/bin/sh\n"
            f"{_MARK}{json.dumps(sorted(enabled))}\n"
            "# Temporary: `make setup` removes it when the packages are installed.\n"
            "# Asked as `corosync start`, `corosync.service start`, `--quiet corosync start` ...\n"
            'for word; do case "${word%.service}" in '
            f"{'|'.join(DAEMONS)}) exit 101 ;; esac; done\n"
            f'[ ! -x {self.aside} ] || exec {self.aside} "$@"\n'
            "[ -e /sbin/init ] || exit 101  # as invoke-rc.d has it where there is no policy\n"
        )

    def _read_mark(self) -> set[str] | None:
        try:
            if not stat.S_ISREG(self.path.lstat().st_mode):
                return None
            lines = self.path.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return None
        marks = [line[len(_MARK) :] for line in lines if line.startswith(_MARK)]
        return set(json.loads(marks[0])) if marks else None


def disable(root: Path, links: set[str]) -> None:
    """Takes the daemons behind `links` out of the boot, so that their next upgrade respects it.

    For a unit that means its link is gone, as after `systemctl disable`; for a script that its
    start link is a stop link (update-rc.d(8)).
    """
    units = {link for link in links if link.endswith(".service")}
    for script in sorted({Path(link).name[len("S01") :] for link in links - units}):
        _call("update-rc.d", script, "disable")
    for unit in units:
        (root / unit).unlink(missing_ok=True)  # update-rc.d may have seen to it


@contextlib.contextmanager
def quiet_cluster_daemons(root: Path = Path("/")) -> Iterator[None]:
    """Inside it packages may be installed; after it no cluster daemon runs that did not before."""
    policy = StartPolicy(root) if (root / "usr/sbin/invoke-rc.d").exists() else None
    enabled, running = enabled_links(root), running_units()
    with _signals_held():
        before = policy.put(enabled) if policy else enabled
        try:
            yield
        finally:
            for name in sorted(running_units() - running):
                _call("systemctl", "stop", name)
            disable(root, enabled_links(root) - before)
            if policy:
                policy.remove()
    left = enabled_links(root) - before
    if left:
        sys.exit(
            f"system packages: still enabled at boot, disable by hand: {' '.join(sorted(left))}"
        )


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Holds a Ctrl-C back: a package manager that is cut off leaves the machine half installed."""
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)
        sys.stderr.write("ending after the package manager has finished\n")

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.signal(number, hold) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if held:
        sys.exit(128 + held[0])


def _call(*arguments: str) -> int:
    """One quiet command's exit status."""
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode
