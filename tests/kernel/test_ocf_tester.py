"""ocf-tester, the field's own checker, passes on what we install."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox

_MIRROR = [
    "directory=/run/mirror/directory",
    "address=node1=127.0.0.1",
    "secrets_file=/run/mirror/secrets",
]
# What an admin would have made before.
PREPARATIONS = {
    "device=/run/t.img": "truncate -s 8M /run/t.img; mkfs.ext4 -q /run/t.img",
    _MIRROR[0]: "hostname node1; ip link set lo up; mkdir -p /run/mirror/directory; "
    "touch /run/mirror/directory/file; "
    "umask 077; echo pair:a-secret-of-the-pair >/run/mirror/secrets",
}
SUBJECTS = [
    ("IPaddr", ["ip=192.0.2.10"]),
    ("IPaddr", ["ip=2001:db8::a1", "nic=eth0", "cidr_netmask=64"]),
    ("Filesystem", ["device=scratch", "directory=/run/t", "fstype=tmpfs"]),
    ("Filesystem", ["device=/run/t.img", "directory=/run/t", "fstype=ext4"]),
    ("Service", ["command=/bin/sleep", "args=1000", "health=/bin/true"]),
    ("MirrorSync", _MIRROR),
    ("Dummy", []),
    ("Stateful", []),
]


@pytest.mark.parametrize(("agent", "parameters"), SUBJECTS)
def test_ocf_tester_passes(
    sandbox: Sandbox, installed_agents: Path, agent: str, parameters: list[str]
) -> None:
    sandbox.run(["ip", "addr", "add", "192.0.2.1/24", "dev", "eth0"], check=True)
    for parameter in parameters:
        sandbox.run(["sh", "-ec", PREPARATIONS.get(parameter, "true")], check=True)
    options = [word for parameter in parameters for word in ("-o", parameter)]
    answer = sandbox.run(
        ["ocf-tester", "-v", "-n", "tested", *options, installed_agents / agent], timeout=120
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "passed all tests" in answer.stdout
