"""Debian's packages: installed, upgraded under a storm of actions, removed."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.installation import install, uninstall
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources
from tests.packages.conftest import HOME, LAUNCHERS
from tests.packages.storm import Storm

if TYPE_CHECKING:
    from tests.packages.conftest import Machine, Release

# Click and psutil need not be Debian's on the machine of the tests.
_INSTALL = ("dpkg", "--force-depends", "-i")


def test_lintian_finds_nothing(release: Release) -> None:
    (changes,) = release.deb["ocf-py"].parent.glob("*.changes")
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning,info", changes],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout == ""


def test_an_upgrade_under_a_storm_of_actions_never_mixes_two_versions(
    stamped: tuple[Release, Release], machine: Machine
) -> None:
    old, new = machine.bring([one.deb["ocf-py-agents"] for one in stamped])
    machine.run(*_INSTALL, old)
    with Storm(machine) as storm:
        for _ in range(3):
            machine.run(*_INSTALL, new)
            machine.run(*_INSTALL, old)
    assert storm.faults == {}
    assert storm.done > 20
    machine.run("dpkg", "-P", "ocf-py-agents")
    assert not (machine.root / HOME).exists()
    assert not (machine.root / LAUNCHERS).exists()


def test_the_byte_code_is_made_on_the_node_and_is_in_what_the_launchers_run(
    release: Release, machine: Machine
) -> None:
    machine.run(*_INSTALL, *machine.bring([release.deb["ocf-py-agents"]]))
    generation = json.loads((machine.root / HOME / "manifest.json").read_text())["generation"]
    held = machine.root / HOME / "held" / generation
    assert [*(held / "ocf_py/__pycache__").glob("runner.*.pyc")]
    assert (held / "ocf_py/runner.py").samefile(
        machine.root / HOME / generation / "ocf_py/runner.py"
    )


def test_an_install_leaves_a_packaged_tree_to_its_package(
    release: Release, machine: Machine
) -> None:
    machine.run(*_INSTALL, *machine.bring([release.deb["ocf-py-agents"]]))
    place = Place(machine.root)
    sources, python = find_sources(with_examples=True), find_interpreter("/usr/bin/python3")
    with pytest.raises(ToolkitError, match="the agents are of the package ocf-py-agents"):
        install(place, sources, python)
    with pytest.raises(ToolkitError, match="the agents are of the package ocf-py-agents"):
        uninstall(place)
