"""Ending processes: exactly the one meant, and never one that must live."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.system import processes
from ocf_py.system.processes import ProcessIdentity, Protected, find_protection, identify, terminate
from tests.kernel.inside import inside

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.conformance.sandbox import Sandbox

_PR_SET_DUMPABLE, _PR_SET_NAME = 4, 15


def _fork(body: Callable[[], object]) -> ProcessIdentity:
    """A child that has run ``body`` and then sleeps."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        body()
        os.write(writer, b".")
        time.sleep(60)
        os._exit(0)
    os.read(reader, 1)
    identity = identify(child)
    assert identity is not None
    return identity


def _rename(name: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())


def test_a_process_is_ended_by_term(sandbox: Sandbox) -> None:
    def body() -> int:
        identity = _fork(lambda: None)
        assert identity.is_alive()
        assert terminate(identity, 10)
        assert not identity.is_alive(), "a zombie does not live"
        status = os.waitpid(identity.pid, 0)[1]
        assert terminate(identity, 10), "what is gone is gone"
        return os.WTERMSIG(status)

    assert inside(sandbox, body) == signal.SIGTERM


def test_one_that_ignores_term_is_killed(sandbox: Sandbox) -> None:
    def body() -> int:
        identity = _fork(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
        assert terminate(identity, 0.1)
        return os.WTERMSIG(os.waitpid(identity.pid, 0)[1])

    assert inside(sandbox, body) == signal.SIGKILL


def test_the_successor_of_a_pid_is_left_alone(sandbox: Sandbox) -> None:
    def body() -> None:
        identity = _fork(lambda: None)
        earlier = ProcessIdentity(identity.pid, identity.start_time - 1)
        assert not earlier.is_alive()
        assert terminate(earlier, 0.1), "the one that was meant is gone"
        assert identity.is_alive()

    inside(sandbox, body)


def test_init_self_and_ancestors_are_protected(sandbox: Sandbox) -> None:
    def body() -> None:
        family = [1, os.getpid()]
        child = os.fork()
        if child:
            assert os.waitpid(child, 0)[1] == 0
            return
        try:
            for pid in (*family, os.getpid()):
                identity = identify(pid)
                assert identity is not None
                with pytest.raises(Protected):
                    terminate(identity, 0.1)
                assert identity.is_alive()
            os._exit(0)
        finally:
            os._exit(1)

    inside(sandbox, body)


@pytest.mark.parametrize(
    "name", ["corosync", "pacemakerd", "pacemaker-execd", "pacemaker-contr", "sbd", "pcsd", "lrmd"]
)
def test_the_cluster_stack_is_protected(sandbox: Sandbox, name: str) -> None:
    def body() -> None:
        identity = _fork(lambda: _rename(name))
        with pytest.raises(Protected, match=f"is {name}, a part of the cluster stack"):
            terminate(identity, 0.1)
        assert identity.is_alive()

    inside(sandbox, body)


def test_who_only_bears_a_name_of_the_cluster_stack_is_not(sandbox: Sandbox) -> None:
    def become_nobody() -> None:
        os.setuid(65534)
        _rename("corosync")
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)  # what is in /proc is root's from now on

    def body() -> None:
        assert terminate(_fork(become_nobody), 0.1)
        for mode, is_spared in ((0o755, True), (0o777, False)):
            shutil.copy("/bin/sleep", "/run/corosync")
            os.chmod("/run/corosync", mode)
            copy = subprocess.Popen(["/run/corosync", "60"])
            # Popen returns amid the exec, and the name is changed at the end of it.
            while Path(f"/proc/{copy.pid}/comm").read_text() != "corosync\n":
                time.sleep(0.01)
            assert bool(find_protection(copy.pid)) is is_spared
            copy.kill()
            copy.wait()

    sandbox.run(["mount", "-o", "remount,exec", "/run"], check=True)
    inside(sandbox, body)


def test_a_name_with_parentheses_and_blanks_is_read(sandbox: Sandbox) -> None:
    def body() -> None:
        plain = _fork(lambda: None)
        odd = _fork(lambda: _rename(") Z 1 1 (x"))
        assert odd.is_alive()
        seen = subprocess.run(
            ["ps", "-o", "ppid=", "-p", str(odd.pid)], capture_output=True, text=True, check=True
        )
        found = processes.read_stat(odd.pid)
        assert found is not None
        assert found[processes.PARENT] == seen.stdout.strip()
        assert odd.start_time >= plain.start_time

    inside(sandbox, body)


def test_nobody_has_an_unknown_pid(sandbox: Sandbox) -> None:
    def body() -> None:
        assert identify(4_000_000) is None
        assert not ProcessIdentity(4_000_000, 1).is_alive()
        assert terminate(ProcessIdentity(4_000_000, 1), 1)

    inside(sandbox, body)
