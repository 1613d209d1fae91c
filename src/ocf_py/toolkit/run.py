"""`ocf-py run`."""

from __future__ import annotations

import difflib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.catalogue.calling import call
from ocf_py.catalogue.exit_codes import Kind, interpret
from ocf_py.cib.times import parse_ms
from ocf_py.conformance.caller import INHERITED, make_environment
from ocf_py.toolkit.agents import AgentWord, find, ocf_root_option
from ocf_py.toolkit.call_words import ActionWord, Assignment, Time, read
from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.log_lines import listen
from ocf_py.toolkit.outcome import Outcome
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocf_py.catalogue.description import Description
    from ocf_py.catalogue.places import InstalledAgent

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TIMEOUT = 20_000  # ms: Pacemaker's own default
#: What Pacemaker answers for an agent that does not start (protocol fact P4).
_UNSTARTED = {errno.ENOENT: 5, errno.EACCES: 4, errno.EPERM: 4}


@click.command()
@click.argument("agent", type=AgentWord())
@click.argument("action", type=ActionWord())
@click.option("-o", "--option", "given", multiple=True, type=Assignment(), help="A parameter.")
@click.option(
    "--options-from",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of NAME=VALUE lines: for what nobody may see in a list of processes.",
)
@click.option(
    "-m",
    "--meta",
    multiple=True,
    type=Assignment(),
    help="A meta attribute: clone-max=2, notify_type=pre, notify_operation=promote.",
)
@click.option("--instance", default="test", show_default=True, help="The resource's name.")
@click.option("--timeout", type=Time(), help="SIGKILL after it.  [default: as advertised, or 20s]")
@click.option("--interval", type=Time(), default="0", help="Of a monitor: without one, a probe.")
@click.option("--level", default="", metavar="N", help="OCF_CHECK_LEVEL: 0, 10 or 20.")
@click.option(
    "--role",
    type=click.Choice(["Started", "Promoted", "Unpromoted"]),
    help="What a monitor with an interval has to find.",
)
@click.option("--trace", is_flag=True, help="Have the agent trace itself to stderr.")
@ocf_root_option
@json_option
def run(  # noqa: PLR0913 - a call of an agent has as many sides
    *,
    agent: str,
    action: str,
    given: Sequence[tuple[str, str]],
    options_from: Path | None,
    meta: Sequence[tuple[str, str]],
    instance: str,
    timeout: int | None,
    interval: int,
    level: str,
    role: str | None,
    trace: bool,
    ocf_root: Path,
    as_json: bool,
) -> None:
    r"""Run ACTION of AGENT once, here and for real, as Pacemaker would.

    The agent gets Pacemaker's environment and nothing of this one, a process group of its own, and
    SIGKILL for all of it at the timeout. What it answers is shown with what Pacemaker would make
    of it: for a monitor without --interval, as of a probe.

    Ends with 0 if the answer is a success of that action (of a probe, "not running" is one), else
    with 1.

    \b
    Examples:
      ocf-py run ocf:ocfpy:IPaddr monitor -o ip=192.0.2.10
      ocf-py run ocfpy:Filesystem start -o device=/dev/vg/data -o directory=/srv -o fstype=xfs
      ocf-py run pacemaker:Stateful monitor --interval 10s --role Promoted --json | jq .meaning
      ocf-py run ./my-agent notify -m notify_type=pre -m notify_operation=start
    """
    _check(action, instance, timeout, interval, role)
    found = find(agent, ocf_root)
    parameters = dict([*_read_options(options_from), *given])
    description = read(found)
    if description:
        _hint(description, action, parameters)
    limit = timeout or _advertised(description, action, interval, level, role)
    environment = make_environment(
        (found.provider, found.type),
        parameters,
        instance=instance,
        interval_ms=interval,
        timeout=limit / 1000,
        level=level,
        action=action,
        inherited={**INHERITED, "PATH": _PATH},
    )
    environment["OCF_RESKEY_CRM_meta_on_node"] = os.uname().nodename
    if role:
        environment["OCF_RESKEY_CRM_meta_role"] = role
    for name, text in meta:
        environment[f"OCF_RESKEY_CRM_meta_{name.replace('-', '_')}"] = text
    if trace:
        environment |= {"OCF_TRACE_RA": "1", "OCF_TRACE_FILE": "/dev/stderr"}
    outcome = _call(found, action, environment, limit, role or "")
    if as_json:
        print_json(outcome.as_json())
    else:
        outcome.show()
    raise SystemExit(FINE if outcome.meaning.is_success else FOUND)


def _check(
    action: str, instance: str, timeout: int | None, interval: int, role: str | None
) -> None:
    """UnusableInput for what makes no call."""
    if not action or not instance:
        raise UnusableInput("the action's and the instance's names cannot be empty")
    if role and not interval:
        raise UnusableInput("--role is of a monitor with an interval", hint="give --interval too")
    if interval and action != "monitor":
        raise UnusableInput(f"--interval is of monitor, not of {action}", hint="leave it out")
    if timeout == 0:
        raise UnusableInput("--timeout 0 would kill the agent at once")


def _call(
    agent: InstalledAgent,
    action: str,
    environment: dict[str, str],
    limit: int,
    role: str,
) -> Outcome:
    """Makes the call, and gathers what came of it; `limit` in milliseconds."""
    interval = environment.get("OCF_RESKEY_CRM_meta_interval", "0")
    kind = Kind.ONCE
    if action == "monitor":
        kind = Kind.PROBE if interval == "0" else Kind.RECURRING
    with listen(agent.type, environment["OCF_RESOURCE_INSTANCE"]) as log:
        environment["HA_LOGFILE"] = log.path
        try:
            called = call((agent.path, action), environment, timeout=limit / 1000, adopts=True)
        except OSError as error:
            code = _UNSTARTED.get(error.errno or 0, 1)
            raise ToolkitError(
                f"{agent.path} cannot be executed: {error.strerror}",
                hint=f"Pacemaker takes that for the code {code}",
            ) from error
        lines = tuple(log.take())
    meaning = interpret(action, called.code, kind, role)
    return Outcome(agent, action, kind, limit, called, meaning, lines)


def _read_options(path: Path | None) -> list[tuple[str, str]]:
    """The NAME=VALUE lines of a file; blank lines and those that begin with # say nothing."""
    if path is None:
        return []
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UnusableInput(f"cannot read {path}: {error.strerror}") from error
    pairs = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, mark, value = line.partition("=")
        if not mark or not name:  # the line itself may be a secret
            raise UnusableInput(f"{path}:{number}: is no NAME=VALUE line")
        pairs.append((name, value))
    return pairs


def _hint(description: Description, action: str, names: Iterable[str]) -> None:
    """Says on stderr what the agent does not know by its own account, and calls it all the same."""
    if action not in description.action_names:
        click.echo(f"note: {description.name} does not advertise {action}", err=True)
    known = [one.name for one in description.parameters]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            instead = f"; there is {near[0]}" if near else ""
            click.echo(f"note: {description.name} has no parameter {name}{instead}", err=True)


def _advertised(
    description: Description | None, action: str, interval: int, level: str, role: str | None
) -> int:
    """The timeout of the action that fits best, in milliseconds."""
    ranked = [
        (
            (one.role == role)
            + ((one.depth or "0") == (level or "0"))
            + (bool(interval) and parse_ms(one.interval) == interval),
            parse_ms(one.timeout) or _TIMEOUT,
        )
        for one in (description.actions if description else ())
        if one.name == action
    ]
    return max(ranked, key=lambda row: row[0])[1] if ranked else _TIMEOUT
