"""The lab's three networks, and the fixed addresses of nodes and client in them.

They exist in the lab's own network namespaces alone, so any number of labs use the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_HOST = 10  # node 1 is .11
CLIENT_HOST = 254


@dataclass(frozen=True)
class Network:
    """One Ethernet: a bridge in the switch, and one interface in every node."""

    key: str
    index: int

    @property
    def bridge(self) -> str:
        """Name of the bridge in the switch."""
        return f"br-{self.key}"

    @property
    def interface(self) -> str:
        """Name of the interface in each node."""
        return f"eth{self.index}"

    @property
    def client_address(self) -> str:
        """IPv4 address of the switch itself, where clients ask from."""
        return f"10.77.{self.index}.{CLIENT_HOST}"

    @property
    def client_address6(self) -> str:
        """IPv6 address of the switch itself."""
        return f"fd77:0:0:{self.index}::{CLIENT_HOST}"

    def address(self, number: int) -> str:
        """IPv4 address of a node."""
        return f"10.77.{self.index}.{FIRST_HOST + number}"

    def address6(self, number: int) -> str:
        """IPv6 address of a node."""
        return f"fd77:0:0:{self.index}::{FIRST_HOST + number}"

    def mac(self, number: int) -> str:
        """Hardware address of a node's interface, or of the switch's.

        Fixed, since its peers keep the old one in their neighbour tables after a reboot.
        """
        return f"02:00:00:77:{self.index:02x}:{number:02x}"

    def port(self, node: str) -> str:
        """Name of the switch's end of a node's cable."""
        return f"{node}-{self.key}"


RINGS = (Network("ring0", 0), Network("ring1", 1))
SERVICE = Network("service", 2)
NETWORKS = (*RINGS, SERVICE)
PREFIX_LENGTH = 24
PREFIX_LENGTH6 = 64
# How the administrator names the cables of a node.
CABLES = {
    "0": (RINGS[0].key,),
    "1": (RINGS[1].key,),
    "rings": tuple(ring.key for ring in RINGS),
    "service": (SERVICE.key,),
    "all": tuple(network.key for network in NETWORKS),
}
