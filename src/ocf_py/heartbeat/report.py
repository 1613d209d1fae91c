"""report.txt: the account, and the steps from the old cluster to the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = """\
From Heartbeat to Corosync and Pacemaker

1. Decide what the account below calls open.
2. On both nodes: install corosync, pacemaker and ocf-py; run `ocf-py install` and `ocf-py doctor`.
   Copy corosync.conf and authkey to /etc/corosync (authkey: root, mode 0400). It is a new random
   key; the keys of authkeys are not reused: they are too short for Corosync, and old copies of
   them lie about.
3. Stop Heartbeat on both nodes, and disable it: two cluster managers must never run at once.
   What it ran (addresses, mounts, services) has to be stopped, and the services' units disabled.
4. Start corosync and pacemaker on both nodes, then load the CIB on one of them:
   cibadmin --replace --scope configuration --xml-file cib.xml
5. Set up fencing: a fence device for each node. Without one Pacemaker starts no resource, and that
   is right: only fencing makes sure that a node which does not answer does not write either.
6. Heartbeat never looked at a running resource. Pacemaker does: expect it to find what was broken
   before. Move each group once (`crm_resource --move`), then cut a node's power, and watch.

The account, line by line

"""


def render_report(lines: Sequence[str]) -> str:
    """The report's text; `lines` are those of the account."""
    return _HEAD + "".join(f"{line}\n" for line in lines)
