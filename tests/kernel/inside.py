"""Runs a test's body inside a sandbox: in a forked copy of this process that has entered it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import select
import signal
import socket
import struct
import sys
import time
import traceback
from typing import TYPE_CHECKING, TypeVar

from pyroute2 import IPRoute

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.conformance.sandbox import Sandbox

    T = TypeVar("T")

_NAMESPACES = ("ipc", "uts", "net", "pid", "mnt")
_PR_SET_PDEATHSIG = 1
_LENGTH = struct.Struct("=Q")
_libc = ctypes.CDLL(None, use_errno=True)


def inside(sandbox: Sandbox, body: Callable[[], T], seconds: float = 60) -> T:
    """Return what ``body`` returns inside; a failure in there is an AssertionError out here."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _enter_and_run(sandbox, body, writer)
    os.close(writer)
    try:
        answer = _read_answer(reader, time.monotonic() + seconds)
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        raise AssertionError(f"no answer from the sandbox within {seconds:g} s") from None
    finally:
        os.close(reader)
        os.waitpid(child, 0)
    fine, result = pickle.loads(answer)  # noqa: S301 - written by our own child
    if not fine:
        raise AssertionError(f"inside the sandbox:\n{result}")
    return result  # type: ignore[no-any-return]


def socket_inside(sandbox: Sandbox, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """Open a socket that belongs to the sandbox's network, in this process."""
    ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    theirs = os.open(sandbox.netns_path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(theirs)
        try:
            return socket.socket(family, kind, protocol)
        finally:
            _setns(ours)
    finally:
        os.close(ours)
        os.close(theirs)


def witness(link: str, family: int = socket.AF_INET) -> dict[str, dict[str, object]]:
    """What pyroute2 sees on a link: address/prefix → its label, flags and broadcast."""
    with IPRoute() as kernel:
        (index,) = kernel.link_lookup(ifname=link)
        return {
            f"{message.get_attr('IFA_LOCAL') or message.get_attr('IFA_ADDRESS')}"
            f"/{message['prefixlen']}": {
                "label": message.get_attr("IFA_LABEL"),
                "flags": message.get_attr("IFA_FLAGS"),
                "broadcast": message.get_attr("IFA_BROADCAST"),
                "scope": message["scope"],
            }
            for message in kernel.get_addr(family=family, index=index)
        }


def _read_answer(reader: int, deadline: float) -> bytes:
    """Read by length: what the body left running may keep the pipe open."""
    answer = b""
    while len(answer) < _LENGTH.size or len(answer) < _LENGTH.size + _LENGTH.unpack_from(answer)[0]:
        if not select.select([reader], [], [], max(deadline - time.monotonic(), 0))[0]:
            raise TimeoutError
        part = os.read(reader, 65536)
        assert part, "the process in the sandbox died"
        answer += part
    return answer[_LENGTH.size :]


def _enter_and_run(sandbox: Sandbox, body: Callable[[], object], writer: int) -> None:
    try:
        # Not to be held open in here: above all the pipe whose end is the end of a sandbox.
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in (0, 1, 2, writer):
                with contextlib.suppress(OSError):
                    os.close(int(name))
        handles = [os.open(f"/proc/{sandbox.pid}/ns/{name}", os.O_RDONLY) for name in _NAMESPACES]
        # Inside a chroot, the mount namespace's own root is another than its processes'.
        root = os.open(f"/proc/{sandbox.pid}/root", os.O_RDONLY)
        for handle in handles:
            _setns(handle)
            os.close(handle)
        os.fchdir(root)
        os.chroot(".")
        os.close(root)
        child = os.fork()  # the first process inside the pid namespace
        if child:
            os.close(writer)
            os.waitpid(child, 0)
            os._exit(0)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            answer = pickle.dumps((True, body()))
        except BaseException:  # noqa: BLE001 - all of it is the test's result
            answer = pickle.dumps((False, traceback.format_exc()))
        with os.fdopen(writer, "wb", closefd=False) as stream:
            stream.write(_LENGTH.pack(len(answer)) + answer)
    except BaseException:  # noqa: BLE001 - a fork must not run on as a second pytest
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(0)


def _setns(handle: int) -> None:
    if _libc.setns(handle, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")
