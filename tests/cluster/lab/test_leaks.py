"""However a lab ends, nothing is left of it but its logs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

from ocf_py.lab import Lab, LabError
from ocf_py.lab.settings import STATE_HOME
from tests.cluster.conftest import name_lab
from tests.cluster.footprint import Machine, cgroups_of, namespaces_of, remains, users_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 60.0
_CLI = [sys.executable, "-c", "from ocf_py.toolkit import main; main()", "lab"]


@pytest.fixture
def name() -> str:
    """A lab of one node is as good as one of many here, and is up sooner."""
    return name_lab("leaks")


@pytest.fixture
def machine() -> Iterator[Machine]:
    """The machine before; afterwards it must be the same."""
    before = Machine.look()
    yield before
    assert Machine.look() == before


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {_SECONDS:g} s: {what}"
        time.sleep(0.02)


def nothing_is_left(lab: Lab, namespaces: frozenset[str]) -> None:
    left = remains(lab, namespaces)
    assert not any(left.values()), left
    assert (lab.settings.logs / "n1" / "boot.log").exists(), "the logs are gone too"


@contextlib.contextmanager
def command(name: str, *verb: str) -> Iterator[subprocess.Popen[bytes]]:
    """An `ocf-py lab` command in a process group of its own, as a terminal would start it."""
    with subprocess.Popen(
        [*_CLI, "--name", name, *verb], stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()  # a failed assertion must not wait for it for ever
            raise


def lab_in_the_making(name: str) -> Lab:
    """Another process's lab, as soon as its nodes run and long before it is up."""
    found: list[Lab] = []

    def has_its_nodes() -> bool:
        with contextlib.suppress(LabError):
            lab = Lab.find(name)
            if all(node["pid"] for node in lab.describe()["nodes"].values()):
                found.append(lab)
        return bool(found)

    wait_for(has_its_nodes, "the nodes are on")
    return found[0]


def test_down_leaves_nothing(machine: Machine, name: str) -> None:
    with command(name, "up", "--nodes", "1") as process:
        process.wait(_SECONDS)
    lab = Lab.find(name)
    namespaces = namespaces_of(lab)
    assert machine == Machine.look(), "something of the lab shows on the machine"
    with command(name, "down") as process:
        process.wait(_SECONDS)
    nothing_is_left(lab, namespaces)


def test_the_end_of_a_with_block_by_an_error_leaves_nothing(machine: Machine, name: str) -> None:
    lab = Lab.up(name, nodes=1)
    namespaces = namespaces_of(lab)
    with pytest.raises(LabError), lab:
        lab.node("n2")
    nothing_is_left(lab, namespaces)


@pytest.mark.parametrize("verb", ["up", "demo"])
def test_an_interrupt_while_it_comes_up_leaves_nothing(
    machine: Machine, name: str, verb: str
) -> None:
    with command(name, verb) as process:
        lab = lab_in_the_making(name)
        namespaces = namespaces_of(lab)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=_SECONDS)
    assert process.returncode == 130
    assert b"Traceback" not in said
    nothing_is_left(lab, namespaces)


def test_an_interrupt_before_there_is_a_daemon_leaves_nothing(machine: Machine, name: str) -> None:
    state = STATE_HOME / name
    with command(name, "up") as process:
        wait_for((state / "settings.json").exists, "the settings are written")
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=_SECONDS)
    assert process.returncode == 130
    assert b"Traceback" not in said
    wait_for(lambda: not state.exists(), "the state directory is gone")


def test_killing_the_command_that_brings_it_up_leaves_nothing(machine: Machine, name: str) -> None:
    with command(name, "up", "--nodes", "1") as process:
        lab = lab_in_the_making(name)
        namespaces = namespaces_of(lab)
        process.kill()
    nothing_is_left(lab, namespaces)


@pytest.mark.parametrize(
    ("init", "victim", "number"),
    [
        ("mini", "daemon", signal.SIGKILL),
        ("mini", "daemon", signal.SIGTERM),
        ("mini", "janitor", signal.SIGKILL),
        ("systemd", "daemon", signal.SIGKILL),
    ],
)
def test_killing_the_daemon_or_its_janitor_leaves_nothing(
    machine: Machine, name: str, init: str, victim: str, number: int
) -> None:
    with Lab.up(name, nodes=1, init=init) as lab:
        namespaces, described = namespaces_of(lab), lab.describe()
        os.kill(described[victim], number)
        nothing_is_left(lab, namespaces)


def test_down_sweeps_when_daemon_and_janitor_were_killed_at_once(
    machine: Machine, name: str
) -> None:
    with Lab.up(name, nodes=1) as lab:
        namespaces, described = namespaces_of(lab), lab.describe()
        for victim in ("daemon", "janitor"):  # the first stop cannot run its clean-up any more
            os.kill(described[victim], signal.SIGSTOP)
        for victim in ("daemon", "janitor"):
            os.kill(described[victim], signal.SIGKILL)
    nothing_is_left(lab, namespaces)


def test_down_ends_a_daemon_that_hangs(machine: Machine, name: str) -> None:
    with Lab.up(name, nodes=1) as lab:
        namespaces = namespaces_of(lab)
        os.kill(lab.describe()["daemon"], signal.SIGSTOP)
    nothing_is_left(lab, namespaces)


def test_up_after_both_were_killed_starts_anew(machine: Machine, name: str) -> None:
    lab = Lab.up(name, nodes=1)
    namespaces, described = namespaces_of(lab), lab.describe()
    for victim in ("janitor", "daemon"):
        os.kill(described[victim], signal.SIGSTOP)
    for victim in ("janitor", "daemon"):
        os.kill(described[victim], signal.SIGKILL)
    wait_for(lambda: not _exists(described["daemon"]), "the daemon has ended")
    with Lab.up(name, nodes=1) as again:
        assert again.describe()["daemon"] != described["daemon"]
    lab.down()
    nothing_is_left(lab, namespaces)


def _exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_frozen_node_is_no_obstacle(machine: Machine, name: str) -> None:
    with Lab.up(name, nodes=1) as lab:
        namespaces = namespaces_of(lab)
        lab.freeze("n1")
    nothing_is_left(lab, namespaces)


def test_a_state_directory_of_ones_own_keeps_what_else_is_in_it(
    machine: Machine, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "mine").write_text("keep me")
    with Lab.up("elsewhere", state, nodes=1) as lab:
        namespaces = namespaces_of(lab)
        assert lab.settings.logs == state / "log"
    assert sorted(path.name for path in state.iterdir()) == ["log", "mine"]
    assert users_of(namespaces) == []
    assert cgroups_of(lab) == []
