"""ocf-tester, the field's own checker, passes on what we install."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox

SUBJECTS = [
    ("IPaddr", ["ip=192.0.2.10"]),
    ("IPaddr", ["ip=2001:db8::a1", "nic=eth0", "cidr_netmask=64"]),
    ("Filesystem", ["device=scratch", "directory=/run/t", "fstype=tmpfs"]),
    ("Filesystem", ["device=/run/t.img", "directory=/run/t", "fstype=ext4"]),
    ("Service", ["command=/bin/sleep", "args=1000", "health=/bin/true"]),
    ("Dummy", []),
    ("Stateful", []),
]


@pytest.mark.parametrize(("agent", "parameters"), SUBJECTS)
def test_ocf_tester_passes(
    sandbox: Sandbox, installed_agents: Path, agent: str, parameters: list[str]
) -> None:
    sandbox.run(["ip", "addr", "add", "192.0.2.1/24", "dev", "eth0"], check=True)
    if "device=/run/t.img" in parameters:
        sandbox.run(["truncate", "-s", "8M", "/run/t.img"], check=True)
        sandbox.run(["mkfs.ext4", "-q", "/run/t.img"], check=True)
    options = [word for parameter in parameters for word in ("-o", parameter)]
    answer = sandbox.run(
        ["ocf-tester", "-v", "-n", "tested", *options, installed_agents / agent], timeout=120
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "passed all tests" in answer.stdout
