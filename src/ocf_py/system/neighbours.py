"""The neighbour table: which link-layer address the kernel has learnt for a neighbour.

Source: linux/neighbour.h.
"""

from __future__ import annotations

from _struct import Struct

from .address import Address
from .netlink import attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .network import Network

_RTM_GETNEIGH = 30
_BODY = Struct("=BBHiHBB")  # struct ndmsg: family, padding, index, state, flags, type
_NDA_DST, _NDA_LLADDR = 1, 2
_NUD_FAILED = 0x20


def link_addresses(network: Network, index: int) -> dict[Address, bytes]:
    """The link-layer addresses known of the neighbours on link ``index``, of both families."""
    known = {}
    for body in network.netlink.dump(_RTM_GETNEIGH, _BODY.pack(0, 0, 0, 0, 0, 0, 0)):
        family, _, _, link, state, _, _ = _BODY.unpack_from(body)
        found = attributes(body, _BODY.size)
        if link == index and not state & _NUD_FAILED and found.keys() >= {_NDA_DST, _NDA_LLADDR}:
            known[Address(family, found[_NDA_DST])] = found[_NDA_LLADDR]
    return known
