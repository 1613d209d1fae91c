"""The address of a real server behind LVS: on the loopback while another node has it on the wire.

With direct routing the director sends what it receives to real servers that hold the address on
`lo`, where they do not answer ARP for it. The node that becomes director has to take it from
there, and to put it back as it was.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .address import Address
    from .network import Network
    from .records import Held


def find_on_loopback(network: Network, address: Address) -> list[Held]:
    """Return how `lo` holds the address; IPv4 may be there in several prefix lengths."""
    loopbacks = {link.index for link in network.links() if link.is_loopback}
    return [held for held in network.holders(address) if held.index in loopbacks]


def describe(every: list[Held]) -> str:
    """Write down what `put_back` needs: "PREFIX SCOPE BROADCAST LABEL", several by semicolons."""
    return ";".join(
        f"{held.prefix} {held.scope} {held.broadcast or '-'} {held.label}" for held in every
    )


def put_back(network: Network, address: Address, description: str) -> None:
    """Give the address back to `lo`; what is there already stays.

    Raises OSError as the kernel says, ValueError for a description that is none.
    """
    from .address import Address as Read

    loopback = next((link for link in network.links() if link.is_loopback), None)
    if loopback is None:
        return
    for one in description.split(";"):
        prefix, scope, broadcast, label = one.split(" ", 3)
        network.add_address(
            address,
            int(prefix),
            loopback.index,
            broadcast=None if broadcast == "-" else Read.parse(broadcast),
            label="" if label == loopback.name else label,
            scope=int(scope),
        )
