"""One may change from ocf:heartbeat:IPaddr2 without losing anything: both are asked the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from ipaddr import IPaddr
from tests.ipaddr.world import V4, V6, V32

if TYPE_CHECKING:
    from tests.kernel.world import KernelWorld

IPADDR2 = Path("/usr/lib/ocf/resource.d/heartbeat/IPaddr2")
REFERENCE = Path(__file__).parents[2] / "docs/reference/ipaddr.md"


def test_every_parameter_is_taken_over_or_named_as_left_out() -> None:
    told = subprocess.run(
        [IPADDR2, "meta-data"],
        env={**os.environ, "OCF_ROOT": "/usr/lib/ocf"},
        capture_output=True,
        check=True,
    )
    theirs = {str(one.get("name")) for one in etree.fromstring(told.stdout).iter("parameter")}
    assert len(theirs) > 20
    _, _, left_out = REFERENCE.read_text().partition("\nLeft out, ")
    missing = theirs - set(IPaddr.ocf_parameters)
    assert missing == {name for name in theirs if f"`{name}`" in left_out}


@pytest.mark.parametrize(
    "asked",
    [
        {"ip": V4},
        {"ip": V4, "nic": "eth0", "cidr_netmask": "24"},
        {"ip": V4, "nic": "eth1", "cidr_netmask": "255.255.255.240"},
        {"ip": V4, "cidr_netmask": "32"},
        {"ip": V4, "nic": "eth0", "cidr_netmask": "25", "broadcast": "192.0.2.99"},
        {"ip": V4, "iflabel": "vip"},
        {"ip": V4, "nic": "eth0:old"},
        {"ip": V4, "nic": "eth0", "cidr_netmask": "24", "noprefixroute": "true"},
        {"ip": V4, "lvs_support": "true"},
        {"ip": V6, "nic": "eth0", "cidr_netmask": "64"},
        {"ip": V6, "nic": "eth0", "cidr_netmask": "64", "nodad": "true", "preferred_lft": "0"},
        {"ip": V6, "nic": "eth0", "cidr_netmask": "64", "noprefixroute": "true"},
    ],
    ids=lambda asked: ",".join(f"{name}={value}" for name, value in asked.items()),
)
def test_the_same_parameters_give_the_same_address(
    world: KernelWorld, asked: dict[str, Any]
) -> None:
    if ":" not in asked["ip"]:  # without it, IPaddr2 sets none with the ip(8) of today
        asked = {"broadcast": "+", **asked}
    world.add("lo", V32)
    before = look(world)
    (world.sandbox.root / "run/resource-agents").mkdir(mode=0o1755)

    def theirs(action: str) -> int:
        # Its announcements are not the question, and would only take their time.
        variables = {f"OCF_RESKEY_{name}": value for name, value in asked.items()}
        answer = world.sandbox.run(
            [IPADDR2, action],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "OCF_ROOT": "/usr/lib/ocf",
                "OCF_RESOURCE_INSTANCE": "vip",
                "OCF_RESKEY_CRM_meta_timeout": "20000",
                "OCF_RESKEY_arp_count": "1",
                "HA_LOGFACILITY": "none",
                **variables,
            },
        )
        return answer.returncode

    assert theirs("start") == 0
    with_theirs = look(world)
    assert theirs("monitor") == 0
    assert world.call("monitor", **asked) == 0, "what one has brought up the other knows"
    assert world.call("stop", **asked) == 0
    without = look(world)
    assert world.call("start", **asked) == 0, world.reason
    assert look(world) == with_theirs
    assert theirs("monitor") == 0
    assert world.call("stop", **asked) == 0
    assert look(world) == without
    if asked.get("lvs_support") is None:
        assert without == before


def look(world: KernelWorld) -> Any:
    """All addresses with all that is said of them, and the routes of both families."""
    addresses = {link: world.addresses(link) for link in ("lo", "eth0", "eth1")}
    for every in addresses.values():
        for one in [name for name in every if name.startswith("fe80")]:
            del every[one]
    routes = [world.ip(family, "route", "show", "table", "main") for family in ("-4", "-6")]
    return addresses, routes
