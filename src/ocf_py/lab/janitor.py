"""The janitor: parent of the daemon, and has nothing to do but to sweep after it.

It makes the lab's mount namespace and forks the daemon into it. A daemon that is killed cannot
remove its cgroup and its sockets; its janitor can. A daemon whose janitor is killed ends in order
and sweeps for itself. Only who kills both at once leaves an empty cgroup and a few files in /run,
which the next `up` or `down` of that name removes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import traceback
from pathlib import Path

from ocf_py.lab import kernel
from ocf_py.lab.cgroups import CgroupTree
from ocf_py.lab.lock import check_private
from ocf_py.lab.mount_root import isolate_mounts
from ocf_py.lab.settings import STATE_HOME, Settings
from ocf_py.toolkit.errors import ToolkitError

_DISK_OPTIONS = "mode=755"


def main() -> None:
    """`STATE LEASE LOCK`, or `STATE --sweep NAME` to remove what a lab without both left."""
    state = Path(sys.argv[1])
    check_private(state)
    if sys.argv[2] == "--sweep":
        _sweep_after_the_dead(state, sys.argv[3])
        return
    settings = Settings.load(state)
    enter_lab_mounts(settings)
    lease_descriptor, lock = int(sys.argv[2]), int(sys.argv[3])
    for descriptor in (lease_descriptor, lock):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library's
    kernel.set_process_name("lab-janitor")
    CgroupTree(settings.cgroup).create()
    lease = socket.socket(fileno=lease_descriptor)
    pid = os.fork()
    if pid == 0:
        _run_daemon(settings, lease)
    lease.close()  # its end tells the lease holder of the daemon's end
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.waitpid(pid, 0)
    sweep(settings)
    remove_state(settings)


def _run_daemon(settings: Settings, lease: socket.socket) -> None:
    janitor = os.getppid()
    status = 1
    try:
        from ocf_py.lab import daemon  # not in the janitor: it wakes up once, to sweep

        daemon.run(settings, lease)
        status = 0
    except ToolkitError as error:
        sys.stderr.write(f"{error}\n")
    except BaseException:  # noqa: BLE001 - the last frame of a process
        traceback.print_exc()
    finally:
        if os.getppid() != janitor:
            sweep(settings)
            remove_state(settings)
        sys.stderr.flush()
        os._exit(status)


def _sweep_after_the_dead(state: Path, name: str) -> None:
    """Sweep, also what a lab left whose settings this version cannot read."""
    try:
        settings, is_known = Settings.load(state), True
    except ValueError:
        settings, is_known = Settings.build(name, state), False
    enter_lab_mounts(settings)
    if not is_known:
        # Its serial is lost, and a lab of this name in another chroot has its cgroup beside it:
        # one in which a process lives cannot be removed so.
        for directory in settings.cgroups.iterdir():
            if settings.is_cgroup_name(directory.name):
                CgroupTree(directory).remove_empty()
    sweep(settings)


def enter_lab_mounts(settings: Settings) -> None:
    """Enter a mount namespace that has the lab's own tmpfs and view of the cgroups."""
    isolate_mounts()
    for directory in (settings.disks, settings.cgroups):
        directory.mkdir(exist_ok=True)
    kernel.mount("tmpfs", str(settings.disks), "tmpfs", 0, _DISK_OPTIONS)
    quiet = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("cgroup2", str(settings.cgroups), "cgroup2", quiet)


def sweep(settings: Settings) -> None:
    """Remove the lab's cgroup and its files in the state directory; logs stay."""
    CgroupTree(settings.cgroup).remove()
    for mounted in (settings.disks, settings.cgroups):
        with contextlib.suppress(OSError):
            kernel.detach(str(mounted))
            mounted.rmdir()
    shutil.rmtree(settings.shared, ignore_errors=True)
    for file in (settings.control_socket, settings.settings_file):
        file.unlink(missing_ok=True)


def remove_state(settings: Settings) -> None:
    """Remove the lock, and the state directory unless the user keeps more in it."""
    settings.lock_file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        settings.state.rmdir()
        if settings.state.parent == STATE_HOME:
            STATE_HOME.rmdir()
