"""What a CIB says of its own cluster's fencing never comes into a lab."""

from __future__ import annotations

import pytest
from lxml import etree

from ocf_py.rehearsal.fitting import fit

VIP = '<primitive id="vip" class="ocf" provider="ocfpy" type="Dummy"/>'
IPMI = '<primitive id="ipmi" class="stonith" type="fence_ipmilan"/>'
BY_TEMPLATE = '<primitive id="ipmi" template="shooters"/>'
TEMPLATE = '<template id="shooters" class="stonith" type="fence_ipmilan"/>'


def fit_text(
    resources: str, constraints: str = "", further: str = "", properties: str = ""
) -> tuple[etree._Element, list[str]]:
    configuration = etree.fromstring(
        f'<configuration><crm_config><cluster_property_set id="p">{properties}'
        f"</cluster_property_set></crm_config><nodes/><resources>{VIP}{resources}</resources>"
        f"<constraints>{constraints}</constraints>{further}</configuration>"
    )
    return fit(configuration, ["n1", "n2"], "/alert")


@pytest.mark.parametrize(
    ("resources", "notes"),
    [
        (IPMI, ["fence devices: ipmi"]),
        (f'<clone id="everywhere">{IPMI}</clone>', ["fence devices: ipmi"]),
        (f'<clone id="c"><group id="g">{IPMI}</group></clone>', ["fence devices: ipmi"]),
        (TEMPLATE + BY_TEMPLATE, ["fence devices: ipmi", "templates of fence devices: shooters"]),
    ],
)
def test_a_fence_device_goes_with_all_that_is_around_it(resources: str, notes: list[str]) -> None:
    fitted, told = fit_text(resources)
    assert [one.get("id") for one in fitted.findall("resources/*")] == ["vip"]
    assert told == [f"{note}: fencing is the lab's own" for note in notes]


def test_a_group_that_has_more_in_it_stays() -> None:
    fitted, _ = fit_text(
        f'<group id="g">{IPMI}<primitive id="app" class="systemd" type="x"/></group>'
    )
    assert [one.get("id") for one in fitted.findall("resources/group/*")] == ["app"]


def test_what_names_a_fence_device_goes_with_it() -> None:
    fitted, told = fit_text(
        f'<clone id="everywhere">{IPMI}</clone>',
        '<rsc_location id="not-on-n1" rsc="ipmi" node="n1" score="-INFINITY"/>'
        '<rsc_order id="after" first="everywhere" then="vip"/>'
        '<rsc_order id="sets"><resource_set id="s"><resource_ref id="ipmi"/></resource_set>'
        '<resource_set id="t"><resource_ref id="vip"/></resource_set></rsc_order>'
        '<rsc_location id="all" node="n2" score="1"><resource_set id="u">'
        '<resource_ref id="everywhere"/></resource_set></rsc_location>'
        '<rsc_location id="tagged" rsc="shooters" node="n2" score="1"/>'
        '<rsc_location id="mine" rsc="vip" node="n2" score="1"/>',
        '<tags><tag id="shooters"><obj_ref id="ipmi"/></tag></tags>',
    )
    assert [one.get("id") for one in fitted.findall("constraints/*")] == ["sets", "mine"]
    assert [one.get("id") for one in fitted.findall(".//resource_set")] == ["t"]
    assert fitted.find("tags/tag") is None
    assert told[1] == (
        "constraints of fence devices: not-on-n1, after, all, tagged: fencing is the lab's own"
    )


def test_topology_and_acls_are_left_out_aloud() -> None:
    fitted, told = fit_text(
        "",
        further='<fencing-topology><fencing-level id="l" target="n1" index="1" devices="ipmi"/>'
        '</fencing-topology><acls><acl_role id="r"/></acls>',
    )
    assert (fitted.find("fencing-topology"), fitted.find("acls")) == (None, None)
    assert told == [
        "fencing-topology: fencing is the lab's own",
        "acls: nobody but root is in the lab",
    ]


def test_properties_of_fencing_are_left_out_but_who_is_to_wait_stays() -> None:
    names = ("stonith-watchdog-timeout", "fence-reaction", "priority-fencing-delay", "batch-limit")
    pairs = "".join(f'<nvpair id="p-{name}" name="{name}" value="10"/>' for name in names)
    fitted, told = fit_text("", properties=pairs)
    kept = [one.get("name") for one in fitted.findall("crm_config//nvpair")]
    assert kept == ["priority-fencing-delay", "batch-limit"]
    assert told == [
        "cluster properties stonith-watchdog-timeout, fence-reaction: fencing is the lab's own"
    ]
