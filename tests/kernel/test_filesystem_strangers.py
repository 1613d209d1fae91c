"""What a stop of Filesystem must not take along, and what it must not leave, on a real kernel."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.filesystem.world import RECURRING, asked

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage

_STUCK = Path(__file__).with_name("stuck_in_mmap.py")
# A process as mount(8) is when its agent was killed, but for what only this start can know.
_MARKED = """
import os, sys, time
if not os.fork():
    os.setpgid(0, 0)
    os.execve("/bin/sleep", ["sleep", "99"], {sys.argv[1]: sys.argv[2]})
print(os.getpid(), flush=True)
time.sleep(99)
"""


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
        storage.install("mount.slow", 'sleep 1\nexec mount -t tmpfs "$1" "$2"')
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

    @pytest.mark.parametrize("who", ["user", "namespace", "guess"])
    def test_who_bears_a_mark_that_is_not_of_this_start_is_left_at_work(
        self, storage: KernelStorage, who: str
    ) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        (record,) = storage.records()
        text = (storage.sandbox.root / "run/ocfpy" / record).read_text()
        token = next(
            (line.partition("=")[2] for line in text.split("\n") if line.startswith("fact mark=")),
            one["directory"],
        )
        storage.unmount(one["directory"])
        before = {
            "user": ("setpriv", "--reuid=65534", "--clear-groups"),
            "namespace": ("unshare", "-m"),
            "guess": (),
        }[who]
        names = ("OCFPY_MOUNTS_ON", one["directory"]) if who == "guess" else ("OCFPY_START", token)
        storage.hold_by(*before, sys.executable, "-c", _MARKED, *names)
        storage.wait_for(
            lambda: "sleep 99" in storage.run("ps", "-eo", "args").split("\n"), "no process"
        )
        assert storage.call("stop", timeout=4) == 0, storage.reason
        assert "sleep 99" in storage.run("ps", "-eo", "args").split("\n")

    def test_one_that_lets_nobody_read_its_environment_hangs_no_stop(
        self, storage: KernelStorage
    ) -> None:
        """Whoever maps a file of a dead server keeps the lock that /proc/PID/environ waits for."""
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        storage.unmount(one["directory"])
        storage.run("mknod", "/dev/fuse", "c", "10", "229")
        storage.make_folder("/run/t/dead")
        server = storage.hold_by(sys.executable, str(_STUCK), "serve", "/run/t/dead")
        stuck = storage.hold_by(
            "sh",
            "-c",
            f"{sys.executable} {_STUCK} map /run/t/dead/f & echo $$; wait",
        )
        time.sleep(1)  # in which it comes to hold its lock
        began = time.monotonic()
        try:
            assert storage.call("stop", timeout=6) == 0, storage.reason
            assert time.monotonic() - began < 6
        finally:
            storage.release(server)
            storage.release(stuck)


class TestReaders:
    def test_the_end_of_one_leaves_another_of_the_same_device(self, storage: KernelStorage) -> None:
        one = asked(storage, name="one", options="ro")
        two = asked(storage, name="two", options="ro")
        assert storage.call("start", **one) == 0, storage.reason
        assert storage.call("start", instance="two", **two) == 0, storage.reason
        holder = storage.hold(two["directory"])
        assert storage.call("stop") == 0, storage.reason
        assert storage.lives(holder)
        assert storage.call("monitor", instance="two", interval=RECURRING, **two) == 0
        storage.release(holder)
        assert storage.call("stop", instance="two") == 0, storage.reason
        assert storage.mounted(two["directory"]) == []

    def test_what_was_made_writable_goes_with_its_binds(self, storage: KernelStorage) -> None:
        one = asked(storage, options="ro")
        assert storage.call("start", **one) == 0, storage.reason
        storage.remount(one["directory"], "remount,rw")
        storage.mount(one["directory"], "/run/t/other", "none", "bind")
        assert storage.call("stop") == 0, storage.reason
        assert storage.mounted("/run/t/other") == []
