"""A fresh set of namespaces for one test: processes, mounts, network, host name and IPC of its own.

It begins with nothing but `lo`, an empty /run and its own init, and everything in it dies with it,
also when whoever made it is killed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    Words = Sequence[Union[str, "os.PathLike[str]"]]

PLAIN_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

_LIBRARY = Path(__file__).parents[2]
_INIT = Path(__file__).with_name("sandbox_init.py")
_PATIENCE = 60  # seconds: a kernel with much to do makes and ends namespaces slowly
_NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid")


class SandboxUnavailable(RuntimeError):  # noqa: N818 - says what is
    """A sandbox cannot be made here; the message says what it takes."""


class _Inside(subprocess.Popen[str]):
    """A process inside: nsenter in front of it, and it, are one process group."""

    def kill(self) -> None:
        """End the group. Of nsenter alone, it may come before its child asked to die with it."""
        if self.returncode is None:  # not waited for yet: the number is still the group's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


class Sandbox:
    """A context manager: the namespaces exist while it is entered.

    ``pid`` is its init's, as seen from outside. With ``fresh_tmp`` /tmp is empty too; without it
    /tmp is the machine's, like the rest of its files.
    """

    def __init__(self, *, fresh_tmp: bool = False) -> None:
        self.pid = 0
        self._folders = ("/run", "/tmp") if fresh_tmp else ("/run",)  # noqa: S108 - mount points
        self._keeper: subprocess.Popen[str] | None = None

    @property
    def netns_path(self) -> str:
        """The network namespace, as a path that setns(2) and pyroute2 take."""
        return f"/proc/{self.pid}/ns/net"

    @property
    def root(self) -> Path:
        """Its file system, as seen from outside."""
        return Path(f"/proc/{self.pid}/root")

    def __enter__(self) -> Sandbox:  # noqa: PYI034 - Self is not in Python 3.9
        if os.geteuid() != 0:
            raise SandboxUnavailable("a sandbox needs root: namespaces are made for it")
        self._keeper = subprocess.Popen(
            [sys.executable, "-ISB", _INIT, _LIBRARY, *self._folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=PLAIN_ENVIRONMENT,
            start_new_session=True,  # a Ctrl-C at the terminal is ours to handle
        )
        assert self._keeper.stdout is not None  # noqa: S101 - asked for above
        readable, _, _ = select.select([self._keeper.stdout], [], [], _PATIENCE)
        line = self._keeper.stdout.readline() if readable else ""
        if not line:
            self._keeper.kill()
            _, problem = self._keeper.communicate()
            self._keeper = None
            raise SandboxUnavailable(
                f"the kernel makes no sandbox here: {problem.strip() or 'it does not answer'}"
            )
        self.pid = int(line)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._keeper is not None:
            keeper, self._keeper = self._keeper, None
            # The keeper ends at any input, and waits until the last process is gone. The end of the
            # input does it too, but a fork of this process may hold a copy of the pipe.
            try:
                keeper.communicate(".", timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                keeper.kill()
                keeper.communicate()
                # Whose parent outside died first is reaped by that namespace's process 1, or never.
                raise SandboxUnavailable(
                    f"what runs in a sandbox does not end within {_PATIENCE} s of SIGKILL; in a "
                    "container, process 1 has to be an init that reaps orphans"
                ) from None

    def popen(
        self,
        argv: Words,
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        cwd: str | None = None,
        stdin: int | None = subprocess.DEVNULL,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> subprocess.Popen[str]:
        """Start ``argv`` inside, in a session of its own seen from outside; / is its directory.

        ``env`` is its whole environment, PLAIN_ENVIRONMENT by default; texts that are no UTF-8
        pass as lone surrogates. Killing what is returned kills the process inside.
        """
        # With its root: inside a chroot, the mount namespace's own root is another one.
        enter = [_tool("nsenter"), f"--target={self.pid}", *_NAMESPACES]
        enter += ["--root", f"--wdns={cwd or '/'}"]
        become = [_tool("setpriv"), "--pdeathsig=KILL"]
        if user is not None:
            entry = pwd.getpwnam(user)
            become += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        return _Inside(
            [*enter, "--", *become, "--", *argv],
            env=dict(PLAIN_ENVIRONMENT if env is None else env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
        )

    def run(
        self,
        argv: Words,
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 30,
        user: str | None = None,
        cwd: str | None = None,
        text: str | None = None,
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``argv`` inside until it has ended and its output is closed.

        ``text`` is its standard input. A negative returncode is the signal that ended it. Raises
        subprocess.TimeoutExpired after ``timeout`` seconds, with the process killed, and with
        ``check`` CalledProcessError.
        """
        stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
        process = self.popen(
            argv,
            env=env,
            user=user,
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            stdout, stderr = process.communicate(text, timeout=timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        completed = subprocess.CompletedProcess(list(argv), process.returncode, stdout, stderr)
        if check:
            completed.check_returncode()
        return completed

    def join(self, other: Sandbox, name: str, other_name: str) -> None:
        """Lay a cable (a veth pair) to ``other``: ``name`` here, ``other_name`` there, both up."""
        add = ["link", "add", name, "type", "veth", "peer", "name", other_name]
        self._ip(*add, "netns", str(other.pid))
        self._ip("link", "set", name, "up")
        other._ip("link", "set", other_name, "up")

    def _ip(self, *words: str) -> None:
        # Only the network is entered: the other sandbox's pid is one of the outside.
        argv = [_tool("nsenter"), f"--net={self.netns_path}", _tool("ip"), *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SandboxUnavailable(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _tool(name: str) -> str:
    path = shutil.which(name, path=PLAIN_ENVIRONMENT["PATH"])
    if path is None:
        package = "iproute2" if name == "ip" else "util-linux"
        raise SandboxUnavailable(f"{name} is not installed: install the package {package}")
    return path
