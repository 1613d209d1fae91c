"""Runs one action of one agent: from the environment to the exit code, which only `main` knows."""

from __future__ import annotations

import posix
import sys

from .call import Call, Facts
from .deadline import Deadline, DeadlinePassed, process_start
from .environment import Environment
from .instances import Instances
from .lifecycle import Lifecycle
from .log import Log
from .outcomes import STOPPED, SUCCESS, Failure, Unimplemented
from .start_record import RecordFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Sequence
    from typing import NoReturn

    from .agent import Agent
else:
    import _signal  # what signal wraps, without its enum

#: The failures that each action may answer; any other becomes 1 (OCF_ERR_GENERIC). A hard code from
#: a stop would fence the node for a missing file, one from a monitor ban the resource (protocol
#: fact P8); 7 from a stop is no success.
_SAID_BY = {
    "start": (1, 2, 4, 5, 6),
    "validate-all": (1, 2, 4, 5, 6),
    "migrate_to": (1, 2, 4, 5, 6),
    "migrate_from": (1, 2, 4, 5, 6),
    "monitor": (1, 7, 9),
    "promote": (1, 7),
    "demote": (1, 7),
}
_SAID_BY_ALL = (1,)
_HARD = (2, 3, 4, 5, 6)
_VALIDATE_TIMEOUT = 20.0
_LONGEST_TIMEOUT = 30 * 86400.0  # seconds; beyond it the kernel's timers have limits of their own
_SHORTEST_REPETITION = 0.02  # seconds between two alarms
_MARK = "ocf-exit-reason:"


def main(module: str, name: str) -> NoReturn:
    """Serve the one call this process was started for, and end it."""
    # An alarm in a callback is dropped by Python, which would print its traceback.
    sys.unraisablehook = lambda _: None
    try:
        misfit = _find_misfit(__import__(module.rpartition(".")[0]))
        if misfit:  # before the agent is read, which may want what this library has not
            from .refusal import refuse

            code = refuse(name, sys.argv[1:], misfit)
        else:
            agent_class: type[Agent] = getattr(__import__(module, fromlist=[name]), name)
            code = run(agent_class, sys.argv[1:], Environment.of_process(), began=process_start())
    except BaseException as error:  # noqa: BLE001 - an agent that is broken answers 1, in one line
        code = _report_unexpected(error, Log(name))
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, AttributeError):  # the caller no longer listens, or never did
            pass
    posix._exit(code)  # noqa: SLF001 - nothing is left to be torn down, and tearing down costs 0.6 ms


def _find_misfit(agents: object) -> str:
    """Why launcher, library and `agents`, their package, are not of one install; "" if they are.

    An install marks both packages with its generation, by which it also names their folder; and by
    that name the launcher asks for them.
    """
    library = sys.modules[__name__.rpartition(".")[0]]
    marks = [getattr(package, "__generation__", "") for package in (library, agents)]
    asked = str(library.__file__).split("/")[-3]
    if marks in ([asked, asked], ["", ""]):  # nothing was installed where nothing is marked
        return ""
    own, theirs = (mark or "an older version" for mark in marks)
    return (
        f"the launcher is of ocf-py {asked}, its library of {own}, the agents of {theirs}: "
        f"install the agents again"
    )


def run(
    agent_class: type[Agent],
    arguments: Sequence[str],
    environment: Environment,
    record_file: RecordFile | None = None,
    began: float | None = None,
) -> int:
    """Perform `arguments[0]` and return the exit code; further arguments are ignored (OCF 1.1).

    The caller's timeout counts from `began` (seconds of CLOCK_BOOTTIME; default now).
    """
    name = arguments[0] if arguments else ""
    if name == "meta-data":
        from .metadata import document

        sys.stdout.write(document(agent_class))
        return SUCCESS
    log = Log(
        agent_class.__name__,
        environment.instance,
        name,
        facility=environment.log_facility,
        wants_debug=environment.debug,
    )
    try:
        _refuse_other_protocols(environment)
        _refuse_unknown(agent_class, name)
        file = record_file or RecordFile(agent_class.__name__, environment.instance)
        # Without a caller's timeout nobody's clock runs yet.
        deadline = Deadline(
            _timeout(agent_class, name, environment), began if environment.timeout_ms else None
        )
        return _perform(agent_class, environment, deadline, file, log, name)
    except Exception as error:  # noqa: BLE001 - never a traceback on stderr, never another code
        return _report_unexpected(error, log)


