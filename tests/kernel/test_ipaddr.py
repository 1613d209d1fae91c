"""What only a real kernel can show of IPaddr: flags, routes, namespaces, connections."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance.system_log import SystemLog
from tests.ipaddr.world import OTHER4, RECURRING, V4, V6, V24, V32, V64, V128, address_of
from tests.kernel.inside import socket_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.sandbox import Sandbox
    from tests.kernel.ear import Ear
    from tests.kernel.world import KernelWorld


class TestWhatTheKernelHolds:
    def test_is_what_was_asked_for(self, world: KernelWorld) -> None:
        asked: dict[str, Any] = {
            "ip": V4,
            "nic": "eth1",
            "cidr_netmask": "255.255.255.240",
            "broadcast": "192.0.2.14",
            "iflabel": "vip",
        }
        assert world.call("start", **asked) == 0, world.reason
        held = world.addresses("eth1")[f"{V4}/28"]
        assert (held["label"], held["broadcast"]) == ("eth1:vip", "192.0.2.14")
        assert world.call("monitor", **asked) == 0

    @pytest.mark.parametrize(
        ("prefix", "broadcast", "seen"),
        [(24, "-", None), (32, "+", None), (31, "+", None), (30, "+", "192.0.2.11")],
    )
    def test_has_the_broadcast_address_that_fits(
        self, world: KernelWorld, prefix: int, broadcast: str, seen: str | None
    ) -> None:
        asked: dict[str, Any] = {**address_of(V4), "cidr_netmask": prefix, "broadcast": broadcast}
        assert world.call("start", **asked) == 0, world.reason
        assert world.addresses("eth0")[f"{V4}/{prefix}"].get("broadcast") == seen

    def test_can_be_used_when_start_returns(self, world: KernelWorld) -> None:
        assert world.call("start", **address_of(V6)) == 0, world.reason
        assert "tentative" not in world.addresses("eth0")[V64]

    @pytest.mark.parametrize("ip", [V4, V6])
    def test_has_the_flags_and_times_of_its_parameters(self, world: KernelWorld, ip: str) -> None:
        asked: dict[str, Any] = {
            **address_of(ip),
            "noprefixroute": "true",
            "nodad": "true",
            "preferred_lft": "0",
        }
        assert world.call("start", **asked) == 0, world.reason
        held = world.addresses("eth0")[V64 if ip == V6 else V24]
        assert held["noprefixroute"]
        assert held.get("nodad", False) is (ip == V6)
        assert held["deprecated"]
        assert held["valid_life_time"] == 0xFFFFFFFF
        # Of an IPv4 address that is valid for ever the kernel tells no other time.
        assert held["preferred_life_time"] == (0 if ip == V6 else 0xFFFFFFFF)
        assert world.call("monitor", interval=RECURRING, **asked) == 0
        assert world.call("stop", **asked) == 0

    @pytest.mark.parametrize(("ip", "subnet"), [(V4, "203.0.113.0/24"), (V6, "2001:db8:7::/64")])
    def test_the_route_of_the_subnet_has_the_metric_or_is_not_made(
        self, world: KernelWorld, ip: str, subnet: str
    ) -> None:
        asked: dict[str, Any] = {
            **address_of(ip),
            "ip": subnet.partition("/")[0] + "9",
            "nodad": "true",
        }
        if ip == V4:
            asked["ip"] = "203.0.113.9"
        family = "-6" if ip == V6 else "-4"

        def metrics() -> list[int]:
            routes = json.loads(world.ip("-j", family, "route", "show", subnet))
            return [route.get("metric", 0) for route in routes]

        assert world.call("start", metric=77, **asked) == 0, world.reason
        assert metrics() == [77]
        assert world.call("stop", **asked) == 0
        assert metrics() == []
        assert world.call("start", noprefixroute="true", **asked) == 0
        assert metrics() == []


def test_the_table_and_the_origin_choose_the_interface(world: KernelWorld) -> None:
    world.ip("route", "add", "203.0.113.0/25", "dev", "eth1", "table", "77")
    world.ip("route", "add", "203.0.113.0/26", "dev", "eth0", "proto", "static")
    ip = "203.0.113.9"
    assert world.call("start", ip=ip, table="77") == 0, world.reason
    assert f"{ip}/25" in world.held("eth1")
    assert world.call("stop", ip=ip) == 0
    assert world.call("start", ip=ip, proto="static") == 0, world.reason
    assert f"{ip}/26" in world.held("eth0")
    assert world.call("stop", ip=ip) == 0
    assert world.call("start", ip=ip, proto="dhcp") == 2
    tables = world.sandbox.root / "run/rt_tables"
    tables.write_text("0x4d blue  # seventy-seven\n")
    world.sandbox.run(["mount", "--bind", "/run/rt_tables", "/etc/iproute2/rt_tables"], check=True)
    assert world.call("start", ip=ip, table="blue") == 0, world.reason
    assert f"{ip}/25" in world.held("eth1")


def test_a_link_that_never_had_a_carrier_fails_with_its_reason(world: KernelWorld) -> None:
    world.ip("link", "add", "eth2", "type", "veth", "peer", "name", "far2")
    for ip in (V4, V6):
        asked: dict[str, Any] = {**address_of(ip), "nic": "eth2"}
        assert world.call("start", **asked) == 1
        assert world.reason == f"eth2 has no carrier, so that nobody reaches {ip} there"
        assert world.held("eth2") == set()
        assert world.call("start", on_link_down="warn", **asked) == 0
        assert world.held("eth2") == {V24 if ip == V4 else V64}
        assert world.call("stop", **asked) == 0


class TestSourceLabel:
    def test_lives_as_long_as_the_resource(self, world: KernelWorld) -> None:
        asked: dict[str, Any] = {
            **address_of(V6),
            "lvs_ipv6_addrlabel": "true",
            "lvs_ipv6_addrlabel_value": 123,
        }
        assert world.call("start", **asked) == 0, world.reason
        assert (V6, 123) in self.labels(world)
        assert world.call("stop") == 0
        assert V6 not in dict(self.labels(world))

    def test_of_somebody_else_stays(self, world: KernelWorld) -> None:
        world.ip("addrlabel", "add", "prefix", V128, "label", "55")
        asked: dict[str, Any] = {**address_of(V6), "lvs_ipv6_addrlabel": "true"}
        assert world.call("start", **asked) == 0, world.reason
        assert world.call("stop") == 0
        assert (V6, 55) in self.labels(world)

    @staticmethod
    def labels(world: KernelWorld) -> list[tuple[str, int]]:
        listed = json.loads(world.ip("-j", "addrlabel", "list"))
        return [(one["address"], one["label"]) for one in listed]


class TestNamespace:
    @pytest.fixture
    def blue(self, world: KernelWorld) -> Iterator[str]:
        """A network namespace whose eth0 is the far end of the host's eth1."""
        world.ip("netns", "add", "blue")
        world.ip("link", "set", "far1", "netns", "blue", "name", "eth0")
        for words in ("link set lo up", "link set eth0 up", "address add 192.0.2.7/24 dev eth0"):
            world.ip("-n", "blue", *words.split())
        yield "blue"
        world.ip("netns", "delete", "blue")

    def test_is_where_the_whole_life_takes_place(self, world: KernelWorld, blue: str) -> None:
        asked: dict[str, Any] = {
            "ip": V4,
            "network_namespace": blue,
            "arp_count": 1000,
            "arp_interval": "1h",
        }
        with socket_inside(world.sandbox, socket.AF_PACKET, socket.SOCK_RAW, 0x0608) as listener:
            listener.bind(("eth1", 0x0806))
            listener.settimeout(10)
            assert world.call("start", **asked) == 0, world.reason
            assert listener.recv(100)[28:32] == socket.inet_aton(V4)
        shown = world.ip("-n", blue, "-j", "address", "show", "dev", "eth0")
        assert V4 in {one["local"] for one in json.loads(shown)[0]["addr_info"]}
        assert V24 not in world.held("eth0"), "the host's own eth0 is another"
        assert world.call("monitor", interval=RECURRING, level=10, **asked) == 0, world.reason
        assert world.call("monitor", interval=RECURRING, ip=V4) == 7
        assert world.call("stop") == 0
        assert world.call("monitor", **asked) == 7
        processes = world.sandbox.run(["ps", "-eo", "args"], check=True).stdout
        assert "system.announcer" not in processes

    def test_a_change_of_it_moves_the_address(self, world: KernelWorld, blue: str) -> None:
        assert world.call("start", ip=V4, network_namespace=blue) == 0, world.reason
        assert world.call("monitor", ip=V4) == 1, "the probe sees what the last start brought up"
        assert world.call("start", ip=V4) == 0, world.reason
        assert V4 not in world.ip("-n", blue, "address")
        assert V24 in world.held("eth0")
        assert world.call("stop", ip=V4) == 0

    @pytest.mark.parametrize("again", [False, True])
    def test_that_lost_its_name_is_found_as_long_as_it_lives(
        self, world: KernelWorld, blue: str, again: bool
    ) -> None:
        asked: dict[str, Any] = {"ip": V4, "network_namespace": blue, "arp_count": 1}
        inside = ["ip", "netns", "exec", blue, "sleep", "600"]
        with world.sandbox.popen(inside) as process:
            assert world.call("start", **asked) == 0, world.reason
            pid = process_in(world, "sleep")
            world.ip("netns", "delete", blue)
            if again:
                world.ip("netns", "add", blue)
            assert world.call("monitor", interval=RECURRING, **asked) == 0
            assert V4 in addresses_of(world, pid)
            assert world.call("stop", **asked) == 0
            assert V4 not in addresses_of(world, pid)
            assert world.call("monitor", **asked) == 7
            process.kill()
        if not again:
            world.ip("netns", "add", blue)  # for the fixture to take away

    def test_a_file_that_stands_for_none_is_none(self, world: KernelWorld) -> None:
        (world.sandbox.root / "run/netns").mkdir()
        (world.sandbox.root / "run/netns/stale").touch()
        asked: dict[str, Any] = {**address_of(V4), "network_namespace": "stale"}
        assert world.call("start", **asked) == 2
        assert world.call("monitor", **asked) == 7
        assert world.call("stop", **asked) == 0


