"""The lab's Ethernet switches: one bridge a network, in the network namespace of the daemon."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pyroute2 import IPRoute, NetlinkError

from ocf_py.lab.networks import (
    CLIENT_HOST,
    NETWORKS,
    PREFIX_LENGTH,
    PREFIX_LENGTH6,
    RINGS,
    SERVICE,
    Network,
)

if TYPE_CHECKING:
    from typing import Any

CABLE_MODES = ("drop", "down")
_DEAD_NODE_SECONDS = 5.0  # how long the kernel may take to clear a dead node's interfaces away
_IFA_F_NODAD = 0x02  # include/uapi/linux/if_addr.h: usable at once, nobody else is here


class Switch:
    """Bridges, the nodes' ports in them, and which cables are cut."""

    def __init__(self) -> None:
        self._netlink: Any = IPRoute()
        self.cuts: dict[str, dict[str, str]] = {}  # node -> network -> mode
        forbid_ipv6("default")
        self._netlink.link("set", index=self._index("lo"), state="up")
        for network in NETWORKS:
            # Else a bridge has the lowest address of its ports, another one as they come and go,
            # and a node that knows its old one answers clients into the void.
            address = network.mac(CLIENT_HOST)
            self._netlink.link("add", ifname=network.bridge, kind="bridge", address=address)
            bridge = Path("/sys/class/net", network.bridge, "bridge")
            if (bridge / "multicast_snooping").exists():
                # A snooping bridge without a querier forgets who listens to neighbour discovery.
                self._netlink.link(
                    "set", index=self._index(network.bridge), kind="bridge", br_mcast_snooping=0
                )
            allow_ipv6(network.bridge)
            index = self._index(network.bridge)
            add_addresses(
                self._netlink, index, network, network.client_address, network.client_address6
            )
            self._netlink.link("set", index=index, state="up")

    def _index(self, interface: str) -> int:
        found = self._netlink.link_lookup(ifname=interface)
        if not found:
            raise OSError(errno.ENODEV, f"no interface {interface} in the switch")
        return int(found[0])

    def plug_in(self, node: str, number: int, pid: int) -> None:
        """Lay a node's cables: one veth a network into the network namespace of process `pid`."""
        self.unplug(node)
        for network in NETWORKS:
            peer = {
                "ifname": network.interface,
                "address": network.mac(number),
                "net_ns_pid": pid,
            }
            self._netlink.link("add", ifname=network.port(node), kind="veth", peer=peer)
            self._obey_cut(node, network)

    def unplug(self, node: str) -> None:
        """Take a node's cables away; returns when they are gone."""
        deadline = time.monotonic() + _DEAD_NODE_SECONDS
        for network in NETWORKS:
            port = network.port(node)
            while self._netlink.link_lookup(ifname=port) and time.monotonic() < deadline:
                try:
                    self._netlink.link("del", index=self._index(port))
                except (NetlinkError, OSError):  # it went by itself: the node's end is gone
                    time.sleep(0.01)

    def set_cable(self, node: str, network: Network, mode: str | None, *, plugged: bool) -> None:
        """Cut a cable, or mend it with None.

        `drop`: frames vanish, the carrier stays; `down`: the carrier is lost.
        """
        if mode is None:
            self.cuts.get(node, {}).pop(network.key, None)
        else:
            self.cuts.setdefault(node, {})[network.key] = mode
        if plugged:
            self._obey_cut(node, network)

    def _obey_cut(self, node: str, network: Network) -> None:
        mode = self.cuts.get(node, {}).get(network.key)
        master = 0 if mode == "drop" else self._index(network.bridge)
        state = "down" if mode == "down" else "up"
        self._netlink.link("set", index=self._index(network.port(node)), master=master, state=state)


def forbid_ipv6(interface: str) -> None:
    """Keep an interface free of IPv6 (rings), or every coming one with "default"."""
    _set_disable_ipv6(interface, "1")


def allow_ipv6(interface: str) -> None:
    """Let an interface have IPv6, in a kernel that has it."""
    _set_disable_ipv6(interface, "0")


def _set_disable_ipv6(interface: str, value: str) -> None:
    switch = Path("/proc/sys/net/ipv6/conf", interface, "disable_ipv6")
    if switch.exists():
        switch.write_text(value)


def add_addresses(netlink: Any, index: int, network: Network, address: str, address6: str) -> None:
    """Give an interface its address, on the service network an IPv6 one too."""
    netlink.addr("add", index=index, address=address, prefixlen=PREFIX_LENGTH)
    if network is SERVICE and Path("/proc/sys/net/ipv6").exists():
        netlink.addr(
            "add", index=index, address=address6, prefixlen=PREFIX_LENGTH6, flags=_IFA_F_NODAD
        )


def configure_node(number: int) -> None:
    """Bring up all interfaces of the node whose network namespace the caller is in."""
    netlink: Any = IPRoute()
    try:
        netlink.link("set", index=netlink.link_lookup(ifname="lo")[0], state="up")
        for network in NETWORKS:
            index = netlink.link_lookup(ifname=network.interface)[0]
            (forbid_ipv6 if network in RINGS else allow_ipv6)(network.interface)
            add_addresses(
                netlink, index, network, network.address(number), network.address6(number)
            )
            netlink.link("set", index=index, state="up")
        netlink.route("add", dst="default", gateway=SERVICE.client_address)
    finally:
        netlink.close()
