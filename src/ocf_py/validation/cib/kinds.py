"""Agents by what they do, ours and those of others: what a check says holds for all of a kind."""

from __future__ import annotations

OUR_MIRROR = "ocf:ocfpy:MirrorSync"
OUR_DRBD = "ocf:ocfpy:Drbd"

#: Mount a file system.
MOUNTS = frozenset(("ocf:ocfpy:Filesystem", "ocf:heartbeat:Filesystem"))
#: Drive DRBD.
DRBD = frozenset((OUR_DRBD, "ocf:linbit:drbd"))
#: Replicate data: they work as promotable clones that are notified, and only so.
REPLICATORS = DRBD | {OUR_MIRROR}
#: Those of them whose word for "not fit" is -INFINITY, which nothing overrides.
WHOSE_NO_STANDS = frozenset((OUR_MIRROR, OUR_DRBD))
