"""`ocf-py lab rehearse` and `soak`: faults played with somebody's own CIB, and judged."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.lab.progress import Lines
from ocf_py.lab.requirements import check_root
from ocf_py.lab.settings import MOST_NODES
from ocf_py.toolkit.command import bring
from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.lab_group import Verb
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocf_py.lab.progress import Progress
    from ocf_py.rehearsal.planning import Plan
    from ocf_py.rehearsal.record import Play
    from ocf_py.rehearsal.rehearsal import Company
    from ocf_py.rehearsal.run import Rehearsal

_DEFAULT_ROUNDS = 7


def _shared_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        json_option,
        click.option(
            "--prepare",
            "prepare_with",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A program that each node runs before the CIB is loaded.",
        ),
        click.option(
            "--nodes", type=click.IntRange(2, MOST_NODES), help="How many.  [default: the CIB's, 2]"
        ),
        click.option(
            "--report",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help="Write index.html, report.json and the pictures there.",
        ),
        click.option("--fault", "faults", multiple=True, metavar="NAME", help="May be repeated."),
    ):
        function = option(function)
    return function


@click.command(cls=Verb)
@click.argument("cibs", nargs=-1, metavar="[CIB]...", type=click.Path(path_type=Path))
@_shared_options
@click.option("--list", "is_list", is_flag=True, help="List the faults and end.")
@click.option("--peer", is_flag=True, help="Play each with the counterparts of ours, too.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 1000),
    help=f"How often each fault is played.  [default: 1, with --peer {_DEFAULT_ROUNDS}]",
)
@click.pass_context
def rehearse(  # noqa: PLR0913 - one an option
    context: click.Context,
    *,
    cibs: tuple[Path, ...],
    is_list: bool,
    peer: bool,
    rounds: int | None,
    faults: tuple[str, ...],
    report: Path | None,
    nodes: int | None,
    prepare_with: Path | None,
    as_json: bool,
) -> None:
    r"""Load CIB into a lab of its own, break things, and say what its clients felt.

    Every fault says what should happen, and is judged by witnesses outside the nodes. Without
    --fault all that can befall the CIB are played. Ends with 0 where every rule holds, else with 1.

    \b
    Examples:
      ocf-py lab rehearse cib.xml
      ocf-py lab rehearse cib.xml --fault power-loss --fault rings-cut --report report
      ocf-py lab rehearse cib.xml --fault move --peer --json
      ocf-py lab rehearse --list
    """
    from ocf_py.rehearsal.faults import FAULTS

    if is_list:
        width = max(map(len, FAULTS))
        listed = {name: fault.summary for name, fault in FAULTS.items()}
        if as_json:
            print_json(listed)
        else:
            click.echo("\n".join(f"{name:{width}}  {text}" for name, text in listed.items()))
        return
    _check_faults(faults)
    rounds = rounds or (_DEFAULT_ROUNDS if peer else 1)
    record = _begin(f"Rehearsal of {', '.join(cib.name for cib in cibs)}", report)
    record.compared = peer

    def act(company: Company, one: Plan) -> None:
        company.play_all(one, faults or list(FAULTS), rounds)

    _run(context, cibs, act, record, nodes, prepare_with, report, peer=peer, as_json=as_json)


@click.command(cls=Verb)
@click.argument("cib", type=click.Path(path_type=Path))
@_shared_options
@click.option("--minutes", type=click.FloatRange(0.01, 10_000), default=60.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), help="Whose faults; else a new one, which is told.")
@click.pass_context
def soak(  # noqa: PLR0913 - one an option
    context: click.Context,
    *,
    cib: Path,
    minutes: float,
    seed: int | None,
    faults: tuple[str, ...],
    report: Path | None,
    nodes: int | None,
    prepare_with: Path | None,
    as_json: bool,
) -> None:
    r"""Play faults by chance until the time is over or a rule does not hold.

    The seed decides which faults come in which order. What began in time is played to its end.
    Ends with 0 where every rule held, else with 1.

    \b
    Examples:
      ocf-py lab soak cib.xml --minutes 60
      ocf-py lab soak cib.xml --minutes 60 --seed 7 --report report --json
    """
    from ocf_py.rehearsal.faults import FAULTS

    _check_faults(faults)
    number = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    record = _begin(f"Soak of {cib.name}", report)
    record.notes.append(f"seed {number}")
    click.echo(f"seed {number}", err=True)

    def act(company: Company, one: Plan) -> None:
        company.play_by_chance(one, faults or list(FAULTS), minutes * 60, number)

    _run(context, (cib,), act, record, nodes, prepare_with, report, peer=False, as_json=as_json)


def _check_faults(names: Sequence[str]) -> None:
    from ocf_py.rehearsal.faults import FAULTS

    for name in names:
        if name not in FAULTS:
            raise UnusableInput(
                f"there is no fault {name!r}", hint="`ocf-py lab rehearse --list` shows them"
            )


def _begin(title: str, report: Path | None) -> Rehearsal:
    """A record; what the report needs is asked for now, and not after an hour of playing."""
    from ocf_py.rehearsal.run import Rehearsal

    if report is not None:
        try:
            import ocf_py.rehearsal.pictures  # noqa: F401 - whether it can be
        except ModuleNotFoundError as error:
            raise ToolkitError(
                f"--report: the Python package {error.name} is missing",
                hint=bring("lab"),
            ) from error
        report.mkdir(parents=True, exist_ok=True)
    return Rehearsal(title)


def _run(  # noqa: PLR0913 - what both commands have been told
    context: click.Context,
    cibs: Sequence[Path],
    act: Callable[[Company, Plan], None],
    record: Rehearsal,
    nodes: int | None,
    prepare_with: Path | None,
    report: Path | None,
    *,
    peer: bool,
    as_json: bool,
) -> None:
    from ocf_py.rehearsal.planning import build_lab, plan_all
    from ocf_py.rehearsal.rehearsal import Company
    from ocf_py.rehearsal.summary import sum_up, tell_play

    if not cibs:
        raise UnusableInput("no CIB is given", hint="give it what `cibadmin --query` prints")
    plans, left = plan_all(cibs, nodes, peer=peer)
    record.left_out += left
    check_root()
    name, state = context.obj
    progress = Lines()
    for out in left:
        progress.step(f"{out.cib}: left out: {out.reason}")

    def tell(play: Play) -> None:
        for line in tell_play(play):
            click.echo(line, err=as_json)

    def play(one: Plan) -> None:
        for note in one.notes:
            progress.step(f"{one.name}: {note}")
        with build_lab(one, name, state, progress) as lab:
            act(Company(lab, record, tell, progress, prepare_with), one)

    try:
        _play_each(plans, play, record, progress)
    finally:  # what was seen until an error, or until somebody had enough, is worth having
        if report is not None and (record.plays or record.left_out):
            from ocf_py.rehearsal.page import write_report

            progress.step(f"the report: {write_report(record, report)}")
    if as_json:
        print_json(record.to_json())
    else:
        for line in sum_up(record):
            click.echo(line)
    context.exit(FINE if record.passed else FOUND)


def _play_each(
    plans: Sequence[Plan], play: Callable[[Plan], None], record: Rehearsal, progress: Progress
) -> None:
    """One after the other; with several, a lab that breaks down ends the plays of its CIB alone."""
    from ocf_py.lab.errors import LabError

    for one in plans:
        try:
            play(one)
        except LabError as error:
            if len(plans) == 1:
                raise
            progress.step(f"{one.name}: broken off: {error}")
            record.troubles.append(f"{one.name}: {error}")
