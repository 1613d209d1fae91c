"""The directives of ha.cf whose fate does not depend on what they say, and why it is theirs.

Those that are not here, `pair.py` translates by their values.
"""

from __future__ import annotations

from ocf_py.heartbeat.account import Outcome

_SELF = "Corosync does this by itself"
_LOGD = "Corosync and Pacemaker write to the system log, and to files, without a logging daemon"
_CRM = "of Heartbeat's cluster manager, which haresources does not use; Pacemaker always does it"
_SERIAL = "of serial lines, which Corosync does not have"

FIXED: dict[str, tuple[Outcome, str]] = {
    "keepalive": (
        Outcome.OBSOLETE,
        "Corosync watches by the token that goes round, and each link by its own heartbeat",
    ),
    "initdead": (
        Outcome.OBSOLETE,
        "wait_for_all has a cold start wait for both nodes, and not for a time",
    ),
    "udpport": (
        Outcome.OBSOLETE,
        "Corosync uses the UDP port 5405, and those behind it for further links: open these",
    ),
    "baud": (Outcome.OBSOLETE, _SERIAL),
    "hopfudge": (Outcome.OBSOLETE, _SERIAL),
    "serial": (
        Outcome.OPEN,
        (
            "Corosync has no serial lines: lay a second network in its place, and name its "
            "addresses by --address, or the pair has one way less to see each other"
        ),
    ),
    "ppp-udp": (Outcome.OPEN, "Corosync has no serial lines: lay a second network in its place"),
    "openais": (Outcome.OPEN, "a way through another cluster software: lay a network in its place"),
    "rds": (Outcome.OPEN, "Corosync speaks UDP: give the addresses of that network by --address"),
    "hbaping": (
        Outcome.OPEN,
        "no agent asks a Fibre Channel target: a monitor of Filesystem at depth 10 reads its disk",
    ),
    "stonith": (
        Outcome.OPEN,
        (
            "a fence agent has other parameters than its STONITH plugin: `stonith_admin --list-"
            "installed` lists them; create the device with pcs stonith create or crm configure"
        ),
    ),
    "stonith_host": (
        Outcome.OPEN,
        (
            "a fence agent has other parameters than its STONITH plugin: `stonith_admin --list-"
            "installed` lists them; create the device with pcs stonith create or crm configure"
        ),
    ),
    "watchdog": (
        Outcome.OPEN,
        (
            "Corosync does not feed it: sbd does; install it and name the device in its "
            "configuration (SBD_WATCHDOG_DEV)"
        ),
    ),
    "quorum_server": (Outcome.OPEN, "set up corosync-qdevice with a corosync-qnetd in its place"),
    "env": (
        Outcome.OPEN,
        (
            "nothing that Pacemaker starts inherits it: set it with `env` of ocf:ocfpy:Service "
            "or in the unit"
        ),
    ),
    "debugfile": (Outcome.OBSOLETE, "Corosync writes what it says for debugging to its logfile"),
    "use_logd": (Outcome.OBSOLETE, _LOGD),
    "conn_logd_time": (Outcome.OBSOLETE, _LOGD),
    "syslogmsgfmt": (Outcome.OBSOLETE, _LOGD),
    "log_badpack": (Outcome.OBSOLETE, "Corosync always logs what does not belong to it"),
    "compression": (Outcome.OBSOLETE, "a pair's messages are small; knet can compress them"),
    "compression_threshold": (Outcome.OBSOLETE, "see compression"),
    "traditional_compression": (Outcome.OBSOLETE, "see compression"),
    "realtime": (Outcome.OBSOLETE, _SELF),
    "rtprio": (Outcome.OBSOLETE, _SELF),
    "memreserve": (Outcome.OBSOLETE, _SELF),
    "max_rexmit_delay": (Outcome.OBSOLETE, _SELF),
    "msgfmt": (Outcome.OBSOLETE, "Corosync has one format"),
    "hbgenmethod": (Outcome.OBSOLETE, "Corosync numbers its memberships by itself"),
    "uuidfrom": (Outcome.OBSOLETE, "a node is known by its name and its nodeid"),
    "normalpoll": (Outcome.OBSOLETE, "of Heartbeat's own scheduling"),
    "apiauth": (
        Outcome.OBSOLETE,
        "who may speak to the cluster is root and the group haclient; finer in the CIB's ACLs",
    ),
    "use_apphbd": (Outcome.OBSOLETE, "Pacemaker watches its own daemons, and systemd both"),
    "coredumps": (Outcome.OBSOLETE, "systemd-coredump and the units' LimitCORE decide"),
    "coreroot": (Outcome.OBSOLETE, "systemd-coredump and the units' LimitCORE decide"),
    "record_config_changes": (Outcome.OBSOLETE, _CRM),
    "record_pengine_inputs": (Outcome.OBSOLETE, _CRM),
    "enable_config_writes": (Outcome.OBSOLETE, _CRM),
}
