"""`ocf-py lab rehearse` and `soak`: faults played with somebody's own CIB, and judged."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocf_py.lab.progress import Lines
from ocf_py.lab.requirements import check_root
from ocf_py.lab.settings import MOST_NODES, Settings
from ocf_py.rehearsal.ending import ended_in_order
from ocf_py.toolkit.errors import UnusableInput
from ocf_py.toolkit.lab_group import Verb
from ocf_py.toolkit.lab_report import check_report, conclude
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocf_py.lab.progress import Progress
    from ocf_py.rehearsal.planning import Plan
    from ocf_py.rehearsal.record import Play
    from ocf_py.rehearsal.rehearsal import Company
    from ocf_py.rehearsal.run import Rehearsal
    from ocf_py.rehearsal.shares import Share

_DEFAULT_ROUNDS = 7
_MOST_LABS = 16


@dataclass(frozen=True)
class _Asked:
    """What both commands are told; no faults are all of them."""

    faults: tuple[str, ...]
    report: Path | None
    nodes: int | None
    prepare_with: Path | None
    as_json: bool


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
@click.option(
    "--labs",
    type=click.IntRange(1, _MOST_LABS),
    default=1,
    show_default=True,
    help="How many share the plays, side by side.",
)
@click.pass_context
def rehearse(
    context: click.Context,
    /,
    *,
    cibs: tuple[Path, ...],
    is_list: bool,
    peer: bool,
    rounds: int | None,
    labs: int,
    **shared: Any,
) -> None:
    r"""Load CIB into a lab of its own, break things, and say what its clients felt.

    Every fault says what should happen, and is judged by witnesses outside the nodes. Without
    --fault all that can befall the CIB are played. Ends with 0 where every rule holds, else with 1.

    \b
    Examples:
      ocf-py lab rehearse cib.xml
      ocf-py lab rehearse cib.xml --fault power-loss --fault rings-cut --report report
      ocf-py lab rehearse cib.xml --fault move --peer --json
      ocf-py lab rehearse *.xml --labs 3 --report report
      ocf-py lab rehearse --list
    """
    from ocf_py.rehearsal.faults import FAULTS

    if is_list:
        width = max(map(len, FAULTS))
        listed = {name: fault.summary for name, fault in FAULTS.items()}
        if shared["as_json"]:
            print_json(listed)
        else:
            click.echo("\n".join(f"{name:{width}}  {text}" for name, text in listed.items()))
        return
    asked = _Asked(**shared)
    rounds = rounds or (_DEFAULT_ROUNDS if peer else 1)
    record = _begin(f"Rehearsal of {', '.join(cib.name for cib in cibs)}", asked)
    record.compared = peer

    def act(company: Company, share: Share) -> None:
        company.play_all(share.plan, share.faults, rounds)

    _run(context, cibs, act, record, asked, rounds=rounds, labs=labs)


@click.command(cls=Verb)
@click.argument("cib", type=click.Path(path_type=Path))
@_shared_options
@click.option("--minutes", type=click.FloatRange(0.01, 10_000), default=60.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), help="Whose faults; else a new one, which is told.")
@click.pass_context
def soak(
    context: click.Context,
    /,
    *,
    cib: Path,
    minutes: float,
    seed: int | None,
    **shared: Any,
) -> None:
    r"""Play faults by chance until the time is over or a rule does not hold.

    The seed decides which faults come in which order. What began in time is played to its end.
    Ends with 0 where every rule held, else with 1.

    \b
    Examples:
      ocf-py lab soak cib.xml --minutes 60
      ocf-py lab soak cib.xml --minutes 60 --seed 7 --report report --json
    """
    asked = _Asked(**shared)
    number = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    record = _begin(f"Soak of {cib.name}", asked)
    record.seed = number

    def act(company: Company, share: Share) -> None:
        company.play_by_chance(share.plan, share.faults, minutes * 60, number)

    _run(context, (cib,), act, record, asked)


def _begin(title: str, asked: _Asked) -> Rehearsal:
    """A record; a fault that nobody knows is said now, and not after an hour of playing."""
    from ocf_py.rehearsal.faults import FAULTS
    from ocf_py.rehearsal.run import Rehearsal

    for name in asked.faults:
        if name not in FAULTS:
            raise UnusableInput(
                f"there is no fault {name!r}", hint="`ocf-py lab rehearse --list` shows them"
            )
    return Rehearsal(title)


@ended_in_order()
def _run(
    context: click.Context,
    cibs: Sequence[Path],
    act: Callable[[Company, Share], None],
    record: Rehearsal,
    asked: _Asked,
    *,
    rounds: int | None = None,
    labs: int = 1,
) -> None:
    """Play and judge; without `rounds` nobody knows beforehand how many plays there will be."""
    from ocf_py.rehearsal.faults import FAULTS
    from ocf_py.rehearsal.planning import build_lab, plan_all
    from ocf_py.rehearsal.rehearsal import Company, count_plays
    from ocf_py.rehearsal.shares import deal, play_one_by_one, play_side_by_side
    from ocf_py.rehearsal.summary import tell_play

    if not cibs:
        raise UnusableInput("no CIB is given", hint="give it what `cibadmin --query` prints")
    plans, left = plan_all(cibs, asked.nodes, peer=record.compared)
    record.left_out += left
    faults = asked.faults or tuple(FAULTS)
    places = _find_places(deal(plans, faults, labs), labs, *context.obj)
    if asked.report is not None:
        check_report(asked.report)
    check_root()
    progress = Lines()
    _note_what_is_other(plans, record, progress)

    def tell(play: Play) -> None:
        for line in tell_play(play):
            click.echo(line, err=asked.as_json)

    def play(share: Share, into: Rehearsal, tell: Callable[[Play], None]) -> None:
        with build_lab(share.plan, *places[share.number], progress) as lab:
            act(Company(lab, into, tell, progress, asked.prepare_with), share)

    record.planned = rounds and count_plays(plans, faults, rounds)
    try:
        if labs == 1:
            play_one_by_one(plans, faults, play, record, tell, progress)
        else:
            play_side_by_side(plans, faults, labs, play, record, tell, progress)
    except BaseException as error:
        record.break_off(error)
        raise
    finally:  # what was seen until an error, or until somebody had enough, is worth having
        conclude(record, asked.report, progress, as_json=asked.as_json)
    context.exit(FINE if record.passed else FOUND)


def _find_places(
    shares: Sequence[Share], labs: int, name: str, state: Path | None
) -> dict[int, tuple[str, Path | None]]:
    """Each share's lab, by its number; UnsuitableLabError where no lab can be called so."""
    if labs == 1:
        places = {share.number: (name, state) for share in shares}
    else:
        places = {
            share.number: (f"{name}-{share.number}", state and state / str(share.number))
            for share in shares
        }
    for place in places.values():
        Settings.build(*place)
    return places


def _note_what_is_other(plans: Sequence[Plan], record: Rehearsal, progress: Progress) -> None:
    if record.seed is not None:
        progress.step(f"seed {record.seed}")
    for out in record.left_out:
        progress.step(f"{out.cib}: left out: {out.reason}")
    for one in plans:
        for note in one.notes:
            record.note(f"{one.name}: {note}")
    for line in record.notes:
        progress.step(line)
