"""What is done with packages on a machine, whichever kind they are."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.packages.conftest import CHECKOUT, HOME, LAUNCHERS, files_below

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.conftest import Machine


# A sleep that nobody else runs, in the machine's own /run.
_SERVICE = (
    "OCF_ROOT=/usr/lib/ocf",
    f"OCF_RESOURCE_INSTANCE=used-{os.getpid()}",
    "OCF_RESKEY_command=/bin/sleep",
    f"OCF_RESKEY_args=9{os.getpid()}",
    "OCF_RESKEY_pidfile=/run/used.pid",
)


def use(machine: Machine, *words: str) -> None:
    """Installs by that command, and has the module and actions used, as root would."""
    machine.run(*words)
    records = (machine.root / "run/ocfpy").stat()
    assert (stat.filemode(records.st_mode), records.st_uid) == ("drwx------", 0)
    (module,) = machine.root.glob("usr/lib/python3*/*-packages/ocf_py")
    place = f"/{module.parent.relative_to(machine.root)}"  # an RPM's is not Debian's
    machine.run("env", f"PYTHONPATH={place}", "/usr/bin/python3", "-c", "import ocf_py.runner")
    assert machine.attempt(f"/{LAUNCHERS}/IPaddr", "meta-data").returncode == 0
    service = ["env", *_SERVICE, f"/{LAUNCHERS}/Service"]
    for action, code in (("start", 0), ("monitor", 0), ("stop", 0), ("monitor", 7)):
        done = machine.attempt(*service, action)
        assert done.returncode == code, (action, done.stderr)


def assert_install_is_not_overwritten(machine: Machine, package: Path, *command: str) -> None:
    """On a machine that `ocf-py install` has set up the package refuses to go over that."""
    words = [sys.executable, "-m", "ocf_py.toolkit.installer", "install"]
    words += ["--root", str(machine.root)]
    subprocess.run(words, cwd=CHECKOUT / "src", check=True, capture_output=True)
    before = files_below(machine.root / HOME)
    done = machine.attempt(*command, *machine.bring([package]))
    assert done.returncode != 0
    assert "run 'ocf-py uninstall' first" in done.stderr
    assert files_below(machine.root / HOME) == before


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
