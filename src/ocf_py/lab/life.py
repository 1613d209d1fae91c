"""How a lab comes into being and how it goes: its directories, its processes, its lock."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from ocf_py.lab.cib import seed
from ocf_py.lab.environment import node_environment
from ocf_py.lab.errors import LabError
from ocf_py.lab.janitor import remove_state
from ocf_py.lab.lock import LabIsUpError, check_private, lock_lab
from ocf_py.lab.naming import title
from ocf_py.lab.node_files import INSIDE, make_log_directories
from ocf_py.lab.requests import daemon_pid, send_request
from ocf_py.lab.requirements import check_machine, check_root
from ocf_py.lab.settings import Settings
from ocf_py.lab.spawn import python_command

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.progress import Progress

_START_SECONDS = 30.0
_END_SECONDS = 30.0
_POLITE_SECONDS = 5.0
_POLL_SECONDS = 0.02
_READY, _KEEP = b"r", b"k"


class Lease:
    """Holds a lab up: when this process closes it or ends, the lab goes down."""

    def __init__(self, connection: socket.socket, janitor: subprocess.Popen[bytes]) -> None:
        self._connection = connection
        self._janitor = janitor

    def await_ready(self) -> bool:
        """Wait until the daemon serves; False when it has ended instead."""
        self._connection.settimeout(_START_SECONDS)
        try:
            return self._connection.recv(1) == _READY
        except OSError:
            return False

    def keep(self) -> None:
        """Let the lab outlive this process."""
        self._connection.sendall(_KEEP)
        self._connection.close()

    def end(self) -> None:
        """Give it up, and wait for the end of the janitor, which is a child of ours."""
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._janitor.wait(_END_SECONDS)


def begin(settings: Settings, progress: Progress) -> Lease:
    """Start a lab's janitor and daemon; no node is on yet."""
    check_machine(settings)
    with lock_lab(settings) as lock:
        if settings.settings_file.exists():  # of a lab whose daemon and janitor were killed
            _sweep(settings)
        settings.save()
        try:
            _prepare_logs(settings)
            _prepare_shared_files(settings)
            progress.step(f"logs are in {settings.logs}")
            lease = _start_janitor(settings, lock)
        except BaseException:
            _sweep(settings)
            remove_state(settings)
            raise
    try:
        is_ready = lease.await_ready()
    except BaseException:
        lease.end()
        raise
    if not is_ready:
        lease.end()
        raise LabError(
            f"the daemon of {title(settings)} did not start; see {settings.daemon_log}: "
            f"{_last_words(settings.daemon_log)}"
        )
    progress.step(f"{title(settings)}: switch and power switch are ready")
    return lease


def _start_janitor(settings: Settings, lock: int) -> Lease:
    mine, its = socket.socketpair()
    command = python_command(
        "ocf_py.lab.janitor", str(settings.state), str(its.fileno()), str(lock)
    )
    with its, settings.daemon_log.open("ab") as log:
        janitor = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            pass_fds=(its.fileno(), lock),
            start_new_session=True,
        )
    return Lease(mine, janitor)


def bring_down(settings: Settings, lease: Lease | None = None) -> bool:
    """End a lab and wait until nothing of it is left; False when there was none.

    A daemon that does not obey is killed. Who sweeps is its janitor, or this process when that
    one is gone too.
    """
    check_root()
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        check_private(settings.state)
    ending = _serial_in(settings.state)
    daemon = daemon_pid(settings)
    there = daemon is not None or settings.settings_file.exists()
    if daemon is not None and not _ask_to_end(settings):
        with contextlib.suppress(ProcessLookupError):
            os.kill(daemon, signal.SIGKILL)
    if lease is not None:
        lease.end()
    deadline = time.monotonic() + _END_SECONDS
    while settings.lock_file.exists() or settings.settings_file.exists():
        try:
            _sweep_what_nobody_locks(settings)
        except LabIsUpError:
            if _serial_in(settings.state) not in (None, ending):
                break  # a new lab of this name, which nobody asked to end
            if time.monotonic() > deadline:
                raise LabError(
                    f"{title(settings)} does not end; see {settings.daemon_log}"
                ) from None
    return there


def _sweep_what_nobody_locks(settings: Settings) -> None:
    """Remove what is left now that no process of the lab is; LabIsUpError while there is one.

    The lock keeps a new lab of this name from coming up in the midst of it.
    """
    with lock_lab(settings, _POLL_SECONDS):
        if settings.settings_file.exists():  # daemon and janitor were killed before they swept
            _sweep(settings)
        remove_state(settings)


def _serial_in(state: Path) -> str | None:
    with contextlib.suppress(OSError, ValueError):
        return Settings.load(state).serial
    return None


def _ask_to_end(settings: Settings) -> bool:
    """Ask the daemon to end; False when it does not even answer."""
    try:
        send_request(settings, "down", patience=_POLITE_SECONDS)
    except LabError:
        return False
    return True


def _sweep(settings: Settings) -> None:
    """Remove what a lab left whose daemon and janitor were both killed; the lock stays."""
    command = python_command("ocf_py.lab.janitor", str(settings.state), "--sweep", settings.name)
    subprocess.run(command, cwd="/", check=True, timeout=_END_SECONDS)


def _prepare_logs(settings: Settings) -> None:
    """Begin new logs; the last lab's of this name are kept once more."""
    previous = settings.logs.with_name(f"{settings.logs.name}.previous")
    if settings.logs.exists():
        shutil.rmtree(previous, ignore_errors=True)
        settings.logs.rename(previous)
    settings.logs.mkdir(parents=True)
    for node in settings.node_names:
        if settings.kind == "vm":  # whose own packages and users are other than the machine's
            (settings.logs / node).mkdir()
        else:
            make_log_directories(settings, node)


def _prepare_shared_files(settings: Settings) -> None:
    """What the nodes find under /run/lab."""
    settings.shared.mkdir(mode=0o755)
    for script in ("init.py", "fence_lab.py"):
        shutil.copyfile(INSIDE / script, settings.shared / script)
    _run_tool("corosync-keygen", "-l", "-k", str(settings.shared / "authkey"))
    empty = _run_tool("cibadmin", "--empty")
    (settings.shared / "cib.xml").write_bytes(seed(settings, empty))


def _run_tool(*command: str) -> bytes:
    done = subprocess.run(command, env=node_environment(), capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise LabError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done.stdout


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
