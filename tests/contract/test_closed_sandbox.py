"""What an agent that nobody knows finds in the sandbox of `ocf-py test`, and what it cannot reach.

One agent, called once, tries all of it and says how each attempt ended.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.furniture import DISK, Furniture
from ocf_py.conformance.subject import Subject
from tests.contract.broken_agents import use_agent

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "/var/log/ocf-py-test"
_STRANGER = "ocf-py-test-stranger"  # a process of the machine, by its command line
_ATTEMPTS = {
    "a setting of the kernel": "echo 3 >/proc/sys/vm/drop_caches",
    "a setting of its network": "echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore",
    "a block device": "mknod /run/disk b 7 0",
    "the clock": 'date -s "$(date)"',
    "a file of the machine": ": >/usr/lib/ocf-py-test",
    "the machine's processes": f"pkill -0 -f ^{_STRANGER}",
    "shared memory": ": >/dev/shm/ocf-py-test",
    "a terminal": "python3 -Ic 'import os; os.openpty()'",
    "the log folder of a daemon": f": >{_FOLDER}/file",
    "its disk": f"mount {DISK} /run/mnt",
}


@pytest.fixture(scope="module")
def tried(open_folder: Path) -> dict[str, bool]:
    """Attempt → whether it came off."""
    agent = open_folder / "Attempter"
    lines = [f'({what}) >/dev/null 2>&1 && echo "{name}"' for name, what in _ATTEMPTS.items()]
    agent.write_text("\n".join(("#!/bin/sh", *lines, "exit 7", "")))
    agent.chmod(0o755)
    subject = Subject("Attempter", agent, parameters={}, other={})
    os.makedirs(_FOLDER)
    stranger = subprocess.Popen([_STRANGER, "1000"], executable="/usr/bin/sleep")
    try:
        subprocess.run(["pkill", "-0", "-f", f"^{_STRANGER}"], check=True)
        with Furniture((DISK,)) as furniture, furniture.place(subject) as caller:
            answer = caller.call(
                ("monitor",), {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, timeout=20
            )
    finally:
        stranger.kill()
        stranger.wait()
        left = os.listdir(_FOLDER)
        os.rmdir(_FOLDER)
    assert (answer.code, left) == (7, [])
    return {name: name in answer.stdout.splitlines() for name in _ATTEMPTS}


@pytest.mark.parametrize(
    "name",
    [
        "a setting of the kernel",
        "a block device",
        "the clock",
        "a file of the machine",
        "the machine's processes",
    ],
)
def test_it_cannot_reach_what_is_the_machine_s(tried: dict[str, bool], name: str) -> None:
    assert not tried[name]


@pytest.mark.parametrize(
    "name",
    [
        "a setting of its network",
        "shared memory",
        "a terminal",
        "the log folder of a daemon",
        "its disk",
    ],
)
def test_it_has_what_a_sound_agent_counts_on(tried: dict[str, bool], name: str) -> None:
    assert tried[name]


def test_a_loop_device_that_the_machine_uses_is_not_there() -> None:
    subject = use_agent()
    with Furniture((DISK,)) as outer, outer.place(subject) as caller:
        taken = os.minor(os.stat(caller.sandbox.root / DISK.lstrip("/")).st_rdev)
        with Furniture(()) as inner, inner.place(subject) as other:
            assert not (other.sandbox.root / f"dev/loop{taken}").exists()
