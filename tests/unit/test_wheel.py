"""The built wheel is what users get: it carries the agents, and installs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.unit.installing import run_launcher

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*command, str(CHECKOUT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ocf-py` in an environment that has the wheel, and this one's third-party packages."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin/ocf-py"


def test_the_wheel_carries_agents_and_licence_and_no_byte_code(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"ocf_py/_agents/ipaddr.py", "ocf_py/_examples/dummy.py", "ocf_py/py.typed"} <= {*names}
    assert any(name.endswith("/LICENSE") for name in names)
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_description_holds_no_placeholder(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    _, _, description = archive.read(metadata).decode().partition("\n\n")
    assert description.strip() == (CHECKOUT / "README.md").read_text().strip()
    # A word of capitals alone on its line stands for something that is still to be written.
    assert not re.findall(r"^[ \t]*[A-Z][A-Z_]{2,}[ \t]*$", description, re.MULTILINE)
    assert not re.findall(r"\b(?:TODO|FIXME|TBD|XXX)\b", description)


def test_an_installed_wheel_installs_the_agents(
    program: Path, open_folder: Path, agents_python: str
) -> None:
    root = open_folder / "from-wheel"
    # Elsewhere, and without this process's PYTHON*: nothing of the checkout is in reach.
    done = subprocess.run(
        [program, "install", "--with-examples", "--root", root, "--python", agents_python],
        env={"PATH": os.defpath},
        cwd=open_folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert run_launcher(root / "usr/lib/ocf/resource.d/ocfpy/Dummy", "meta-data")
    described = subprocess.run(
        [program.parent / "python", "-c", "import ocf_py; print(ocf_py.__file__)"],
        env={"PATH": os.defpath},
        cwd=open_folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert described.stdout.startswith(str(program.parents[1]))
