"""The twin of a packaged library: what is held while a package manager exchanges it."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import hold
from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.manifest import LAUNCHERS, LIBRARY
from ocf_py.toolkit.installer.place import Place
from tests.unit.installing import make_sources, run_launcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


def package(home: Path, generation: str) -> None:
    """What an upgrade to `generation` leaves: this one alone."""
    (home / generation / "ocf_py").mkdir(parents=True)
    (home / generation / "ocf_py/runner.py").write_text(generation)
    (home / "manifest.json").write_text(json.dumps({"generation": generation}))


def held(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "held").iterdir())


@contextlib.contextmanager
def running(path: Path) -> Iterator[None]:
    """A process that has begun from there, by its command line."""
    sleeper = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", sleeper, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        yield


def test_the_generation_before_stays_and_those_before_it_go(tmp_path: Path) -> None:
    for generation in ("one", "two", "three"):
        package(tmp_path, generation)
        hold.hold(tmp_path)
    assert held(tmp_path) == ["three", "two"]


def test_a_generation_that_a_process_runs_from_stays(tmp_path: Path) -> None:
    package(tmp_path, "one")
    hold.hold(tmp_path)
    with running(tmp_path / "held/one/ocf_py/launch.py"):
        for generation in ("two", "three"):
            package(tmp_path, generation)
            hold.hold(tmp_path)
        assert held(tmp_path) == ["one", "three", "two"]


def test_what_runs_from_the_packaged_library_finds_it_after_the_next_upgrade(
    tmp_path: Path,
) -> None:
    """It began while its package was unpacked and not yet configured: there was no twin."""
    home = tmp_path / "ocfpy"
    home.mkdir()
    package(home, "one")
    began = home / "one/ocf_py/runner.py"
    with running(began):
        hold.hold(home)
        shutil.rmtree(home / "one")  # as the upgrade to two does
        for generation in ("two", "three", "four"):
            package(home, generation)
            hold.hold(home)
            assert began.read_text() == "one"
        assert held(home) == ["four", "one", "three"]
    package(home, "five")
    hold.hold(home)
    assert held(home) == ["five", "four"]
    assert not (home / "one").is_symlink()


def test_it_is_found_also_where_the_generation_before_goes_last(tmp_path: Path) -> None:
    """RPM's order: the scripts of the new package run before the old one's files are taken away."""
    home = tmp_path / "ocfpy"
    home.mkdir()
    package(home, "one")
    began = home / "one/ocf_py/runner.py"
    hold.hold(home)
    with running(began):
        package(home, "two")
        hold.hold(home)  # %post
        shutil.rmtree(home / "one")
        hold.hold(home)  # %posttrans
        assert began.read_text() == "one"


def test_a_package_that_was_unpacked_by_way_of_such_a_name_has_its_own_files(
    tmp_path: Path,
) -> None:
    package(tmp_path, "one")
    hold.hold(tmp_path)
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "one").symlink_to("held/one")
    hold.hold(tmp_path)
    assert not (tmp_path / "one").is_symlink()
    assert (tmp_path / "one/ocf_py/runner.py").read_text() == "one"
    assert (tmp_path / "held/one/ocf_py/runner.py").read_text() == "one"


def test_the_same_generation_again_takes_over_what_is_new_in_it(tmp_path: Path) -> None:
    package(tmp_path, "one")
    hold.hold(tmp_path)
    (tmp_path / "one/ocf_py/fresh.pyc").write_text("byte code")
    hold.hold(tmp_path)
    twin = tmp_path / "held/one/ocf_py"
    names = sorted(path.name for path in twin.iterdir() if path.is_file())
    assert names == ["fresh.pyc", "runner.py"]
    assert (twin / "fresh.pyc").samefile(tmp_path / "one/ocf_py/fresh.pyc")


def test_byte_code_that_is_lacking_for_this_python_is_made(tmp_path: Path) -> None:
    """After an upgrade of the system's Python: that of the package is of the one before."""
    package(tmp_path, "one")
    (tmp_path / "one/ocf_py/runner.py").write_text("lamp = 1\n")
    cached = tmp_path / "held/one/ocf_py/__pycache__"
    theirs = tmp_path / "one/ocf_py/__pycache__/runner.cpython-36.pyc"
    theirs.parent.mkdir()
    theirs.write_text("of another Python")
    hold.hold(tmp_path)
    assert sorted(path.name for path in cached.iterdir()) == sorted(
        [theirs.name, f"runner.{sys.implementation.cache_tag}.pyc"]
    )
    code = "import sys; sys.path[:0] = sys.argv[1:]; import runner"
    run = [sys.executable, "-ISBv", "-c", code, str(cached.parent)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert f"# code object from '{cached}/runner" in done.stderr
    assert list(theirs.parent.iterdir()) == [theirs], "the package's own folder stays as it is"


def test_a_release_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold, "RUN", tmp_path / "run")
    package(tmp_path, "one")
    hold.hold(tmp_path)
    hold.release(tmp_path)
    assert not (tmp_path / "held").exists()


def test_a_launcher_runs_the_twin_and_without_one_the_packaged_library(tmp_path: Path) -> None:
    place = Place(tmp_path)
    install(place, make_sources(), find_interpreter("/usr/bin/python3"), package="lamps")
    home, lamp = place.tree.base / LIBRARY, place.tree.base / LAUNCHERS / "Lamp"
    assert run_launcher(lamp, "monitor") == "Lamp first first monitor"
    hold.hold(home)
    (generation,) = held(home)
    (home / generation).rename(home / "taken-away")
    assert run_launcher(lamp, "monitor") == "Lamp first first monitor"
