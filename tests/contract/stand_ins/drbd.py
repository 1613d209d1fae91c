"""DRBD in a sandbox that has none: the commands that put a stand-in for its tools there.

It holds state and refuses what DRBD refuses, as the fake of the unit tier, whose classes it runs.
/sys/module/drbd says that the module is loaded; there is no device.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__)
_FOLDER = "/run/drbd"
_SOURCES = (
    _HERE.parents[2] / "fakes" / "drbd_nodes.py",
    _HERE.with_name("drbd_program.py"),
)
CONFIGURATION = f"{_FOLDER}/drbd.conf"
TOOL = f"{_FOLDER}/tools/drbdadm"
_PROGRAM = f"{_FOLDER}/program.py"
# It runs several times in a call of the agent, and to compile it would be a third of its work.
_LAUNCHER = f"""\
#!/usr/bin/python3 -ISB
import sys
sys.path.insert(0, "{_FOLDER}")
import program
"""


def _source() -> str:
    """One program of both."""
    first, second = (path.read_text() for path in _SOURCES)
    for line in (
        "from __future__ import annotations\n",
        "from tests.fakes.drbd_nodes import FakePair\n",
    ):
        second = second.replace(line, "")
    return f"{first}\n{second}"


def _write(path: str, text: str) -> tuple[str, ...]:
    return ("sh", "-c", f"cat >{path} <<'END'\n{text}END\n")


#: Its state is on a file system of its own, and is none of the fuzz's witness.
PREPARE = (
    ("mkdir", _FOLDER),
    ("mount", "-t", "tmpfs", "drbd", _FOLDER),
    ("mkdir", f"{_FOLDER}/tools"),
    ("touch", CONFIGURATION),
    _write(_PROGRAM, _source()),
    ("/usr/bin/python3", "-IS", "-m", "py_compile", _PROGRAM),
    _write(TOOL, _LAUNCHER),
    ("chmod", "0755", TOOL),
    ("ln", TOOL, f"{_FOLDER}/tools/drbdsetup"),
    # Where tools are looked for even without a PATH.
    (
        *("mount", "-t", "overlay", "drbd-tools"),
        *("-o", f"lowerdir={_FOLDER}/tools:/usr/sbin", "/usr/sbin"),
    ),
    ("mount", "-t", "tmpfs", "modules", "/sys/module"),
    ("mkdir", "/sys/module/drbd"),
    ("sh", "-c", "echo 8.4.11 >/sys/module/drbd/version"),
)
#: Has the peer of r0 promoted.
PROMOTE_PEER = (TOOL, "--on", "n2", "-c", CONFIGURATION, "primary", "r0")
