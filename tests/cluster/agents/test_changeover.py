"""What runs under agents of ocf:heartbeat is handed to ours by `ocf-py migrate`, and runs on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ocf_py.lab.demo import ADDRESS
from ocf_py.lab.witnesses import AddressWitness, Client
from tests.cluster.conftest import EXAMPLES, settle
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab import Lab
    from ocf_py.lab.node import Node

OURS = 'provider="ocfpy" type="IPaddr"'
THEIRS = 'provider="heartbeat" type="IPaddr2"'


WORK = """\
<configuration>
  <crm_config/>
  <nodes/>
  <resources>
    <group id="work">
      <primitive id="memory" class="ocf" provider="heartbeat" type="Filesystem">
        <instance_attributes id="memory-attributes">
          <nvpair id="memory-device" name="device" value="tmpfs"/>
          <nvpair id="memory-directory" name="directory" value="/run/memory"/>
          <nvpair id="memory-fstype" name="fstype" value="tmpfs"/>
          <nvpair id="memory-fsck" name="run_fsck" value="never"/>
        </instance_attributes>
        <operations>
          <op id="memory-monitor" name="monitor" interval="2s" timeout="40s"/>
        </operations>
      </primitive>
      <primitive id="app" class="ocf" provider="heartbeat" type="anything">
        <instance_attributes id="app-attributes">
          <nvpair id="app-binfile" name="binfile" value="/bin/sleep"/>
          <nvpair id="app-options" name="cmdline_options" value="98763"/>
          <nvpair id="app-hook" name="monitor_hook" value="test -d /run &amp;&amp; true"/>
          <nvpair id="app-stop" name="stop_timeout" value="3"/>
        </instance_attributes>
        <operations>
          <op id="app-start" name="start" interval="0s" timeout="20s"/>
          <op id="app-stop-op" name="stop" interval="0s" timeout="20s"/>
          <op id="app-monitor" name="monitor" interval="2s" timeout="20s"/>
        </operations>
      </primitive>
    </group>
  </resources>
  <constraints/>
</configuration>
"""


def change_over(lab: Lab, node: Node, folder: Path, *names: str) -> None:
    """Do as the reference tells, with what `ocf-py migrate` makes of the configuration."""
    node.run(["pcs", "property", "set", "maintenance-mode=true"])
    settle(lab)
    cib = folder / "cib.xml"
    cib.write_text(node.run(["cibadmin", "--query"]).stdout)
    done = run_cli("migrate", cib, "--write", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [one["resource"] for one in json.loads(done.stdout)["moved"]] == [*names]
    node.run(["tee", "/run/cib.xml"], stdin=cib.read_bytes())
    node.run(["cibadmin", "--replace", "--xml-file", "/run/cib.xml"])
    for name in names:
        node.run(["crm_resource", "--refresh", "--resource", name])
    settle(lab)
    node.run(["pcs", "property", "set", "maintenance-mode=false"])
    settle(lab)


def test_the_address_stays_where_it_is(lab: Lab, tmp_path: Path) -> None:
    example = (EXAMPLES / "address.xml").read_text()
    before = tmp_path / "before.xml"
    before.write_text(example.replace(OURS, THEIRS))
    lab.load(before)
    active = lab.wait_for_place("vip")
    settle(lab)
    node = lab.node(active)
    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        lab.wait_until("the client is answered", lambda: client.first_answer(active))
        begun = len(addresses.holdings)
        change_over(lab, node, tmp_path, "vip")
        assert lab.wait_for_place("vip") == active
        assert len(addresses.holdings) == begun, "it was never taken away"
    assert node.run(["sh", "-c", "ls /run/ocfpy"]).stdout.split() == ["IPaddr.vip"], "adopted"
    history = node.run(["cibadmin", "--query", "--xpath", "//lrm_resource[@id='vip']"]).stdout
    assert 'type="IPaddr"' in history
    assert "IPaddr2" not in history
    assert node.run(["pcs", "resource", "failcount"]).stdout.strip() in ("", "No failcounts")


def test_the_service_and_its_mount_go_on_running(lab: Lab, tmp_path: Path) -> None:
    before = tmp_path / "before.xml"
    before.write_text(WORK)
    lab.load(before)
    active = lab.wait_for_place("app")
    settle(lab)
    node = lab.node(active)
    pid = node.run(["pgrep", "-f", "sleep 98763"]).stdout.split()[-1]
    mount = node.run(["grep", " /run/memory ", "/proc/self/mountinfo"]).stdout
    change_over(lab, node, tmp_path, "memory", "app")
    assert lab.wait_for_place("app") == active
    assert pid in node.run(["pgrep", "-f", "sleep 98763"]).stdout.split(), "it was restarted"
    assert node.run(["sh", "-c", "ls /run/ocfpy"]).stdout.split() == [
        "Filesystem.memory",
        "Service.app",
    ], "adopted"
    assert node.run(["grep", " /run/memory ", "/proc/self/mountinfo"]).stdout == mount
    assert node.run(["pcs", "resource", "failcount"]).stdout.strip() in ("", "No failcounts")
    node.run(["pcs", "resource", "disable", "work"])
    settle(lab)
    assert node.run(["grep", " /run/memory ", "/proc/self/mountinfo"], check=False).stdout == ""
    assert node.run(["pgrep", "-f", "sleep 98763"], check=False).stdout == ""
