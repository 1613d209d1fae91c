"""What the agents ask of the kernel, tried without any effect."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.system.netlink import NETLINK_SOCK_DIAG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h
_NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "glusterfs", "ceph")


class Kernel:
    """Each method raises OSError as the kernel says it, and leaves nothing behind."""

    def open_pidfd(self) -> None:
        """pidfd_open(2): a process is signalled without being mistaken for another."""
        os.close(os.pidfd_open(os.getpid()))

    def exchange(self) -> None:
        """renameat2(2) with RENAME_EXCHANGE: a copy takes the live tree's place in one step."""
        libc = ctypes.CDLL(None, use_errno=True)
        # Of two empty names: a kernel that knows the call says that there is no such file.
        libc.renameat2(_AT_FDCWD, b"", _AT_FDCWD, b"", _RENAME_EXCHANGE)
        number = ctypes.get_errno()
        if number != errno.ENOENT:
            raise OSError(number, os.strerror(number))

    def open_packet_socket(self) -> None:
        """packet(7): an address is announced."""
        # Of no protocol: it hears nothing.
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()

    def open_netlink(self) -> None:
        """rtnetlink(7): addresses and routes."""
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE).close()

    def open_sock_diag(self) -> None:
        """sock_diag(7): connections are ended with their address."""
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG).close()

    def find_namespaces(self) -> None:
        """namespaces(7): an address in a network namespace, a worker in one of mounts."""
        for kind in ("net", "mnt"):
            os.stat(f"/proc/self/ns/{kind}")


#: Each feature: the call, the agents' types that need it, and what comes of its absence.
_FEATURES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("pidfd", "open_pidfd", ("Service", "MirrorSync", "Filesystem", "IPaddr"), "no stop can kill"),
    ("renameat2 exchange", "exchange", ("MirrorSync",), "no pass can be taken over"),
    ("packet sockets", "open_packet_socket", ("IPaddr",), "a moved address is not announced"),
    ("rtnetlink", "open_netlink", ("IPaddr",), "no address can be set"),
    ("sock_diag", "open_sock_diag", ("IPaddr",), "kill_connections has no effect"),
    ("namespaces", "find_namespaces", ("MirrorSync", "IPaddr"), "network_namespace cannot be used"),
)


def check_kernel(
    kernel: Kernel, release: str, resources: list[Resource] | None
) -> Iterator[Diagnosis]:
    """Each feature that one of `resources` needs; all of them where these are not known."""
    missing = False
    for name, call, types, consequence in _FEATURES:
        if not _concerns(types, resources):
            continue
        try:
            getattr(kernel, call)()
        except OSError as error:
            missing = True
            forbidden = error.errno in (errno.EPERM, errno.EACCES) and os.geteuid() != 0
            yield (warning if forbidden else problem)(
                "kernel",
                name,
                f"{release}: {error.strerror}",
                "cannot be told as this user" if forbidden else consequence,
                "run it as root"
                if forbidden
                else "use Linux 5.3 or later; in a container, one with CAP_NET_ADMIN and "
                "CAP_NET_RAW, and no filter of system calls",
            )
    if not missing:
        yield fine("kernel", release, "has what the agents need")


def check_file_systems(
    node: Node, knows: Callable[[str], bool], resources: Iterable[Resource] | None
) -> Iterator[Diagnosis]:
    """Whether the kernel knows the type of each Filesystem; `knows` asks it, and modprobe."""
    for resource in resources or ():
        fstype = resource.parameters.get("fstype", "")
        if not resource.is_of("Filesystem") or not fstype or fstype in _NETWORK_FILE_SYSTEMS:
            continue
        if knows(fstype):
            yield fine("file-systems", resource.id, f"the kernel has {fstype}")
        else:
            release = (node.read("/proc/sys/kernel/osrelease") or "").strip()
            yield problem(
                "file-systems",
                resource.id,
                f"the kernel {release} has no {fstype}, neither built in nor as a module",
                "its start fails here",
                "install the package with the kernel's further modules, or boot the kernel whose "
                "modules are installed",
            )


def _concerns(types: tuple[str, ...], resources: list[Resource] | None) -> bool:
    return resources is None or any(one.is_of(type_) for one in resources for type_ in types)
