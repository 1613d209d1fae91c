"""A resource gets another name where it is meant, and nowhere else."""

from __future__ import annotations

from lxml import etree

from ocf_py.cib.references import rename_resource


def test_a_resource_is_renamed_wherever_it_is_named_and_nothing_else_is() -> None:
    before = (
        '<configuration><nodes><node id="1" uname="ip"/></nodes><resources><group id="g">'
        '<primitive id="{0}" class="ocf" provider="ocfpy" type="IPaddr">'
        '<instance_attributes id="ip-a"><nvpair id="ip-b" name="ip" value="10.77.2.9"/>'
        '<nvpair id="ip-c" name="nic" value="ip"/></instance_attributes><operations>'
        '<op id="ip-monitor" name="monitor" interval="5s"/></operations></primitive></group>'
        '<primitive id="b" class="ocf" provider="ocfpy" type="Dummy"/></resources><constraints>'
        '<rsc_location id="l" rsc="{0}" node="ip" score="1"/>'
        '<rsc_colocation id="c" rsc="b" with-rsc="{0}"/><rsc_order id="o" first="{0}" then="b"/>'
        '<rsc_order id="s"><resource_set id="t"><resource_ref id="{0}"/></resource_set>'
        '</rsc_order><rsc_ticket id="k" rsc="{0}" ticket="ip"/></constraints>'
        '<tags><tag id="all"><obj_ref id="{0}"/></tag></tags></configuration>'
    )
    configuration = etree.fromstring(before.format("ip"))
    rename_resource(configuration, "ip", "ip-renamed")
    assert etree.tostring(configuration).decode() == before.format("ip-renamed")
    rename_resource(configuration, "ip-renamed", "ip")
    assert etree.tostring(configuration).decode() == before.format("ip")
