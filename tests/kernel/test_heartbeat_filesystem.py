"""One may change from ocf:heartbeat:Filesystem without losing anything: both are asked the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from filesystem import Filesystem

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage

HEARTBEAT = Path("/usr/lib/ocf/resource.d/heartbeat/Filesystem")
POINT = "/run/t/data"


@pytest.fixture(autouse=True)
def folder_of_theirs(storage: KernelStorage) -> None:
    storage.run("mkdir", "-m", "1755", "/run/resource-agents")


def theirs(storage: KernelStorage, action: str, **one: str) -> int:
    environment = storage.environment(**one)
    return storage.sandbox.run([HEARTBEAT, action], env=environment, timeout=60).returncode


def shown(storage: KernelStorage) -> list[str]:
    """What the table says of the mount, without its numbers."""
    lines = storage.run("cat", "/proc/self/mountinfo").split("\n")
    return [line.split(" ", 3)[3] for line in lines if f" {POINT} " in line]


def test_every_parameter_is_taken_over() -> None:
    told = subprocess.run(
        [HEARTBEAT, "meta-data"],
        env={**os.environ, "OCF_ROOT": "/usr/lib/ocf"},
        capture_output=True,
        check=True,
    )
    names = {str(one.get("name")) for one in etree.fromstring(told.stdout).iter("parameter")}
    assert len(names) > 8
    # The last three came later than what is installed here.
    assert {*names, "term_signals", "kill_signals", "signal_delay"} <= set(
        Filesystem.ocf_parameters
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"fstype": "ext4"},
        {"fstype": "ext4", "options": "noatime,nosuid"},
        {"fstype": "ext4", "options": "ro"},
        {"device": "/run/whole", "fstype": "none", "options": "bind"},
        {"device": "/run/whole", "fstype": "none", "options": "bind,ro"},
        {"device": "scratch", "fstype": "tmpfs", "options": "size=64k"},
    ],
    ids=lambda asked: ",".join(f"{name}={value}" for name, value in asked.items()),
)
def test_the_same_parameters_give_the_same_mount_and_either_ends_it(
    storage: KernelStorage, asked: dict[str, str]
) -> None:
    storage.mount("whole", "/run/whole", "tmpfs")
    one: dict[str, Any] = {"device": storage.disk("a"), "directory": POINT, **asked}
    assert theirs(storage, "start", **one) == 0
    as_theirs = shown(storage)
    assert len(as_theirs) == 1
    assert storage.call("monitor", interval=10_000, **one) == 0, storage.reason
    assert storage.call("stop", **one) == 0, storage.reason
    assert shown(storage) == []
    assert storage.call("start", **one) == 0, storage.reason
    assert shown(storage) == as_theirs
    assert theirs(storage, "monitor", **one) == 0
    assert theirs(storage, "stop", **one) == 0
    assert shown(storage) == []
    assert storage.call("stop", **one) == 0, storage.reason
    assert storage.call("monitor", **one) == 7
