"""What only a real kernel can show of Filesystem: its kinds, their holders, and I/O that hangs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance.system_log import SystemLog
from tests.filesystem.world import RECURRING, asked

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage

_HUNG_FUSE = Path(__file__).with_name("hung_fuse.py")
# How to hold `top`, by the word that says so.
_SCRIPTS = {
    "open": "f = open(top + '/f', 'w')",
    "open deleted": "f = open(top + '/f', 'w'); os.unlink(top + '/f')",
    "open socket": "s = socket.socket(socket.AF_UNIX); s.bind(top + '/s')",
    "maps": "f = open(top + '/f', 'w+b'); f.truncate(9); m = mmap.mmap(f.fileno(), 9); "
    "os.closerange(3, 99)",
    "root": "os.chroot(top)",
    "cwd": "os.chdir(top)",
    "exe": "shutil.copy('/bin/sleep', top); os.execv(top + '/sleep', ['x', '99'])",
}
_KINDS = {"ext4": "8M", "xfs": "320M", "btrfs": "128M"}


def live(storage: KernelStorage, **one: Any) -> None:
    """Start, look as deep as can be, and stop with nothing told."""
    assert storage.call("monitor", **one) == 7, storage.reason
    assert storage.call("start", **one) == 0, storage.reason
    assert storage.call("start", **one) == 0, storage.reason
    assert len(storage.mounted(one["directory"])) == 1
    for level in (0, 10, 20):
        assert (
            storage.call("monitor", interval=RECURRING, level=level, statusfile="true", **one) == 0
        ), storage.reason
    assert storage.call("stop") == 0, storage.reason
    assert storage.mounted(one["directory"]) == []
    assert storage.call("monitor", **one) == 7


class TestKinds:
    @pytest.mark.parametrize("fstype", sorted(_KINDS))
    @pytest.mark.parametrize("how", ["device", "image", "label"])
    def test_a_file_system_by_its_device_its_image_or_its_label(
        self, storage: KernelStorage, fstype: str, how: str
    ) -> None:
        loop = storage.attach("d", f"mkfs.{fstype}", _KINDS[fstype], "-L", "on disk")
        device = loop
        if how == "image":
            device = "/run/d.img"
            storage.run("losetup", "-d", loop)
            storage.forget("d")
        if how == "label":
            device = "LABEL=on disk"
            storage.make_folder("/dev/disk/by-label")
            storage.link("/dev/disk/by-label/on\\x20disk", loop)
        live(storage, device=device, directory="/run/t/data", fstype=fstype)

    @pytest.mark.parametrize("spelling", ["UUID={}", "-U {}", "-U{}", "--uuid={}", 'UUID="{}"'])
    def test_a_uuid_in_every_spelling(self, storage: KernelStorage, spelling: str) -> None:
        disk = storage.disk("a")
        uuid = storage.run("blkid", "-s", "UUID", "-o", "value", disk).strip()
        storage.make_folder("/dev/disk/by-uuid")
        storage.link(f"/dev/disk/by-uuid/{uuid}", disk)
        live(storage, **{**asked(storage), "device": spelling.format(uuid)})
        storage.mount(storage.disk("b"), "/run/t/data")
        assert storage.call("monitor", **{**asked(storage), "device": spelling.format(uuid)}) == 7

    def test_where_no_udev_runs_start_asks_blkid_and_the_record_tells_the_rest(
        self, storage: KernelStorage
    ) -> None:
        disk = storage.disk("a")
        uuid = storage.run("blkid", "-s", "UUID", "-o", "value", disk).strip()
        one: dict[str, Any] = {**asked(storage), "device": f"UUID={uuid}"}
        # Its /dev is not where blkid(8) looks for all devices, but for those of /proc/partitions.
        live(storage, **one)
        storage.mount(disk, one["directory"])
        assert storage.call("monitor", **one) == 1
        assert "cannot tell" in storage.reason

    def test_subvolumes_of_one_btrfs_are_not_each_other(self, storage: KernelStorage) -> None:
        loop = storage.attach("d", "mkfs.btrfs", _KINDS["btrfs"])
        storage.mount(loop, "/run/t/top", "btrfs")
        for name in ("one", "two"):
            storage.run("btrfs", "subvolume", "create", f"/run/t/top/{name}")
        first, second = (self._ask_for(loop, name) for name in ("one", "two"))
        storage.mount(loop, second["directory"], "btrfs", "subvol=one")
        assert storage.call("monitor", **second) == 7, "subvolume one is not two"
        storage.unmount(second["directory"])
        live(storage, **first)
        live(storage, **second)
        assert storage.mounted("/run/t/top") == [loop]
        assert storage.call("start", **{**first, "options": "", "directory": "/run/t/x"}) == 1
        assert "is mounted on /run/t/top" in storage.reason

    @staticmethod
    def _ask_for(loop: str, name: str) -> dict[str, Any]:
        options = f"noatime,subvol={name}"
        return {
            "device": loop,
            "directory": f"/run/t/{name}",
            "fstype": "btrfs",
            "options": options,
        }

    def test_an_overlay(self, storage: KernelStorage) -> None:
        storage.mount("layers", "/run/t/l", "tmpfs")
        for name in ("lower", "upper", "work"):
            storage.make_folder(f"/run/t/l/{name}")
        layers = "lowerdir=/run/t/l/lower,upperdir=/run/t/l/upper,workdir=/run/t/l/work"
        one: dict[str, Any] = {
            "device": "overlay",
            "directory": "/run/t/merged",
            "fstype": "overlay",
        }
        live(storage, options=layers, **one)

    def test_ext2_is_checked_before_it_is_mounted(self, storage: KernelStorage) -> None:
        loop = storage.attach("d", "mkfs.ext2", "8M")
        storage.run("debugfs", "-w", "-R", "clri /lost+found", loop)
        storage.run("tune2fs", "-E", "force_fsck", loop)
        one: dict[str, Any] = {"device": loop, "directory": "/run/t/data", "fstype": "ext2"}
        assert storage.call("start", run_fsck="no", **one) == 0, storage.reason
        assert storage.call("stop") == 0
        storage.run("dd", "if=/dev/zero", f"of={loop}", "bs=1024", "count=1", "seek=1")
        assert storage.call("start", **one) == 1
        assert "fsck of" in storage.reason
        assert storage.call("stop", **one) == 0


class TestWhatIsThere:
    def test_a_directory_that_was_deleted_is_made_again(self, storage: KernelStorage) -> None:
        one = asked(storage, name="deep/er/data")
        live(storage, **one)
        storage.run("rm", "-r", "/run/t/deep")
        assert storage.call("monitor", **one) == 7
        live(storage, **one)

    def test_a_device_that_is_write_protected_is_no_started_one(
        self, storage: KernelStorage
    ) -> None:
        loop = storage.attach("d", "mkfs.ext4", "8M")
        storage.run("losetup", "-d", loop)
        storage.run("losetup", "-r", loop, "/run/d.img")
        one: dict[str, Any] = {"device": loop, "directory": "/run/t/data", "fstype": "ext4"}
        assert storage.call("start", **one) == 1
        assert "read-only" in storage.reason
        assert storage.call("stop") == 0, storage.reason
        live(storage, options="ro", **one)

    def test_it_belongs_to_whom_it_was_given(self, storage: KernelStorage) -> None:
        one = asked(storage, owner="nobody", group="12", mode="1750")
        assert storage.call("start", **one) == 0, storage.reason
        show = ("stat", "-c", "%U %g %a", one["directory"])
        assert storage.run(*show).split() == ["nobody", "12", "1750"]
        assert storage.call("reload-agent", **{**one, "mode": "0700", "owner": "0"}) == 0
        assert storage.run(*show).split() == ["root", "12", "700"]
        assert storage.call("stop") == 0
        assert storage.run(*show).split()[0] == "root"

    def test_the_status_file_is_where_it_was_asked_for(self, storage: KernelStorage) -> None:
        one = asked(storage, statusfile="true", statusfile_prefix="/.a/b/status-")
        assert storage.call("start", **one) == 0, storage.reason
        assert storage.call("monitor", level=20, **one) == 0, storage.reason
        (status,) = storage.run("find", one["directory"], "-name", "status-*").split()
        assert storage.run("stat", "-c", "%a", status).strip() == "600"
        storage.link(status, "/etc/passwd")
        assert storage.call("monitor", level=20, **one) == 1, "a link is followed nowhere"
        assert storage.call("stop") == 0

    def test_a_full_file_system_fails_at_depth_20_alone(self, storage: KernelStorage) -> None:
        one = asked(storage, statusfile="true")
        assert storage.call("start", **one) == 0, storage.reason
        for size in ("4k", "1k"):
            fill = f"{one['directory']}/fill{size}"
            storage.run("dd", "if=/dev/zero", f"of={fill}", f"bs={size}", expect=1)
        assert storage.call("monitor", level=10, **one) == 0, storage.reason
        assert storage.call("monitor", level=20, **one) == 1
        assert "No space left" in storage.reason
        assert storage.call("stop") == 0

    def test_a_line_in_fstab_is_warned_of(self, storage: KernelStorage) -> None:
        log = SystemLog(storage.sandbox.root / "dev/log")
        try:
            storage.mount("etc", "/run/etc", "tmpfs")
            (storage.sandbox.root / "run/etc/fstab").write_text("LABEL=x /run/t/data ext4 rw 0 0\n")
            storage.run("mount", "--bind", "/run/etc/fstab", "/etc/fstab")
            assert storage.call("start", **asked(storage)) == 0
            assert any("/etc/fstab mounts /run/t/data at boot" in line for line in log.take())
        finally:
            log.close()


class TestStart:
    def test_waits_for_a_device_that_comes_late(self, storage: KernelStorage) -> None:
        one = {**asked(storage), "device": "/dev/mapper/late"}
        start = storage.spawn("start", **one)
        storage.wait_for(lambda: "Filesystem start" in storage.run("ps", "-eo", "args"), "no start")
        time.sleep(0.3)
        assert start.poll() is None
        storage.disk("a", "late")
        assert start.wait(timeout=20) == 0
        assert storage.mounted(one["directory"]) == ["/dev/mapper/late"]
        assert storage.call("stop") == 0, storage.reason

    def test_leaves_no_mount_point_where_nothing_was_mounted(self, storage: KernelStorage) -> None:
        assert storage.call("start", **{**asked(storage), "fstype": "xfs"}) == 1
        assert "/run/t/data" in storage.reason
        assert storage.run("ls", "/run/t") == ""

    def test_tells_systemd_once_that_a_shutdown_ends_the_cluster_first(
        self, storage: KernelStorage
    ) -> None:
        storage.make_folder("/run/systemd/system")
        one = asked(storage)
        times = []
        for _ in range(2):
            assert storage.call("start", **one) == 0, storage.reason
            (path,) = storage.run("find", "/run/systemd/system", "-type", "f").split()
            times.append(storage.run("stat", "-c", "%i %y", path))
            assert storage.call("stop") == 0, storage.reason
        assert path.startswith("/run/systemd/system/resource-agents-deps.target.d/")
        assert "After=run-t-data.mount" in storage.run("cat", path)
        assert times[0] == times[1]


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


class TestHolders:
    @pytest.mark.parametrize("what", sorted(_SCRIPTS))
    def test_of_every_kind_are_found_and_named(self, storage: KernelStorage, what: str) -> None:
        one = asked(storage, name="data dir", force_unmount="false")
        assert storage.call("start", **one) == 0, storage.reason
        say = "sys.stdout.write(f'{os.getpid()}\\n'); sys.stdout.flush()"
        script = _SCRIPTS[what]
        order = (say, script) if what == "exe" else (script, say)
        text = "import os, mmap, shutil, socket, sys, time; top = sys.argv[1]; "
        text += "; ".join((*order, "time.sleep(99)"))
        holder = storage.hold_by(sys.executable, "-c", text, one["directory"])
        if what == "exe":
            program = storage.sandbox.root / f"proc/{holder}/exe"
            storage.wait_for(lambda: program.readlink().name == "sleep", "it is not executed")
        assert storage.call("stop", timeout=3, **one) == 1
        assert f"pid {holder} (" in storage.reason, storage.reason
        assert f": {what.partition(' ')[0]} " in storage.reason, storage.reason
        assert storage.call("reload-agent", **{**one, "force_unmount": "true"}) == 0
        assert storage.call("stop") == 0, storage.reason
        assert not storage.lives(holder)

    def test_an_ancestor_is_spared_and_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        answer = storage.sandbox.run(
            ["sh", "-c", f"{storage.agent} stop; echo shell lives"],
            env={**storage.environment(), "OCF_RESKEY_CRM_meta_timeout": "4000"},
            cwd=one["directory"],
        )
        assert answer.stdout == "shell lives\n"
        assert "(sh, root): cwd /run/t/data, spared" in answer.stderr
        assert storage.call("stop") == 0, storage.reason

    def test_a_part_of_the_cluster_is_spared_and_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        storage.run("cp", "/bin/sleep", "/run/pacemakerd")
        storage.run("mount", "-o", "remount,exec", "/run")
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold_by(
            "sh", "-c", "echo $$; exec /run/pacemakerd 99", cwd=one["directory"]
        )
        assert storage.call("stop", timeout=4, **one) == 1
        assert "(pacemakerd, root): cwd /run/t/data, spared" in storage.reason
        assert storage.lives(holder)
        storage.release(holder)
        assert storage.call("stop") == 0, storage.reason

    def test_a_loop_device_of_an_image_on_it_is_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        storage.run("truncate", "-s", "1M", f"{one['directory']}/inner.img")
        loop = storage.run("losetup", "-f", "--show", f"{one['directory']}/inner.img").strip()
        try:
            assert storage.call("stop", timeout=3, **one) == 1
            assert f"{loop}, whose image is /run/t/data/inner.img" in storage.reason
        finally:
            storage.run("losetup", "-d", loop)
        assert storage.call("stop") == 0, storage.reason

    def test_an_overlay_above_it_is_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        for name in ("lower", "upper", "work"):
            storage.make_folder(f"{one['directory']}/{name}")
        layers = ",".join(
            f"{name}dir={one['directory']}/{name}" for name in ("lower", "upper", "work")
        )
        storage.mount("overlay", "/run/t/merged", "overlay", layers)
        assert storage.call("stop", timeout=3, **one) == 1
        assert "the overlay on /run/t/merged" in storage.reason
        storage.unmount("/run/t/merged")
        assert storage.call("stop") == 0, storage.reason

    def test_a_copy_in_another_namespace_keeps_stop_from_saying_that_it_is_free(
        self, storage: KernelStorage
    ) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold_by(
            "unshare", "-m", "--propagation", "private", "sh", "-c", "echo $$; exec sleep 99"
        )
        assert storage.call("stop", timeout=3, **one) == 1
        assert f"in use by the mount namespace of pid {holder} (sleep)" in storage.reason
        assert storage.lives(holder)
        assert storage.call("stop", timeout=3) == 1, "and that does not change by asking again"
        storage.release(holder)
        assert storage.call("stop") == 0, storage.reason


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
        assert storage.call("monitor", interval=RECURRING, level=20, **one) == 0, storage.reason
        assert storage.call("stop") == 0, storage.reason
