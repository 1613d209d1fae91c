"""The example with roles: what an action that is cut off leaves is the next stop's."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_a_stop_takes_half_a_state_away(launchers: Path, tmp_path: Path) -> None:
    state = tmp_path / "role"
    environment = {
        "OCF_ROOT": "/usr/lib/ocf",
        "OCF_RESOURCE_INSTANCE": f"half.{tmp_path.name}",
        "OCF_RESKEY_state": str(state),
        "HA_LOGFACILITY": "none",
        "PATH": "/usr/bin:/bin",
    }

    def call(action: str) -> int:
        done = subprocess.run([launchers / "Stateful", action], env=environment, check=False)
        return done.returncode

    assert call("start") == 0
    half = tmp_path / "role.new"
    half.touch()
    assert call("stop") == 0
    assert not state.exists()
    assert not half.exists()