def process_in(world: KernelWorld, name: str) -> str:
    """The pid, inside, of the one process of this name."""
    return world.sandbox.run(["pgrep", "-x", name], check=True).stdout.strip()


def addresses_of(world: KernelWorld, pid: str) -> str:
    """What ip(8) shows in the network namespace of a process."""
    words = ["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "address"]
    return world.sandbox.run(words, check=True).stdout


class TestConnections:
    @pytest.mark.parametrize("ip", [V4, V6])
    @pytest.mark.parametrize("dual", [False, True])
    def test_end_with_the_address_where_asked(
        self, world: KernelWorld, ip: str, dual: bool
    ) -> None:
        asked: dict[str, Any] = {**address_of(ip), "kill_connections": "true"}
        assert world.call("start", **asked) == 0, world.reason
        pairs = self.connect(world.sandbox, ip, dual), self.connect(world.sandbox, "", dual)
        assert world.call("stop", **asked) == 0
        with pytest.raises(ConnectionAbortedError):
            pairs[0][0].send(b"x")
        pairs[0][1].settimeout(10)
        with pytest.raises(ConnectionResetError):  # the other end was told
            pairs[0][1].recv(1)
        pairs[1][0].send(b"x")
        assert pairs[1][1].recv(1) == b"x", "those of other addresses go on"
        for end in (end for pair in pairs for end in pair):
            end.close()

    def test_go_on_while_somebody_else_holds_the_address_here(self, world: KernelWorld) -> None:
        world.add("lo", V32)
        asked: dict[str, Any] = {**address_of(V4), "kill_connections": "true"}
        assert world.call("start", **asked) == 0, world.reason
        ends = self.connect(world.sandbox, V4, dual=False)
        assert world.call("stop", **asked) == 0
        ends[0].send(b"x")
        assert ends[1].recv(1) == b"x"
        for end in ends:
            end.close()

    def test_go_on_where_not(self, world: KernelWorld) -> None:
        assert world.call("start", **address_of(V4)) == 0
        ours, theirs, _ = ends = self.connect(world.sandbox, V4, dual=False)
        assert world.call("stop") == 0
        ours.send(b"x")
        assert "ESTAB" in world.sandbox.run(["ss", "-tn"], check=True).stdout
        for end in ends:
            end.close()
        assert theirs.fileno() == -1

    @staticmethod
    def connect(
        sandbox: Sandbox, ip: str, dual: bool
    ) -> tuple[socket.socket, socket.socket, socket.socket]:
        """A connection to an address of the host from itself: (its end, the other, listener)."""
        ip = ip or "192.0.2.1"
        is_ipv6 = ":" in ip
        family = socket.AF_INET6 if dual or is_ipv6 else socket.AF_INET
        listener = socket_inside(sandbox, family, socket.SOCK_STREAM)
        if dual and not is_ipv6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((f"::ffff:{ip}" if dual and not is_ipv6 else ip, 0))
        listener.listen()
        other = socket_inside(
            sandbox, socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_STREAM
        )
        other.bind(("2001:db8::1" if is_ipv6 else "192.0.2.1", 0))
        other.connect((ip, listener.getsockname()[1]))
        accepted, _ = listener.accept()
        return accepted, other, listener


def test_a_labelled_address_survives_the_renaming_of_its_interface(world: KernelWorld) -> None:
    world.remove("eth1", OTHER4)
    asked: dict[str, Any] = {"ip": V4, "nic": "eth1", "cidr_netmask": 24, "iflabel": "vip"}
    assert world.call("start", **asked) == 0, world.reason
    world.rename("eth1", "lan0")
    assert world.call("monitor", interval=RECURRING, **asked) == 0, world.reason
    assert world.call("stop", **asked) == 0
    assert world.held("lan0") == set()


def test_an_adopted_address_is_known_again_after_a_renaming(world: KernelWorld) -> None:
    asked: dict[str, Any] = {"ip": V4, "nic": "eth1"}
    world.add("eth1", V24)
    assert world.call("monitor", **asked) == 0
    assert world.call("monitor", interval=RECURRING, **asked) == 0
    world.rename("eth1", "lan0")
    assert world.call("monitor", interval=RECURRING, **asked) == 0
    assert world.call("stop", **asked) == 0
    assert world.held("lan0") == {OTHER4}


def test_the_loopback_gets_its_addresses_back_as_they_were(world: KernelWorld) -> None:
    for words in (f"{V4}/32 broadcast {V4} scope host label lo:0", f"{V4}/30 scope link"):
        world.ip("address", "add", *words.split(), "dev", "lo")
    before = world.addresses("lo")
    asked: dict[str, Any] = {**address_of(V4), "lvs_support": "true"}
    assert world.call("start", **asked) == 0, world.reason
    assert world.held("lo") == set()
    assert world.call("stop", **asked) == 0
    assert world.addresses("lo") == before


class TestAnnouncer:
    def test_goes_on_after_its_link_was_down(self, world: KernelWorld, ear: Ear) -> None:
        asked: dict[str, Any] = {"ip": V4, "nic": "eth0", "cidr_netmask": 24}
        assert world.call("start", arp_count=500, arp_interval="50ms", **asked) == 0
        world.set_link("eth0", up=False)
        time.sleep(0.3)
        ear.frames(0.1)
        world.set_link("eth0", up=True)
        assert len(ear.frames(10, enough=2)) == 2
        assert world.call("stop") == 0

    def test_goes_on_though_a_target_cannot_be_told(self, world: KernelWorld, ear: Ear) -> None:
        asked: dict[str, Any] = {**address_of(V6), "arp_count": 4, "arp_interval": "50ms"}
        assert world.call("start", arp_targets="2001:dead::1", **asked) == 0, world.reason
        assert len(ear.frames(10, enough=4)) == 4


def test_an_answer_from_beyond_a_router_is_no_rivals(world: KernelWorld, peer: Sandbox) -> None:
    """RFC 4861, section 7.1.2: only a neighbour's packet arrives with a hop limit of 255."""
    peer.run(["ip", "address", "add", "2001:db8::2/64", "dev", "eth0", "nodad"], check=True)
    assert world.call("start", **address_of(V6)) == 0, world.reason
    said = b"\x88\0\0\0\x20\0\0\0" + socket.inet_pton(socket.AF_INET6, V6)
    said += b"\2\1\2\xde\xad\xbe\xef\1"
    asked: dict[str, Any] = {**address_of(V6), "on_duplicate": "refuse"}
    for hops, code in ((64, 0), (255, 1)):
        with socket_inside(peer, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as mouth:
            mouth.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
            mouth.sendto(said, (V6, 0))
            ended = threading.Event()

            def speak(mouth: socket.socket = mouth, ended: threading.Event = ended) -> None:
                while not ended.wait(0.02):
                    mouth.sendto(said, (V6, 0))

            thread = threading.Thread(target=speak)
            thread.start()
            answer = world.call("monitor", interval=RECURRING, level=10, **asked)
            ended.set()
            thread.join()
        assert answer == code, (hops, world.reason)


def test_what_was_learnt_of_routes_is_flushed_where_asked(world: KernelWorld) -> None:
    """The kernel takes the flush; that nothing is logged says so, as a refusal would be."""
    log = SystemLog(world.sandbox.root / "dev/log")
    assert world.call("start", **address_of(V4), flush_routes="true") == 0
    assert world.call("stop") == 0
    assert world.call("start", **address_of(V6), flush_routes="true") == 0
    assert world.call("stop") == 0
    lines = log.take()
    assert [line for line in lines if "removed from eth0" in line]
    assert [line for line in lines if "WARNING" in line] == []
    log.close()


def test_what_a_policy_lets_pass_is_in_the_log(world: KernelWorld) -> None:
    log = SystemLog(world.sandbox.root / "dev/log")
    world.hold_at_peer(V24)
    assert world.call("start", ip=V4, run_arping="true", on_duplicate="warn") == 0
    (warning,) = [line for line in log.take() if "WARNING" in line]
    assert "another host on eth0, " in warning
    assert "answers for 192.0.2.10" in warning
    log.close()


class TestTargets:
    @pytest.mark.parametrize("known", [False, True])
    def test_a_neighbour_that_ignores_announcements_learns_the_address(
        self, world: KernelWorld, peer: Sandbox, known: bool
    ) -> None:
        """Gratuitous ARP makes no new entry in a table; a question to its owner does."""
        peer.run(["ip", "address", "add", "192.0.2.2/24", "dev", "eth0"], check=True)
        peer.run(["ip", "address", "add", "2001:db8::2/64", "dev", "eth0", "nodad"], check=True)
        if known:
            mac = peer.run(["cat", "/sys/class/net/eth0/address"], check=True).stdout.strip()
            world.ip("neigh", "add", "192.0.2.2", "lladdr", mac, "dev", "eth0")
        shown = peer.run(["ip", "neigh", "show", V4], check=True).stdout
        assert shown == ""
        asked: dict[str, Any] = {**address_of(V4), "arp_count": 1}
        assert world.call("start", **asked) == 0, world.reason
        assert peer.run(["ip", "neigh", "show", V4], check=True).stdout == ""
        assert world.call("stop") == 0
        targets = "192.0.2.2, 192.0.2.99"
        assert world.call("start", **asked, arp_targets=targets) == 0, world.reason
        shown = peer.run(["ip", "neigh", "show", V4], check=True).stdout
        assert "lladdr" in shown

    def test_an_ipv6_neighbour_is_told_by_name(self, world: KernelWorld, peer: Sandbox) -> None:
        peer.run(["ip", "address", "add", "2001:db8::2/64", "dev", "eth0", "nodad"], check=True)
        with socket_inside(peer, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as ear:
            ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            ear.settimeout(10)
            asked: dict[str, Any] = {**address_of(V6), "arp_count": 1, "arp_targets": "2001:db8::2"}
            assert world.call("start", **asked) == 0, world.reason
            told: set[str] = set()
            while len(told) < 2:
                message, about, _, _ = ear.recvmsg(1500, 100)
                if message[0] == 136 and message[8:24] == socket.inet_pton(socket.AF_INET6, V6):
                    told.add(socket.inet_ntop(socket.AF_INET6, about[0][2][:16]))
        assert told == {"ff02::1", "2001:db8::2"}


def test_a_rival_on_another_interface_of_ours_is_none(world: KernelWorld, peer: Sandbox) -> None:
    """Linux answers on every interface for what one has: our own answer is nobody's rival."""
    world.sandbox.join(peer, "eth2", "port2")
    for words in (
        "link add br0 type bridge",
        "link set br0 up",
        "link set eth0 master br0",
        "link set port2 master br0",
    ):
        peer.run(["ip", *words.split()], check=True)
    assert world.call("start", ip=V4) == 0, world.reason
    mac = world.sandbox.run(["cat", "/sys/class/net/eth2/address"], check=True).stdout.strip()
    with socket_inside(world.sandbox, socket.AF_PACKET, socket.SOCK_RAW, 0x0608) as listener:
        listener.bind(("eth0", 0x0806))
        listener.settimeout(0.5)
        assert world.call("monitor", interval=RECURRING, level=10, ip=V4) == 0, world.reason
        heard = [listener.recv(100)[6:12].hex(":") for _ in range(2)]
    assert mac in heard, "our other interface did answer"
