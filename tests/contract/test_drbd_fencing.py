"""The fence-peer handler against Pacemaker's own tools, on a configuration that is a file."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py.drbd.cluster import Pacemaker
from ocf_py.drbd.constraint import deletion, deletion_of_all, name_constraint
from ocf_py.drbd.fencing import Handler, Patience, Request
from ocf_py.drbd.picture import Resource, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CIB = """
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="0"
 admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="true"/>
</cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
<resources><clone id="disk-clone">
<meta_attributes id="m"><nvpair id="m-p" name="promotable" value="true"/></meta_attributes>
<primitive id="disk" class="ocf" provider="ocfpy" type="Drbd">
<instance_attributes id="a"><nvpair id="a-r" name="drbd_resource" value="r0"/></instance_attributes>
</primitive></clone></resources>
<constraints><rsc_location id="somebodys" rsc="disk-clone" node="n1" score="5"/></constraints>
</configuration><status>
<node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
<lrm id="1"><lrm_resources><lrm_resource id="disk" type="Drbd" class="ocf" provider="ocfpy">
<lrm_rsc_op id="disk_last_0" operation_key="disk_promote_0" operation="promote" call-id="5"
 crm_feature_set="3.16.1" transition-key="1:1:0:a" transition-magic="0:0;1:1:0:a" rc-code="0"
 op-status="0" interval="0" on_node="n1" op-digest="x"/>
</lrm_resource></lrm_resources></lrm></node_state>
<node_state id="2" uname="n2" in_ccm="PRESENT" crmd="STATE" join="JOIN" expected="EXPECTED"/>
</status></cib>
"""
_LOST = {"PRESENT": "false", "STATE": "offline", "JOIN": "down", "EXPECTED": "member"}
_FENCED = {**_LOST, "EXPECTED": "down"}
_THERE = {"PRESENT": "true", "STATE": "online", "JOIN": "member", "EXPECTED": "member"}


class Configuration:
    """A CIB in a file, which cibadmin and crm_mon take for the cluster's."""

    def __init__(self, folder: Path, peer: dict[str, str]) -> None:
        text = _CIB
        for word, value in peer.items():
            text = text.replace(word, value)
        self.path = folder / "cib.xml"
        self.path.write_text(text)

    def run(self, argv: Sequence[str]) -> tuple[int, bytes, str]:
        environment = {**os.environ, "CIB_file": str(self.path)}
        done = subprocess.run(argv, env=environment, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def fence(self, resource: Resource) -> int:
        patience, cluster = Patience(0.0), Pacemaker(self.run)
        request = Request("r0", "n1", "n2")
        handler = Handler(request, cluster, lambda: resource, patience, lambda _: None)
        return handler.fence("resource-and-stonith", 0.0, lambda: None)


@pytest.fixture
def primary() -> Resource:
    resource = Resource("r0", "Primary", "fencing")
    resource.volumes[0] = Volume(0, 0, "UpToDate", 64, is_client=False, has_quorum=True)
    return resource


@pytest.mark.parametrize(
    ("peer", "is_online", "is_dead"),
    [(_THERE, True, False), (_LOST, False, False), (_FENCED, False, True)],
)
def test_the_peers_standing_is_what_pacemaker_makes_of_it(
    tmp_path: Path, peer: dict[str, str], is_online: bool, is_dead: bool
) -> None:
    standing = Pacemaker(Configuration(tmp_path, peer).run).look()
    assert standing.is_online("n2") == is_online
    assert standing.is_dead("n2") == is_dead
    assert standing.fences
    assert standing.is_promoted("disk-clone", "n1")
    assert not standing.is_promoted("disk-clone", "n2")


def test_a_peer_that_is_off_is_5_and_its_constraint_comes_and_goes_alone(
    tmp_path: Path, primary: Resource
) -> None:
    configuration = Configuration(tmp_path, _FENCED)
    before = _constraints(configuration)
    for _ in range(2):
        assert configuration.fence(primary) == 5  # no file holds a history that tells of a fencing
    assert _constraints(configuration) == {*before, name_constraint("r0", "n2")}
    for _ in range(2):
        assert configuration.run(deletion("r0", "n2"))[0] == 0
    assert _constraints(configuration) == before == {"somebodys"}


def test_all_constraints_of_one_resource_go_at_once(tmp_path: Path) -> None:
    configuration = Configuration(tmp_path, _THERE)
    cluster = Pacemaker(configuration.run)
    for resource in ("r0", "r01", "r0.x", "it's"):
        for node in ("n1", "n2"):
            cluster.forbid("disk-clone", resource, node)
    for _ in range(2):
        assert configuration.run(deletion_of_all("r0"))[0] == 0
    left = {name_constraint(one, node) for one in ("r01", "r0.x", "it's") for node in ("n1", "n2")}
    assert _constraints(configuration) == {"somebodys", *left}
    assert configuration.run(deletion_of_all("it's"))[0] == 0
    assert name_constraint("it's", "n1") not in _constraints(configuration)


def _constraints(configuration: Configuration) -> set[str]:
    from lxml import etree

    root = etree.parse(str(configuration.path)).getroot()
    return {one.get("id", "") for one in root.iter("rsc_location")}
