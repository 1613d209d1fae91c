"""`ocf-py test`: holds any OCF agent to the protocol, as ocf-tester does and further."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import time
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ocf_py.conformance.examination import Judgement
    from ocf_py.conformance.places import Place
    from ocf_py.conformance.rule import Rule
    from ocf_py.conformance.subject import Subject
    from ocf_py.toolkit.testing.report import Report

_TESTS_OF_STDERR = "/dev/stderr"


@click.command(context_settings={"help_option_names": ["-h", "-?", "--help"]})
@click.argument("agent", required=False)
@click.option("-n", "instance", metavar="NAME", default="test", help="The resource's name.")
@click.option("-o", "parameters", metavar="NAME=VALUE", multiple=True, help="A parameter.")
@click.option(
    "--other", metavar="NAME=VALUE", multiple=True,
    help="What a second instance has in place of that, to run beside the first.",
)  # fmt: skip
@click.option(
    "--change", metavar="NAME=VALUE", multiple=True, help="A change that can be reloaded."
)
@click.option("--wrong", metavar="NAME=VALUE", multiple=True, help="A value that is wrong.")
@click.option(
    "--sandbox", is_flag=True, help="Run it all in namespaces (root): nothing is touched."
)
@click.option(
    "--prepare", metavar="COMMAND", multiple=True,
    help="Run this in each sandbox first, without a shell.",
)  # fmt: skip
@click.option("--rule", "names", metavar="ID", multiple=True, help="Only this rule.")
@click.option("--list-rules", is_flag=True, help="List all rules, and test nothing.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Sandboxes at a time. [default: cores]")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="Write JUnit's XML.")
@json_option
@click.option("-v", "verbose", is_flag=True, help="Show every call that led to a failure.")
@click.option("-q", "quiet", is_flag=True, help="Show failures and the last line alone.")
@click.option("-d", "debug", is_flag=True, help="Turn on the agent's debugging (HA_debug).")
@click.option("-X", "trace", is_flag=True, help="Turn on the agent's tracing (OCF_TRACE_RA).")
@click.option("-L", "_lrmd", is_flag=True, hidden=True, help="Taken, as ocf-tester once did.")
def test(agent: str | None, **options: Any) -> None:
    r"""Hold AGENT to the OCF protocol: its path, ocf:PROVIDER:TYPE, or TYPE.

    \b
    ocf-py test --sandbox heartbeat:Dummy
    ocf-py test --sandbox IPaddr2 -o ip=192.0.2.10 -o nic=eth0 -o cidr_netmask=24
    ocf-py test --sandbox ./myagent -o state=/run/a --other state=/run/b --junit report.xml
    ocf-py test -n vip -o ip=192.0.2.10 /usr/lib/ocf/resource.d/heartbeat/IPaddr2
    ocf-py test --sandbox pacemaker:Dummy --json > report.json

    In a --sandbox there are: eth0 with 192.0.2.1/24 and 2001:db8::1/64, its cable plugged in; two
    ext4 images, /run/scratch/a.img and b.img; the first of them as the disk /dev/scratch; loop
    devices; an empty /run with the folder /run/mnt to mount on; empty /tmp, /var/tmp, /var/log and
    /root; stand-ins for crm_attribute and its like. All else is the machine's, and read-only.

    Without it the agent runs on this machine, as with ocf-tester, and rules that could do harm
    are not run. Ends with 0 if all holds, 1 if something is broken (notes aside), 2 if misused.
    """
    from ocf_py.toolkit.testing.candidate import choose_rules

    if options["list_rules"]:
        _list_rules()
        return
    if agent is None:
        raise click.UsageError("Missing argument 'AGENT'.", click.get_current_context())
    rules = choose_rules(options["names"])
    subject = _make_subject(agent, options)
    began = time.monotonic()
    judgements, version = _run(subject, rules, options)
    report = _make_report(subject, version, judgements, time.monotonic() - began, options)
    _tell(report, options)
    sys.exit(FOUND if any(one.is_fault for one in judgements) else FINE)


def _list_rules() -> None:
    from ocf_py.conformance.examination import GENERAL_RULES
    from ocf_py.conformance.manners import MANNERS

    for rule in GENERAL_RULES:
        note = "" if rule.spares_the_machine else " (takes --sandbox)"
        click.echo(f"{rule.id}: {rule.title}{note}")
    for name, title in MANNERS.items():
        click.echo(f"{name}: {title} (of every call)")


def _make_subject(agent: str, options: dict[str, Any]) -> Subject:
    from ocf_py.toolkit.testing import candidate

    name, executable = candidate.find_executable(agent)
    environment = {"HA_debug": "1"} if options["debug"] else {}
    if options["trace"]:
        environment |= {"OCF_TRACE_RA": "1", "OCF_TRACE_FILE": _TESTS_OF_STDERR}
    subject = candidate.make_subject(
        name,
        executable,
        instance=options["instance"],
        parameters=candidate.read_pairs("-o", options["parameters"]),
        other=candidate.read_pairs("--other", options["other"]),
        change=candidate.read_pairs("--change", options["change"]),
        wrong=candidate.read_pairs("--wrong", options["wrong"]),
        prepare=candidate.read_commands(options["prepare"]),
        environment=environment,
    )
    if options["sandbox"]:
        candidate.expect_visible(subject)
    elif subject.prepare:
        raise UnusableInput("--prepare: is for a --sandbox", hint="prepare this machine yourself")
    return subject


def _run(
    subject: Subject, rules: tuple[Rule, ...], options: dict[str, Any]
) -> tuple[list[Judgement], str]:
    """Everything that came out, and the agent's own version."""
    from ocf_py.catalogue.description import UnreadableDescription
    from ocf_py.conformance.examination import ask_description, examine, judge_unreadable
    from ocf_py.conformance.furniture import Furniture
    from ocf_py.conformance.places import on_machine
    from ocf_py.conformance.sandbox import SandboxUnavailable
    from ocf_py.toolkit.testing.candidate import describe

    with contextlib.ExitStack() as stack:
        place: Place = on_machine
        try:
            if options["sandbox"]:
                words = (*subject.parameters.values(), *subject.other.values())
                words += tuple(word for command in subject.prepare for word in command)
                place = stack.enter_context(Furniture(words)).place
            description = ask_description(subject, place)
        except SandboxUnavailable as problem:
            raise ToolkitError(str(problem)) from problem
        except UnreadableDescription as problem:
            return judge_unreadable(problem, rules), ""
        except RuntimeError as problem:  # a --prepare that failed
            raise UnusableInput(f"--prepare: {problem}") from problem
        subject = describe(subject, description)
        if place is on_machine:
            _expect_stopped(subject)
        lanes = options["jobs"] or os.cpu_count() or 1
        with _progress(len(rules), quiet=options["quiet"]) as tell:
            found = examine(subject, place, rules=rules, lanes=lanes, tell=tell)
    return found, description.agent_version


