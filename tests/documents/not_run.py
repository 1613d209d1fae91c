"""The documented commands that no test runs from their page, each with its reason.

By page, then by the command's first line without its comment. `test_documents.py` of the unit tier
holds it to be complete, and to name nothing that is not there.
"""

from __future__ import annotations

_SETUP = "what has made the checkout in which this test runs"
_TIER = "a test that runs the tests would not end"
_DRBD = "needs DRBD's kernel module: tests/vm"
_CHANGEOVER = "tests/cluster/test_changeover.py hands a cluster over"
_MOVES = "tests/cluster/mirror/test_moves.py moves one"
_PEERS = "most of a minute: tests/contract/test_peers.py asks these agents the same"

NOT_RUN: dict[str, dict[str, str]] = {
    "README.md": {
        "make demo": "is `ocf-py lab demo`, which docs/howto/lab.md has run",
        "make test": _TIER,
        "make install DESTDIR=/some/root PREFIX=/usr": "tests/unit/test_install.py",
    },
    "CONTRIBUTING.md": {
        "make setup": _SETUP,
        "make check": _TIER,
        "make test-unit": _TIER,
        "make test-vm": _TIER,
        'make compat PYTHONS="3.9 3.13"': _TIER,
    },
    "docs/howto/lab.md": {
        "ocf-py lab demo --provider heartbeat": "tests/cluster/test_failover.py has both providers",
        "ocf-py lab up --vm": "takes guests: tests/vm",
    },
    "docs/reference/commands/drbd.md": {
        "ocf-py drbd fence-peer --resource r0 --peer n2; echo $?": _DRBD,
    },
    "docs/reference/commands/migrate.md": {
        "pcs property set maintenance-mode=true": _CHANGEOVER,
        "cibadmin --query > cib.xml": _CHANGEOVER,
        "ocf-py migrate cib.xml --write": _CHANGEOVER,
        "ocf-py validate cib.xml": _CHANGEOVER,
        "cibadmin --replace --xml-file cib.xml": _CHANGEOVER,
        "crm_resource --refresh --resource NAME": _CHANGEOVER,
        "pcs property set maintenance-mode=false": _CHANGEOVER,
    },
    "docs/reference/commands/test.md": {
        "ocf-py test --sandbox IPaddr2 -o ip=192.0.2.10 -o nic=eth0 -o cidr_netmask=24"
        " --other ip=192.0.2.11": _PEERS,
        "ocf-py test --sandbox heartbeat:Filesystem -o device=/dev/scratch -o directory=/run/mnt"
        " -o fstype=ext4": _PEERS,
    },
    "docs/reference/drbd.md": {
        "drbdadm connect --discard-my-data r0": _DRBD,
        "drbdadm connect r0": _DRBD,
    },
    "docs/reference/mirrorsync.md": {
        "pcs resource move-with-constraint site-clone n2 --promoted": _MOVES,
        "pcs resource clear site-clone": _MOVES,
    },
    "docs/tutorial/first-failover.md": {"make setup": _SETUP},
}
