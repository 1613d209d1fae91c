"""Installs the system packages that the lab and the tests need, and leaves no daemon behind.

With `--vm` those of the VM lab, with `--packages` those that build and judge packages, with
`--browser` a browser, too.

Needs nothing but a Python 3.9 interpreter: it runs before there is a virtual environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from quiet_daemons import quiet_cluster_daemons

if TYPE_CHECKING:
    from collections.abc import Sequence

# Seconds for another apt, such as a fresh machine's own apt-daily, to end.
_PATIENCE, _PAUSE = 300, 3

# What each package is here for: its Debian name, its Fedora and RHEL name.
PACKAGES = {
    "the cluster's membership": ("corosync", "corosync"),
    "the cluster's manager": ("pacemaker", "pacemaker"),
    "crm_resource, crm_mon, cibadmin": ("pacemaker-cli-utils", "pacemaker-cli"),
    "a judge of metadata, and the OCF 1.1 schema": ("pcs", "pcs"),
    "another judge of metadata": ("crmsh", "crmsh"),
    "ocf-tester, and the agents to measure against": ("resource-agents", "resource-agents"),
    "message bus of a node that systemd starts": ("dbus", "dbus"),
    "a node's own systemd": ("systemd", "systemd"),
    "ip": ("iproute2", "iproute"),
    "ping": ("iputils-ping", "iputils"),
    "fuser, killall": ("psmisc", "psmisc"),
    "ps": ("procps", "procps-ng"),
    "unshare, nsenter, setpriv": ("util-linux", "util-linux"),
    "mirroring of folders": ("rsync", "rsync"),
    "ext4 to mount": ("e2fsprogs", "e2fsprogs"),
    "XFS to mount": ("xfsprogs", "xfsprogs"),
    "btrfs to mount": ("btrfs-progs", "btrfs-progs"),
    "modprobe, which heartbeat's Filesystem wants": ("kmod", "kmod"),
    "a database that Service runs": ("postgresql", "postgresql-server"),
    "a web server that Service runs": ("nginx", "nginx"),
    "a store that Service runs": ("redis-server", "redis"),
    "xmllint": ("libxml2-utils", "libxml2"),
    "one more provider of agents, whose metadata is judged": ("drbd-utils", "drbd-pacemaker"),
    "a judge of manual pages": ("mandoc", "mandoc"),
    "a reader of diffs": ("patch", "patch"),
    "a reader of JSON": ("jq", "jq"),
    "random bytes as text": ("openssl", "openssl"),
    "man": ("man-db", "man-db"),
    "col": ("bsdextrautils", "util-linux"),
    "the virtual environment": ("python3-venv", "python3-libs"),
}

# What the VM lab needs beside them: 15 MB to fetch, 88 MB on the disk, 6 s. Debian's names alone,
# as its guests are made of Debian's packages.
VM_PACKAGES = {
    "the guests": "qemu-system-x86",
    "the guests' root": "mmdebstrap",
    "file systems that are made without a mount": "e2fsprogs",
    "the guests' initrd": "cpio",
    "what runs in it": "busybox-static",
    "the guests' kernel modules": "kmod",
}

# What builds and judges our own packages: Debian's names alone, as it has the tools of both kinds.
PACKAGING = {
    "RPMs": "rpm",
    "a judge of RPMs": "rpmlint",
    "Debian's packages": "debhelper",
    "Debian's way with Python": "dh-python",
    "a judge of Debian's packages": "lintian",
    "dpkg-buildpackage": "dpkg-dev",
}

# What a rehearsal's report is looked at with. The same name on both.
BROWSER = "chromium"


def fail(message: str) -> NoReturn:
    """Ends with one line on stderr."""
    sys.exit(f"system packages: {message}")


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """One command's output, in a fixed locale; a failure is the caller's to judge."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        arguments,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        start_new_session=True,  # a Ctrl-C is for us: see quiet_daemons
    )


