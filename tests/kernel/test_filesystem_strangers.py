"""What a stop of Filesystem must not take along, and what it must not leave, on a real kernel."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.filesystem.world import asked

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage


class TestPropagation:
    """Mounts of a host that systemd has started are shared: what goes here goes there."""

    @pytest.mark.parametrize("inner", ["bind", "mounted"])
    def test_the_end_of_a_copy_leaves_what_it_is_a_copy_of(
        self, storage: KernelStorage, inner: str
    ) -> None:
        storage.mount("whole", "/run/t/whole", "tmpfs")
        storage.run("mount", "--make-shared", "/run/t/whole")
        storage.mount("sub", "/run/t/whole/sub", "tmpfs")
        storage.mount("deep", "/run/t/whole/sub/deep", "tmpfs")
        if inner == "bind":
            one: dict[str, Any] = {
                "device": "/run/t/whole",
                "directory": "/run/t/view",
                "fstype": "none",
                "options": "rbind",
            }
            live_beside = one
        else:
            live_beside = asked(storage)
        assert storage.call("start", **live_beside) == 0, storage.reason
        if inner == "mounted":
            storage.mount("/run/t/whole", f"{live_beside['directory']}/in", "none", "rbind")
        assert storage.call("stop") == 0, storage.reason
        assert storage.mounted(live_beside["directory"]) == []
        assert storage.mounted("/run/t/whole/sub") == ["sub"]
        assert storage.mounted("/run/t/whole/sub/deep") == ["deep"]


class TestWhatAKilledStartLeavesAtWork:
    def test_is_ended_before_stop_says_that_nothing_is_mounted(
        self, storage: KernelStorage
    ) -> None:
        for name in ("upper", "work"):
            storage.make_folder(f"/run/o/{name}")
        storage.run(
            *("mount", "-t", "overlay", "overlay", "-o"),
            *("lowerdir=/usr/sbin,upperdir=/run/o/upper,workdir=/run/o/work", "/usr/sbin"),
        )
        helper = storage.sandbox.root / "usr/sbin/mount.slow"
        helper.write_text('#!/bin/sh\nsleep 1\nexec mount -t tmpfs "$1" "$2"\n')
        helper.chmod(0o755)
        one: dict[str, Any] = {
            "device": "scratch",
            "directory": "/run/t/data",
            "fstype": "slow",
        }
        start = storage.spawn("start", **one)
        storage.wait_for(lambda: "mount.slow" in storage.run("ps", "-eo", "args"), "no helper")
        start.kill()
        start.wait()
        assert storage.call("stop", **{**one, "fstype": "tmpfs"}) == 0, storage.reason
        time.sleep(1.5)  # in which it would have mounted
        assert storage.mounted(one["directory"]) == []
