"""Debian's packages: installed, upgraded under a storm of actions, removed."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py._version import __version__
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.installation import install, uninstall
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources
from tests.packages.conftest import HOME, LAUNCHERS
from tests.packages.storm import Storm
from tests.packages.usage import (
    assert_byte_code,
    assert_install_is_not_overwritten,
    lose_byte_code,
    use,
)

if TYPE_CHECKING:
    from tests.packages.conftest import Machine, Release

# Click and psutil need not be Debian's on the machine of the tests.
_INSTALL = ("dpkg", "--force-depends", "-i")


def test_lintian_finds_nothing(release: Release) -> None:
    (changes,) = release.deb["ocf-py"].parent.glob("*.changes")
    done = subprocess.run(
        ["lintian", "--allow-root", "--display-info", "--fail-on", "error,warning,info", changes],
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
            storm.exchange(*_INSTALL, new)
            storm.exchange("dpkg", "--force-depends", "--unpack", old)  # apt does others between
            storm.exchange("dpkg", "--force-depends", "--configure", "-a")
    assert storm.faults == {}
    assert storm.struck > 8
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


def test_a_change_of_the_systems_python_has_its_byte_code_made(
    release: Release, machine: Machine
) -> None:
    machine.run(*_INSTALL, *machine.bring([release.deb["ocf-py-agents"]]))
    lose_byte_code(machine)
    machine.run("dpkg-trigger", "--by-package=python3-minimal", "/usr/bin/python3")
    machine.run("dpkg", "--force-depends", "--triggers-only", "ocf-py-agents")
    assert_byte_code(machine)


def test_a_tree_of_an_install_is_not_overwritten_by_the_package(
    release: Release, machine: Machine
) -> None:
    assert_install_is_not_overwritten(machine, release.deb["ocf-py-agents"], *_INSTALL)


def test_a_tree_whose_manifest_is_lost_is_mended_by_its_package(
    release: Release, machine: Machine
) -> None:
    (package,) = machine.bring([release.deb["ocf-py-agents"]])
    machine.run(*_INSTALL, package)
    whole = (machine.root / HOME / "manifest.json").read_bytes()
    (machine.root / HOME / "manifest.json").write_text("")
    machine.run(*_INSTALL, package)
    assert (machine.root / HOME / "manifest.json").read_bytes() == whole


def test_a_damaged_tree_can_be_removed(release: Release, machine: Machine) -> None:
    machine.run(*_INSTALL, *machine.bring([release.deb["ocf-py-agents"]]))
    (machine.root / HOME / "hold.py").unlink()
    machine.run("dpkg", "-P", "ocf-py-agents")
    assert not (machine.root / HOME).exists()


def test_removal_leaves_nothing_of_any_of_the_packages(release: Release, machine: Machine) -> None:
    use(machine, *_INSTALL, *machine.bring(list(release.deb.values())))
    machine.run("dpkg", "-P", "ocf-py-lab", "ocf-py", "ocf-py-agents")
    assert machine.left() == set()


def test_what_the_packages_depend_on_is_in_debian(release: Release) -> None:
    """Asked of apt, which knows the packages of this machine's distribution."""
    done = subprocess.run(
        ["apt-get", "--simulate", "--no-install-recommends", "install", *release.deb.values()],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {f"Inst {name} " for name in release.deb} <= {
        line[: line.index("(")] for line in done.stdout.splitlines() if line.startswith("Inst")
    }


def test_what_apt_installs_is_a_toolkit_that_runs(release: Release, machine: Machine) -> None:
    """With Debian's own Click, lxml, psutil, matplotlib and pyroute2."""
    packages = machine.bring(list(release.deb.values()))
    machine.run("apt-get", "-q", "-y", "--no-install-recommends", "install", *packages)
    assert machine.run("ocf-py", "--version").stdout.split()[-1] == __version__
    judged = machine.attempt("ocf-py", "validate", f"/{LAUNCHERS}/IPaddr")
    assert (judged.returncode, judged.stderr) == (0, ""), judged.stdout
    assert "power-loss" in machine.run("ocf-py", "lab", "rehearse", "--list").stdout
    assert (
        "matplotlib"
        in machine.run(
            "/usr/bin/python3", "-Ic", "import sys, ocf_py.rehearsal.pictures; print(*sys.modules)"
        ).stdout
    )
    for page in ("ocf-py", "ocf-py-lab-rehearse", "ocf_ocfpy_IPaddr"):
        (path,) = machine.run("man", "-w", page).stdout.split()
        assert machine.run("mandoc", "-Tlint", "-Wwarning", path).stdout == ""
    completion = "source /usr/share/bash-completion/completions/ocf-py && complete -p ocf-py"
    assert machine.run("bash", "-c", completion).stdout


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
