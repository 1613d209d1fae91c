"""The protocol's actions: what start, stop and monitor promise, whoever asks how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, RECURRING, STOPPED, UNPROMOTED

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage


@rule(
    "a resource is stopped, then runs after start, then is stopped again after stop", machine=True
)
def life(stage: Stage) -> None:
    stage.call("monitor", expect=STOPPED, because="nothing was started")
    stage.call("start", expect=(0,))
    stage.call("monitor", expect=UNPROMOTED, because="start said 0")
    stage.call("monitor", expect=UNPROMOTED, because="start said 0", interval_ms=RECURRING)
    stage.call("stop", expect=(0,))
    stage.call("monitor", expect=STOPPED, because="stop said 0")
    stage.expect_stopped(because="stop said 0")
    stage.call("start", expect=(0,), because="a stopped resource can be started again")
    stage.expect_active()


@rule("start of what runs is 0 and changes nothing", machine=True)
def start_is_idempotent(stage: Stage) -> None:
    stage.start()
    before = set(stage.processes())
    answer = stage.call("start", expect=(0,), because="it runs already")
    more = [stage.processes().get(pid, "") for pid in answer.left]
    stage.expect(not any(more), "a second start to start nothing", str(more), answer)
    gone = before - set(stage.processes())
    stage.expect(not gone, "a second start to leave what runs alone", f"{gone} ended")
    stage.expect_active()


@rule("stop of what does not run is 0, never 7, however often", machine=True)
def stop_is_idempotent(stage: Stage) -> None:
    stage.call("stop", expect=(0,), because="nothing was started")
    stage.start()
    for _ in range(3):
        stage.call("stop", expect=(0,))
    stage.expect_stopped()


@rule("monitor changes nothing", machine=True)
def monitor_changes_nothing(stage: Stage) -> None:
    for _ in range(2):
        stage.call("monitor", expect=STOPPED)
    stage.expect(not stage.records(), "no record where nothing runs", str(stage.records()))
    stage.start()
    before = set(stage.processes())
    for interval in (0, RECURRING, RECURRING):
        stage.call("monitor", expect=UNPROMOTED, interval_ms=interval)
    gone = before - set(stage.processes())
    stage.expect(not gone, "monitor to leave what runs alone", f"{gone} ended")


@rule("an action that the agent does not have is 3", machine=True)
def unknown_action_is_unimplemented(stage: Stage) -> None:
    for action in ("no-such-action", "__init__", "perform", "validate", "START", "start "):
        stage.call(action, expect=(3,))
    if not stage.subject.is_known_by_name:  # the protocol does not speak of it
        stage.call("", expect=(3,), because="no action was given")
    stage.expect_stopped()


@rule("an advertised action is there", machine=True)
def advertised_actions_exist(stage: Stage) -> None:
    needed = {"start", "stop", "monitor", "meta-data"}
    missing = needed - stage.description.action_names
    stage.expect(not missing, f"meta-data to list {' '.join(sorted(needed))}", f"lacks {missing}")
    stage.start()
    for action in sorted(stage.description.action_names - {"start", "stop", "recover"}):
        answer = stage.call(action)
        stage.expect(answer.code != 3, f"{action}, which meta-data lists, to be there", "", answer)


@rule("further arguments are ignored (OCF 1.1)", machine=True)
def further_arguments_are_ignored(stage: Stage) -> None:
    more = ("stop", "--help", "")
    stage.call("meta-data", expect=(0,), further=more, because="more arguments are no reason")
    stage.call("validate-all", expect=(0,), further=more)
    stage.call("start", expect=(0,), further=more)
    stage.call("monitor", expect=UNPROMOTED, further=more)
    stage.call("stop", expect=(0,), further=more)
    stage.expect_stopped()


@rule("a caller of another major version is refused, without effect", machine=True)
def other_major_version_is_refused(stage: Stage) -> None:
    other: dict[str, str | None] = {"OCF_RA_VERSION_MAJOR": "2"}
    answer = stage.call("start", environment=other)
    stage.expect(answer.code != 0, "start to fail for OCF_RA_VERSION_MAJOR=2", "", answer)
    stage.expect_stopped(because="the caller speaks another protocol")
    stage.call("meta-data", expect=(0,), environment=other)
    stage.start()
    answer = stage.call("stop", environment=other)
    if answer.code == 0:
        stage.expect_stopped(because="stop said 0")


@rule(
    "the action is the first argument: OCF_RESOURCE_INSTANCE and __OCF_ACTION may be absent",
    machine=True,
)
def optional_variables_are_optional(stage: Stage) -> None:
    bare = {
        "OCF_ROOT": "/usr/lib/ocf",
        **{f"OCF_RESKEY_{name}": text for name, text in stage.subject.parameters.items()},
    }
    for action, expected in (
        ("validate-all", (0,)),
        ("monitor", STOPPED),
        ("start", (0,)),
        ("monitor", ACTIVE),
        ("stop", (0,)),
        ("monitor", STOPPED),
    ):
        stage.ask((action,), bare, expect=expected, because="no variable is needed but OCF_ROOT")
    # ocf-tester exports it, with whatever was called before.
    stage.call("monitor", expect=STOPPED, environment={"__OCF_ACTION": "start"})


@rule("an empty value means that the parameter is absent", machine=True)
def empty_value_means_absent(stage: Stage) -> None:
    parameters = {
        one.name: stage.subject.parameters.get(one.name, "") for one in stage.description.parameters
    }
    stage.call("validate-all", parameters, expect=(0,))
    stage.start(parameters)
    stage.call("monitor", parameters, expect=ACTIVE)
    stage.expect_active(because="an empty value is an absent one")
    stage.stop(parameters)
    stage.expect_stopped()


@rule(
    "parameters that are wrong everywhere make start and validate-all 6, without effect",
    machine=True,
)
def wrong_parameters_are_refused(stage: Stage) -> None:
    if not stage.subject.wrong:
        raise NotApplicable("no parameters are given that are wrong everywhere")
    for wrong in stage.subject.wrong:
        parameters = {**stage.subject.parameters, **wrong}
        stage.call("validate-all", parameters, expect=(6,), because=f"{wrong} is wrong")
        stage.call("start", parameters, expect=(6,), because=f"{wrong} is wrong")
        stage.expect_stopped()
        stage.expect(not stage.records(), "a refused start to record nothing", str(stage.records()))


@rule(
    "where a tool is missing, meta-data is 0, a probe 7 or 5 and stop no hard error", machine=True
)
def missing_tool_is_no_hard_error(stage: Stage) -> None:
    # What the agents of resource-agents take for "no tool is there"; ocf-tester sets it too.
    missing: dict[str, str | None] = {"OCF_TESTER_FAIL_HAVE_BINARY": "1"}
    stage.call("meta-data", environment=missing, expect=(0,))
    stage.call("monitor", environment=missing, expect=(5, 7), politely=False)
    stage.call("stop", environment=missing, expect=(0,), because="nothing runs")
    stage.start()
    answer = stage.call("stop", environment=missing, expect=(0, 1), because="it runs")
    if answer.code == 0:
        stage.call("monitor", expect=STOPPED, because="stop said 0")


@rule("a reload of what has not changed is 0 and interrupts nothing", machine=True)
def reload_interrupts_nothing(stage: Stage) -> None:
    actions = sorted(stage.description.action_names & {"reload", "reload-agent"})
    if not actions:
        raise NotApplicable("advertises no reload")
    stage.start()
    before = set(stage.processes())
    for action in actions:
        # From OCF 1.1 on, reload is for an administrator, who may be told that there is no way.
        is_asked_for = action == "reload-agent" or stage.description.version == "1.0"
        expected = (0,) if is_asked_for else (0, 1)
        stage.call(action, expect=expected, because="it runs, and nothing has changed")
        gone = before - set(stage.processes())
        stage.expect(not gone, f"{action} to leave what runs alone", f"{gone} ended")
        stage.call("monitor", expect=UNPROMOTED, because=f"{action} changes nothing")


@rule("notify is 0, also with the single blank that stands for an empty list", machine=True)
def notify_takes_empty_lists(stage: Stage) -> None:
    stage.expect_advertised("notify")
    stage.start()
    words: dict[str, str | None] = {
        f"OCF_RESKEY_CRM_meta_notify_{group}_{what}": " "
        for group in ("start", "stop", "promote", "demote", "active", "promoted", "unpromoted")
        for what in ("resource", "uname")
    }
    for kind in ("pre", "post"):
        for operation in ("start", "stop", "promote", "demote"):
            words["OCF_RESKEY_CRM_meta_notify_type"] = kind
            words["OCF_RESKEY_CRM_meta_notify_operation"] = operation
            stage.call("notify", expect=(0,), environment=words)
