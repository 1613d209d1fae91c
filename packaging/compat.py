"""Runs the unit and contract tiers on other interpreters, each in its own virtual environment."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from develop import LOCK

CHECKOUT = Path(__file__).resolve().parents[1]
_FEW = "--fuzz-count=35"  # every kind of environment; their number tells of no interpreter
_VERSION = re.compile(r"3\.\d+")


def find_interpreter(name: str) -> Path | None:
    """The executable that `name` means: a path, or a version such as 3.9; None where none is.

    A version is looked for under $PYENV_ROOT first: what pyenv puts on PATH are scripts.
    """
    if "/" in name:
        return Path(name) if os.access(name, os.X_OK) else None
    if not _VERSION.fullmatch(name):
        return None
    pyenv = os.environ.get("PYENV_ROOT")
    if pyenv:
        for folder in sorted(Path(pyenv, "versions").glob(f"{name}.*"), reverse=True):
            if os.access(folder / "bin/python", os.X_OK):
                return folder / "bin/python"
    found = shutil.which(f"python{name}")
    return Path(found) if found else None


def closed_to_others(path: Path) -> Path | None:
    """The folder above `path` that other users may not enter; None where they may run it."""
    for folder in path.resolve().parents:
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def prepare(name: str, interpreter: Path) -> Path:
    """The Python of a virtual environment that has this checkout and its test tools."""
    home = CHECKOUT / f".venv-{re.sub('[^A-Za-z0-9.]', '-', name).strip('-')}"
    python = home / "bin/python"
    files = [CHECKOUT / "pyproject.toml", LOCK]
    declared = b"".join(map(Path.read_bytes, files)) + str(interpreter.resolve()).encode()
    ready = home / f".ready-{hashlib.sha256(declared).hexdigest()[:12]}"
    if not ready.exists():
        subprocess.run([str(interpreter), "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([python, CHECKOUT / "packaging/develop.py"], check=True)
        ready.touch()
    return python


def run_tiers(python: Path, interpreter: Path) -> int:
    """Runs the tiers in `python`, the installed agents on `interpreter`; the exit status."""
    tiers = [folder for folder in ("tests/unit", "tests/contract") if (CHECKOUT / folder).is_dir()]
    environment = {**os.environ, "OCF_PY_AGENTS_PYTHON": str(interpreter)}
    return subprocess.run(
        [python, "-m", "pytest", "-q", _FEW, *tiers], cwd=CHECKOUT, env=environment, check=False
    ).returncode


def main(names: list[str]) -> None:
    """Ends 0 only if every named interpreter is there and passes."""
    found = {name: find_interpreter(name) for name in names}
    missing = [name for name, interpreter in found.items() if interpreter is None]
    if missing or not names:
        sys.exit(
            f"compat: no Python {', '.join(missing) or 'named'} on PATH or below $PYENV_ROOT; "
            'install it, or name it: make compat PYTHONS="3.9 /opt/python3.13/bin/python3"'
        )
    failed = []
    for name, interpreter in found.items():
        assert interpreter is not None  # noqa: S101 - seen to above
        closed = closed_to_others(interpreter)
        if closed:
            sys.exit(
                f"compat: {interpreter} cannot be run by other users, and agents must answer "
                f"as nobody: chmod o+x {closed}, or name an interpreter elsewhere"
            )
        print(f"--- Python {name}: {interpreter}", flush=True)
        if run_tiers(prepare(name, interpreter), interpreter.resolve()):
            failed.append(name)
    print(f"--- passed: {', '.join(name for name in names if name not in failed) or 'none'}")
    if failed:
        sys.exit(f"compat: failed: {', '.join(failed)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"compat: failed: {' '.join(map(str, error.cmd))}")
    except KeyboardInterrupt:
        sys.exit(130)
