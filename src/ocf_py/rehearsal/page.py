"""The record as a page of its own: nothing of it is fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree, html
from lxml.html import builder as E  # noqa: N812 - as lxml's own documentation calls it

from ocf_py.rehearsal.comparison import GOAL, LEAST_ROUNDS
from ocf_py.rehearsal.pictures import draw_outages
from ocf_py.rehearsal.summary import describe_outage, describe_writes, tell_alike, tell_medians

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.rehearsal.comparison import Comparison
    from ocf_py.rehearsal.record import Play
    from ocf_py.rehearsal.run import Rehearsal

_CSS = """
:root { color-scheme: light; --ink: #1d1f24; --muted: #55606b; --line: #e3e6ea; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--ink); background: #f6f7f9;
       margin: 0; }
main { max-width: 1120px; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 0; } p { margin: .4rem 0; } .muted { color: var(--muted); }
section.card { background: #fff; border: 1px solid var(--line); border-radius: 10px;
               padding: 1rem 1.2rem; margin: 0 0 1rem; }
table { border-collapse: collapse; width: 100%; background: #fff; font-size: 14px; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line);
         vertical-align: top; } th { color: var(--muted); font-weight: 600; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.sentence { min-width: 16rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; }
.word { display: inline-block; padding: 0 .5rem; border-radius: 99px; font-size: 13px;
        font-weight: 600; } .passed { background: #d8f0e2; color: #14613f; }
.failed { background: #f8d9d7; color: #8f1d19; } .head { display: flex; gap: .8rem;
        align-items: baseline; flex-wrap: wrap; } svg { width: 100%; height: auto; display: block; }
details { margin-top: .4rem; } summary { cursor: pointer; color: var(--muted); }
.notes ul { margin: 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
ul.verdicts { list-style: none; padding: 0; margin: .4rem 0; } a { color: #2f6fbf; }
"""


def build_page(record: Rehearsal, plays: dict[str, Play], pictures: dict[str, str]) -> bytes:
    """The whole as a document of HTML; `plays` and `pictures` have a play's anchor for a key."""
    document: bytes = html.tostring(
        _build(record, plays, pictures), doctype="<!DOCTYPE html>", encoding="utf-8"
    )
    return document


def _build(record: Rehearsal, names: dict[str, Play], pictures: dict[str, str]) -> html.HtmlElement:
    failed = sum(not play.passed for play in record.plays)
    return E.HTML(
        E.HEAD(
            E.META(charset="utf-8"),
            E.META(name="viewport", content="width=device-width, initial-scale=1"),
            E.TITLE(record.title),
            E.STYLE(_CSS),
        ),
        E.BODY(
            E.E.main(  # what HTML 5 added has no name in lxml before 6
                E.DIV(
                    E.H1(record.title),
                    _word(record.outcome, passed=bool(record.passed)),
                    E.CLASS("head"),
                ),
                E.P(
                    f"{_count_plays(record)}, {failed} failed, {len(record.left_out)} not played.",
                    E.CLASS("muted"),
                ),
                *([] if record.seed is None else [E.P(f"Seed {record.seed}.", E.CLASS("muted"))]),
                *(E.P(_word("broken off", passed=False), f" {one}") for one in record.troubles),
                *_show_outages(record),
                *_show_comparison(record),
                *_show_notes(record),
                *_show_table(names),
                *_show_left_out(record),
                *_show_plays(names, pictures),
            )
        ),
        lang="en",
    )


def _count_plays(record: Rehearsal) -> str:
    """And of how many faults, where one was played more than once."""
    played = len(record.plays)
    faults = len({(one.cib, one.fault) for one in record.plays})
    plays = f"{record.count} play{'' if (record.planned or played) == 1 else 's'}"
    return plays if faults == played else f"{plays} of {faults} fault{'' if faults == 1 else 's'}"


def _word(said: str = "", *, passed: bool) -> html.HtmlElement:
    plain = "passed" if passed else "failed"
    return E.SPAN(said or plain, E.CLASS(f"word {plain}"))


def _figure(picture: str) -> etree._Element:
    return etree.fromstring(picture.encode())


def _show_outages(record: Rehearsal) -> Iterator[etree._Element]:
    rows = [
        (_call(record, play), play.outage, play.expectation.bound, play.passed)
        for play in record.plays
        if play.outage is not None
    ]
    if rows and not record.compared:
        yield E.H2("What clients felt")
        yield E.E.section(
            _figure(draw_outages(rows, "longest outage of a client in seconds; | what is allowed")),
            E.CLASS("card"),
        )


def _call(record: Rehearsal, play: Play) -> str:
    several = len({one.cib for one in record.plays}) > 1
    return f"{Path(play.cib).with_suffix('')}: {play.fault}" if several else play.fault


def _show_comparison(record: Rehearsal) -> Iterator[etree._Element]:
    compared = record.comparisons
    if not compared:
        return
    yield E.H2("Side by side")
    yield E.P(
        f"Medians of the longest outage, ours and the peers' by turns on one cluster; of what a "
        f"monitor has to find, from the one before on. The goal is a ratio of at most {GOAL} over "
        f"at least {LEAST_ROUNDS} rounds that passed on either side; of fewer it is unknown.",
        E.CLASS("muted"),
    )
    rows = [
        (one.fault, one.ours, one.peers, one.meets_goal is not False)
        for one in compared
        if one.ours is not None and one.peers is not None
    ]
    if rows:
        picture = draw_outages(rows, "ours in seconds; | the peers'")
        yield E.E.section(_figure(picture), E.CLASS("card"))
    head = ("CIB", "Fault", "Goal", "Rounds", "Ours", "Peers", "Ratio")
    yield E.DIV(
        E.TABLE(
            E.TR(*(E.TH(one) for one in (*head, "Failed, ours", "Failed, peers"))),
            *(_build_comparison(one) for one in compared),
        ),
        E.CLASS("scroll"),
    )


def _build_comparison(one: Comparison) -> html.HtmlElement:
    cells = (
        str(one.rounds),
        *tell_medians(one),
        str(one.failed_ours),
        str(one.failed_peers),
    )
    goal = {True: "met", False: "missed", None: "unknown"}[one.meets_goal]
    return E.TR(
        E.TD(one.cib),
        E.TD(one.fault, *([E.DIV(alike, E.CLASS("muted"))] if (alike := tell_alike(one)) else [])),
        E.TD(goal),
        *(E.TD(cell, E.CLASS("number")) for cell in cells),
    )


def _show_notes(record: Rehearsal) -> Iterator[html.HtmlElement]:
    if record.notes:
        yield E.H2("What became of the CIB")
        yield E.E.section(E.UL(*(E.LI(note) for note in record.notes)), E.CLASS("card notes"))


def _show_table(names: dict[str, Play]) -> Iterator[html.HtmlElement]:
    if names:
        yield E.H2("All faults")
        head = ("", "Fault", "CIB", "What should happen", "Outage", "Fenced", "Writes lost")
        yield E.DIV(
            E.TABLE(
                E.TR(*(E.TH(one) for one in head)), *(_build_row(*one) for one in names.items())
            ),
            E.CLASS("scroll"),
        )


def _build_row(name: str, play: Play) -> html.HtmlElement:
    outage = "-" if play.outage is None else f"{play.outage:.2f} s"
    lost, kept = (
        sum(len(one.lost) for one in play.written),
        sum(one.acknowledged for one in play.written),
    )
    return E.TR(
        E.TD(_word(passed=play.passed)),
        E.TD(
            E.A(play.label, href=f"#{name}"),
            *([E.DIV(f"{play.tries} tries", E.CLASS("muted"))] if play.again else []),
        ),
        E.TD(play.cib),
        E.TD(play.expectation.sentence, E.CLASS("sentence")),
        E.TD(outage, E.CLASS("number")),
        E.TD(", ".join(sorted(set(play.fenced))) or "-"),
        E.TD(f"{lost} of {kept}" if play.written else "-", E.CLASS("number")),
    )


def _show_left_out(record: Rehearsal) -> Iterator[etree._Element]:
    if record.left_out:
        yield E.H2("Not played")
        yield E.DIV(
            E.TABLE(
                E.TR(E.TH("Fault"), E.TH("CIB"), E.TH("Why")),
                *(
                    E.TR(E.TD(one.fault), E.TD(one.cib), E.TD(one.reason, E.CLASS("sentence")))
                    for one in record.left_out
                ),
            ),
            E.CLASS("scroll"),
        )


def _show_plays(names: dict[str, Play], pictures: dict[str, str]) -> Iterator[html.HtmlElement]:
    if names:
        yield E.H2("One by one")
    for name, play in names.items():
        yield _build_play(name, play, pictures.get(name))


def _build_play(name: str, play: Play, picture: str | None) -> html.HtmlElement:
    return E.E.section(
        E.DIV(
            E.H3(play.label),
            _word(passed=play.passed),
            E.SPAN(play.cib, E.CLASS("muted")),
            E.CLASS("head"),
        ),
        E.P(
            f"{play.summary[:1].upper()}{play.summary[1:]} ({play.victim}). Expected: "
            f"{play.expectation.sentence}."
        ),
        E.P(E.STRONG(describe_outage(play)), describe_writes(play)),
        *(
            E.P(f"Try {number} told nothing: {why}", E.CLASS("muted"))
            for number, why in enumerate(play.again, 1)
        ),
        *([] if picture is None else [_figure(picture)]),
        E.UL(
            *(E.LI(_word(passed=one.holds), f" {one.rule}: {one.said}") for one in play.verdicts),
            E.CLASS("verdicts"),
        ),
        E.E.details(
            E.E.summary("the course in full"),
            E.TABLE(
                E.TR(E.TH("s"), E.TH("took"), E.TH("what")),
                *(
                    E.TR(
                        E.TD(f"{one.at:+.3f}", E.CLASS("number")),
                        E.TD(f"{one.lasted:.3f}" if one.lasted else "", E.CLASS("number")),
                        E.TD(one.text),
                    )
                    for one in play.moments
                ),
            ),
        ),
        E.CLASS("card"),
        id=name,
    )
