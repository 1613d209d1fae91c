"""ocf:linbit:drbd as ocf:ocfpy:Drbd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.migration.translation import (
    Becomes,
    Further,
    Peer,
    Refused,
    boolean,
    dropped,
    is_true,
    keep,
)

if TYPE_CHECKING:
    from ocf_py.migration.translation import Case, Outcome

_HANDLERS = (
    "DRBD's own configuration stays: its handlers, where they call crm-fence-peer.sh, work on with "
    "ours, which removes no constraint of theirs; docs/reference/drbd.md says how to change them"
)


def _wait(name: str, value: str, _case: Case) -> Outcome:
    """Whole seconds there; what is no number means not to wait, and 0 to wait for ever."""
    if not (value.isascii() and value.isdigit()):
        return Becomes(name, "0", f"{name}={value} counts as no wait at all there")
    if int(value) == 0:
        return Refused(f"{name}=0 waits without an end there, and not at all here: write a time")
    return Becomes(name, value)


def _shun(name: str, value: str, _case: Case) -> Outcome:
    """A boolean, or "unexpected"; all else is false there."""
    if value == "unexpected":
        return Becomes(name, value)
    word = str(is_true(value)).lower()
    note = "" if word == value else f"{name}={value} counts as {word} there"
    return Becomes(name, word, note)


def _unfence(name: str, value: str, case: Case) -> Outcome:
    """There it calls DRBD's unfence-peer handler, whichever that is; here it takes our own away."""
    found = boolean(name, value, case)
    if not isinstance(found, Becomes) or not is_true(value):
        return found
    note = (
        f"{name} takes away what `ocf-py drbd fence-peer` wrote, and nothing of "
        "crm-fence-peer.sh: change DRBD's handlers with it"
    )
    return Becomes(found.name, found.value, "; ".join(filter(None, (found.note, note))))


def _score(name: str, value: str, _case: Case) -> Outcome:
    """The first of four: a Consistent disk."""
    first = value.split()[:1]
    if first in ([], ["0"]):
        return Becomes(name, value)
    return Becomes(
        name,
        value,
        f"{name}={value} makes a candidate of a disk that is only Consistent, and may be stale: 0 "
        "in the first place, the default here, never does",
    )


def _explain_fencing(case: Case) -> Further:
    found = Further(notes=[_HANDLERS])
    if not case.is_clone:
        found.reasons.append("it is in no clone, and nothing of it is ever promoted: make it one")
    if case.is_globally_unique:
        found.reasons.append("its instances are told apart, and are one resource of DRBD on a node")
    return found


DRBD = Peer(
    "ocf:linbit:drbd",
    "Drbd",
    {
        **dict.fromkeys(
            (
                *("drbd_resource", "drbdconf"),
                *("require_drbd_module_version_ge", "require_drbd_module_version_lt"),
            ),
            keep,
        ),
        **dict.fromkeys(
            (
                *("stop_outdates_secondary", "ignore_missing_notifications"),
                *("fail_promote_early_if_peer_primary", "connect_only_after_promote"),
            ),
            boolean,
        ),
        "adjust_master_score": _score,
        "unfence_if_all_uptodate": _unfence,
        "wfc_timeout": _wait,
        "remove_master_score_if_peer_primary": _shun,
        "unfence_extra_args": dropped("ours removes its own constraints, and runs no hook for it"),
    },
    _explain_fencing,
)
