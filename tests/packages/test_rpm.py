"""The RPMs: installed in a bare root, upgraded under a storm of actions, and removed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from ocf_py._version import __version__
from tests.packages.conftest import CHECKOUT, HOME, LAUNCHERS, files_below
from tests.packages.storm import Storm
from tests.packages.usage import (
    assert_byte_code,
    assert_install_is_not_overwritten,
    lose_byte_code,
    use,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.conftest import Machine, Release

# The machine is Debian's: what the packages require is there, but not as an RPM.
_RPM = ("rpm", "--nodeps")
# The interpreter's package is called otherwise on SUSE: it goes by the file.
_OTHER_PYTHON = """\
Name: python399-base
Version: 1
Release: 1
Summary: Another Python
License: Python-2.0
BuildArch: noarch
%description
%install
mkdir -p %{buildroot}/usr/bin
touch %{buildroot}/usr/bin/python3.99
%files
/usr/bin/python3.99
"""


def test_rpmlint_finds_nothing_that_is_not_explained(release: Release) -> None:
    filters = CHECKOUT / "packaging/rpm/rpmlint.toml"
    done = subprocess.run(
        ["/usr/bin/rpmlint", "-c", filters, *release.rpm.values()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 errors, 0 warnings" in done.stdout


def test_where_the_macros_for_python_are_there_they_make_the_wheel(tmp_path: Path) -> None:
    spec = tmp_path / "ocf-py.spec"
    text = (CHECKOUT / "packaging/rpm/ocf-py.spec").read_text().replace("@VERSION@", "1")
    spec.write_text(text.partition("%changelog")[0])
    macros = {"pyproject_wheel": "made-by-the-macro", "_pyproject_wheeldir": "/its/wheels"}
    given = [word for name, text in macros.items() for word in ("--define", f"{name} {text}")]
    without, using = (
        subprocess.run(
            ["rpmspec", "--parse", *words, spec], capture_output=True, text=True, check=True
        ).stdout
        for words in ([], given)
    )
    assert "\nmade-by-the-macro\n" in using
    assert '--wheel "$(echo /its/wheels/*.whl)"' in using
    assert "-m build --wheel" in without
    assert "-m build --wheel" not in using
    assert '--wheel "$(echo dist/*.whl)"' in without


def test_agents_run_from_a_bare_root_and_removal_leaves_nothing(
    release: Release, open_folder: Path
) -> None:
    root = open_folder / "bare"
    root.mkdir()
    # No shell in it, so that no script of the package can run.
    rpm: list[str | Path] = [*_RPM, "--root", root, "--noscripts"]
    subprocess.run([*rpm, "-i", release.rpm["ocf-py-agents"]], check=True)
    for type_ in ("IPaddr", "Filesystem", "Service", "MirrorSync", "Drbd"):
        for words, code in ((["meta-data"], 0), (["monitor"], 7), (["nonsense"], 3)):
            done = subprocess.run(
                [root / LAUNCHERS / type_, *words],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HA_LOGFACILITY": "none"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == code, (type_, words, done.stderr)
    subprocess.run([*rpm, "-e", "ocf-py-agents"], check=True)
    # A bare root had not even those that a system has; rpm makes them and lists them nowhere.
    system = {"usr", "usr/lib", "usr/lib/tmpfiles.d", "usr/share", "usr/share/doc"}
    system |= {"usr/share/licenses", "usr/share/man", "usr/share/man/man7"}
    assert {path for path in files_below(root) if path.startswith(("usr", "run"))} <= system


def test_the_toolkit_alone_names_the_package_of_the_lab(release: Release, tmp_path: Path) -> None:
    rpm: list[str | Path] = [*_RPM, "--root", tmp_path, "--noscripts"]
    subprocess.run([*rpm, "-i", release.rpm["ocf-py"]], check=True)
    (packages,) = tmp_path.glob("usr/lib/python3*/site-packages")
    done = subprocess.run(
        [sys.executable, tmp_path / "usr/bin/ocf-py", "lab", "status"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "ocf-py: lab: this part of ocf-py is not installed; install the package ocf-py-lab\n"
    )


def test_an_upgrade_under_a_storm_of_actions_never_mixes_two_versions(
    stamped: tuple[Release, Release], machine: Machine
) -> None:
    old, new = machine.bring([one.rpm["ocf-py-agents"] for one in stamped])
    machine.run(*_RPM, "-i", old)
    with Storm(machine) as storm:
        for _ in range(4):
            storm.exchange(*_RPM, "-U", new)
            storm.exchange(*_RPM, "-U", "--oldpackage", old)
    assert storm.faults == {}
    assert storm.struck > 8
    machine.run(*_RPM, "-e", "ocf-py-agents")
    assert not (machine.root / HOME).exists()


def test_without_the_held_library_the_storm_would_find_actions_that_lose_theirs(
    stamped: tuple[Release, Release], machine: Machine
) -> None:
    old, new = machine.bring([one.rpm["ocf-py-agents"] for one in stamped])
    machine.run(*_RPM, "-i", "--noscripts", old)
    with Storm(machine) as storm:
        for _ in range(4):
            storm.exchange(*_RPM, "-U", "--noscripts", new)
            storm.exchange(*_RPM, "-U", "--noscripts", "--oldpackage", old)
    assert storm.faults


def test_a_change_of_the_systems_python_has_its_byte_code_made(
    release: Release, machine: Machine
) -> None:
    machine.run(*_RPM, "-i", *machine.bring([release.rpm["ocf-py-agents"]]))
    lose_byte_code(machine)
    spec = machine.root / "python.spec"
    spec.write_text(_OTHER_PYTHON)
    machine.run("rpmbuild", "-bb", "--define", "_topdir /packages", "/python.spec")
    machine.run(*_RPM, "-i", "/packages/RPMS/noarch/python399-base-1-1.noarch.rpm")
    assert_byte_code(machine)


def test_a_tree_of_an_install_is_not_overwritten_by_the_package(
    release: Release, machine: Machine
) -> None:
    assert_install_is_not_overwritten(machine, release.rpm["ocf-py-agents"], *_RPM, "-i")


def test_removal_leaves_nothing_of_any_of_the_packages(release: Release, machine: Machine) -> None:
    packages = machine.bring(list(release.rpm.values()))
    use(machine, *_RPM, "-i", *(path for path in packages if ".src." not in path))
    machine.run(*_RPM, "-e", "ocf-py-lab", "ocf-py", "ocf-py-agents")
    # A system of RPMs has these of its own; rpm makes what is lacking and lists it nowhere.
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert machine.left() <= {f"usr/lib/{python}/site-packages", "usr/share/licenses"}


def test_what_the_packages_require_is_what_they_need(release: Release) -> None:
    asked = {}
    for name, path in release.rpm.items():
        done = subprocess.run(
            ["rpm", "-qp", "--requires", path], capture_output=True, text=True, check=True
        )
        needed = {one for one in done.stdout.splitlines() if not one.startswith("rpmlib(")}
        asked[name] = sorted(needed)
    python = f"python(abi) = {sys.version_info[0]}.{sys.version_info[1]}"
    version = f"{__version__}-1"
    assert asked == {
        "ocf-py-agents": ["/bin/sh", "coreutils", "findutils", "grep", "python3 >= 3.9"],
        "ocf-py": [
            "/bin/sh",
            "/usr/bin/python3",
            python,
            "python3 >= 3.9",
            "python3dist(click) >= 8.1",
            "python3dist(lxml) >= 4.6",
            "python3dist(psutil) >= 5.8",
        ],
        "ocf-py-lab": [
            "/usr/bin/python3",
            "corosync",
            f"ocf-py = {version}",
            f"ocf-py-agents = {version}",
            "pacemaker",
            python,
            "python3dist(matplotlib) >= 3.6",
            "python3dist(pyroute2) >= 0.7",
        ],
    }


def test_the_toolkit_is_not_needed_on_a_node_and_the_lab_not_by_the_toolkit(
    release: Release,
) -> None:
    listed = {
        name: subprocess.run(
            ["rpm", "-qpl", path], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for name, path in release.rpm.items()
    }
    assert not [path for path in listed["ocf-py-agents"] if "site-packages" in path]
    assert not [path for path in listed["ocf-py"] if "/ocf_py/lab" in path]
    assert [path for path in listed["ocf-py-lab"] if path.endswith("/ocf_py/lab/lab.py")]
    for name, paths in listed.items():  # what a package has no byte code of leaves some behind
        sources = {path for path in paths if path.endswith(".py") and "/ocf_py/" in path}
        compiled = {path for path in paths if path.endswith(".pyc")}
        lacking = {_byte_code_of(path) for path in sources} - compiled
        assert not lacking, name
    files = [path for paths in listed.values() for path in paths if "/licenses/" not in path]
    assert {path for path in files if files.count(path) > 1} == set()


def _byte_code_of(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name[:-3]}.{sys.implementation.cache_tag}.pyc"
