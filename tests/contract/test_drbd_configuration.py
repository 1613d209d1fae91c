"""The configurations that the reference of Drbd shows, read by the parsers of DRBD 8.4 and 9."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

_REFERENCE = Path(__file__).parents[2] / "docs/reference/drbd.md"
_BLOCK = re.compile(r"^```\n(resource r0 \{\n.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("number", "parser"), [(0, "/usr/lib/drbd/drbdadm-84"), (1, "drbdadm")], ids=["8.4", "9"]
)
def test_the_shown_resource_is_one_of_its_version(number: int, parser: str, tmp_path: Path) -> None:
    shown = _BLOCK.findall(_REFERENCE.read_text())[number]
    file = tmp_path / "r0.res"
    # It dumps what is of this host alone.
    file.write_text(shown.replace("on n1 ", f"on {os.uname().nodename} "))
    done = subprocess.run(
        [parser, "-c", str(file), "dump", "r0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for setting in ("resource-and-stonith", "/usr/bin/ocf-py drbd fence-peer"):
        assert setting in done.stdout
