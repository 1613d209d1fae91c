"""A node's root file system: the machine's own, with every write going to the node's disk."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab import kernel

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings

# Only what is mounted below these belongs to the system; the rest (media, snapshots, container
# mounts, a user's home) is nothing a node needs.
_SYSTEM_TREES = ("/usr", "/var", "/etc", "/opt", "/srv", "/lib", "/lib64", "/sbin", "/bin")
_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
_CHARACTER_DEVICES = {  # Documentation/admin-guide/devices.txt
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
_DEVICE_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}


@dataclass(frozen=True)
class NodeDisk:
    """What outlives a node's power losses: the overlay's upper layers, on the lab's tmpfs."""

    directory: Path

    @property
    def root(self) -> Path:
        """Where the node's root is put together."""
        return self.directory / "root"

    def lay_over(self, lower: str, number: int) -> None:
        """Show `lower`, a directory of the machine, at its place in the node's root."""
        upper, work = (self.directory / f"{part}{number}" for part in ("upper", "work"))
        for directory in (upper, work, self.root):
            directory.mkdir(parents=True, exist_ok=True)
        target = self.root / lower.lstrip("/")
        layers = f"lowerdir={lower},upperdir={upper},workdir={work}"
        kernel.mount("overlay", str(target), "overlay", 0, layers)


def build_root(settings: Settings, node: str) -> Path:
    """Mount all of a node's file systems in the caller's mount namespace; returns their root."""
    disk = NodeDisk(settings.disks / node)
    for number, tree in enumerate(["/", *separate_system_trees()]):
        disk.lay_over(tree, number)
    root = disk.root
    kernel.mount("proc", f"{root}/proc", "proc", _QUIET)
    _confine_proc(root)
    kernel.mount("sysfs", f"{root}/sys", "sysfs", _QUIET | kernel.MS_RDONLY)
    runtime = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", f"{root}/run", "tmpfs", runtime, "mode=755,size=64m")
    kernel.mount("tmpfs", str(root / "tmp"), "tmpfs", runtime, "mode=1777,size=512m")
    _make_devices(root / "dev")
    (root / "run/lock").mkdir()
    _bind_directory(settings.shared, root / "run/lab")
    _bind_directory(settings.logs / node, root / "var/log")
    for installed in (settings.agent_tree, *settings.provider_trees):
        _bind_providers(installed, root)
    return root


def separate_system_trees() -> list[str]:
    """Directories of the system that are file systems of their own, outermost first.

    An overlay shows the one file system its lower layer lies on, so a machine whose /usr or /var
    is mounted apart needs one for each.
    """
    found = set()
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place = line.split()[4].encode().decode("unicode_escape")  # blanks stand as \040
        if os.path.isdir(place) and any(
            place == tree or place.startswith(f"{tree}/") for tree in _SYSTEM_TREES
        ):
            found.add(place)
    return sorted(found)


def _confine_proc(root: Path) -> None:
    """Take away what reaches the real machine.

    A panicking Pacemaker writes 'b' to sysrq-trigger before it calls reboot(2): reboot ends the
    node's pid namespace alone, the letter would reset the machine.
    """
    if (root / "proc/sysrq-trigger").exists():
        kernel.bind("/dev/null", f"{root}/proc/sysrq-trigger")
    kernel.bind(f"{root}/proc/sys", f"{root}/proc/sys")
    kernel.bind(f"{root}/proc/sys/net", f"{root}/proc/sys/net")  # the node's own, stays writable
    kernel.mount(
        None, f"{root}/proc/sys", None, kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY
    )


def _make_devices(directory: Path) -> None:
    """A /dev without any disk of the machine."""
    kernel.mount(
        "tmpfs", str(directory), "tmpfs", kernel.MS_NOSUID | kernel.MS_NOEXEC, "mode=755,size=1m"
    )
    for name, (major, minor) in _CHARACTER_DEVICES.items():
        os.mknod(directory / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
        (directory / name).chmod(0o666)
    for name in ("pts", "shm"):
        (directory / name).mkdir()
    kernel.mount(
        "devpts",
        f"{directory}/pts",
        "devpts",
        kernel.MS_NOSUID | kernel.MS_NOEXEC,
        "newinstance,ptmxmode=0666,mode=620,gid=5",
    )
    # Corosync's and Pacemaker's rings: 33 MB when idle, more with every client.
    shared = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", f"{directory}/shm", "tmpfs", shared, "mode=1777,size=256m")
    for link, target in _DEVICE_LINKS.items():
        (directory / link).symlink_to(target)


def _bind_directory(source: Path, target: Path, *, read_only: bool = False) -> None:
    target.mkdir(parents=True, exist_ok=True)
    kernel.bind(str(source), str(target), read_only=read_only)


def _bind_providers(tree: Path, root: Path) -> None:
    """Show an installed tree's OCF providers, and their libraries, in the node."""
    for kind in ("resource.d", "lib"):
        home = tree / "usr/lib/ocf" / kind
        for provider in sorted(home.iterdir()) if home.is_dir() else ():
            target = root / "usr/lib/ocf" / kind / provider.name
            _bind_directory(provider, target, read_only=True)
