"""What stands in the sandbox of `ocf-py test`: two interfaces, two images, a disk, some folders.

An agent that nobody knows is given what most resources need; what is missing, `prepare` brings.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import TOOLS
from ocf_py.conformance.places import in_enclosure, prepare
from ocf_py.conformance.sandbox import SandboxUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.caller import Caller
    from ocf_py.conformance.subject import Subject

SCRATCH = "/run/scratch"
DISK = "/dev/scratch"

_NETWORK = """
link add eth0 type veth peer name peer0
link set eth0 up
link set peer0 up
address add 192.0.2.1/24 dev eth0
address add 2001:db8::1/64 dev eth0 nodad
"""
_NO_DAD = "/proc/sys/net/ipv6/conf/default/accept_dad"
#: Folders that agents of resource-agents write to, and the profile of `su -`: empty, and forgotten
#: afterwards.
_SCRATCH_FOLDERS = (
    "/var/log",
    "/var/tmp",  # noqa: S108 - a mount point
    "/var/lib/heartbeat",
    "/var/lib/pacemaker",
)
_POINT = "/run/mnt"
_HOME = "/root"
_RSCTMP = "/run/resource-agents"  # as systemd-tmpfiles makes it for that package
_IMAGES = ("a.img", "b.img")
_IMAGE_SIZE = 8 << 20  # bytes: the least that ext4 keeps a journal in

# linux/loop.h
_LOOP_MAJOR, _LOOPS = 7, 64
_CONTROL = os.makedev(10, 237)
_LOOP_CTL_GET_FREE, _LOOP_SET_FD, _LOOP_SET_STATUS64 = 0x4C82, 0x4C00, 0x4C04
_LO_FLAGS_AUTOCLEAR = 4
_INFO64 = struct.Struct("=5Q4I64s64s32s2Q")


class Furniture:
    """Furnishes sandboxes for one agent with these parameters; a context manager."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._has_images = any(SCRATCH in word or DISK in word for word in words)
        self._has_disk = any(DISK in word for word in words)
        self._inside = contextlib.ExitStack()
        self._image = Path()

    def __enter__(self) -> Furniture:  # noqa: PYI034 - Self is not in Python 3.9
        if self._has_images:
            folder = tempfile.mkdtemp(prefix="ocf-py-scratch-")
            self._inside.callback(shutil.rmtree, folder, ignore_errors=True)
            self._image = Path(folder) / "image"
            with self._image.open("wb") as file:
                file.truncate(_IMAGE_SIZE)
            _make_file_system(self._image)
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.close()

    @contextlib.contextmanager
    def place(self, subject: Subject) -> Iterator[Caller]:
        """A closed sandbox with all of it, prepared for the subject."""
        with in_enclosure(subject) as caller, contextlib.ExitStack() as stack:
            root = caller.sandbox.root
            _lay_network(caller)
            home = () if _is_below(_HOME, subject.executable) else (_HOME,)
            for folder in (*_SCRATCH_FOLDERS, *home):
                if os.path.isdir(folder):
                    mode = f"mode={stat.S_IMODE(os.stat(folder).st_mode):o}"
                    caller.run(("mount", "-t", "tmpfs", "-o", mode, "scratch", folder), expect=(0,))
            _make_folder(root, _RSCTMP, 0o1755)
            _make_folder(root, _POINT, 0o755)
            _cover_tools(caller)
            _make_loops(root)
            if self._has_images:
                _make_folder(root, SCRATCH, 0o755)
                caller.run(("mount", "-t", "tmpfs", "scratch", SCRATCH), expect=(0,))
                for name in _IMAGES:
                    shutil.copyfile(self._image, root / SCRATCH.lstrip("/") / name)
            if self._has_disk:
                image = root / SCRATCH.lstrip("/") / _IMAGES[0]
                stack.enter_context(_attach(root, image))
            prepare(caller, subject)
            yield caller


def _make_file_system(image: Path) -> None:
    tool = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool is None:
        raise SandboxUnavailable("mkfs.ext4 is not installed: install the package e2fsprogs")
    done = subprocess.run([tool, "-q", image], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxUnavailable(f"mkfs.ext4: {done.stderr.strip()}")


def _lay_network(caller: Caller) -> None:
    caller.run(("sh", "-c", f"echo 0 >{_NO_DAD}"), expect=None)  # a kernel may have no IPv6
    sandbox = caller.sandbox
    process = sandbox.popen(["ip", "-batch", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    _, problem = process.communicate(_NETWORK)
    if process.returncode:
        raise SandboxUnavailable(f"the kernel gives no network: {problem.strip()}")


def _cover_tools(caller: Caller) -> None:
    """Puts the stand-ins over Pacemaker's own tools: agents call them by their path as well."""
    for name in caller.tools.names:
        real = f"/usr/sbin/{name}"
        if os.path.exists(real):
            caller.run(("mount", "--bind", f"{TOOLS}/{name}", real), expect=(0,))


def _is_below(folder: str, executable: Path) -> bool:
    needed = (executable.resolve(), sys.executable, os.path.realpath(sys.executable), __file__)
    return any(os.fspath(one).startswith(f"{folder}/") for one in needed)


def _make_folder(root: Path, path: str, mode: int) -> None:
    folder = root / path.lstrip("/")
    folder.mkdir()
    folder.chmod(mode)


def _make_loops(root: Path) -> None:
    """The nodes of the kernel's loop devices, which are everybody's (loop(4))."""
    os.mknod(root / "dev/loop-control", 0o660 | stat.S_IFCHR, _CONTROL)
    for number in range(_LOOPS):
        os.mknod(root / f"dev/loop{number}", 0o660 | stat.S_IFBLK, os.makedev(_LOOP_MAJOR, number))


@contextlib.contextmanager
def _attach(root: Path, image: Path) -> Iterator[None]:
    """Makes the image a disk for a while: the kernel lets go of it when nobody has it open."""
    with contextlib.ExitStack() as stack:
        control = os.open(root / "dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, control)
        file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, file)
        for _ in range(_LOOPS):
            number = fcntl.ioctl(control, _LOOP_CTL_GET_FREE)
            node = root / f"dev/loop{number}"
            if not node.exists():
                os.mknod(node, 0o660 | stat.S_IFBLK, os.makedev(_LOOP_MAJOR, number))
            device = os.open(node, os.O_RDWR | os.O_CLOEXEC)
            stack.callback(os.close, device)
            try:
                fcntl.ioctl(device, _LOOP_SET_FD, file)
            except OSError:  # somebody was faster
                continue
            flags = (0, 0, 0, 0, 0, 0, 0, 0, _LO_FLAGS_AUTOCLEAR, b"a.img", b"", b"", 0, 0)
            fcntl.ioctl(device, _LOOP_SET_STATUS64, _INFO64.pack(*flags))
            disk = os.makedev(_LOOP_MAJOR, number)
            os.mknod(root / DISK.lstrip("/"), 0o660 | stat.S_IFBLK, disk)
            yield
            return
        raise SandboxUnavailable("the kernel has no free loop device")
