"""Parameters that agents of others still read by a name which their metadata does not declare."""

from __future__ import annotations

_OF_ADDRESSES = {"netmask": "cidr_netmask"}
#: Of each agent: the old name, and the declared one, which wins where both are set.
OLD_NAMES = {
    "ocf:heartbeat:IPaddr": _OF_ADDRESSES,
    "ocf:heartbeat:IPaddr2": _OF_ADDRESSES,
}
