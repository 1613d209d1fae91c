"""What keeps an instance from starting on this node, in a line that says where and what helps."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.kernel.mirror_worker import WorkerHost

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox

BASE = "/run/mirrors"


class Node:
    """A host whose mirrors are started by the agent, as it is installed."""

    def __init__(self, sandbox: Sandbox, launchers: Path) -> None:
        self.sandbox = sandbox
        self._agent = str(launchers / "MirrorSync")
        script = (
            "ip link set lo up; umask 077; "
            f"mkdir -p {BASE}/site {BASE}/other/deep; touch {BASE}/site/file {BASE}/other/file; "
            f"echo pair:a-secret-of-the-pair > {BASE}/secrets"
        )
        sandbox.run(["sh", "-ec", script], check=True)

    def call(self, action: str, name: str, directory: str, **more: str) -> tuple[int, str]:
        """Call the agent as an administrator would; its code and its reason."""
        parameters = {
            "directory": f"{BASE}/{directory}",
            "address": "n1=127.0.0.1",
            "secrets_file": f"{BASE}/secrets",
            **more,
        }
        variables = {
            "PATH": os.environ["PATH"],
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RESOURCE_INSTANCE": name,
            "OCF_CHECK_LEVEL": "10",
            "OCF_RESKEY_CRM_meta_on_node": "n1",
            "OCF_RESKEY_CRM_meta_clone": "0",
            "OCF_RESKEY_CRM_meta_promoted_max": "1",
            "OCF_RESKEY_CRM_meta_notify": "true",
            **{f"OCF_RESKEY_{key}": text for key, text in parameters.items()},
        }
        answer = self.sandbox.run([self._agent, action], env=variables)
        return answer.returncode, answer.stderr.strip().removeprefix("ocf-exit-reason:")


@pytest.fixture
def node(sandbox: Sandbox, installed_agents: Path) -> Node:
    return Node(sandbox, installed_agents)


@pytest.mark.parametrize(
    ("directory", "more", "said"),
    [
        (
            "site/sub",
            {},
            f"directory='{BASE}/site/sub' and the directory of site, '{BASE}/site', lie in each",
        ),
        (
            "other",
            {"store": f"{BASE}/site/store"},
            f"store='{BASE}/site/store' and the directory of site, '{BASE}/site', lie in each",
        ),
        (
            "other/deep",
            {"store": f"{BASE}/.site.mirror"},
            f"store='{BASE}/.site.mirror' and the store of site, '{BASE}/.site.mirror', lie in",
        ),
        (
            ".site.mirror/x",
            {"store": f"{BASE}/x"},
            f"directory='{BASE}/.site.mirror/x' and the store of site, '{BASE}/.site.mirror', lie",
        ),
    ],
)
def test_a_mirror_in_another_one_that_runs_here_is_refused(
    node: Node, directory: str, more: dict[str, str], said: str
) -> None:
    assert node.call("start", "site", "site") == (0, "")
    script = f"mkdir -p {BASE}/{directory}"
    node.sandbox.run(["sh", "-ec", script], check=True)
    for action in ("validate-all", "start"):
        code, reason = node.call(action, "second", directory, port="8731", **more)
        assert code == 2
        assert reason.startswith(said[:80])
        assert reason.endswith("(give each mirror its own folders)")
    assert node.call("stop", "site", "site") == (0, "")
    assert node.call("validate-all", "second", directory, port="8731", **more) == (0, "")


def test_a_mirror_around_another_one_that_runs_here_is_refused(node: Node) -> None:
    assert node.call("start", "deep", "other/deep") == (0, "")
    assert node.call("start", "other", "other", port="8731")[0] == 2
    assert node.call("start", "site", "site", port="8731") == (0, "")
    assert node.call("validate-all", "deep", "other/deep") == (0, ""), "it is no other to itself"
    assert node.call("stop", "site", "site", port="8731") == (0, "")
    assert node.call("stop", "deep", "other/deep") == (0, "")


def test_an_address_that_this_node_has_not_is_named(node: Node) -> None:
    for action in ("validate-all", "start"):
        code, reason = node.call(action, "site", "site", address="n1=192.0.2.77")
        assert code == 2
        assert reason == (
            "address=n1=192.0.2.77: Cannot assign requested address "
            "(name an address that this node has)"
        )


TAKE = """
import socket, sys, time
line = socket.socket(socket.AF_INET, getattr(socket, sys.argv[1]))
line.bind(("127.0.0.1", 8730))
line.listen() if sys.argv[1] == "SOCK_STREAM" else None
print(flush=True)
time.sleep(600)
"""


def take_port(sandbox: Sandbox, kind: str) -> subprocess.Popen[str]:
    import subprocess as processes

    argv = ["python3", "-c", TAKE, kind]
    process = sandbox.popen(argv, stdout=processes.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_a_port_that_another_program_has_is_named_with_the_remedy(node: Node) -> None:
    taking = take_port(node.sandbox, "SOCK_DGRAM")
    try:
        code, reason = node.call("start", "site", "site")
    finally:
        taking.kill()
        taking.communicate()
    assert code == 1
    assert reason.startswith("UDP port 8730 of 127.0.0.1: Address already in use (")
    assert "set port to one that is free on all nodes" in reason


@pytest.fixture
def host(sandbox: Sandbox) -> Iterator[WorkerHost]:
    made = WorkerHost(sandbox)
    yield made
    made.stop()


def test_a_port_that_the_daemon_cannot_have_is_named_with_the_remedy(host: WorkerHost) -> None:
    host.start_promoted(port=8730)
    taking = None
    host.wait_for(lambda: bool(host.daemons()), "there is no daemon")
    (daemon,) = host.daemons()
    os.kill(daemon, signal.SIGKILL)
    try:
        taking = take_port(host.sandbox, "SOCK_STREAM")
        host.wait_for(lambda: "free on all nodes" in host.status.fault, "nothing is told of it")
        said = "rsync --daemon on 127.0.0.1, port 8730, ended with 10: "
        assert host.status.fault.startswith(said)
    finally:
        if taking is not None:
            taking.kill()
            taking.communicate()
