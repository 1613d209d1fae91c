"""Builds the packages of this checkout: `packages.py rpm`, `deb` or `sdist`, into dist/.

What is built is the last commit, so that no file that merely lies there gets into a package; an
unpacked source archive is built as it is. The version is that of the source, every time that of the
commit (or SOURCE_DATE_EPOCH): two builds of one commit are the same bytes. `--python` is what
builds and tests, `--without-check` leaves the tests out.
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
    if not is_checkout(tree):
        sys.exit("packages: no commit tells the time of the build: set SOURCE_DATE_EPOCH")
    return ask_git(tree, "log", "-1", "--format=%ct").strip()


def is_checkout(tree: Path) -> bool:
    """Whether a repository of git has its files there, and not around it."""
    return (tree / ".git").exists()


def ask_git(tree: Path, *words: str) -> str:
    """What git says of the tree; ends the program where it cannot."""
    # Whose checkout it is does not matter: what is built runs its files in any case.
    command = ["git", "-c", f"safe.directory={tree}", "-C", str(tree), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"packages: git {words[0]}: {getattr(error, 'stderr', '').strip() or error}")
    return done.stdout


def export(tree: Path, work: Path) -> Path:
    """The last commit of the checkout at `tree`, in a folder of its own in `work`."""
    changed = ask_git(tree, "status", "--porcelain").splitlines()
    if changed:
        more = f" and {len(changed) - 1} more" if changed[1:] else ""
        sys.stderr.write(
            f"packages: this is of the last commit, without what has changed since: "
            f"{changed[0][3:]}{more}\n"
        )
    target, committed = work / "commit", work / "commit.tar"
    ask_git(tree, "archive", "--format=tar", f"--output={committed}", "HEAD")
    with tarfile.open(committed) as archive:
        archive.extractall(target)  # noqa: S202 - git's own, of our own commit
    return target


def find_maintainer() -> str:
    """Who answers for the packages, by DEBFULLNAME and DEBEMAIL as Debian's tools have it.

    Without them nobody does, and the address says so: mail to example.org reaches no one.
    """
    name = os.environ.get("DEBFULLNAME", "The authors of ocf-py")
    return f"{name} <{os.environ.get('DEBEMAIL', 'nobody@example.org')}>"


class Build:
    """One build of the packages of `tree`, in a folder of its own in `work` that is made anew."""

    def __init__(self, tree: Path, work: Path, python: Path) -> None:
        self.work, self.python = work / "ocf-py-packages", python
        self.epoch = find_epoch(tree)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.tree = export(tree, self.work) if is_checkout(tree) else tree
        self.version = read_version(self.tree)

    def make_archives(self, *kinds: str) -> list[Path]:
        """What goes to PyPI: `sdist`, `wheel` or both."""
        wanted = [f"--{kind}" for kind in kinds]
        builder = [self.python, "-m", "build", "--no-isolation"]
        self._run([*builder, *wanted, "--outdir", self.work, self.tree])
        return sorted([*self.work.glob("*.tar.gz"), *self.work.glob("*.whl")])

    def make_rpms(self, *, check: bool) -> list[Path]:
        """The RPMs, the source's too."""
        (archive,) = self.make_archives("sdist")
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
        (source,) = self.make_archives("sdist")
        with tarfile.open(source) as archive:
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
    parser.add_argument("kind", choices=("rpm", "deb", "sdist"))
    parser.add_argument("--tree", type=Path, default=CHECKOUT)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--out", type=Path, default=CHECKOUT / "dist")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--without-check", action="store_true")
    given = parser.parse_args()
    work = given.work or CHECKOUT / "build" / given.kind
    build = Build(given.tree.absolute(), work.absolute(), given.python.absolute())
    check = not given.without_check
    if given.kind == "sdist":
        made = build.make_archives("sdist", "wheel")
    else:
        made = (build.make_rpms if given.kind == "rpm" else build.make_debs)(check=check)
    given.out.mkdir(parents=True, exist_ok=True)
    for path in made:
        print(shutil.copy2(path, given.out))


if __name__ == "__main__":
    main()