def _perform(
    agent_class: type[Agent],
    environment: Environment,
    deadline: Deadline,
    file: RecordFile,
    log: Log,
    name: str,
) -> int:
    is_recurring = name == "monitor" and environment.interval_ms > 0
    call = Call(
        name,
        instance=environment.instance,
        deadline=deadline,
        log=log,
        level=environment.check_level if name in ("monitor", "validate-all") else 0,
        is_recurring=is_recurring,
        facts=Facts(file, None if name == "start" else log),
        environment=environment,
    )
    instances = None
    try:
        _arm(deadline)
        if environment.wants_trace:
            from .trace import trace_call

            trace_call(agent_class.__name__, environment, name, log)
        instances = Instances(agent_class, environment.parameters, file, call)
        status = Lifecycle(agent_class, instances, call).perform(name)
    except DeadlinePassed as passed:
        _disarm()
        log.error(passed.failure.reason)
        _say(passed.failure.brief)
        return passed.failure.code
    except Failure as failure:
        _disarm()  # one reason is enough
        log.error(failure.reason)
        _say(failure.brief)
        if failure.code in _SAID_BY.get(name, _SAID_BY_ALL):
            return failure.code
        # On a node where nothing was started, what is missing there proves that nothing runs.
        was_started = instances is None or instances.was_started
        is_idle_probe = name == "monitor" and not is_recurring and not was_started
        return STOPPED.code if is_idle_probe and failure.code in _HARD else Failure.code
    finally:
        _disarm()
    if status is None:
        return SUCCESS
    if status.reason:
        log.warning(status.reason)
        _say(status.reason)
    return status.code


def _timeout(agent_class: type[Agent], name: str, environment: Environment) -> float:
    """Seconds: the caller's timeout, else the longest that is advertised for the action."""
    if environment.timeout_ms:
        return min(environment.timeout_ms / 1000, _LONGEST_TIMEOUT)
    declared = agent_class.ocf_actions.get(name)
    return max(element.timeout for element in declared.elements) if declared else _VALIDATE_TIMEOUT


def _arm(deadline: Deadline) -> None:
    """Interrupt whatever blocks between the deadline and the caller's SIGKILL, to give a reason."""

    def give_up(*_: object) -> NoReturn:
        raise DeadlinePassed(
            f"gave up shortly before the timeout of {deadline.timeout:g} s: "
            f"something did not return in time"
        )

    _signal.signal(_signal.SIGALRM, give_up)
    # Again and again: the first may come where Python drops it, in a callback or a finalizer. But
    # not before what an absurd timeout leaves has been enough to say so.
    _signal.setitimer(
        _signal.ITIMER_REAL,
        deadline.remaining + deadline.margin / 2,
        max(_SHORTEST_REPETITION, deadline.margin / 4),
    )


def _disarm() -> None:
    _signal.setitimer(_signal.ITIMER_REAL, 0)


def _refuse_other_protocols(environment: Environment) -> None:
    if environment.version_major != "1":
        raise Failure(
            f"the caller speaks OCF version {environment.version_major}, this agent version 1",
            hint="OCF_RA_VERSION_MAJOR must be 1",
        )


def _refuse_unknown(agent_class: type[Agent], name: str) -> None:
    if name not in agent_class.ocf_actions and name != "validate-all":
        known = " ".join([*agent_class.ocf_actions, "validate-all", "meta-data"])
        raise Unimplemented(
            f"{agent_class.__name__} has no action {name!r}" if name else "no action was given",
            hint=f"one of: {known}",
        )


def _report_unexpected(error: BaseException, log: Log) -> int:
    """Answer for whatever was raised outside an agent's own words."""
    if isinstance(error, DeadlinePassed):  # before the action began, or as its answer was made
        _disarm()
        error = error.failure
    if isinstance(error, Failure):
        log.error(error.reason)
        _say(error.brief)
        return error.code
    try:
        import traceback

        log.error("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    except OSError as unavailable:  # with no descriptor left, not even a module can be read
        log.error(f"no traceback: {unavailable}")
    detail = " ".join(str(error).split())
    _say(f"unexpected {type(error).__name__}{': ' + detail if detail else ''}")
    return Failure.code


def _say(reason: str) -> None:
    """Give Pacemaker the reason that it shows beside the failed action.

    It reads from the last mark on: one in a parameter's text must not cut the reason off.
    """
    line = f"{_MARK}{reason.replace(_MARK, _MARK[:-1])}\n"
    try:
        sys.stderr.write(line.encode("utf-8", "backslashreplace").decode())
        sys.stderr.flush()
    except (OSError, AttributeError):  # stderr is closed: the exit code still says it
        pass
