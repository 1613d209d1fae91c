"""An example CIB is laid over the lab's own part, and never under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.lab.cib import Merged, merge, name_agents, read_configuration, seed
from ocf_py.lab.errors import LabError
from ocf_py.lab.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = b"""<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.8" epoch="0" num_updates="0"
 admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration>
 <status/></cib>"""


@pytest.fixture
def live() -> etree._Element:
    """A lab's configuration with a resource that an earlier example left."""
    cib = etree.fromstring(seed(Settings(), EMPTY))
    configuration = cib.find("configuration")
    assert configuration is not None
    for section, element in (
        ("nodes", etree.Element("node", id="1", uname="n1")),
        ("resources", etree.Element("primitive", id="old", type="Dummy")),
        ("constraints", etree.Element("rsc_location", id="old-place")),
    ):
        found = configuration.find(section)
        assert found is not None
        found.append(element)
    return cib


def write(folder: Path, text: str) -> Path:
    file = folder / "example.xml"
    file.write_text(text)
    return file


def ids(document: bytes, path: str) -> list[str | None]:
    return [element.get("id") for element in etree.fromstring(document).iterfind(path)]


def test_the_seed_keeps_the_feature_set_of_the_installed_pacemaker() -> None:
    cib = etree.fromstring(seed(Settings(), EMPTY))
    assert cib.get("crm_feature_set") == "3.16.1"
    assert cib.get("epoch") == "1"


def test_guests_are_not_throttled_whatever_a_cib_says(tmp_path: Path) -> None:
    example = read_configuration(
        write(
            tmp_path,
            '<configuration><crm_config><cluster_property_set id="own">'
            '<nvpair id="t" name="load-threshold" value="80%"/></cluster_property_set>'
            "</crm_config></configuration>",
        )
    )
    for kind, values in (("vm", ["1000%"]), ("namespaces", ["80%"])):
        cib = etree.fromstring(seed(Settings(kind=kind), EMPTY))
        found = merge(cib, example).configuration.iterfind(".//nvpair[@name='load-threshold']")
        assert [pair.get("value") for pair in found] == values


def test_the_seed_has_fencing_for_every_node_and_a_delay_for_the_first() -> None:
    document = seed(Settings(nodes=3), EMPTY)
    devices = ["fence-n1", "fence-n2", "fence-n3"]
    assert ids(document, "configuration/resources/primitive") == devices
    pairs = etree.fromstring(document).iterfind(".//nvpair[@name='pcmk_delay_base']")
    assert [pair.get("value") for pair in pairs] == ["n1:1s"]


def test_merging_keeps_the_lab_s_part_and_replaces_the_rest(
    tmp_path: Path, live: etree._Element
) -> None:
    example = read_configuration(
        write(
            tmp_path,
            "<configuration><crm_config/><nodes/>"
            "<resources><!-- ours --><primitive id='new' type='Dummy'/></resources>"
            "<constraints/><rsc_defaults id='defaults'/></configuration>",
        )
    )
    merged = etree.tostring(merge(live, example).configuration)
    assert ids(merged, "resources/primitive") == ["fence-n1", "fence-n2", "new"]
    assert ids(merged, "constraints/*") == []
    assert ids(merged, "nodes/node") == ["1"]
    assert ids(merged, "rsc_defaults") == ["defaults"]


def merge_text(folder: Path, live: etree._Element, inside: str) -> Merged:
    text = f"<configuration>{inside}</configuration>"
    return merge(live, read_configuration(write(folder, text)))


def properties(merged: Merged) -> list[tuple[str | None, str | None]]:
    pairs = merged.configuration.findall("crm_config//nvpair")
    return sorted((pair.get("name"), pair.get("value")) for pair in pairs)


LAB_PROPERTIES = [("cluster-name", "lab"), ("dc-deadtime", "1s")]


@pytest.mark.parametrize("set_id", ["cib-bootstrap-options", "mine"])
def test_an_example_cannot_switch_the_lab_s_fencing_off(
    tmp_path: Path, live: etree._Element, set_id: str
) -> None:
    merged = merge_text(
        tmp_path,
        live,
        f"<crm_config><cluster_property_set id='{set_id}'>"
        "<nvpair id='a' name='stonith-enabled' value='false'/>"
        "<nvpair id='b' name='no-quorum-policy' value='freeze'/>"
        "<nvpair id='c' name='dc-version' value='1.0'/>"
        "<nvpair id='d' name='cluster-name' value='lab'/>"
        "</cluster_property_set></crm_config>",
    )
    assert properties(merged) == [
        *LAB_PROPERTIES,
        ("no-quorum-policy", "freeze"),
        ("stonith-enabled", "true"),
    ]
    assert merged.left_out == [
        "cluster property stonith-enabled=false: the lab needs stonith-enabled=true"
    ]


def test_a_property_of_an_earlier_example_does_not_stay(
    tmp_path: Path, live: etree._Element
) -> None:
    inside = (
        "<crm_config><cluster_property_set id='cib-bootstrap-options'>"
        "<nvpair id='q' name='no-quorum-policy' value='{}'/></cluster_property_set></crm_config>"
    )
    earlier = merge_text(tmp_path, live, inside.format("freeze")).configuration
    fresh = live.find("configuration")
    assert fresh is not None
    live.replace(fresh, earlier)
    later = merge_text(tmp_path, live, inside.format("stop"))
    expected = [*LAB_PROPERTIES, ("no-quorum-policy", "stop"), ("stonith-enabled", "true")]
    assert properties(later) == expected


def test_a_rule_cannot_limit_the_lab_s_properties(tmp_path: Path, live: etree._Element) -> None:
    merged = merge_text(
        tmp_path,
        live,
        "<crm_config><cluster_property_set id='cib-bootstrap-options'><rule id='r'/>"
        "</cluster_property_set></crm_config>",
    )
    assert merged.configuration.find(".//rule") is None
    assert len(merged.left_out) == 1


