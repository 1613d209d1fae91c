"""Sockets in another process's network namespace; they work from any thread afterwards."""

from __future__ import annotations

import os
import socket

from ocf_py.lab import kernel


def open_socket_in(pid: int, family: int, kind: int, protocol: int) -> socket.socket:
    """Open a socket in the network namespace of process `pid`.

    Only the calling thread goes there, and it comes back. OSError when the process is gone.
    """
    there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        kernel.set_namespace(there, kernel.CLONE_NEWNET)
        try:
            return socket.socket(family, kind, protocol)
        finally:
            kernel.set_namespace(home, kernel.CLONE_NEWNET)
    finally:
        os.close(there)
        os.close(home)


def open_stream_in(pid: int, address: str) -> socket.socket:
    """Open a TCP socket there that can connect to an address, of IPv4 or IPv6; likewise."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return open_socket_in(pid, family, socket.SOCK_STREAM, 0)
