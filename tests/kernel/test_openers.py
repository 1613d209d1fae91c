"""Who has a block device open: what keeps DRBD from being demoted, on a real kernel."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ocf_py.drbd.openers import find_openers
from tests.kernel.inside import inside

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage


def _find(storage: KernelStorage, device: str) -> list[str]:
    def body() -> list[str]:
        number = os.stat(device).st_rdev
        return find_openers([f"{os.major(number)}:{os.minor(number)}"])

    return inside(storage.sandbox, body)


def test_nobody_has_a_device_open_that_is_not_used(storage: KernelStorage) -> None:
    assert _find(storage, storage.disk("a")) == []


def test_mounts_processes_and_loop_devices_are_named(storage: KernelStorage) -> None:
    disk, other = storage.disk("a"), storage.disk("b")
    storage.make_folder("/run/mounted")
    storage.mount(disk, "/run/mounted")
    assert _find(storage, disk) == ["mounted on /run/mounted"]
    storage.unmount("/run/mounted")
    say = "print(os.getpid(), flush=True); time.sleep(99)"
    holder = storage.hold_by(sys.executable, "-c", f"import os, time; f = open('{other}'); {say}")
    (found,) = _find(storage, other)
    assert found.startswith(f"pid {holder} (python")
    assert _find(storage, disk) == []
