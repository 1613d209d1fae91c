"""What Pacemaker, or a tool that goes with it, makes of an agent that breaks a rule."""

from __future__ import annotations

from typing import NamedTuple

from ocf_py.validation.finding import Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


class Consequence(NamedTuple):
    """How bad it is, and what would happen, as a sentence without a full stop."""

    severity: Severity
    sentence: str


_DOUBLE = "Pacemaker starts it elsewhere while it still runs here: two nodes write to one thing"
_FENCE = "a stop that fails fences the node, or blocks the resource where there is no fencing"
_BAN = "2 and 5 ban the resource from the node, 6 from every node, also after a mere monitor"
_RESTART = "Pacemaker recovers what was healthy: it stops the resource and starts it again"
_PROMOTION = "Pacemaker promotes nobody, or the wrong node"
_BLIND = "a dead resource counts as active, and nobody recovers it"

#: Rule → consequence, for every rule that any agent is held to, and for every manner.
CONSEQUENCES: dict[str, Consequence] = {
    # ---------------------------------------------------------------- the protocol
    "life": Consequence(_ERROR, "Pacemaker cannot run it: each operation is taken for a failure"),
    "start-is-idempotent": Consequence(
        _ERROR, "a start that is repeated after a lost result fails, or interrupts what runs"
    ),
    "stop-is-idempotent": Consequence(_ERROR, _FENCE),
    "monitor-changes-nothing": Consequence(_ERROR, _RESTART),
    "unknown-action-is-unimplemented": Consequence(
        _WARNING, "an operation that does not exist looks like a failure, or like a success"
    ),
    "advertised-actions-exist": Consequence(
        _ERROR, "pcs configures what is advertised, and each of those operations fails"
    ),
    "further-arguments-are-ignored": Consequence(
        _WARNING, "tools and people that pass more than the action get an error"
    ),
    "other-major-version-is-refused": Consequence(
        _NOTE, "a later Pacemaker would be misunderstood instead of refused"
    ),
    "optional-variables-are-optional": Consequence(
        _WARNING, "crmsh validates without a resource name, and takes the failure for a mistake"
    ),
    "empty-value-means-absent": Consequence(
        _NOTE, "a parameter that was emptied does not get its default back"
    ),
    "wrong-parameters-are-refused": Consequence(
        _WARNING, "a wrong configuration is tried on one node after the other"
    ),
    "missing-parameter-is-refused": Consequence(
        _WARNING, "a resource without what it needs is tried on one node after the other, or runs"
    ),
    "missing-tool-is-no-hard-error": Consequence(_ERROR, f"{_BAN}; {_FENCE}"),
    "reload-interrupts-nothing": Consequence(
        _ERROR, "a change that should be free of interruption fails or interrupts"
    ),
    "reload-takes-changes-over": Consequence(
        _ERROR, "a changed parameter is said to be in force, and is not"
    ),
    "reload-refuses-a-restart": Consequence(
        _NOTE, "what only a restart can change is said to be changed"
    ),
    "notify-takes-empty-lists": Consequence(
        _WARNING, "Pacemaker logs failed notifications, and the instance knows no siblings"
    ),
    "notify-takes-members": Consequence(
        _WARNING, "Pacemaker logs failed notifications, and the instance knows no siblings"
    ),
    "clone-instance-lives": Consequence(_ERROR, "as a clone it fails where by itself it works"),
    "instances-live-side-by-side": Consequence(
        _ERROR, "Pacemaker starts several at once on one node: some fail, or end another one"
    ),
    # ---------------------------------------------------------------- meta-data
    "metadata-is-valid": Consequence(
        _ERROR, "pcs says that the agent provides no valid metadata, and configures none of it"
    ),
    "metadata-carries-its-dtd": Consequence(_NOTE, "ocf-tester rejects it"),
    "monitors-differ": Consequence(
        _WARNING, "Pacemaker tells monitors apart by their interval, and refuses the second"
    ),
    "metadata-works-for-anybody": Consequence(
        _ERROR, "Pacemaker asks as user hacluster before each start, and gets no answer"
    ),
    # ---------------------------------------------------------------- stop and probe
    "idle-without-parameters": Consequence(_ERROR, f"{_BAN}; {_FENCE}"),
    "idle-with-garbage": Consequence(_WARNING, f"{_BAN}; {_FENCE}"),
    "without-tools": Consequence(_WARNING, f"{_BAN}; {_FENCE}"),
    "stop-needs-no-parameters": Consequence(
        _WARNING, f"where Pacemaker stops all without a coordinator it passes none; {_FENCE}"
    ),
    "stop-takes-any-parameters": Consequence(_WARNING, f"{_DOUBLE}, or {_FENCE}"),
    # ---------------------------------------------------------------- levels
    "monitor-takes-every-level": Consequence(
        _ERROR, "a monitor of a depth that it does not have bans or restarts a healthy resource"
    ),
    "validation-takes-every-level": Consequence(
        _WARNING, "a valid configuration is refused by the tool that asks for that level"
    ),
    "unusable-here-is-told": Consequence(
        _WARNING, "what cannot run on this node is banned from every node, or tried here"
    ),
    # ---------------------------------------------------------------- interruption, crashes
    "killed-start-recovers": Consequence(_ERROR, f"after a start that timed out: {_FENCE}"),
    "killed-stop-recovers": Consequence(_ERROR, f"after a stop that timed out: {_FENCE}"),
    "killed-monitor-recovers": Consequence(_ERROR, _RESTART),
    "killed-role-change-recovers": Consequence(
        _ERROR, f"after a promote or demote that timed out: {_FENCE}"
    ),
    "crash-is-noticed": Consequence(_ERROR, f"{_BLIND}, or {_FENCE}"),
    "reused-pid-is-a-stranger": Consequence(
        _ERROR, f"{_BLIND}; and a stop kills a process of somebody else"
    ),
    "hanging-action-gives-up": Consequence(_WARNING, "the exit reason is lost with the SIGKILL"),
    "deadline-counts-from-the-process": Consequence(
        _WARNING, "the exit reason is lost with the SIGKILL"
    ),
    "hanging-tool-is-given-up": Consequence(
        _WARNING,
        "it is killed in the middle, and nobody is told what it waited for; for a stop that "
        "means fencing",
    ),
    # ---------------------------------------------------------------- what is left
    "life-leaves-nothing": Consequence(
        _WARNING, "the node fills up with what was left, or the next start trips over it"
    ),
    "looking-changes-nothing": Consequence(
        _WARNING, "every monitor on every node leaves its mark, also where nothing runs"
    ),
    "survivors-leave-the-group": Consequence(
        _WARNING, "a start that times out just then kills the service that it has started"
    ),
    "nothing-else-leaves-survivors": Consequence(_WARNING, "processes pile up with every monitor"),
    "survivors-end-with-the-resource": Consequence(_ERROR, _DOUBLE),
    "foreign-is-left-alone": Consequence(_ERROR, "a probe takes for its own what is another's"),
    "foreign-survives-a-life": Consequence(_ERROR, "a stop takes away what is another's"),
    # ---------------------------------------------------------------- hostile surroundings
    "closed-descriptors": Consequence(_NOTE, "a caller that closes them gets failures"),
    "full-log": Consequence(_WARNING, f"a log daemon that hangs holds operations up; {_FENCE}"),
    "unforeseen-exception": Consequence(_WARNING, "a traceback is shown in place of a reason"),
    "secrets-stay-secret": Consequence(
        _WARNING, "a password is to be read in a log, in a trace, or by ps"
    ),
    # ---------------------------------------------------------------- calls by hand
    "forced-calls-work": Consequence(
        _WARNING, "crm_resource --force-start and the like do not work for it"
    ),
    "forced-trace-keeps-the-reason": Consequence(
        _NOTE, "crm_resource -VV shows another result than the cluster has"
    ),
    # ---------------------------------------------------------------- roles
    "roles": Consequence(_ERROR, "Pacemaker sees another role than there is, and recovers it"),
    "roles-of-the-stopped": Consequence(
        _ERROR, "a failed promote counts as a success, or starts what nobody asked for"
    ),
    "score-is-set": Consequence(
        _WARNING, f"after Pacemaker was restarted in maintenance: {_PROMOTION}"
    ),
    "score-is-deleted-by-stop": Consequence(_WARNING, _PROMOTION),
    "refused-promote-steps-back": Consequence(
        _WARNING, "Pacemaker demotes a healthy primary again and again to promote this one"
    ),
    "score-does-not-hang": Consequence(_WARNING, f"with an attribute daemon that hangs: {_FENCE}"),
    "score-that-fails-is-no-failure": Consequence(
        _WARNING, "outside a cluster, and while it comes up, operations fail"
    ),
    # ---------------------------------------------------------------- manners
    "ends-by-itself": Consequence(_ERROR, "Pacemaker kills it, and takes that for a failure"),
    "known-code": Consequence(_ERROR, "Pacemaker takes it for 1, whatever was meant"),
    "never-hard": Consequence(_ERROR, f"{_BAN}; {_FENCE}"),
    "quiet-output": Consequence(_WARNING, "it is in Pacemaker's debug log, where nobody reads it"),
    "quiet-refusal": Consequence(_NOTE, "it is in Pacemaker's debug log, where nobody reads it"),
    "no-traceback": Consequence(_WARNING, "an administrator sees code in place of a reason"),
    "output-is-closed": Consequence(
        _WARNING, "whoever reads the agent's output by hand waits for the service to end"
    ),
    "reason-is-given": Consequence(_WARNING, "crm_mon shows a failure without a reason"),
    "refusal-has-a-reason": Consequence(_NOTE, "crm_mon shows a failure without a reason"),
    "reason-is-text": Consequence(_WARNING, "the reason breaks terminals, logs, or the CIB's XML"),
    "one-reason": Consequence(_WARNING, "Pacemaker shows the last one alone"),
    "silent-validation": Consequence(_WARNING, "pcs prints it as a warning at every creation"),
}
