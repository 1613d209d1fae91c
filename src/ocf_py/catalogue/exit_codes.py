"""What Pacemaker makes of an agent's exit code, for each action (protocol fact 1.4).

Names are those of the OCF Resource Agent API 1.1, section "Exit status codes".
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

NAMES = {
    0: "OCF_SUCCESS",
    1: "OCF_ERR_GENERIC",
    2: "OCF_ERR_ARGS",
    3: "OCF_ERR_UNIMPLEMENTED",
    4: "OCF_ERR_PERM",
    5: "OCF_ERR_INSTALLED",
    6: "OCF_ERR_CONFIGURED",
    7: "OCF_NOT_RUNNING",
    8: "OCF_RUNNING_PROMOTED",
    9: "OCF_FAILED_PROMOTED",
    190: "OCF_DEGRADED",
    191: "OCF_DEGRADED_PROMOTED",
}

#: Actions whose failure changes nothing in the cluster: it is logged, or shown to who asked.
_INCONSEQUENTIAL = ("notify", "meta-data", "validate-all")


class Kind(enum.Enum):
    """How Pacemaker looks upon a call."""

    #: A monitor with an interval.
    RECURRING = "recurring"
    #: A monitor without one: what is here that the cluster does not know of?
    PROBE = "probe"
    #: Any other action.
    ONCE = "once"


@dataclass(frozen=True)
class Meaning:
    """Whether the action has succeeded in Pacemaker's eyes, and what Pacemaker does next."""

    name: str
    is_success: bool
    consequence: str


_PROBED = {
    0: (True, "it is active here"),
    2: (True, "taken for: not running here"),
    5: (True, "taken for: not running here"),
    7: (True, "it is cleanly stopped here"),
    8: (True, "it is active here, and promoted"),
    9: (False, "it is promoted here and has failed: it is demoted and recovered"),
    190: (True, "it is active here, and degraded"),
    191: (True, "it is active here, promoted and degraded"),
    3: (False, "the resource is banned from this node"),
    4: (False, "the resource is banned from this node"),
    6: (False, "the resource is banned from every node"),
}
_PROBED_OTHERWISE = (
    False,
    "it is taken for active and failed here: it is recovered, also where it runs elsewhere",
)
_WATCHED = {
    3: (True, "ignored: the agent cannot tell"),
    2: (False, "the resource is banned from this node, and recovered elsewhere"),
    4: (False, "the resource is banned from this node, and recovered elsewhere"),
    5: (False, "the resource is banned from this node, and recovered elsewhere"),
    6: (False, "the resource is banned from every node, and stopped"),
    7: (False, "it has stopped by itself: it is recovered without a stop"),
    9: (False, "the promoted instance has failed: it is demoted and recovered"),
}
_WATCHED_OTHERWISE = (False, "it has failed: it is recovered as on-fail says, restarted by default")
_ONCE = {
    2: (False, "the resource is banned from this node"),
    3: (False, "the resource is banned from this node"),
    4: (False, "the resource is banned from this node"),
    5: (False, "the resource is banned from this node"),
    6: (False, "the resource is banned from every node"),
}
_ONCE_OTHERWISE = (False, "it has failed: the resource is recovered")
_START_FAILED = (
    False,
    "the start has failed: the node is tried no more, as start-failure-is-fatal is set by default",
)
_STOP_FAILED = (
    False,
    "the stop has failed: the node is fenced, or the resource blocked where nothing can fence",
)


def interpret(action: str, code: int | None, kind: Kind, role: str = "") -> Meaning:
    """The meaning of `code`, None for an end by signal or timeout, from `action`.

    `role` is the one that a recurring monitor expects: Promoted, Unpromoted, Started, or "" where
    either will do.
    """
    name = NAMES.get(code, "undefined: OCF_ERR_GENERIC") if code is not None else "no exit code"
    number = code if code is not None and code in NAMES else 1
    if action in _INCONSEQUENTIAL:
        return Meaning(name, number == 0, "fine" if number == 0 else _shrug(action))
    if kind is Kind.PROBE:
        return Meaning(name, *_PROBED.get(number, _PROBED_OTHERWISE))
    if kind is Kind.RECURRING:
        return Meaning(name, *_watch(number, role))
    return Meaning(name, *_act(action, number))


def _act(action: str, code: int) -> tuple[bool, str]:
    if code == 0:
        return True, "done"
    if action == "demote" and code == 7:  # noqa: PLR2004 - OCF_NOT_RUNNING
        return True, "demoted, and taken for stopped"
    if action == "stop":
        return _STOP_FAILED
    return _ONCE.get(code, _START_FAILED if action == "start" else _ONCE_OTHERWISE)


def _shrug(action: str) -> str:
    if action == "notify":
        return "logged, and ignored"
    if action == "meta-data":
        return "no tool can configure the resource"
    return "the shells refuse or warn where the resource is created; the cluster never asks"


def _watch(code: int, role: str) -> tuple[bool, str]:
    if code in (0, 190):
        is_promoted, degraded = False, code != 0
    elif code in (8, 191):
        is_promoted, degraded = True, code != 8  # noqa: PLR2004 - OCF_RUNNING_PROMOTED
    else:
        return _WATCHED.get(code, _WATCHED_OTHERWISE)
    if role and is_promoted != (role == "Promoted"):
        is_now = "promoted" if is_promoted else "not promoted"
        return False, f"it is {is_now}, and should be otherwise: it is recovered"
    running = "it runs, promoted" if is_promoted else "it runs"
    return True, f"{running}, and is degraded: shown, and left alone" if degraded else running
