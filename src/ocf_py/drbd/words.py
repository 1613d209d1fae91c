"""The words in which DRBD tells its states, as drbdsetup(8) lists them for 8.4 and 9."""

from __future__ import annotations

PRIMARY, SECONDARY = "Primary", "Secondary"
UNKNOWN_ROLE = "Unknown"
ROLES = frozenset((PRIMARY, SECONDARY, UNKNOWN_ROLE))

UP_TO_DATE, CONSISTENT, UNKNOWN = "UpToDate", "Consistent", "DUnknown"
INCONSISTENT, OUTDATED, DISKLESS = "Inconsistent", "Outdated", "Diskless"
#: A disk that serves nothing: it was detached, or has failed.
GONE = frozenset((DISKLESS, "Failed", "Detaching"))
#: A disk that is about to be something else.
COMING = frozenset(("Attaching", "Negotiating"))
DISKS = GONE | COMING | {INCONSISTENT, OUTDATED, UNKNOWN, CONSISTENT, UP_TO_DATE}

CONNECTED, STAND_ALONE = "Connected", "StandAlone"
CONNECTIONS = frozenset(
    (
        STAND_ALONE,
        "Disconnecting",
        "Unconnected",
        "Timeout",
        "BrokenPipe",
        "NetworkFailure",
        "ProtocolError",
        "TearDown",
        "Connecting",
        "WFReportParams",
        CONNECTED,
    )
)

OFF, ESTABLISHED = "Off", "Established"
#: What comes before a resynchronisation: who is the source is being found out.
NEGOTIATING = frozenset(("StartingSyncS", "StartingSyncT", "WFBitMapS", "WFBitMapT", "WFSyncUUID"))
FROM_HERE = frozenset(("SyncSource", "PausedSyncS", "Ahead"))
TO_HERE = frozenset(("SyncTarget", "PausedSyncT", "Behind"))
VERIFYING = frozenset(("VerifyS", "VerifyT"))
REPLICATIONS = NEGOTIATING | FROM_HERE | TO_HERE | VERIFYING | {OFF, ESTABLISHED}
