"""How far a pass has come, by two looks at its source; and what is said of it in JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocf_py.mirror.order import (
    FAULT,
    GUARD,
    SOURCE,
    Built,
    Figures,
    Order,
    PassRefused,
    dump_answer,
    load_answer,
    position,
)
from ocf_py.mirror.record import (
    Incoming,
    Record,
    advance,
    arrive,
    hold,
    intend,
    open_generation,
    seal,
)

OPEN = open_generation(Record("n1"), "ab")
SEALED = seal(OPEN)


def take(record: Record) -> Record:
    """What a copy's record is after one more pass."""
    tree = record.tree
    assert tree is not None
    later = replace(tree, began=tree.began + 1, ended=tree.ended + 1)
    return arrive(intend(record, Incoming(7, later, record.lineage)))


def test_a_source_that_is_written_to_has_come_from_one_moment_to_the_other() -> None:
    assert (position(OPEN, OPEN).began, position(OPEN, OPEN).ended) == (1, 1)
    later = position(OPEN, advance(advance(OPEN)))
    assert (later.began, later.ended) == (1, 3)


def test_a_source_that_is_demoted_meanwhile_has_come_to_its_last_moment() -> None:
    assert (position(OPEN, SEALED).began, position(OPEN, SEALED).ended) == (1, 2)


def test_a_moment_that_is_held_is_what_it_is_whatever_becomes_of_its_source() -> None:
    for after in (OPEN, advance(OPEN), SEALED):
        found = position(OPEN, after, held=1)
        assert (found.began, found.ended) == (1, 1)


def test_a_generation_that_is_closed_holds_no_moment() -> None:
    held = hold(advance(OPEN), 2)
    assert held.held == 2
    assert seal(held).held == hold(SEALED, 2).held == open_generation(held, "cd").held == 0


def test_a_source_that_nobody_writes_to_is_its_own_tree() -> None:
    assert position(SEALED, SEALED) == SEALED.tree


COMING = intend(SEALED, Incoming(7, position(SEALED, SEALED), SEALED.lineage))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Record("n1"), Record("n1")),
        (OPEN, open_generation(SEALED, "cd")),
        (SEALED, take(SEALED)),
        (SEALED, COMING),
        (COMING, SEALED),
        (COMING, COMING),
    ],
)
def test_a_source_that_was_two_trees_is_refused(before: Record, after: Record) -> None:
    with pytest.raises(PassRefused) as caught:
        position(before, after)
    assert caught.value.kind == SOURCE


def test_an_answer_is_read_as_it_was_written() -> None:
    figures = Figures(entries=4, deleted=1, bytes=99, seconds=0.5)
    built = Built(OPEN, advance(OPEN), 17, aside=True, vanished=False, figures=figures)
    assert load_answer(dump_answer(built)) == built


def test_a_refusal_is_raised_as_it_was_written() -> None:
    with pytest.raises(PassRefused, match="nothing there") as caught:
        load_answer(dump_answer(PassRefused(GUARD, "nothing there")))
    assert caught.value.kind == GUARD


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"before": 1, "after": 2}', "null"])
def test_what_is_no_answer_is_a_fault(text: str) -> None:
    with pytest.raises(PassRefused) as caught:
        load_answer(text)
    assert caught.value.kind == FAULT


def test_an_order_is_read_as_it_was_written_whatever_its_names_are() -> None:
    order = Order("/\udcff data", "/store", "/run", "::1", 873, "u", "/s", exclude=("*.\n", "a"))
    assert Order.load(order.dump()) == order
