"""What is declared, what is locked and what the packages ask for agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tomli
from packaging.requirements import Requirement

from ocf_py._version import __version__
from system_packages import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
LOCK = (CHECKOUT / "packaging/requirements-dev.txt").read_text()
SPEC = (CHECKOUT / "packaging/rpm/ocf-py.spec").read_text()
CONTROL = (CHECKOUT / "packaging/deb/control").read_text()
PROJECT = tomli.loads((CHECKOUT / "pyproject.toml").read_text())
DECLARED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
]
RUNTIME = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["lab"],
]


def pins() -> Iterator[tuple[Requirement, list[str]]]:
    """Each locked version with where it applies, and its hashes."""
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        words, *hashes = entry.split("--hash=")
        yield Requirement(words.strip()), [one.strip() for one in hashes]


def pinned(name: str, python: str) -> list[str]:
    """The versions that are locked for a Python."""
    where = {"python_version": python, "python_full_version": f"{python}.5"}
    where.update(sys_platform="linux", os_name="posix", platform_python_implementation="CPython")
    return [
        specifier.version
        for one, _ in pins()
        if one.name == name and (one.marker is None or one.marker.evaluate(where))
        for specifier in one.specifier
    ]


@pytest.mark.parametrize("python", ["3.9", "3.10", "3.11", "3.12", "3.13"])
def test_what_is_declared_is_locked_once_and_within_its_range(python: str) -> None:
    for one in map(Requirement, DECLARED):
        if one.marker is None or one.marker.evaluate({"python_version": python}):
            versions = pinned(one.name.lower(), python)
            assert len(versions) == 1, one
            assert versions[0] in one.specifier, one


def test_each_locked_version_is_one_with_hashes_and_from_nowhere_in_particular() -> None:
    for one, hashes in pins():
        assert [specifier.operator for specifier in one.specifier] == ["=="], one
        assert hashes, one
        for digest in hashes:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest), one
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def lower_bound(requirement: Requirement) -> str:
    """As in click>=8.1: 8.1."""
    (bound,) = (one.version for one in requirement.specifier if one.operator == ">=")
    return str(bound)


def test_the_packages_ask_for_the_versions_that_the_project_declares() -> None:
    for one in map(Requirement, RUNTIME):
        bound = lower_bound(one)
        rpm = re.findall(
            rf"^(?:Requires|Recommends): +python3dist\({one.name}\)(.*)$", SPEC, re.MULTILINE
        )
        assert rpm == [f" >= {bound}"], one
        assert re.findall(rf" python3-{one.name} \(>= (.*)\),", CONTROL) == [bound], one


def test_what_builds_an_rpm_is_what_builds_the_wheel() -> None:
    (backend,) = map(Requirement, PROJECT["build-system"]["requires"])
    assert f"BuildRequires:  python3dist(hatchling) >= {lower_bound(backend)}\n" in SPEC
    (python,) = Requirement(f"python{PROJECT['project']['requires-python']}").specifier
    assert re.findall(r"^Requires(?:\(.*\))?: +python3 >= (.*)$", SPEC, re.MULTILINE) == 4 * [
        python.version
    ]


def imported(*folders: str) -> set[str]:
    """The names of the modules that files in these folders import, without their submodules."""
    found = set()
    for folder in folders:
        for path in (CHECKOUT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found |= {one.name.partition(".")[0] for one in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.partition(".")[0])
    return found


# By the name of the distribution, where the module is called otherwise.
_MODULES = {"pytest-subprocess": "pytest"}


def test_what_the_check_of_the_packages_imports_is_among_their_build_needs() -> None:
    modules = imported("src", "tests/unit", "tests/contract", "tests/documents")
    names = {Requirement(one).name for one in DECLARED}
    needed = {one for one in names if _MODULES.get(one, one) in modules}
    assert needed >= {"click", "hypothesis", "matplotlib", "packaging", "pyroute2", "tomli"}
    assert needed <= set(re.findall(r"^BuildRequires: +python3dist\((.*?)\)", SPEC, re.MULTILINE))
    assert needed <= set(re.findall(r"^ +python3-(\S+?),?(?: .*)?$", CONTROL, re.MULTILINE))


def test_the_tools_of_that_check_have_the_names_of_each_distribution() -> None:
    rpms = set(re.findall(r"^BuildRequires: +([a-z][a-z0-9-]*)$", SPEC, re.MULTILINE))
    debs = set(re.findall(r"^(?:Build-Depends:)? +(\S+) <!nocheck>,?$", CONTROL, re.MULTILINE))
    both = {debian: fedora for debian, fedora in PACKAGES.values() if debian in debs}
    of_python = {one for one in debs - set(both) if one.startswith("python3-")}
    assert debs - set(both) == of_python
    assert rpms == {*both.values(), "python3-devel"} - {"python3-libs"}


def test_the_changelog_begins_with_the_version_and_no_other_file_states_one() -> None:
    changelog = (CHECKOUT / "CHANGELOG.md").read_text()
    first = re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0]
    assert first == __version__
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert "version" not in PROJECT["project"]
    assert re.findall(r"^Version: +(.*)$", SPEC, re.MULTILINE) == ["@VERSION@"]