@pytest.mark.parametrize("tag", ["primitive", "group"])
def test_a_resource_called_as_a_fence_device_is_left_out_aloud(
    tmp_path: Path, live: etree._Element, tag: str
) -> None:
    merged = merge_text(
        tmp_path,
        live,
        f"<nodes><node id='7'/></nodes><resources><{tag} id='fence-n1'/></resources>",
    )
    document = etree.tostring(merged.configuration)
    assert ids(document, "resources/*") == ["fence-n1", "fence-n2"]
    assert ids(document, "nodes/*") == ["1"]
    assert merged.left_out == [
        "nodes: the lab has its own",
        f"{tag} fence-n1: the lab's own fence device stays",
    ]


def test_the_room_that_an_example_gives_a_node_is_taken_and_goes_with_the_next_example(
    tmp_path: Path, live: etree._Element
) -> None:
    inside = (
        "<nodes><node id='9' uname='n1'><utilization id='u{0}'>"
        "<nvpair id='m{0}' name='memory' value='{0}'/></utilization></node></nodes>"
    )
    earlier = merge_text(tmp_path, live, inside.format(4096))
    assert earlier.left_out == []
    fresh = live.find("configuration")
    assert fresh is not None
    live.replace(fresh, earlier.configuration)
    later = merge_text(tmp_path, live, inside.format(512))
    (node,) = later.configuration.findall("nodes/node")
    assert (node.get("id"), node.get("uname")) == ("1", "n1")
    assert [pair.get("value") for pair in node.findall("utilization/nvpair")] == ["512"]


def test_a_node_s_attributes_are_taken_and_go_with_the_next_example(
    tmp_path: Path, live: etree._Element
) -> None:
    node = (
        "<nodes><node id='2' uname='n1'><instance_attributes id='nodes-2'>"
        "<nvpair id='nodes-2-site' name='#site' value='a'/></instance_attributes></node></nodes>"
    )
    earlier = merge_text(tmp_path, live, node)
    assert earlier.left_out == []
    document = etree.tostring(earlier.configuration)
    assert ids(document, "nodes/node[@id='1']/instance_attributes") == ["nodes-1"]
    assert ids(document, "nodes/node[@id='1']//nvpair") == ["nodes-1-_site"]
    fresh = live.find("configuration")
    assert fresh is not None
    live.replace(fresh, earlier.configuration)
    later = merge_text(tmp_path, live, "")
    assert later.configuration.find("nodes/node/*") is None


@pytest.mark.parametrize(
    "node", ["<node id='1' uname='n7'/>", "<node id='1' uname='n1'><meta_attributes/></node>"]
)
def test_what_else_an_example_says_of_nodes_is_left_out_aloud(
    tmp_path: Path, live: etree._Element, node: str
) -> None:
    merged = merge_text(tmp_path, live, f"<nodes>{node}</nodes>")
    assert merged.left_out == ["nodes: the lab has its own"]
    assert merged.configuration.find("nodes/node/*") is None


def test_an_earlier_example_s_own_fence_device_does_not_stay(
    tmp_path: Path, live: etree._Element
) -> None:
    ipmi = etree.Element("primitive", {"id": "ipmi", "class": "stonith", "type": "fence_ipmilan"})
    resources = live.find("configuration/resources")
    assert resources is not None
    resources.append(ipmi)
    document = etree.tostring(merge_text(tmp_path, live, "").configuration)
    assert ids(document, "resources/*") == ["fence-n1", "fence-n2"]


def test_an_example_s_own_fence_device_is_left_out_aloud(
    tmp_path: Path, live: etree._Element
) -> None:
    merged = merge_text(
        tmp_path,
        live,
        "<resources><primitive id='ipmi' class='stonith' type='fence_ipmilan'/></resources>"
        "<constraints><rsc_location id='l' rsc='ipmi' node='n1' score='1'/></constraints>",
    )
    document = etree.tostring(merged.configuration)
    assert ids(document, "resources/*") == ["fence-n1", "fence-n2"]
    assert ids(document, "constraints/*") == []
    assert merged.left_out == [
        "fence devices: ipmi: fencing is the lab's own",
        "constraints of fence devices: l: fencing is the lab's own",
    ]


def test_every_ocf_agent_is_named_once_with_who_needs_it() -> None:
    configuration = etree.fromstring(
        "<configuration><resources><group id='g'>"
        "<primitive id='a' class='ocf' provider='ocfpy' type='IPaddr'/>"
        "<primitive id='b' class='ocf' provider='ocfpy' type='IPaddr'/></group>"
        "<template id='t' class='ocf' provider='heartbeat' type='Dummy'/>"
        "<primitive id='s' class='systemd' type='sshd'/></resources></configuration>"
    )
    assert name_agents(configuration) == {"ocfpy/IPaddr": "a", "heartbeat/Dummy": "t"}


def test_another_provider_plays_our_part(tmp_path: Path) -> None:
    text = "<configuration><resources><primitive id='vip' provider='ocfpy' type='IPaddr'/>"
    example = read_configuration(
        write(tmp_path, f"{text}</resources></configuration>"), "heartbeat"
    )
    primitive = example.find("resources/primitive")
    assert primitive is not None
    assert (primitive.get("provider"), primitive.get("type")) == ("heartbeat", "IPaddr2")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("<configuration>", "is no XML"), ("<x/>", "neither <configuration> nor <cib>")],
)
def test_a_file_that_is_no_cib_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        read_configuration(write(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"cannot read the CIB .*nowhere\.xml"):
        read_configuration(tmp_path / "nowhere.xml")