def run_when_free(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """As `run`, again and again while another apt holds a lock.

    DPkg::Lock::Timeout does not cover the locks of the package lists and of the archives.
    """
    limit = time.monotonic() + _PATIENCE
    while True:
        done = run(arguments)
        held = done.returncode and "Could not get lock" in done.stdout
        if not held or time.monotonic() > limit:
            return done
        time.sleep(_PAUSE)


class Apt:
    """Debian and its kin."""

    column = 0
    remedy = "look at /etc/apt/sources.list: Debian's `main` section carries all of them"
    _apt_get = (
        "apt-get",
        "-q",
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "Dpkg::Options::=--force-confdef",
        "-o",
        "Dpkg::Options::=--force-confold",
    )

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that are not installed."""
        rows = run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]).stdout
        there = {row.split()[0] for row in rows.splitlines() if row.endswith(" installed")}
        return [name for name in names if name not in there]

    def refresh(self) -> subprocess.CompletedProcess[str]:
        """Fetches the package lists."""
        return run_when_free([*self._apt_get, "update"])

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that no configured source offers."""
        offered = set()
        name = ""
        for line in run(["apt-cache", "policy", *names]).stdout.splitlines():
            if not line.startswith(" "):
                name = line.rstrip(":")
            elif line.strip().startswith("Candidate:") and "(none)" not in line:
                offered.add(name)
        return [name for name in names if name not in offered]

    def install(self, names: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Installs `names` without what they merely recommend."""
        return run_when_free([*self._apt_get, "install", "-y", "--no-install-recommends", *names])


class Dnf:
    """Fedora, RHEL and their kin."""

    column = 1
    remedy = "on RHEL and its kin enable the repository named highavailability"

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that are not installed."""
        return [name for name in names if run(["rpm", "-q", name]).returncode]

    def refresh(self) -> subprocess.CompletedProcess[str]:
        """Fetches the package lists."""
        return run(["dnf", "-q", "makecache"])

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that no enabled repository offers."""
        rows = run(["dnf", "-q", "repoquery", "--qf", "%{name}\n", *names]).stdout.split()
        return [name for name in names if name not in rows]

    def install(self, names: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Installs `names` without what they merely recommend."""
        return run(["dnf", "install", "-y", "--setopt=install_weak_deps=False", *names])


def find_manager() -> Apt | Dnf:
    """The package manager of this machine."""
    if shutil.which("apt-get"):
        return Apt()
    if shutil.which("dnf"):
        return Dnf()
    wanted = " ".join(sorted(debian for debian, _ in PACKAGES.values()))
    fail(f"neither apt-get nor dnf is here; install what this system calls: {wanted}")


def install_missing(manager: Apt | Dnf, missing: Sequence[str]) -> None:
    """Installs `missing`, with the cluster's daemons kept from starting."""
    if os.geteuid() != 0:
        fail(f"not root, and these are missing: {' '.join(missing)}; run as root: make setup")
    print(f"installing system packages: {' '.join(missing)}", flush=True)
    refreshed = manager.refresh()
    unknown = manager.unknown(missing)
    if unknown:
        why = f" ({last_line(refreshed)})" if refreshed.returncode else ""
        fail(f"no source offers {' '.join(unknown)}{why}; {manager.remedy}")
    with quiet_cluster_daemons():
        installed = manager.install(missing)
    lacking = manager.missing(missing)
    if installed.returncode or lacking:
        sys.stderr.write(installed.stdout)
        fail(f"could not install {' '.join(lacking or missing)}; the cause stands above")


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said last."""
    lines = done.stdout.strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def main() -> None:
    """Installs what is missing; says nothing where nothing is."""
    manager = find_manager()
    names = sorted({row[manager.column] for row in PACKAGES.values()})
    if "--vm" in sys.argv[1:]:
        if not isinstance(manager, Apt):
            fail("the VM lab builds its guests from Debian's packages, and this is no Debian")
        names = sorted({*names, *VM_PACKAGES.values()})
    if "--packages" in sys.argv[1:]:
        if not isinstance(manager, Apt):
            fail("Debian's tools build and judge both kinds of packages, and this is no Debian")
        names = sorted({*names, *PACKAGING.values()})
    if "--browser" in sys.argv[1:]:
        names = sorted({*names, BROWSER})
    missing = manager.missing(names)
    if missing:
        install_missing(manager, missing)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        fail(str(error))
