"""Whether the directory still is the copy that the record tells of."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.passes import Place
from ocf_py.mirror.record import Record, open_generation
from ocf_py.mirror.record_file import RecordFile
from tests.unit.mirror.test_decisions import OWNER, copy_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/file").touch()
    (tmp_path / "store").mkdir()
    return Place(str(tmp_path / "data"), RecordFile(str(tmp_path / "store"), "n1"))


def taken(place: Place) -> Record:
    return replace(copy_of(OWNER), live=os.stat(place.directory).st_ino, filled=True)


def test_a_copy_is_what_its_last_pass_came_with(place: Place) -> None:
    assert place.find_exchanged(taken(place)) == ""


def test_one_that_was_emptied_is_none(place: Place) -> None:
    record = taken(place)
    os.unlink(f"{place.directory}/file")
    assert "was emptied" in place.find_exchanged(record)
    assert place.find_exchanged(replace(record, filled=False)) == ""


def test_another_in_its_place_is_none(place: Place) -> None:
    record = taken(place)
    os.rename(place.directory, f"{place.directory}.old")
    shutil.copytree(f"{place.directory}.old", place.directory)
    assert "is another directory" in place.find_exchanged(record)


def test_an_owners_directory_is_what_is_in_it(place: Place) -> None:
    record = taken(place)
    os.unlink(f"{place.directory}/file")
    assert place.find_exchanged(open_generation(record, "cd")) == ""


def test_the_record_keeps_which_it_was(place: Place) -> None:
    record = taken(place)
    place.file.write(record)
    assert place.file.read() == record
    assert record.live
