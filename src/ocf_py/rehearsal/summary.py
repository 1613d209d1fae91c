"""The record as lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ocf_py.rehearsal.comparison import GOAL, LEAST_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.rehearsal.comparison import Comparison
    from ocf_py.rehearsal.record import Play
    from ocf_py.rehearsal.run import Rehearsal


_GOALS = {
    True: "",
    False: click.style(" MISSED", fg="red"),
    None: click.style(" UNKNOWN", fg="yellow"),
}


def tell_play(play: Play) -> Iterator[str]:
    """One line of a play as soon as it is over, and one more for each rule that does not hold."""
    tries = f"; {play.tries} tries" if play.again else ""
    word = click.style("passed", fg="green") if play.passed else click.style("FAILED", fg="red")
    yield f"{word}  {play.cib} {play.label}: {describe_outage(play)}{describe_writes(play)}{tries}"
    for verdict in play.verdicts:
        if not verdict.holds:
            yield f"        {verdict.rule}: {verdict.said}"


def tell_failed(record: Rehearsal) -> Iterator[str]:
    """Each play that failed once more, with its course in full: for who gets no report."""
    for play in record.plays:
        if not play.passed:
            yield from tell_play(play)
            yield from (f"        {one.at:+9.3f} s  {one.text}" for one in play.moments)


def describe_outage(play: Play) -> str:
    """The longest outage beside what was allowed, and who was fenced."""
    fenced = f", {', '.join(sorted(set(play.fenced)))} fenced" if play.fenced else ""
    if play.outage is None:
        return f"no client heard{fenced}"
    bound = play.expectation.bound
    after = " after the repair" if play.expectation.after_mend else ""
    return f"{play.outage:.2f} s without an answer (at most {bound:g} s{after}){fenced}"


def describe_writes(play: Play) -> str:
    """How many writes were acknowledged, and how many of them are gone."""
    if not play.written:
        return ""
    acknowledged = sum(one.acknowledged for one in play.written)
    lost = sum(len(one.lost) for one in play.written)
    lags = [one.lag for one in play.written if one.lag is not None]
    lag = f", a copy {max(lags):.1f} s old before" if lags and lost else ""
    return f"; {acknowledged} writes acknowledged, {lost} lost{lag}"


def tell_medians(one: Comparison) -> tuple[str, str, str]:
    """Ours, the peers' and the ratio, a dash for what there is not."""
    ours, peers = ("-" if some is None else f"{some:.2f} s" for some in (one.ours, one.peers))
    return ours, peers, "-" if one.ratio is None else f"{one.ratio:.2f}"


def tell_alike(one: Comparison) -> str:
    """Which plays are compared, where that was Pacemaker's chance; "" where all are."""
    if one.fenced is None:
        return ""
    return (
        f"{'with' if one.fenced else 'without'} a fencing, which {one.fenced_ours} of "
        f"{one.counted_ours} plays of ours had, {one.fenced_peers} of {one.counted_peers} "
        "of the peers'"
    )


def _tell_failed(one: Comparison) -> str:
    if not one.failed_ours + one.failed_peers:
        return ""
    return f"; failed: {one.failed_ours} of ours, {one.failed_peers} of the peers'"


def sum_up(record: Rehearsal) -> Iterator[str]:
    """What is said at the end: the comparison, what was left out, the count."""
    goals = [one.meets_goal for one in record.comparisons]
    for one in record.comparisons:
        ours, peers, ratio = tell_medians(one)
        word = _GOALS[one.meets_goal]
        alike = f" {told}" if (told := tell_alike(one)) else ""
        yield (
            f"{one.cib} {one.fault}: {ours} beside {peers}, ratio {ratio} (goal {GOAL}{word}, "
            f"{one.rounds} rounds of at least {LEAST_ROUNDS}{alike}{_tell_failed(one)})"
        )
    for left in record.left_out:
        yield f"not played: {left.cib} {left.fault}: {left.reason}"
    for trouble in record.troubles:
        yield f"{click.style('BROKEN OFF', fg='red')}  {trouble}"
    failed = [play for play in record.plays if not play.passed]
    said = (
        f", {goals.count(word)} {text}"
        for word, text in (
            (False, "slower than the goal"),
            (None, "with too few rounds for the goal"),
        )
        if word in goals
    )
    early = "broken off: " if record.troubles else ""
    yield f"{early}{record.count} played, {len(failed)} failed{''.join(said)}"
