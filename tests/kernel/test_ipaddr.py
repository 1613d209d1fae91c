"""The installed IPaddr on a real kernel: pyroute2 sees what it holds, a peer hears what it says."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from pyroute2 import IPRoute

from tests.kernel.inside import inside, witness

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox
    from tests.kernel.ear import Ear

V4 = "192.0.2.10"
V6 = "2001:db8::a1"
BASE = "192.0.2.1/24"


class Node:
    """The host under test, and its calls of the agent."""

    def __init__(self, sandbox: Sandbox, agents: Path) -> None:
        self.sandbox = sandbox
        self.agent = agents / "IPaddr"
        self.reason = ""

    def ip(self, *words: str) -> None:
        self.sandbox.run(["ip", *words], check=True)

    def __call__(self, action: str, *, interval: int = 0, level: int = 0, **parameters: Any) -> int:
        variables = {f"OCF_RESKEY_{name}": str(value) for name, value in parameters.items()}
        answer = self.sandbox.run(
            [self.agent, action],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "OCF_RESOURCE_INSTANCE": "vip",
                "OCF_RESKEY_CRM_meta_timeout": "20000",
                "OCF_RESKEY_CRM_meta_interval": str(interval),
                "OCF_CHECK_LEVEL": str(level),
                **variables,
            },
        )
        assert "Traceback" not in answer.stderr
        self.reason = answer.stderr.strip().removeprefix("ocf-exit-reason:")
        return answer.returncode

    def held(self, link: str = "eth0", family: int = socket.AF_INET) -> dict[str, dict[str, Any]]:
        return inside(self.sandbox, lambda: witness(link, family))

    def v6(self, link: str = "eth0") -> list[str]:
        return [name for name in self.held(link, socket.AF_INET6) if not name.startswith("fe80")]

    def announcers(self) -> list[str]:
        lines = self.sandbox.run(["ps", "-eo", "args"], check=True).stdout.splitlines()
        return [line for line in lines if "ocf_py.system.announcer" in line]


@pytest.fixture
def node(sandbox: Sandbox, installed_agents: Path) -> Node:
    """A host with a base address on eth0 and a second interface, eth1, with one too."""
    made = Node(sandbox, installed_agents)
    made.ip("addr", "add", BASE, "dev", "eth0")
    made.ip("link", "add", "eth1", "type", "veth", "peer", "name", "far1")
    made.ip("link", "set", "far1", "up")
    made.ip("link", "set", "eth1", "up")
    made.ip("addr", "add", "198.51.100.1/24", "dev", "eth1")
    return made


class TestIPv4:
    def test_the_route_gives_interface_and_prefix(self, node: Node) -> None:
        assert node("start", ip=V4) == 0
        assert node.held()[f"{V4}/24"]["broadcast"] == "192.0.2.255"
        assert node("monitor", ip=V4) == 0
        assert node("stop", ip=V4) == 0
        assert set(node.held()) == {BASE}
        assert node("monitor", ip=V4) == 7

    def test_what_is_asked_for_is_what_the_kernel_holds(self, node: Node) -> None:
        asked: dict[str, Any] = {
            "ip": V4,
            "nic": "eth1",
            "cidr_netmask": "255.255.255.240",
            "broadcast": "192.0.2.14",
            "iflabel": "vip",
        }
        assert node("start", **asked) == 0
        held = node.held("eth1")[f"{V4}/28"]
        assert (held["label"], held["broadcast"]) == ("eth1:vip", "192.0.2.14")
        assert node("monitor", **asked) == 0

    @pytest.mark.parametrize(
        ("prefix", "broadcast", "seen"),
        [(24, "-", None), (32, "+", None), (31, "+", None), (30, "+", "192.0.2.11")],
    )
    def test_the_broadcast_address(
        self, node: Node, prefix: int, broadcast: str, seen: str | None
    ) -> None:
        assert node("start", ip=V4, nic="eth0", cidr_netmask=prefix, broadcast=broadcast) == 0
        assert node.held()[f"{V4}/{prefix}"]["broadcast"] == seen

    def test_an_interface_that_is_down_is_set_up(self, node: Node) -> None:
        node.ip("link", "set", "eth1", "down")
        assert node("start", ip=V4, nic="eth1", cidr_netmask=24) == 0
        with_flags = node.sandbox.run(["ip", "-br", "link", "show", "eth1"], check=True).stdout
        assert "UP" in with_flags

    def test_the_peer_hears_every_announcement_and_the_first_before_start_returns(
        self, node: Node, ear: Ear
    ) -> None:
        assert node("start", ip=V4, arp_count=3, arp_interval="100ms") == 0
        assert len(ear.frames(0.05)) >= 2, "a request and a reply"
        (announcer,) = node.announcers() or [""]
        assert V4 in announcer
        assert len(ear.frames(10, enough=4)) == 4

    def test_nothing_is_announced_where_the_count_is_0(self, node: Node, ear: Ear) -> None:
        assert node("start", ip=V4, arp_count=0) == 0
        assert ear.frames(0.5) == []
        assert node.announcers() == []

    def test_the_announcer_ends_with_stop(self, node: Node, ear: Ear) -> None:
        assert node("start", ip=V4, arp_count=1000, arp_interval="50ms") == 0
        assert len(node.announcers()) == 1
        assert node("stop", ip=V4) == 0
        assert node.announcers() == []
        ear.frames(0.1)
        assert ear.frames(0.5) == []

    def test_the_announcer_ends_when_the_address_has_gone(self, node: Node) -> None:
        assert node("start", ip=V4, arp_count=1000, arp_interval="50ms") == 0
        node.ip("addr", "del", f"{V4}/24", "dev", "eth0")
        end = time.monotonic() + 20
        while node.announcers():
            assert time.monotonic() < end, "the announcer outlives its address"
            time.sleep(0.05)


class TestIPv6:
    def test_the_route_gives_interface_and_prefix(self, node: Node) -> None:
        node.ip("addr", "add", "2001:db8::1/64", "dev", "eth0", "nodad")
        assert node("start", ip="2001:DB8::0A1") == 0
        assert f"{V6}/64" in node.v6()
        assert node("monitor", ip="2001:db8:0:0::a1") == 0
        assert node("stop", ip=V6) == 0
        assert node.v6() == ["2001:db8::1/64"]

    def test_start_returns_when_the_address_can_be_used(self, node: Node, ear: Ear) -> None:
        assert node("start", ip=V6, nic="eth0", cidr_netmask=64, arp_count=1) == 0
        tentative = 0x40
        assert not node.held("eth0", socket.AF_INET6)[f"{V6}/64"]["flags"] & tentative
        (frame,) = ear.frames(5, enough=1)
        assert frame[22:38] == socket.inet_pton(socket.AF_INET6, V6)  # its source is the address

    def test_a_duplicate_is_refused_and_cleaned_up(self, node: Node, peer: Sandbox) -> None:
        peer.run(["ip", "addr", "add", f"{V6}/64", "dev", "eth0", "nodad"], check=True)
        assert node("start", ip=V6, nic="eth0", cidr_netmask=64) == 1
        assert node.reason.startswith(f"another host on eth0 holds {V6}")
        assert node.v6() == []
        assert node("stop", ip=V6, nic="eth0", cidr_netmask=64) == 0

    def test_a_link_that_never_had_a_carrier_fails_with_its_reason(self, node: Node) -> None:
        node.ip("link", "add", "eth2", "type", "veth", "peer", "name", "far2")
        code = node("start", ip=V6, nic="eth2", cidr_netmask=64, CRM_meta_timeout=4000)
        assert code == 1
        assert node.reason.startswith("eth2 has no carrier")
        assert node.v6("eth2") == []


@pytest.mark.parametrize(
    ("ip", "network"), [(V4, BASE), (V6, "2001:db8::1/64")], ids=["IPv4", "IPv6"]
)
class TestStop:
    def test_does_not_need_the_route_it_was_started_by(
        self, node: Node, ip: str, network: str
    ) -> None:
        node.ip("addr", "replace", network, "dev", "eth0")
        assert node("start", ip=ip, cidr_netmask=128 if ":" in ip else 32) == 0
        node.ip("addr", "del", network, "dev", "eth0")
        node.ip("route", "flush", "table", "main")
        assert node("stop", ip=ip) == 0
        assert not [name for name in [*node.held(), *node.v6()] if name.startswith(f"{ip}/")]

    def test_needs_no_parameters(self, node: Node, ip: str, network: str) -> None:
        node.ip("addr", "replace", network, "dev", "eth0")
        assert node("start", ip=ip) == 0
        assert node("stop") == 0
        assert node("monitor", ip=ip) == 7
        assert node("stop") == 0

    def test_finds_the_address_where_somebody_has_moved_it(
        self, node: Node, ip: str, network: str
    ) -> None:
        node.ip("addr", "replace", network, "dev", "eth0")
        assert node("start", ip=ip) == 0
        bits = 128 if ":" in ip else 32
        node.ip("addr", "del", f"{ip}/{network.rpartition('/')[2]}", "dev", "eth0")
        node.ip("addr", "add", f"{ip}/{bits}", "dev", "eth1", *(["nodad"] * (bits == 128)))
        assert node("monitor", ip=ip, interval=10_000) == 0
        assert node("stop", ip=ip) == 0
        assert node("monitor", ip=ip) == 7

    def test_leaves_the_loopback_alone(self, node: Node, ip: str, network: str) -> None:
        bits = 128 if ":" in ip else 32
        node.ip("addr", "add", f"{ip}/{bits}", "dev", "lo")
        assert node("monitor", ip=ip) == 7
        assert node("stop", ip=ip) == 0
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        assert f"{ip}/{bits}" in node.held("lo", family)

    def test_leaves_the_neighbours_alone(self, node: Node, ip: str, network: str) -> None:
        node.ip("addr", "replace", network, "dev", "eth0")
        sibling = "192.0.2.11/24" if "." in ip else "2001:db8::a2/64"
        node.ip("addr", "add", sibling, "dev", "eth0")
        assert node("start", ip=ip) == 0
        assert node("stop", ip=ip) == 0
        assert {network, sibling} <= {*node.held(), *node.v6()}


def test_removing_a_primary_leaves_its_secondaries(node: Node) -> None:
    assert node("start", ip="203.0.113.10", nic="eth0", cidr_netmask=24) == 0
    node.ip("addr", "add", "203.0.113.11/24", "dev", "eth0")
    assert node("stop", ip="203.0.113.10", nic="eth0", cidr_netmask=24) == 0
    assert set(node.held()) == {BASE, "203.0.113.11/24"}


# what is on eth0 and eth1, what is asked for → probe, recurring monitor, start, stop; then what
# eth0 and eth1 hold after start, and after stop
V24, V32 = f"{V4}/24", f"{V4}/32"
JUDGED: list[tuple[Any, ...]] = [
    ([], [], {}, 7, 7, 0, 0, [V24], [], [], []),
    ([V24], [], {}, 0, 0, 0, 0, [V24], [], [], []),
    ([], [V24], {}, 0, 0, 0, 0, [], [V24], [], []),
    ([V32], [], {"cidr_netmask": 24}, 1, 1, 0, 0, [V24], [], [], []),
    ([V24], [], {"iflabel": "x"}, 1, 1, 0, 0, [V24], [], [], []),
    ([], [V24], {"nic": "eth0"}, 7, 7, 0, 0, [V24], [V24], [], [V24]),
    ([V24], [], {"nic": "eth0"}, 0, 0, 0, 0, [V24], [], [], []),
    ([V24, V32], [], {"cidr_netmask": 24}, 0, 0, 0, 0, [V24, V32], [], [], []),
]


@pytest.mark.parametrize(
    ("eth0", "eth1", "asked", "probe", "recurring", "start", "stop", *"abcd"), JUDGED
)
def test_what_is_there_is_judged_by_what_was_asked(  # noqa: PLR0913, PLR0917 - a table
    node: Node,
    eth0: list[str],
    eth1: list[str],
    asked: dict[str, Any],
    probe: int,
    recurring: int,
    start: int,
    stop: int,
    a: list[str],
    b: list[str],
    c: list[str],
    d: list[str],
) -> None:
    def after() -> tuple[set[str], set[str]]:
        return set(node.held()) - {BASE}, set(node.held("eth1")) - {"198.51.100.1/24"}

    for link, names in (("eth0", eth0), ("eth1", eth1)):
        for name in names:
            node.ip("addr", "add", name, "dev", link)
    assert node("monitor", ip=V4, **asked) == probe
    assert node("monitor", ip=V4, interval=10_000, **asked) == recurring
    assert node("start", ip=V4, **asked) == start
    assert after() == (set(a), set(b))
    assert node("monitor", ip=V4, interval=10_000, **asked) == 0
    assert node("stop", ip=V4, **asked) == stop
    assert after() == (set(c), set(d))


def test_an_address_on_a_link_that_is_down_is_there_but_serves_nobody(node: Node) -> None:
    assert node("start", ip=V4, nic="eth1", cidr_netmask=24) == 0
    node.ip("link", "set", "eth1", "down")
    assert node("monitor", ip=V4, nic="eth1", cidr_netmask=24) == 0
    assert node("monitor", ip=V4, nic="eth1", cidr_netmask=24, interval=10_000) == 1
    assert node.reason == f"eth1 is down, so that nobody reaches {V4} there"
    assert node("start", ip=V4, nic="eth1", cidr_netmask=24) == 0


def test_an_address_that_was_deleted_by_hand_comes_back(node: Node) -> None:
    assert node("start", ip=V4) == 0
    node.ip("addr", "del", V24, "dev", "eth0")
    assert node("monitor", ip=V4, interval=10_000) == 7
    assert node("stop", ip=V4) == 0
    assert node("start", ip=V4) == 0
    assert V24 in node.held()


@pytest.mark.parametrize(
    ("asked", "code", "reason"),
    [
        ({"ip": "192.0.2"}, 6, "ip='192.0.2' is not an IP address"),
        ({"ip": "127.0.0.2"}, 6, "no address that moves"),
        ({"ip": "fe80::5"}, 6, "name its interface with nic="),
        ({"ip": V4, "cidr_netmask": 33}, 6, "cidr_netmask='33' is no prefix length from 0 to 32"),
        ({"ip": V4, "cidr_netmask": "255.0.255.0"}, 6, "is no mask"),
        ({"ip": V6, "cidr_netmask": "ffff::"}, 6, "is no prefix length from 0 to 128"),
        ({"ip": V4, "broadcast": "all"}, 6, "broadcast='all' is not an IP address"),
        ({"ip": V6, "iflabel": "x"}, 6, "iflabel is for IPv4 alone"),
        ({"ip": V4, "iflabel": "very-much-too-long"}, 6, "13 characters fit"),
        ({"ip": V4, "nic": "eth0", "iflabel": "much-too-long"}, 2, "10 characters fit"),
        ({"ip": V4, "iflabel": "a b"}, 6, "has a letter that no label may have"),
        ({"ip": V4, "arp_interval": "soon"}, 6, "is not a time"),
        ({"ip": V4, "nic": "eth7"}, 2, "nic='eth7' does not exist here"),
        ({"ip": "203.0.113.1"}, 2, "192.0.2.0/24 on eth0"),
        ({"ip": "203.0.113.1", "nic": "eth0"}, 2, "give cidr_netmask="),
    ],
)
def test_bad_input_is_one_clear_line_from_start_and_validate_all_alone(
    node: Node, asked: dict[str, Any], code: int, reason: str
) -> None:
    before = (node.held(), node.held("eth1"), node.v6())
    assert node("start", **asked) == code
    assert reason in node.reason
    assert "\n" not in node.reason
    assert node("validate-all", **asked) == (6 if code == 6 else 0)
    assert node("validate-all", level=10, **asked) == code
    assert node("monitor", **asked) == 7
    assert node("stop", **asked) == 0
    assert (node.held(), node.held("eth1"), node.v6()) == before


def test_several_routes_that_fit_alike_are_named(node: Node) -> None:
    node.ip("addr", "add", "192.0.2.2/24", "dev", "eth1")
    assert node("start", ip=V4) == 2
    assert "eth0" in node.reason
    assert "eth1" in node.reason


def test_thirty_instances_at_once(node: Node) -> None:
    def call(action: str, number: int) -> Any:
        return node.sandbox.popen(
            [node.agent, action],
            env={
                "OCF_RESOURCE_INSTANCE": f"vip{number}",
                "OCF_RESKEY_ip": f"192.0.2.{100 + number}",
                "OCF_RESKEY_CRM_meta_timeout": "60000",
            },
        )

    for action, left in (("start", 31), ("stop", 1)):
        for process in [call(action, number) for number in range(30)]:
            _, problem = process.communicate(timeout=60)
            assert process.returncode == 0, problem
        assert len(node.held()) == left


def test_the_kernel_tier_has_its_witness() -> None:
    """What the tests believe of the kernel comes from another hand than the agent's."""
    with IPRoute() as kernel:
        assert kernel.link_lookup(ifname="lo")
