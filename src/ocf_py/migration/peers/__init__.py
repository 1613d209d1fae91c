"""The agents that ours can stand in for."""

from __future__ import annotations

from ocf_py.migration.peers.addresses import IPADDR, IPADDR2
from ocf_py.migration.peers.anything import ANYTHING
from ocf_py.migration.peers.drbd import DRBD
from ocf_py.migration.peers.filesystem import FILESYSTEM
from ocf_py.migration.peers.systemd import find_systemd

__all__ = ["OCF_PEERS", "find_systemd"]

#: By their full names; units of systemd have no table, as each is an agent of its own.
OCF_PEERS = {one.agent: one for one in (IPADDR2, IPADDR, FILESYSTEM, ANYTHING, DRBD)}
