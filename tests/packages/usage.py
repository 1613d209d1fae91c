"""What is done with packages on a machine, whichever kind they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.packages.conftest import CHECKOUT, HOME, LAUNCHERS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.conftest import Machine


def use(machine: Machine, *words: str) -> None:
    """Installs by that command, and has the module and an action used, as root would."""
    machine.run(*words)
    (module,) = machine.root.glob("usr/lib/python3*/*-packages/ocf_py")
    place = f"/{module.parent.relative_to(machine.root)}"  # an RPM's is not Debian's
    machine.run("env", f"PYTHONPATH={place}", "/usr/bin/python3", "-c", "import ocf_py.runner")
    assert machine.attempt(f"/{LAUNCHERS}/IPaddr", "meta-data").returncode == 0


def made_by_install(machine: Machine) -> None:
    """Sets the machine up as `ocf-py install` does, without any package."""
    words = [
        sys.executable,
        "-m",
        "ocf_py.toolkit.installer",
        "install",
        "--root",
        str(machine.root),
    ]
    subprocess.run(words, cwd=CHECKOUT / "src", check=True, capture_output=True)


def lose_byte_code(machine: Machine) -> None:
    """As it is after the system's Python has become another."""
    for folder in list(_held(machine).rglob("__pycache__")):
        shutil.rmtree(folder)


def assert_byte_code(machine: Machine) -> None:
    """What the launchers run has its byte code."""
    assert [*(_held(machine) / "ocf_py/__pycache__").glob("runner.*.pyc")]


def _held(machine: Machine) -> Path:
    home = machine.root / HOME
    generation: str = json.loads((home / "manifest.json").read_text())["generation"]
    return home / "held" / generation
