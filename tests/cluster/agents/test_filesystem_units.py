"""Filesystem on a node that systemd runs: a shutdown ends the cluster before it unmounts."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from tests.cluster.conftest import SEEN_LABS, name_lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.lab.node import Node

_AGENT = "/usr/lib/ocf/resource.d/ocfpy/Filesystem"
_TARGET = "resource-agents-deps.target"
_POINT = "/srv/a-b c"
_UNIT = r"srv-a\x2db\x20c.mount"
_DROP_IN = f"/run/systemd/system/{_TARGET}.d/50-ocfpy-{_UNIT.removesuffix('.mount')}.conf"
# The one that is stopped first takes its time, in which systemd would unmount what it may: of
# itself, it lets Pacemaker go before local mounts (local-fs.target), not before those of a network.
_GROUP = """\
<cib><configuration><resources><group id="both">
  <primitive id="memory" class="ocf" provider="ocfpy" type="Filesystem">
    <instance_attributes id="memory-params">
      <nvpair id="memory-device" name="device" value="memory"/>
      <nvpair id="memory-directory" name="directory" value="/srv/last"/>
      <nvpair id="memory-fstype" name="fstype" value="tmpfs"/>
      <nvpair id="memory-options" name="options" value="_netdev"/>
    </instance_attributes>
    <operations>
      <op id="memory-monitor" name="monitor" interval="10s" timeout="20s"/>
      <op id="memory-stop" name="stop" interval="0s" timeout="20s"/>
    </operations>
  </primitive>
  <primitive id="slow" class="ocf" provider="ocfpy" type="Service">
    <instance_attributes id="slow-params">
      <nvpair id="slow-command" name="command" value="/bin/sleep"/>
      <nvpair id="slow-args" name="args" value="98761"/>
      <nvpair id="slow-pidfile" name="pidfile" value="/run/slow.pid"/>
      <nvpair id="slow-stop" name="stop_command" value="/bin/sleep 3"/>
    </instance_attributes>
    <operations>
      <op id="slow-stop-op" name="stop" interval="0s" timeout="20s"/>
    </operations>
  </primitive>
</group></resources></configuration></cib>
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.up(name_lab("mounts"), init="systemd", nodes=1) as made:
        SEEN_LABS.append(made)
        yield made


@pytest.fixture
def node(lab: Lab) -> Node:
    return lab.nodes[0]


def _call(node: Node, action: str) -> None:
    parameters = {"device": "memory", "directory": _POINT, "fstype": "tmpfs"}
    node.run(
        [
            *("env", "-i", "PATH=/usr/sbin:/usr/bin", "OCF_ROOT=/usr/lib/ocf"),
            "OCF_RESOURCE_INSTANCE=memory",
            *(f"OCF_RESKEY_{name}={text}" for name, text in parameters.items()),
            *(_AGENT, action),
        ]
    )


def _ask(node: Node, *words: str) -> str:
    return node.run(words).stdout.strip()


def _show(node: Node, what: str, *unit: str) -> str:
    return _ask(node, "systemctl", "show", "--value", f"--property={what}", *unit)


def test_the_drop_in_is_written_and_read_once_and_kept(node: Node) -> None:
    assert ".mount" not in _show(node, "After", _TARGET)
    states = []
    for _ in range(2):
        _call(node, "start")
        assert ".mount" in _show(node, "After", _TARGET)
        assert _TARGET in _show(node, "Before", _UNIT).split(), "that is another unit's name"
        assert _show(node, "NeedDaemonReload", _TARGET) == "no"
        assert _ask(node, "findmnt", "-n", "-o", "SOURCE", _POINT) == "memory"
        file = _ask(node, "stat", "--format=%i %Y", _DROP_IN)
        states.append((file, _show(node, "UnitsLoadTimestampMonotonic")))
        _call(node, "stop")
        assert _ask(node, "stat", "--format=%i %Y", _DROP_IN) == file
    assert states[0] == states[1], "written, or systemd reloaded, without a need"
    assert _TARGET in _show(node, "After", "pacemaker.service").split()


def test_pacemaker_stops_it_before_systemd_can_unmount_it(
    lab: Lab, node: Node, tmp_path: Path
) -> None:
    cib = tmp_path / "memory.xml"
    cib.write_text(_GROUP)
    lab.load(cib)
    lab.wait_for_place("slow")
    journal = lab.settings.logs / node.name / "journal"
    journal.mkdir()
    node.run(["journalctl", "--flush"])  # to where it outlives the node
    lab.shut_down(node.name)
    lab.wait_until("the node is off", lambda: node.describe()["power"] == "off")
    said = subprocess.run(
        ["journalctl", f"--directory={journal}", "--output=cat"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "memory unmounted from /srv/last" in said
