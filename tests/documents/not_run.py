"""The documented commands that no test runs from their page, each with its reason.

By page, then by the command's first line without its comment. `test_documents.py` of the unit tier
holds it to be complete, and to name nothing that is not there.
"""

from __future__ import annotations

_SETUP = "what has made the checkout in which this test runs"
_WHEEL = "tests/packages/test_wheel.py does so in other folders, and with the locked versions"
_TIER = "a test that runs the tests would not end"
_DRBD = "needs DRBD's kernel module: tests/vm"
_MOVES = "tests/cluster/mirror/test_moves.py moves one"
_SELINUX = "no machine of these tests has SELinux"
_REHEARSAL = "minutes of faults: the rehearsals of the cluster tier play some"
_QUERY = "tests/cluster rehearses the CIBs of examples/cib, which are in its format"
_RULES = "most of a minute: the page's test asks for four of the rules, test_new.py for all"
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
        "make test-packages": _TIER,
        "make rpm deb": _TIER,
        "make test-wheel": _TIER,
        "make rehearse": _REHEARSAL,
        "make docs": "tests/unit/test_site.py builds the site",
        'make compat PYTHONS="3.9 3.13"': _TIER,
    },
    "docs/howto/heartbeat.md": {"less new/report.txt": "waits for keys"},
    "docs/howto/install.md": {
        "python3 -m venv /opt/ocf-py": _WHEEL,
        "/opt/ocf-py/bin/pip install ./ocf_py-*.whl": _WHEEL,
        "/opt/ocf-py/bin/ocf-py install": _WHEEL,
    },
    "docs/howto/lab.md": {
        "ocf-py lab demo --provider heartbeat": "the same ten seconds as the line before",
        "ocf-py lab up --vm": "takes guests: tests/vm",
    },
    "docs/howto/selinux.md": {
        "restorecon -R -v /usr/lib/ocf": _SELINUX,
        "ls -Z /usr/lib/ocf/resource.d/ocfpy": _SELINUX,
        "semanage fcontext -a -t bin_t '/opt/ocf/resource\\.d/.*'": _SELINUX,
        "restorecon -R -v /opt/ocf": _SELINUX,
        "setsebool -P cluster_can_network_connect on": _SELINUX,
        "setsebool -P cluster_manage_all_files on": _SELINUX,
        "setenforce 0": _SELINUX,
        "ausearch -m avc -ts recent -c python3": _SELINUX,
        "ausearch -m avc -ts recent | audit2why": _SELINUX,
        "setenforce 1": _SELINUX,
    },
    "docs/reference/commands/drbd.md": {
        "ocf-py drbd fence-peer --resource r0 --peer n2; echo $?": _DRBD,
        "drbdsetup status --json | ocf-py drbd explain data -": _DRBD,
    },
    "docs/howto/rehearse.md": {
        "cibadmin --query > cib.xml": _QUERY,
        "ocf-py lab rehearse cib.xml --fault power-loss --report report": _REHEARSAL,
        "ocf-py lab rehearse cib.xml --report report": _REHEARSAL,
        "ocf-py lab rehearse cib.xml --prepare ./prepare.py": _REHEARSAL,
        "ocf-py lab soak cib.xml --minutes 60 --report report": _REHEARSAL,
    },
    "docs/reference/commands/lab-rehearse.md": {
        "ocf-py lab rehearse cib.xml": _REHEARSAL,
        "ocf-py lab rehearse cib.xml --fault power-loss --fault rings-cut"
        " --report report": _REHEARSAL,
        "ocf-py lab rehearse cib.xml --fault move --peer": _REHEARSAL,
        "ocf-py lab rehearse first.xml second.xml --labs 3 --report report": _REHEARSAL,
        "ocf-py lab soak cib.xml --minutes 60 --seed 7": _REHEARSAL,
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
        "drbdadm create-md r0": _DRBD,
        "drbdadm up r0": _DRBD,
        "drbdadm primary --force r0": _DRBD,
        "mkfs.ext4 /dev/drbd0": _DRBD,
        "drbdadm secondary r0": _DRBD,
        "drbdadm down r0": _DRBD,
        "pcs resource move-with-constraint database n2": _DRBD,
        "pcs resource clear database": _DRBD,
    },
    "docs/reference/mirrorsync.md": {
        "pcs resource move-with-constraint site-clone n2 --promoted": _MOVES,
        "pcs resource clear site-clone": _MOVES,
    },
    "docs/tutorial/first-agent.md": {
        "ocf-py test --sandbox root/usr/lib/ocf/resource.d/ocfpy/Lamp -o name=desk"
        " --other name=shelf": _RULES,
    },
    "docs/tutorial/first-failover.md": {"make setup": _SETUP},
}