def _expect_stopped(subject: Subject) -> None:
    """On the machine itself, what runs already is not ours to stop."""
    from ocf_py.conformance.places import on_machine
    from ocf_py.conformance.stage import ACTIVE, Stage

    with Stage(subject, on_machine) as stage:
        answer = stage.call("monitor", politely=False)
    if answer.code in ACTIVE:
        raise UnusableInput(
            f"{subject.name}: with these parameters it is active on this machine already",
            hint="stop it first, or test in a --sandbox",
        )


@contextlib.contextmanager
def _progress(count: int, *, quiet: bool) -> Iterator[Callable[[Judgement], None]]:
    """On a terminal, one line on stderr that says how far it is."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    shown: Any = click.progressbar(length=count, label="testing", file=sys.stderr, show_pos=True)
    with shown as bar:
        yield lambda _: bar.update(1)


def _make_report(
    subject: Subject,
    version: str,
    judgements: list[Judgement],
    seconds: float,
    options: dict[str, Any],
) -> Report:
    from ocf_py.toolkit.testing.report import Report

    words = ["ocf-py", "test"]
    words += ["--sandbox"] if options["sandbox"] else []
    words += [subject.name]
    for option, name in (("-o", "parameters"), ("--other", "other"), ("--change", "change"),
                         ("--wrong", "wrong"), ("--prepare", "prepare")):  # fmt: skip
        words += [word for given in options[name] for word in (option, given)]
    where = "in a sandbox" if options["sandbox"] else "on this machine"
    return Report(subject.name, version, where, shlex.join(words), seconds, tuple(judgements))


def _tell(report: Report, options: dict[str, Any]) -> None:
    from ocf_py.toolkit.testing.report import print_table, write_junit

    if options["junit"]:
        try:
            write_junit(report, options["junit"])
        except OSError as problem:
            raise ToolkitError(f"--junit {options['junit']}: {problem.strerror}") from problem
    if options["as_json"]:
        print_json(report.as_json())
    else:
        print_table(report, quiet=options["quiet"], verbose=options["verbose"])
