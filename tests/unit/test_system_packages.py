"""Package managers that are busy are waited for; what the lab names is what set-up installs."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

import system_packages
from ocf_py.lab import requirements
from ocf_py.lab.vm import preparation
from system_packages import PACKAGES, VM_PACKAGES, Apt

CHECKOUT = Path(__file__).parents[2]
LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
# Counts its calls; fails with `said` until there have been `busy` of them.
_APT = """\
#!/bin/sh
echo "$*" >>{calls}
calls=0
while read -r _; do calls=$((calls + 1)); done <{calls}
[ $calls -gt {busy} ] || {{ echo "{said}" >&2; exit 100; }}
"""


class Machine:
    """A PATH that holds an apt-get, and the names that a shell script of ours calls."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.calls = folder / "calls"
        self._put("id", "#!/bin/sh\necho 0\n")
        self._put("sleep", "#!/bin/sh\n")  # a test does not wait

    def be_busy(self, times: int, said: str = LOCKED) -> None:
        self._put("apt-get", _APT.format(calls=self.calls, busy=times, said=said))

    def asked(self) -> list[str]:
        verbs = ("update", "install")
        lines = self.calls.read_text().splitlines()
        return [verb for line in lines for verb in verbs if verb in line.split()]

    def get_python(self) -> subprocess.CompletedProcess[str]:
        script = CHECKOUT / "packaging/get_python.sh"
        return subprocess.run(
            ["/bin/sh", script, "/usr/bin/python3"],
            env={"PATH": str(self.path)},
            capture_output=True,
            text=True,
            check=False,
        )

    def _put(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    monkeypatch.setattr(system_packages, "_PAUSE", 0)
    return Machine(tmp_path)


def test_a_refresh_waits_until_another_apt_has_ended(machine: Machine) -> None:
    machine.be_busy(3)
    assert Apt().refresh().returncode == 0
    assert machine.asked() == ["update"] * 4


def test_an_installation_waits_until_another_apt_has_ended(machine: Machine) -> None:
    machine.be_busy(2)
    assert Apt().install(["corosync"]).returncode == 0
    assert machine.asked() == ["install"] * 3


def test_any_other_failure_is_not_tried_again(machine: Machine) -> None:
    machine.be_busy(99, "E: Could not resolve host")
    assert Apt().refresh().returncode == 100
    assert machine.asked() == ["update"]


def test_another_apt_is_not_waited_for_for_ever(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.be_busy(10_000)
    hours = iter(range(0, 100 * 3600, 100))
    monkeypatch.setattr(time, "monotonic", lambda: next(hours))
    refreshed = Apt().refresh()
    assert refreshed.returncode == 100
    assert LOCKED in refreshed.stdout
    assert machine.asked() == ["update"] * 4  # at 100, 200, 300 and 400 s


def test_python_is_installed_when_another_apt_has_ended(machine: Machine) -> None:
    machine.be_busy(2)
    done = machine.get_python()
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.asked() == ["update", "update", "update", "install"]


@pytest.mark.parametrize(("said", "tries"), [(LOCKED, 100), ("E: Could not resolve host", 1)])
def test_python_that_cannot_be_installed_is_said_with_its_cause(
    machine: Machine, said: str, tries: int
) -> None:
    machine.be_busy(10_000, said)
    done = machine.get_python()
    assert done.returncode == 1
    assert done.stderr.splitlines() == [said, "could not install python3; the cause stands above"]
    assert machine.asked() == ["update"] * tries


def test_the_packages_that_the_lab_names_are_those_that_set_up_installs() -> None:
    named = set(requirements._COMMANDS.values())
    assert named
    assert named <= set(PACKAGES.values())


def test_the_packages_that_the_vm_lab_names_are_those_that_set_up_installs_for_it() -> None:
    assert set(preparation.COMMANDS.values()) == set(VM_PACKAGES.values())
