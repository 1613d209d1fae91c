"""Builds the packages of this checkout: `packages.py rpm`, `packages.py deb`, into dist/.

The version is that of the source, every time that of the last commit (or SOURCE_DATE_EPOCH):
two builds of one commit are the same bytes. `--python` is what builds and tests, `--without-check`
leaves the tests out.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from email.utils import formatdate
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def read_version(tree: Path) -> str:
    """The version in the one place where it stands."""
    try:
        text = (tree / "src/ocf_py/_version.py").read_text()
    except OSError as error:
        sys.exit(f"packages: {error.filename}: {error.strerror}; --tree names a source tree")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if not found:
        sys.exit(f"packages: {tree}/src/ocf_py/_version.py names no version")
    return found[1]


def find_epoch(tree: Path) -> str:
    """The time of all that is built, in seconds: SOURCE_DATE_EPOCH, or that of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return given
    done = subprocess.run(
        ["/usr/bin/git", "-C", tree, "log", "-1", "--format=%ct"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit("packages: no commit tells the time of the build: set SOURCE_DATE_EPOCH")
    return done.stdout.strip()


def find_maintainer() -> str:
    """Who answers for the packages, by DEBFULLNAME and DEBEMAIL as Debian's tools have it.

    Without them nobody does, and the address says so: mail to example.org reaches no one.
    """
    name = os.environ.get("DEBFULLNAME", "The authors of ocf-py")
    return f"{name} <{os.environ.get('DEBEMAIL', 'nobody@example.org')}>"


class Build:
    """One build of the packages of `tree`, in a folder of its own in `work` that is made anew."""

    def __init__(self, tree: Path, work: Path, python: Path) -> None:
        self.tree, self.work, self.python = tree, work / "ocf-py-packages", python
        self.version, self.epoch = read_version(tree), find_epoch(tree)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def make_archive(self) -> Path:
        """The source archive, as it goes to PyPI."""
        self._run(
            [
                self.python,
                "-m",
                "build",
                "--sdist",
                "--no-isolation",
                "--outdir",
                self.work,
                self.tree,
            ]
        )
        return self.work / f"ocf_py-{self.version}.tar.gz"

    def make_rpms(self, *, check: bool) -> list[Path]:
        """The RPMs, the source's too."""
        archive = self.make_archive()
        spec = self.work / "ocf-py.spec"
        text = (self.tree / "packaging/rpm/ocf-py.spec").read_text()
        date = time.strftime("%a %b %d %Y", time.gmtime(int(self.epoch)))
        words = {
            "VERSION": self.version,
            "RPM_DATE": date,
            "MAINTAINER": find_maintainer(),
        }
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        spec.write_text(text)
        for source in (spec, archive):  # the source's package keeps their times
            os.utime(source, (int(self.epoch), int(self.epoch)))
        defines = {
            "_topdir": self.work,
            "_sourcedir": archive.parent,
            "build_python": self.python,
            "_buildhost": "reproducible",
            "use_source_date_epoch_as_buildtime": 1,
            "clamp_mtime_to_source_date_epoch": 1,
            "_rpmdir": self.work / "out",
            "_srcrpmdir": self.work / "out",
            "_rpmfilename": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
        }
        options = [
            word for name, value in defines.items() for word in ("--define", f"{name} {value}")
        ]
        # Where the build needs are not RPMs, as on Debian, rpm cannot tell that they are there.
        options += ["--nodeps", *([] if check else ["--without", "check"])]
        # Apart: the source's package keeps the path of the build, and the others would its sum.
        self._run(["rpmbuild", "-bb", *options, spec])
        self._run(["rpmbuild", "-bs", *options, spec])
        return sorted((self.work / "out").glob("*.rpm"))

    def make_debs(self, *, check: bool) -> list[Path]:
        """Debian's packages, and the .changes and .buildinfo that list them."""
        with tarfile.open(self.make_archive()) as archive:
            archive.extractall(self.work)  # noqa: S202 - made a moment ago
        tree = self.work / f"ocf_py-{self.version}"
        shutil.copytree(tree / "packaging/deb", tree / "debian")
        control = tree / "debian/control"
        control.write_text(control.read_text().replace("@MAINTAINER@", find_maintainer()))
        (tree / "debian/changelog").write_text(
            f"ocf-py ({self.version}-1) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n"
            f" -- {find_maintainer()}  {formatdate(int(self.epoch))}\n"
        )
        more = {
            "BUILD_PYTHON": str(self.python),
            "DEB_BUILD_OPTIONS": "" if check else "nocheck",
        }
        # -d: a virtual environment may stand in for Debian's packages of the build needs.
        self._run(["dpkg-buildpackage", "-b", "-us", "-uc", "-d"], cwd=tree, more=more)
        kinds = ("*.deb", "*.changes", "*.buildinfo")
        return sorted(path for kind in kinds for path in self.work.glob(kind))

    def _run(
        self, words: list[object], cwd: Path | None = None, more: dict[str, str] | None = None
    ) -> None:
        """One step; what it says is shown only where it fails."""
        environment = {**os.environ, "SOURCE_DATE_EPOCH": self.epoch, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env={**environment, **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(done.stdout.decode(errors="replace"))
            sys.exit(f"packages: {words[0]} ended with {done.returncode}; the cause stands above")


def main() -> None:
    """Builds, and names what was built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("rpm", "deb"))
    parser.add_argument("--tree", type=Path, default=CHECKOUT)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--out", type=Path, default=CHECKOUT / "dist")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--without-check", action="store_true")
    given = parser.parse_args()
    work = given.work or CHECKOUT / "build" / given.kind
    build = Build(given.tree.absolute(), work.absolute(), given.python.absolute())
    make = build.make_rpms if given.kind == "rpm" else build.make_debs
    given.out.mkdir(parents=True, exist_ok=True)
    for path in make(check=not given.without_check):
        print(shutil.copy2(path, given.out))


if __name__ == "__main__":
    main()
