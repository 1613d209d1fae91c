"""Safety rule 10: works under `crm_resource --force-*` as it does under the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import rule
from ocf_py.conformance.stage import ACTIVE, STOPPED

if TYPE_CHECKING:
    from collections.abc import Collection

    from ocf_py.conformance.caller import Answer
    from ocf_py.conformance.stage import Stage

#: What crm_resource itself sets (protocol fact P12); it inherits the administrator's shell.
_FORCED = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "TERM": "xterm",
    "LANG": "de_DE.UTF-8",
    "OCF_ROOT": "/usr/lib/ocf",
    "OCF_RA_VERSION_MAJOR": "1",
    "OCF_RA_VERSION_MINOR": "1",
    "OCF_EXIT_REASON_PREFIX": "ocf-exit-reason:",
    "OCF_RESOURCE_INSTANCE": "test",
    "OCF_OUTPUT_FORMAT": "text",
    "OCF_RESKEY_CRM_meta_timeout": "20000",
    "OCF_RESKEY_crm_feature_set": "3.16.2",
    "HA_debug": "1",
}
_LIFE = (
    ("validate-all", frozenset((0,))),
    ("monitor", STOPPED),
    ("start", frozenset((0,))),
    ("monitor", ACTIVE),
    ("stop", frozenset((0,))),
    ("monitor", STOPPED),
)


@rule(
    "an administrator's crm_resource --force-* finds the agent as the cluster does",
    safety=10,
    machine=True,
)
def forced_calls_work(stage: Stage) -> None:
    for level in ("",) if stage.subject.is_known_by_name else ("", "10"):
        for action, expected in _LIFE:
            _force(stage, action, expected, {"OCF_CHECK_LEVEL": level} if level else {})


@rule(
    "crm_resource -VV traces to stderr, and the exit reason is still found", safety=10, machine=True
)
def forced_trace_keeps_the_reason(stage: Stage) -> None:
    trace = {"OCF_TRACE_RA": "1", "OCF_TRACE_FILE": "/dev/stderr"}
    for action, expected in _LIFE:
        _force(stage, action, expected, trace, politely=action != "validate-all")
    for wrong in stage.subject.wrong:
        parameters = {**stage.subject.parameters, **wrong}
        plain = _force(stage, "start", (6,), {}, parameters)
        traced = _force(stage, "start", (6,), trace, parameters, politely=False)
        stage.expect(
            traced.reason == plain.reason, f"the reason {plain.reason!r}", traced.reason, traced
        )


def _force(
    stage: Stage,
    action: str,
    expected: Collection[int],
    more: dict[str, str],
    parameters: dict[str, str] | None = None,
    *,
    politely: bool = True,
) -> Answer:
    given = stage.subject.parameters if parameters is None else parameters
    variables = {
        **_FORCED,
        **{f"OCF_RESKEY_{name}": text for name, text in given.items()},
        **more,
    }
    return stage.ask((action,), variables, expect=expected, politely=politely)
