"""A node's root file system: the machine's own, with every write going to the node's disk."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.lab import kernel
from ocf_py.lab.mount_list import Mount, read_mounts
from ocf_py.lab.shared_disk import SHARED_DISK, disk_number

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.settings import Settings

# Only what is mounted below these belongs to the system; the rest (media, snapshots, container
# mounts, a user's home) is nothing a node needs.
_SYSTEM_TREES = ("/usr", "/var", "/etc", "/opt", "/srv", "/lib", "/lib64", "/sbin", "/bin")
# No file of the system lies in these, and overlay takes none of them as a lower layer or shows
# nothing of it.
_KERNEL_S_OWN = frozenset(
    (
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts"),
        *("devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore"),
        *("rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs"),
    )
)
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
        layers = ",".join(
            f"{kind}={escape_layer(str(layer))}"
            for kind, layer in (("lowerdir", lower), ("upperdir", upper), ("workdir", work))
        )
        kernel.mount("overlay", str(target), "overlay", 0, layers)


def escape_layer(directory: str) -> str:
    """A directory as overlay wants it, where commas and colons separate, filesystems/overlayfs."""
    return re.sub(r"([\\,:])", r"\\\1", directory)


def build_root(settings: Settings, node: str) -> Path:
    """Mount all of a node's file systems in the caller's mount namespace; returns their root."""
    disk = NodeDisk(settings.disks / node)
    for number, tree in enumerate(["/", *separate_system_trees(read_mounts())]):
        disk.lay_over(tree, number)
    root = disk.root
    kernel.mount("proc", f"{root}/proc", "proc", _QUIET)
    _confine_proc(root)
    kernel.mount("sysfs", f"{root}/sys", "sysfs", _QUIET | kernel.MS_RDONLY)
    runtime = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", f"{root}/run", "tmpfs", runtime, "mode=755,size=64m")
    kernel.mount("tmpfs", str(root / "tmp"), "tmpfs", runtime, "mode=1777,size=512m")
    _make_devices(root / "dev")
    _show_shared_disk(settings, root / "dev")
    (root / "run/lock").mkdir()
    _bind_directory(settings.shared, root / "run/lab")
    _bind_directory(settings.logs / node, root / "var/log")
    for installed in (settings.agent_tree, *settings.provider_trees):
        _bind_providers(installed, root)
    return root


def separate_system_trees(mounts: list[Mount]) -> list[str]:
    """Directories of the system that are file systems of their own, outermost first.

    An overlay shows the one file system its lower layer lies on, so a machine whose /usr or /var
    is mounted apart needs one for each. What the kernel or a container engine shows in a chroot
    below them is no part of the system, nor is what lies in it.
    """
    kinds = {mount.place: mount.kind for mount in mounts}  # the last one of a place is seen
    found: list[str] = []
    left_out: list[str] = []
    for place, kind in sorted(kinds.items()):
        if any(_is_in(place, tree) for tree in left_out):
            continue
        if kind in _KERNEL_S_OWN or (kind == "overlay" and place not in _SYSTEM_TREES):
            left_out.append(place)
        elif os.path.isdir(place) and any(_is_in(place, tree) for tree in _SYSTEM_TREES):
            found.append(place)
    return found


def _is_in(place: str, tree: str) -> bool:
    return place == tree or place.startswith(f"{tree}/")


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


def _show_shared_disk(settings: Settings, directory: Path) -> None:
    number = disk_number(settings)
    if number is not None:
        os.mknod(directory / SHARED_DISK, stat.S_IFBLK | 0o600, number)


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
