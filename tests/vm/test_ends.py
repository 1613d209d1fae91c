"""However a lab of guests ends, nothing is left of it but its logs.

It comes before the tests that share a lab: two labs at once are too much for a small machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from ocf_py.lab import Lab, LabError
from tests.cluster.conftest import name_lab
from tests.cluster.footprint import Machine, cgroups_of

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 120.0


def processes_of(name: str) -> list[str]:
    """Command lines of a lab's processes: its guests, attendants, daemon and janitor."""
    lines = (
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )
    return [line for line in lines if f"/{name}/" in line or f"-name {name}-" in line]


@pytest.mark.parametrize("victim", ["command", "daemon", "janitor"])
def test_whoever_is_killed_nothing_is_left_of_the_guests(victim: str) -> None:
    before, name = Machine.look(), name_lab("vmleaks")
    cli = "from ocf_py.toolkit import main; main()"
    command = [sys.executable, "-c", cli, "lab", "--name", name, "up", "--vm", "--nodes", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        lab = _lab_in_the_making(name)
        described = lab.describe()
        victims = {"command": process.pid, **described}
        assert processes_of(name), "the test would see nothing"
        os.kill(victims[victim], signal.SIGKILL)
        wait_for(lambda: not processes_of(name), "the processes are gone")
        wait_for(lambda: not lab.settings.state.exists(), "the state directory is gone")
    assert Machine.look() == before
    assert cgroups_of(lab) == []
    assert (lab.settings.logs / "n1/boot.log").exists(), "the logs are gone too"


def _lab_in_the_making(name: str) -> Lab:
    found: list[Lab] = []

    def has_its_guest() -> bool:
        try:
            lab = Lab.find(name)
            if lab.describe()["nodes"]["n1"]["pid"]:
                found.append(lab)
        except LabError:
            return False
        return bool(found)

    wait_for(has_its_guest, "the guest is on")
    return found[0]


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {_SECONDS:g} s: {what}"
        time.sleep(0.05)
