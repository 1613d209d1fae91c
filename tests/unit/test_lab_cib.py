"""An example CIB is laid over the lab's own part, and never under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.lab.cib import merge, read_configuration, seed
from ocf_py.lab.errors import LabError
from ocf_py.lab.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = b"""<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.8" epoch="0" num_updates="0"
 admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration>
 <status/></cib>"""


@pytest.fixture
def live() -> bytes:
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
    return etree.tostring(configuration)


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


def test_the_seed_has_fencing_for_every_node_and_a_delay_for_the_first() -> None:
    document = seed(Settings(nodes=3), EMPTY)
    devices = ["fence-n1", "fence-n2", "fence-n3"]
    assert ids(document, "configuration/resources/primitive") == devices
    pairs = etree.fromstring(document).iterfind(".//nvpair[@name='pcmk_delay_base']")
    assert [pair.get("value") for pair in pairs] == ["n1:1s"]


def test_merging_keeps_the_lab_s_part_and_replaces_the_rest(tmp_path: Path, live: bytes) -> None:
    example = read_configuration(
        write(
            tmp_path,
            "<configuration><crm_config/><nodes/>"
            "<resources><!-- ours --><primitive id='new' type='Dummy'/></resources>"
            "<constraints/><rsc_defaults id='defaults'/></configuration>",
        )
    )
    merged = merge(live, example)
    assert ids(merged, "resources/primitive") == ["fence-n1", "fence-n2", "new"]
    assert ids(merged, "constraints/*") == []
    assert ids(merged, "nodes/node") == ["1"]
    assert ids(merged, "rsc_defaults") == ["defaults"]


def test_an_example_cannot_switch_the_lab_s_fencing_off(tmp_path: Path, live: bytes) -> None:
    example = read_configuration(
        write(
            tmp_path,
            "<configuration><crm_config><cluster_property_set id='cib-bootstrap-options'>"
            "<nvpair id='a' name='stonith-enabled' value='false'/>"
            "<nvpair id='b' name='no-quorum-policy' value='freeze'/>"
            "</cluster_property_set></crm_config></configuration>",
        )
    )
    pairs = etree.fromstring(merge(live, example)).findall("crm_config//nvpair")
    values = {pair.get("name"): pair.get("value") for pair in pairs}
    assert values["stonith-enabled"] == "true"
    assert values["no-quorum-policy"] == "freeze"


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
