"""The packages of this checkout and of a later version, and a machine to install them on."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHECKOUT = Path(__file__).parents[2]
LAUNCHERS = "usr/lib/ocf/resource.d/ocfpy"
HOME = "usr/lib/ocf/lib/ocfpy"
_MIXER = Path(__file__).with_name("mixer.py")
LATER = "9.0.0"


@dataclass(frozen=True)
class Release:
    """The packages of one version, by kind and name: `rpm["ocf-py-agents"]`."""

    rpm: dict[str, Path]
    deb: dict[str, Path]


def copy_tree(target: Path, version: str) -> Path:
    """A source tree of this checkout in which each module says of which version it is."""
    names = subprocess.run(
        ["git", "-C", CHECKOUT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    for name in filter(None, os.fsdecode(names.stdout).split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, target / name)
    if version:
        (target / "src/ocf_py/_version.py").write_text(
            f'"""As told."""\n\n__version__ = "{version}"\n'
        )
    return target


def stamp(tree: Path, version: str) -> None:
    """Has every module of the library tell `version`, and adds the agent that compares them."""
    for path in (tree / "src/ocf_py").rglob("*.py"):
        if path.name != "launch.py":
            with path.open("a") as file:
                file.write(f'\n__stamp__ = "{version}"\n')
    shutil.copy(_MIXER, tree / "agents/mixer.py")
    with (tree / "agents/mixer.py").open("a") as file:
        file.write(f'\n_VERSION = "{version}"\n')


def build(tree: Path, folder: Path, kind: str, zone: str = "UTC") -> dict[str, Path]:
    """The packages of `tree`, built without their check in that time zone, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            *(sys.executable, tree / "packaging/packages.py", kind, "--without-check"),
            *("--tree", tree, "--work", folder / "work", "--out", folder / "out"),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "TZ": zone},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if kind == "rpm":
        return {path.name.rsplit("-", 2)[0]: path for path in folder.glob("out/*.noarch.rpm")}
    if kind == "deb":
        return {path.name.partition("_")[0]: path for path in folder.glob("out/*.deb")}
    return {path.suffix: path for path in folder.glob("out/*")}


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The packages of this checkout as it is."""
    folder = tmp_path_factory.mktemp("release")
    tree = copy_tree(folder / "tree", "")
    return Release(build(tree, folder / "rpm", "rpm"), build(tree, folder / "deb", "deb"))


@pytest.fixture(scope="session")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Release]:
    """Two versions whose modules say which they are of, with an agent that compares them."""
    made = []
    for version in ("8.0.0", LATER):
        folder = tmp_path_factory.mktemp("stamped")
        tree = copy_tree(folder / "tree", version)
        stamp(tree, version)
        made.append(Release(build(tree, folder / "rpm", "rpm"), build(tree, folder / "deb", "deb")))
    return made[0], made[1]


class Machine:
    """This machine's file system with every write going elsewhere, and package databases."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def left(self) -> set[str]:
        """What it has and this machine has not, beside what was brought.

        In /run, and among the databases and logs in /var, what bears our name.
        """
        upper = self.root.parent / "upper"
        brought = ("packages", "tmp", "usr/local", "root/.rpmdb")
        written = [path.relative_to(upper) for path in upper.rglob("*")]
        written += [path.relative_to(self.root) for path in (self.root / "run").rglob("*ocf*")]
        return {
            str(path)
            for path in written
            if not str(path).startswith(brought)
            and not (Path("/") / path).exists()
            and ("ocf" in path.name or path.parts[0] != "var")
        }

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """One command there; it has to succeed."""
        done = self.attempt(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def attempt(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """One command there."""
        path = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(
            ["chroot", self.root, *words],
            env={"PATH": path, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def bring(self, paths: Sequence[Path]) -> list[str]:
        """Copies packages there; their places."""
        (self.root / "packages").mkdir(exist_ok=True)
        return [
            f"/packages/{Path(shutil.copy(path, self.root / 'packages')).name}" for path in paths
        ]


@contextlib.contextmanager
def made_machine(folder: Path) -> Iterator[Machine]:
    """Mounts one below `folder`, and takes it away."""
    if os.geteuid() != 0:
        pytest.fail("the tier of packages mounts a machine: run it as root", pytrace=False)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "packages", folder], check=True)
    try:
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()
        layers = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
        subprocess.run(
            ["mount", "-t", "overlay", "-o", layers, "none", folder / "root"], check=True
        )
        subprocess.run(["mount", "-t", "proc", "proc", folder / "root/proc"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "run", folder / "root/run"], check=True)
        subprocess.run(["mount", "--bind", "/dev", folder / "root/dev"], check=True)
        # An administrator's own, which is none for the packages.
        decoy = folder / "root/usr/local/bin/python3"
        decoy.unlink(missing_ok=True)
        decoy.write_text("#!/bin/sh\necho this is not the system's Python >&2; exit 1\n")
        decoy.chmod(0o755)
        yield Machine(folder / "root")
    finally:
        subprocess.run(["umount", "--recursive", folder], check=True)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine that has none of our packages."""
    with made_machine(tmp_path / "machine") as made:
        yield made


def files_below(folder: Path) -> set[str]:
    """All that is there."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
