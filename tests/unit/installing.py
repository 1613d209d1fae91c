"""Small libraries and agents to install, and eyes for what an install wrote."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import ocf_py
from ocf_py.toolkit.installer.sources import AgentSource, Origin, Sources

UNPRIVILEGED = 65534  # nobody, on Debian and Fedora

_RUNNER = '''\
"""Tells which library an agent was run with."""
import sys

def main(module, name):
    agent = getattr(__import__(module, fromlist=[name]), name)
    print(agent.text, {text!r}, *sys.argv[1:])
'''


def make_sources(
    text: str = "first", types: tuple[str, ...] = ("Lamp",), added: tuple[str, ...] = ()
) -> Sources:
    """A library whose runner prints `text`, an agent of each of `types`, the user's own `added`."""
    files = {
        "ocf_py/__init__.py": b"",
        "ocf_py/launch.py": Path(ocf_py.__file__).with_name("launch.py").read_bytes(),
        "ocf_py/runner.py": _RUNNER.format(text=text).encode(),
        "ocfpy_agents/__init__.py": b"",
    }
    agents = []
    for type_ in (*types, *added):
        origin = Origin.ADDED if type_ in added else Origin.SHIPPED
        agents.append(AgentSource(Path(f"{type_.lower()}.py"), type_, origin))
        body = f"class {type_}:\n    text = {type_!r} + ' ' + {text!r}\n"
        files[f"ocfpy_agents/{type_.lower()}.py"] = body.encode()
    return Sources(files, tuple(agents))


def run_launcher(path: Path, *arguments: str, user: int | None = None) -> str:
    """What the launcher at `path` prints, run as Pacemaker would."""
    done = subprocess.run(
        [path, *arguments],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user if os.geteuid() == 0 else None,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run_cli(*arguments: str | Path, user: int | None = None) -> subprocess.CompletedProcess[str]:
    """`ocf-py` with `arguments`, in a process of its own."""
    code = "from ocf_py.toolkit import main; main()"
    return subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        user=user if os.geteuid() == 0 else None,
    )


def list_tree(root: Path) -> dict[str, tuple[str, int, bytes]]:
    """Each path below `root`: its kind and mode, when it was written, its content or target."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = b""
        if stat.S_ISLNK(status.st_mode):
            content = os.fsencode(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            content = path.read_bytes()
        found[str(path.relative_to(root))] = (
            stat.filemode(status.st_mode),
            status.st_mtime_ns,
            content,
        )
    return found
