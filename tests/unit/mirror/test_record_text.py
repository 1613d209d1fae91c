"""The record's text tells all of a record, and what is no record is refused as a whole."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocf_py.mirror.generations import ENDS, OPEN, UNCONFIRMED, Generation, Opening, Position
from ocf_py.mirror.record import (
    LONGEST_LINEAGE,
    MOST_HEARD,
    Aside,
    Evidence,
    Incoming,
    Record,
    open_generation,
)
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.record_text import LONGEST_TEXT, RecordUnusable, dump, load

if TYPE_CHECKING:
    from pathlib import Path

numbers = st.integers(0, OPEN)
names: st.SearchStrategy[str] = st.text(min_size=1, max_size=20)
generations = st.builds(Generation, numbers, st.text("0123456789abcdef", min_size=1, max_size=16))
positions = st.builds(Position, generations, numbers, numbers)
openings = st.builds(Opening, generations, names, st.none() | positions, st.sampled_from(ENDS))
lineages = st.lists(openings, max_size=4).map(tuple)
ages = st.floats(0, allow_nan=False)
incomings = st.builds(Incoming, numbers, positions, lineages, names, st.just("") | names)
records = st.builds(
    Record,
    names,
    st.none() | positions,
    st.booleans(),
    numbers,
    numbers,
    lineages,
    st.none() | st.builds(Evidence, names, ages, st.booleans(), st.booleans()),
    st.lists(generations, max_size=3).map(tuple),
    st.lists(generations, max_size=3).map(tuple),
    st.lists(names, max_size=3).map(tuple),
    st.none() | incomings,
    st.lists(st.builds(Aside, names, st.sampled_from(ENDS), st.none() | positions), max_size=3).map(
        tuple
    ),
    st.booleans(),
    numbers,
    st.just("") | names,
    st.lists(names, max_size=3).map(tuple),
)


def with_its_tree(record: Record) -> Record:
    """The tree is of the newest generation of its line."""
    if not record.lineage:
        return replace(record, tree=None)
    return replace(record, tree=Position(record.lineage[0].generation, 3, 4))


@settings(max_examples=200, derandomize=True)
@given(records.map(with_its_tree))
def test_what_is_written_is_read(record: Record) -> None:
    assert load(dump(record)) == record


@settings(max_examples=300, derandomize=True)
@given(records.map(with_its_tree), st.data())
def test_a_text_that_was_cut_is_no_record(record: Record, data: st.DataObject) -> None:
    text = dump(record)
    length = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(RecordUnusable):
        load(text[:length])


@settings(max_examples=500, derandomize=True)
@given(records.map(with_its_tree), st.data())
def test_a_damaged_text_is_refused_in_one_way(record: Record, data: st.DataObject) -> None:
    text = bytearray(dump(record))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] = data.draw(st.integers(0, 255))
    try:
        load(bytes(text))
    except RecordUnusable as unusable:
        assert str(unusable)  # noqa: PT017 - nothing else may be raised


WHOLE = dump(open_generation(Record("n1"), "ab12")).decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "begins with ''"),
        ("another 1\nend\n", "begins with 'another 1'"),
        (WHOLE.replace("mirror 1", "mirror 2"), "is of version 2, this program knows 1"),
        (WHOLE.replace("mirror 1", "mirror x"), "begins with"),
        (WHOLE.replace("end\n", ""), "is not complete"),
        (WHOLE.replace("end\n", "colour red\nend\n"), "means nothing: 'colour red'"),
        (WHOLE.replace("end\n", "node n2\nend\n"), "node twice"),
        (WHOLE.replace("node n1\n", ""), "no node"),
        (WHOLE.replace("owns yes", "owns maybe"), "neither yes nor no"),
        (WHOLE.replace("moment 1", "moment -1"), "'-1' is no number"),
        (WHOLE.replace("moment 1", "moment " + "1" * 30), "is no number"),
        (WHOLE.replace("first", "perhaps"), "'perhaps' is no end"),
        (WHOLE.replace("tree 1-ab12", "tree 2-ab12"), "in the line of 1-ab12"),
        (WHOLE.replace("tree 1-ab12", "tree 1"), "'1' is no generation"),
        (WHOLE.replace("end\n", "evidence n2 nan no no\nend\n"), "'nan' is no age"),
        (WHOLE.replace("end\n", "heard 2-ab\n" * (MOST_HEARD + 1) + "end\n"), "too many"),
        ("x" * (LONGEST_TEXT + 1), "is longer than"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(RecordUnusable, match=said.replace("?", r"\?")):
        load(text.encode())


def test_the_longest_record_fits() -> None:
    position = Position(Generation(OPEN, "f" * 16), OPEN, OPEN)
    opening = Opening(position.generation, "n" * 64, position, UNCONFIRMED)
    lineage = (opening,) * LONGEST_LINEAGE
    heard = (position.generation,) * MOST_HEARD
    incoming = Incoming(OPEN, position, lineage, "a" * 64, UNCONFIRMED)
    record = Record("n1", position, lineage=lineage, heard=heard, conceded=heard, incoming=incoming)
    assert load(dump(record)) == record


def test_without_a_file_there_is_an_empty_record(tmp_path: Path) -> None:
    assert RecordFile(str(tmp_path), "n1").read() == Record("n1")


def test_a_record_is_replaced_whole_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = RecordFile(str(tmp_path), "n1")
    for identity in ("ab", "cd"):
        record = open_generation(file.read(), identity)
        file.write(record)
        assert file.read() == record
    assert [path.name for path in tmp_path.iterdir()] == ["record"]
    assert (tmp_path / "record").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("what", ["text", "folder", "link", "pipe", "other"])
def test_a_file_that_is_no_record_of_this_node_is_a_clear_failure(
    tmp_path: Path, what: str
) -> None:
    path = tmp_path / "record"
    if what == "text":
        path.write_text("nothing\n")
    elif what == "folder":
        path.mkdir()
    elif what == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif what == "pipe":
        os.mkfifo(path)
    else:
        RecordFile(str(tmp_path), "n2").write(Record("n2"))
    with pytest.raises((RecordUnusable, OSError), match="record"):
        RecordFile(str(tmp_path), "n1").read()
