"""Whether an installed tree is whole, told by its manifest."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import hold
from ocf_py.toolkit.installer.inspection import find_python, inspect
from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.manifest import LAUNCHERS, LIBRARY, MANIFEST
from ocf_py.toolkit.installer.place import Place
from tests.unit.doctor.nodes import told
from tests.unit.installing import make_sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path, agents_python: str) -> Place:
    made = Place(tmp_path)
    install(made, make_sources(types=("Lamp", "Bell")), find_interpreter(agents_python))
    return made


def test_a_whole_tree_is_fine_and_names_its_interpreter(place: Place, agents_python: str) -> None:
    assert told(inspect(place)) == [("fine", str(place))]
    assert find_python(place) == agents_python


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda base: (base / LAUNCHERS / "Lamp").unlink(), "is missing"),
        (lambda base: (base / LAUNCHERS / "Lamp").write_text("#!/bin/sh\n"), "was changed since"),
        (lambda base: (base / LAUNCHERS / "Lamp").chmod(0o644), "is not executable"),
        (lambda base: (base / LAUNCHERS / "Lamp").chmod(0o700), "cannot be read by"),
        (lambda base: (base / LAUNCHERS).chmod(0o700), "cannot be entered by"),
        (lambda base: (base / MANIFEST).write_text("{"), "unreadable manifest"),
    ],
)
def test_what_was_done_to_it_is_found(
    place: Place, harm: Callable[[Path], None], message: str
) -> None:
    harm(place.tree.base)
    (found,) = inspect(place)
    assert found.verdict.value == "problem"
    assert message in found.message


def test_a_tree_whose_library_is_gone_is_one_line_with_a_number(place: Place) -> None:
    for folder in (place.tree.base / "ocf/lib/ocfpy").iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    (found,) = inspect(place)
    assert "(and " in found.subject


def test_another_version_is_a_warning(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocf_py.toolkit.installer.inspection.__version__", "9.9")
    assert told(inspect(place)) == [("warning", str(place))]


def test_of_a_package_the_twin_is_looked_at_and_the_package_is_the_remedy(
    tmp_path: Path, agents_python: str
) -> None:
    place = Place(tmp_path)
    install(place, make_sources(), find_interpreter(agents_python), package="lamps")
    (found,) = inspect(place)
    assert (found.verdict.value, "no twin" in found.message) == ("warning", True)
    hold.hold(place.tree.base / LIBRARY)
    assert told(inspect(place)) == [("fine", str(place))]
    (runner,) = (place.tree.base / LIBRARY).glob("held/*/ocf_py/runner.py")
    runner.unlink()  # the one that was packaged stays
    (found,) = inspect(place)
    assert (found.subject, found.message) == (str(runner), "is missing")
    assert found.remedy.startswith("install the package lamps again")


def test_nothing_installed_is_a_problem(tmp_path: Path) -> None:
    assert [verdict for verdict, _ in told(inspect(Place(tmp_path)))] == ["problem"]
    assert find_python(Place(tmp_path)) == ""
