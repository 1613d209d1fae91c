"""The address of a real server behind LVS: on the loopback while another node has it on the wire.

With direct routing the director sends what it receives to real servers that hold the address on
`lo`, where they do not answer ARP for it. The node that becomes director has to take it from
there, and to put it back.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .address import Address
    from .network import Network
    from .records import Held


def find_on_loopback(network: Network, address: Address) -> Held | None:
    """Return how `lo` holds the address, or None."""
    for held in network.holders(address):
        link = network.link_by_index(held.index)
        if link is not None and link.is_loopback:
            return held
    return None


def describe(held: Held) -> str:
    """Write down what `put_back` needs: "PREFIX LABEL"."""
    return f"{held.prefix} {held.label}"


def put_back(network: Network, address: Address, description: str) -> bool:
    """Give the address back to `lo`; False if it is there already.

    Raises OSError as the kernel says, ValueError for a description that is none.
    """
    prefix, _, label = description.partition(" ")
    loopback = next((link for link in network.links() if link.is_loopback), None)
    if loopback is None:
        return False
    return network.add_address(
        address, int(prefix), loopback.index, label="" if label == loopback.name else label
    )
