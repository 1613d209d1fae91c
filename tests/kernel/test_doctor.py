"""The doctor on a real node: installed agents, real leftovers, a real interface; it only looks."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.installing import list_tree

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox

_CIB = """\
<configuration><resources>
  <primitive id="vip" class="ocf" provider="ocfpy" type="IPaddr">
    <instance_attributes id="a">
      <nvpair id="a1" name="ip" value="192.0.2.10"/><nvpair id="a2" name="nic" value="{nic}"/>
      <nvpair id="a3" name="cidr_netmask" value="24"/>
    </instance_attributes>
  </primitive>
  <primitive id="data" class="ocf" provider="ocfpy" type="Filesystem">
    <instance_attributes id="b">
      <nvpair id="b1" name="device" value="tmpfs"/><nvpair id="b2" name="directory" value="/srv"/>
      <nvpair id="b3" name="fstype" value="tmpfs"/>
    </instance_attributes>
  </primitive>
</resources></configuration>
"""
_OCF = "/usr/lib/ocf"
_LAUNCHERS = f"{_OCF}/resource.d/ocfpy"


class Patient:
    """A sandbox with the agents installed, and the doctor in it."""

    def __init__(self, sandbox: Sandbox, installed: Path) -> None:
        self.sandbox = sandbox
        sandbox.run(["mount", "--bind", installed, _OCF], check=True)

    def doctor(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        code = "from ocf_py.toolkit import main; main()"
        return self.sandbox.run([sys.executable, "-B", "-c", code, "doctor", *arguments])

    def examine(self, nic: str = "eth0") -> tuple[int, list[dict[str, str]]]:
        """Its exit code, and all that is not fine."""
        (self.sandbox.root / "run/cib.xml").write_text(_CIB.format(nic=nic))
        done = self.doctor("/run/cib.xml", "--json")
        assert done.stderr == ""
        answer: dict[str, Any] = json.loads(done.stdout)
        assert answer["cib"] == "/run/cib.xml"
        return done.returncode, [one for one in answer["findings"] if one["verdict"] != "fine"]

    def start_address(self, instance: str) -> None:
        values = {"ip": "192.0.2.10", "nic": "eth0", "cidr_netmask": "24"}
        environment = {f"OCF_RESKEY_{name}": value for name, value in values.items()}
        environment |= {"OCF_ROOT": _OCF, "OCF_RESOURCE_INSTANCE": instance}
        environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        environment["OCF_RESKEY_arp_count"] = "1000"
        self.sandbox.run([f"{_LAUNCHERS}/IPaddr", "start"], env=environment, check=True)


@pytest.fixture
def patient(sandbox: Sandbox, installed_agents: Path) -> Patient:
    return Patient(sandbox, installed_agents.parents[1])


def test_a_node_that_is_fit_is_fine_and_what_is_wrong_is_found_one_after_the_other(
    patient: Patient,
) -> None:
    assert patient.examine() == (0, [])
    patient.start_address("vip")
    before = list_tree(patient.sandbox.root / "run/ocfpy")
    assert patient.examine() == (0, [])
    assert list_tree(patient.sandbox.root / "run/ocfpy") == before

    # A resource that was taken out of the CIB, and never stopped.
    patient.start_address("forgotten")
    code, (leftover,) = patient.examine()
    assert (code, leftover["check"]) == (1, "leftovers")
    assert leftover["subject"] == "/run/ocfpy/IPaddr.forgotten"

    # Its records are lost: what announces the address belongs to nobody.
    for path in (patient.sandbox.root / "run/ocfpy").iterdir():
        path.unlink()
    _, strays = patient.examine()
    assert {one["check"] for one in strays} == {"strays"}
    assert "ocf_py.system.announcer" in strays[0]["message"]


def test_an_interface_that_is_down_or_not_there_is_found(patient: Patient) -> None:
    patient.sandbox.run(["ip", "link", "set", "eth0", "down"], check=True)
    code, (down,) = patient.examine()
    assert (code, down["check"], down["subject"]) == (1, "links", "vip")
    assert "eth0, the interface of 192.0.2.10, is down" in down["message"]
    assert down["remedy"] == "ip link set eth0 up"
    _, (absent,) = patient.examine("eth9")
    assert "eth9" in absent["message"]


def test_somebody_who_may_not_look_is_told_so(patient: Patient) -> None:
    patient.start_address("vip")
    (patient.sandbox.root / "run/cib.xml").write_text(_CIB.format(nic="eth0"))
    code = "from ocf_py.toolkit import main; main()"
    done = patient.sandbox.run(
        [sys.executable, "-B", "-c", code, "doctor", "/run/cib.xml"], user="nobody"
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "warning leftovers: /run/ocfpy: is root's alone" in done.stdout
    assert "do: run it as root" in done.stdout
