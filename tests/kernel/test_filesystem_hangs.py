"""I/O that never returns hangs no monitor of Filesystem, on a real kernel."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.filesystem.world import RECURRING, asked

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage

_HUNG_FUSE = Path(__file__).with_name("hung_fuse.py")


class TestWhatHangs:
    def test_a_dead_server_is_told_of_in_time_and_asked_once(self, storage: KernelStorage) -> None:
        one: dict[str, Any] = {"device": "far", "directory": "/run/t/dead", "fstype": "fuse"}
        server = self._serve(storage, one["directory"], "far", "fuse")
        try:
            assert storage.call("monitor", **one) == 0, storage.reason
            assert storage.call("monitor", interval=RECURRING, **one) == 0, storage.reason
            began = time.monotonic()
            assert storage.call("monitor", interval=RECURRING, level=10, timeout=4, **one) == 1
            assert "no answer within" in storage.reason
            assert time.monotonic() - began < 4
            for _ in range(3):
                assert storage.call("monitor", interval=RECURRING, level=10, timeout=4, **one) == 1
                assert "an earlier check still hangs" in storage.reason
            assert self._sleepers(storage) == 1
            assert storage.call("monitor", interval=RECURRING, **one) == 0, "the table tells that"
        finally:
            server.kill()  # the kernel ends what waits for it
            server.communicate()
        storage.wait_for(lambda: self._sleepers(storage) == 0, "the check does not end")
        assert storage.call("monitor", interval=RECURRING, level=10, timeout=4, **one) == 1
        assert "no answer" not in storage.reason
        assert storage.call("stop", timeout=4) == 0, storage.reason

    @pytest.mark.parametrize(
        ("device", "fstype", "code"), [("far:/volume", "glusterfs", 0), ("far", "other", 1)]
    )
    def test_what_a_server_keeps_is_forced_at_last_and_nothing_else(
        self, storage: KernelStorage, device: str, fstype: str, code: int
    ) -> None:
        one: dict[str, Any] = {"device": device, "directory": "/run/t/dead", "fstype": fstype}
        server = self._serve(storage, one["directory"], device, f"fuse.{fstype}")
        waiting = storage.sandbox.popen(["ls", one["directory"]], stdout=subprocess.DEVNULL)
        try:
            storage.wait_for(lambda: "ls" in storage.run("ps", "-eo", "comm").split(), "no ls")
            time.sleep(0.3)  # in which it asks the server
            assert storage.call("monitor", **one) == 0, storage.reason
            assert storage.call("stop", timeout=4) == code, storage.reason
            assert len(storage.mounted(one["directory"])) == code
        finally:
            server.kill()
            server.communicate()
            waiting.wait(timeout=10)

    @pytest.mark.parametrize("who", ["spared", "ancestor"])
    def test_what_a_server_keeps_that_answers_is_never_forced(
        self, storage: KernelStorage, who: str
    ) -> None:
        one: dict[str, Any] = {"device": "far:/x", "directory": "/run/t/far", "fstype": "tmpfs"}
        spare = "true" if who == "ancestor" else "false"
        assert storage.call("start", force_unmount=spare, **one) == 0, storage.reason
        if who == "spared":
            holder = storage.hold(one["directory"])
            assert storage.call("stop", timeout=4) == 1
            assert f"/run/t/far is held by pid {holder} (sleep, root): cwd" in storage.reason
            storage.release(holder)
        else:
            answer = storage.stop_from_within(one["directory"], "echo ended with $?")
            assert answer.stdout == "ended with 1\n"
            assert "(sh, root): cwd /run/t/far, spared" in answer.stderr
        assert storage.mounted(one["directory"]) == ["far:/x"]
        assert storage.call("stop") == 0, storage.reason

    def test_what_lies_on_a_dead_server_hangs_nothing(self, storage: KernelStorage) -> None:
        server = self._serve(storage, "/run/t/dead", "far", "fuse")
        bind: dict[str, Any] = {
            "device": "/run/t/dead/part",
            "directory": "/run/t/view",
            "fstype": "none",
            "options": "bind",
        }
        inside = {**asked(storage), "directory": "/run/t/dead/a/b"}
        image = {**asked(storage), "device": "/run/t/dead/image"}
        try:
            for one in (bind, inside, image):
                assert storage.call("monitor", **one) == 7, storage.reason
                assert storage.call("start", timeout=30, **one) == 1
                assert "/run/t/dead/" in storage.reason
                assert "no answer within" in storage.reason
                assert storage.call("stop", **one) == 0, storage.reason
        finally:
            server.kill()
            server.communicate()

    @staticmethod
    def _serve(storage: KernelStorage, point: str, source: str, kind: str) -> subprocess.Popen[str]:
        storage.run("mknod", "/dev/fuse", "c", "10", "229")
        storage.make_folder(point)
        server = storage.sandbox.popen(
            [sys.executable, _HUNG_FUSE, point, source, kind], stdout=subprocess.PIPE
        )
        assert server.stdout is not None
        assert server.stdout.readline() == "mounted\n"
        return server

    @staticmethod
    def _sleepers(storage: KernelStorage) -> int:
        return storage.run("ps", "-eo", "stat,args").count("/Filesystem monitor") + storage.run(
            "ps", "-eo", "stat,args"
        ).count("ocfpy_agents.filesystem Filesystem monitor")

    def test_a_frozen_file_system_fails_at_depth_20_until_it_is_thawed(
        self, storage: KernelStorage
    ) -> None:
        one = asked(storage, statusfile="true")
        assert storage.call("start", **one) == 0, storage.reason
        assert storage.call("monitor", interval=RECURRING, level=20, **one) == 0, storage.reason
        storage.run("fsfreeze", "-f", one["directory"])
        try:
            assert storage.call("monitor", interval=RECURRING, level=20, timeout=3, **one) == 1
            assert "writing" in storage.reason
            assert storage.call("monitor", interval=RECURRING, level=20, timeout=3, **one) == 1
            assert storage.call("monitor", interval=RECURRING, **one) == 0
        finally:
            storage.run("fsfreeze", "-u", one["directory"])
        storage.wait_for(lambda: self._sleepers(storage) == 0, "the check does not end")
        assert storage.call("monitor", interval=RECURRING, level=20, **one) == 0, storage.reason
        assert storage.call("stop") == 0, storage.reason
