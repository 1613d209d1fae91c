"""Safety rule 13: the log says who and what, a trace can be had, and no secret is in either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocf_py.conformance.stage import Stage

_MARK = "hunter2-Qx7"
_ERROR_OF_DAEMON = "<27>"  # facility 3, severity 3 (RFC 3164)
_ERROR_OF_LOCAL3 = "<155>"  # facility 19


@rule("a failure is in the system log, with agent, instance and action", safety=13, library=True)
def log_names_its_source(stage: Stage) -> None:
    stage.log.take()  # listens from now on
    for instance in ("vip", "vip:0"):
        answer = stage.call("start", _wrong(stage), expect=(6,), instance=instance)
        lines = [line for line in stage.log.take() if answer.reason in line]
        stage.expect(bool(lines), "the reason in the system log", str(lines), answer)
        tag = f"{stage.subject.type}({instance})"
        whole = lines[0].startswith(_ERROR_OF_DAEMON + tag) and " start: " in lines[0]
        stage.expect(whole, f"an error line of {tag} for start", lines[0], answer)


@rule("the cluster's log facility is used; none means no line", safety=13, library=True)
def log_follows_the_facility(stage: Stage) -> None:
    stage.log.take()  # listens from now on
    for facility, expected in (("local3", _ERROR_OF_LOCAL3), ("none", "")):
        stage.call("start", _wrong(stage), environment={"HA_LOGFACILITY": facility})
        lines = stage.log.take()
        found = lines[0].partition(">")[0] + ">" if lines else ""
        stage.expect(found == expected, f"{expected or 'nothing'} for {facility}", str(lines))


@rule("debug lines are written where HA_debug is set, and only there", safety=13, library=True)
def debug_is_honoured(stage: Stage) -> None:
    stage.log.take()  # listens from now on
    counts = {}
    for debug in ("0", "1"):
        _live(stage, stage.subject.parameters, {"HA_debug": debug})
        counts[debug] = sum("DEBUG" in line for line in stage.log.take())
    stage.expect(counts["0"] == 0, "no debug line with HA_debug=0", str(counts))
    if not stage.subject.says_debug:
        raise NotApplicable("is not known to write debug lines")
    stage.expect(counts["1"] > 0, "debug lines with HA_debug=1", "none")


@rule(
    "trace_ra and trace_file, OCF_TRACE_RA and OCF_TRACE_FILE give a trace", safety=13, library=True
)
def trace_can_be_had(stage: Stage) -> None:
    by_parameter = {**stage.subject.parameters, "trace_ra": "1", "trace_file": "/run/trace"}
    _live(stage, by_parameter, {})
    _expect_trace(stage, "/run/trace")
    _live(stage, stage.subject.parameters, {"OCF_TRACE_RA": "1", "OCF_TRACE_FILE": "/run/trace2"})
    _expect_trace(stage, "/run/trace2")
    stage.run(("mount", "-t", "tmpfs", "tmpfs", "/var/lib"))
    _live(stage, {**stage.subject.parameters, "trace_ra": "yes"}, {})
    folder = stage.path(f"/var/lib/heartbeat/trace_ra/{stage.subject.type}")
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    stage.expect(
        any(name.startswith("vip.start.") for name in found), f"traces in {folder}", str(found)
    )


@rule("a trace that cannot be written makes no action fail", safety=13, library=True)
def trace_is_no_reason_to_fail(stage: Stage) -> None:
    for place in ("/nonexistent/trace", "/run", "/dev/full"):
        _live(stage, stage.subject.parameters, {"OCF_TRACE_RA": "1", "OCF_TRACE_FILE": place})


@rule("the value of a password, passwd or secret shows nowhere", safety=13)
def secrets_stay_secret(stage: Stage) -> None:
    if not stage.description.secrets:
        raise NotApplicable("has no parameter whose value is secret")
    stage.log.take()  # listens from now on
    talkative = {"HA_debug": "1"}
    if not stage.subject.is_known_by_name:  # the traces of a shell hold its whole environment
        talkative |= {"OCF_TRACE_RA": "1", "OCF_TRACE_FILE": "/run/trace"}
    for secret in stage.description.secrets:
        parameters = {**stage.subject.parameters, secret: _MARK}
        calls = [(action, parameters) for action in ("validate-all", "start", "monitor")]
        calls += [("reload-agent", parameters), ("stop", parameters)]
        calls += [("start", {**parameters, **wrong}) for wrong in stage.subject.wrong]
        for action, given in calls:
            answer = stage.call(action, given, environment=talkative)
            _expect_no_secret(stage, secret, "its output", answer.stderr + answer.stdout)
            _expect_no_secret(stage, secret, "the log", *stage.log.take())
            _expect_no_secret(stage, secret, "a command line", *stage.processes().values())
            _expect_no_secret(stage, secret, "a command line", *stage.tools.read_asked())
            for path in stage.path("/run").rglob("*"):
                if path.is_file():
                    _expect_no_secret(stage, secret, path.name, path.read_text(errors="replace"))


def _expect_no_secret(stage: Stage, name: str, where: str, *texts: str) -> None:
    for text in texts:
        at = text.find(_MARK)
        seen = f"in {where}: {text[max(0, at - 100) : at + len(_MARK)]!r}"
        stage.expect(at < 0, f"the value of {name} to show nowhere", seen)


def _live(
    stage: Stage, parameters: Mapping[str, str], environment: Mapping[str, str | None]
) -> None:
    for action, expected in (("start", (0,)), ("monitor", (0, 190)), ("stop", (0,))):
        stage.call(action, parameters, environment=environment, expect=expected)


def _wrong(stage: Stage) -> dict[str, str]:
    """Parameters with which start fails, and says why."""
    if not stage.subject.wrong:
        raise NotApplicable("no parameters are given that make it fail")
    return {**stage.subject.parameters, **stage.subject.wrong[0]}


def _expect_trace(stage: Stage, path: str) -> None:
    trace = stage.path(path)
    lines = trace.read_text().splitlines() if trace.exists() else []
    stage.expect(len(lines) > 20, f"a trace in {path}", f"{len(lines)} lines")
