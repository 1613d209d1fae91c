"""Labels of the address selection policy (RFC 6724).

An address with a label of its own is nobody's first choice as a source. A real server behind LVS
holds the virtual address without wanting to speak from it. Source: linux/if_addrlabel.h.
"""

from __future__ import annotations

import errno
from _struct import Struct

from .netlink import NLM_F_CREATE, NLM_F_EXCL, attribute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .address import Address
    from .network import Network

_RTM_NEWADDRLABEL, _RTM_DELADDRLABEL = 72, 73
_BODY = Struct("=BBBBII")  # struct ifaddrlblmsg: family, reserved, prefix, flags, index, sequence
_IFAL_ADDRESS, _IFAL_LABEL = 1, 2
_number = Struct("=I").pack


def add_source_label(network: Network, address: Address, label: int) -> bool:
    """Give an IPv6 address a label; False if it has one already, which stays."""
    body = _body(address) + attribute(_IFAL_LABEL, _number(label))
    try:
        network.netlink.request(_RTM_NEWADDRLABEL, NLM_F_CREATE | NLM_F_EXCL, body)
    except FileExistsError:
        return False
    return True


def remove_source_label(network: Network, address: Address, label: int) -> bool:
    """Take the label of an address away again; False if there is none."""
    body = _body(address) + attribute(_IFAL_LABEL, _number(label))
    try:
        network.netlink.request(_RTM_DELADDRLABEL, 0, body)
    except OSError as error:
        if error.errno in (errno.ESRCH, errno.ENOENT):
            return False
        raise
    return True


def _body(address: Address) -> bytes:
    head = _BODY.pack(address.family, 0, address.bits, 0, 0, 0)
    return head + attribute(_IFAL_ADDRESS, address.packed)
