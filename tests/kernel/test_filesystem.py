"""What only a real kernel can show of Filesystem: its kinds, and what is there."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance.system_log import SystemLog
from tests.filesystem.world import RECURRING, asked

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage

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

    def test_an_image_is_a_file_whatever_its_name(self, storage: KernelStorage) -> None:
        loop = storage.attach("d", "mkfs.ext4", _KINDS["ext4"])
        storage.run("losetup", "-d", loop)
        storage.forget("d")
        one: dict[str, Any] = {"directory": "/run/t/data", "fstype": "ext4"}
        assert storage.call("start", device="/run/d.img", **one) == 0, storage.reason
        # The kernel goes on calling it by its first name, as one may be of another namespace.
        storage.run("ln", "/run/d.img", "/run/same.img")
        storage.run("cp", "/run/d.img", "/run/copy.img")
        for device, code in (("/run/same.img", 0), ("/run/copy.img", 7)):
            storage.run("sh", "-c", "rm -f /run/ocfpy/Filesystem.*")
            assert storage.call("monitor", device=device, **one) == code
        assert storage.call("stop", device="/run/d.img", **one) == 0, storage.reason

    def test_two_file_systems_of_one_image_are_not_each_other(self, storage: KernelStorage) -> None:
        storage.run("truncate", "-s", "32M", "/run/d.img")
        every: list[dict[str, Any]] = []
        for name, offset in (("one", 1 << 20), ("two", 16 << 20)):
            storage.run("mkfs.ext4", "-q", "-E", f"offset={offset}", "/run/d.img", "8M")
            spelled = f"{offset >> 20}MiB" if name == "two" else str(offset)
            every.append(
                {
                    "device": "/run/d.img",
                    "directory": f"/run/t/{name}",
                    "fstype": "ext4",
                    "options": f"loop,offset={spelled},sizelimit={8 << 20}",
                }
            )
        one, two = every
        assert storage.call("start", **one) == 0, storage.reason
        assert storage.call("start", instance="two", **two) == 0, storage.reason
        for here, name in ((one, "fs"), (two, "two")):
            assert storage.call("monitor", instance=name, interval=RECURRING, **here) == 0
        assert storage.call("stop") == 0, storage.reason
        assert len(storage.mounted("/run/t/two")) == 1
        assert storage.call("stop", instance="two") == 0, storage.reason

    @pytest.mark.parametrize(
        "spelling", ["UUID={}", "-U {}", "-U{}", "--uuid={}", 'UUID="{}"', "upper"]
    )
    def test_a_uuid_in_every_spelling(self, storage: KernelStorage, spelling: str) -> None:
        disk = storage.disk("a")
        uuid = storage.run("blkid", "-s", "UUID", "-o", "value", disk).strip()
        storage.make_folder("/dev/disk/by-uuid")
        storage.link(f"/dev/disk/by-uuid/{uuid}", disk)
        if spelling == "upper":
            spelling, uuid = "UUID={}", uuid.upper()
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
        assert storage.call("start", **{**asked(storage), "options": "no-such-option"}) == 1
        assert "/run/t/data" in storage.reason
        assert "it holds ext4: see options" in storage.reason
        assert storage.run("ls", "/run/t") == ""

    @pytest.mark.parametrize(
        ("maker", "fstype", "words"),
        [
            ("mkfs.ext4", "xfs", "holds ext4, not xfs (set fstype=ext4)"),
            ("mkfs.ext4", "ext2", "holds ext4, not ext2 (set fstype=ext4)"),
            ("mkswap", "ext4", "holds swap, which is no file system (see lsblk -f)"),
            ("true", "ext4", "holds no file system that blkid knows (mkfs first, if it is new"),
            ("mkfs.xfs", "ext2", "holds xfs, not ext2 (set fstype=xfs)"),
        ],
    )
    def test_says_what_the_device_holds_instead(
        self, storage: KernelStorage, maker: str, fstype: str, words: str
    ) -> None:
        loop = storage.attach("d", maker, "320M")
        one: dict[str, Any] = {"device": loop, "directory": "/run/t/data", "fstype": fstype}
        assert storage.call("start", **one) == 1
        assert f"{loop} {words}" in storage.reason, storage.reason
        assert storage.call("stop", **one) == 0, storage.reason

    def test_says_that_there_are_partitions(self, storage: KernelStorage) -> None:
        loop = storage.attach("d", "true", "8M")
        entry = struct.pack("<B3xB3xII", 0, 0x83, 2048, 8192)  # of type Linux
        table = bytes(446) + entry + bytes(48) + b"\x55\xaa"
        (storage.sandbox.root / loop[1:]).write_bytes(table)
        one: dict[str, Any] = {"device": loop, "directory": "/run/t/data", "fstype": "ext4"}
        assert storage.call("start", **one) == 1
        assert f"{loop} holds partitions, no file system (name one of them)" in storage.reason

    def test_says_who_has_the_device_in_use(self, storage: KernelStorage) -> None:
        one = asked(storage)
        holder = storage.hold_by(
            "unshare", "-m", "sh", "-c", f"mount {one['device']} /mnt; echo $$; exec sleep 99"
        )
        assert storage.call("start", **{**one, "fstype": "xfs"}) == 1
        assert f"it is in use by the mount namespace of pid {holder} (sleep)" in storage.reason
        assert storage.call("stop", **one) == 0, storage.reason
        assert storage.lives(holder)

    def test_says_where_to_look_for_a_program_that_has_claimed_the_device(
        self, storage: KernelStorage
    ) -> None:
        one = asked(storage)
        claim = "import os, sys, time; os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL); "
        claim += "print(os.getpid(), flush=True); time.sleep(99)"
        storage.hold_by("python3", "-c", claim, one["device"])
        assert storage.call("start", **one) == 1
        assert "it is in use by the kernel or a program: see lsblk and fuser" in storage.reason

    def test_tells_systemd_once_that_a_shutdown_ends_the_cluster_first(
        self, storage: KernelStorage
    ) -> None:
        """Until systemd has read it, each start tells again; this host's is a stand-in."""
        storage.make_folder("/run/systemd/system")
        storage.install("systemctl", "echo $* >> /run/told; test -e /run/answers")
        one = asked(storage)
        times = []
        assert storage.call("start", **one) == 0, storage.reason
        assert storage.call("stop") == 0, storage.reason
        storage.run("touch", "/run/answers")
        for _ in range(2):
            assert storage.call("start", **one) == 0, storage.reason
            (path,) = storage.run("find", "/run/systemd/system", "-type", "f").split()
            times.append(storage.run("stat", "-c", "%i %y", path))
            assert storage.call("stop") == 0, storage.reason
        assert path.startswith("/run/systemd/system/resource-agents-deps.target.d/")
        assert "After=run-t-data.mount" in storage.run("cat", path)
        assert times[0] == times[1]
        assert storage.run("cat", "/run/told").split("\n")[:-1] == ["daemon-reload"] * 2

    @pytest.mark.parametrize("left", ["a name", "no name"])
    def test_a_device_that_was_renamed_is_read_by_its_number(
        self, storage: KernelStorage, left: str
    ) -> None:
        """As lvrename does: the mount table goes on telling the old name."""
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        storage.run("mv", one["device"], "/dev/mapper/renamed")
        loop = "/dev/loop" + storage.run("stat", "-c", "%T", "/dev/mapper/renamed").strip()
        if left == "no name":
            storage.run("mv", loop, "/dev/away")
        for level in (0, 10):
            assert storage.call("monitor", interval=RECURRING, level=level, **one) == 0, (
                storage.reason
            )
        assert storage.call("stop") == 0, storage.reason
        assert storage.mounted(one["directory"]) == []
        if left == "no name":
            storage.run("mv", "/dev/away", loop)


class TestAFullRun:
    def test_fails_a_start_and_neither_a_monitor_nor_a_stop(self, storage: KernelStorage) -> None:
        one = asked(storage)
        storage.mount("records", "/run/ocfpy", "tmpfs", "size=16k,mode=700")
        assert storage.call("start", **one) == 0, storage.reason
        storage.unmount(one["directory"])
        storage.mount("other", "/run/t", "tmpfs")
        storage.mount(one["device"], one["directory"])  # by hand: another mount than start's
        storage.run("dd", "if=/dev/zero", "of=/run/ocfpy/.fill", "bs=4k", expect=1)
        for interval in (0, RECURRING):
            assert storage.call("monitor", interval=interval, **one) == 0, storage.reason
        assert storage.call("stop") == 0, storage.reason
        assert storage.mounted(one["directory"]) == []
        assert storage.call("start", **one) == 1
        assert "cannot write /run/ocfpy/" in storage.reason


class TestMovedAway:
    """What start mounted is ours wherever it is by now: another node may mount it after a stop."""

    @pytest.mark.parametrize("how", ["parent", "mount"])
    def test_a_mount_that_was_moved_is_found_and_unmounted(
        self, storage: KernelStorage, how: str
    ) -> None:
        one: dict[str, Any] = {**asked(storage), "directory": "/run/t/app/data"}
        assert storage.call("start", **one) == 0, storage.reason
        if how == "parent":
            storage.run("mv", "/run/t/app", "/run/t/app.old")
        else:
            storage.make_folder("/run/t/elsewhere")
            storage.run("mount", "--move", "/run/t/app/data", "/run/t/elsewhere")
        there = "/run/t/app.old/data" if how == "parent" else "/run/t/elsewhere"
        assert storage.call("monitor", interval=RECURRING, **one) == 1
        assert storage.reason.endswith(f"was moved to {there}")
        assert storage.call("stop", **one) == 0, storage.reason
        assert storage.mounted(there) == []

    def test_a_later_bind_of_a_whole_btrfs_goes_with_it(self, storage: KernelStorage) -> None:
        loop = storage.attach("d", "mkfs.btrfs", _KINDS["btrfs"])
        one: dict[str, Any] = {"device": loop, "directory": "/run/t/data", "fstype": "btrfs"}
        assert storage.call("start", **one) == 0, storage.reason
        storage.mount("/run/t/data", "/run/t/other", "none", "bind")
        assert storage.call("stop", **one) == 0, storage.reason
        assert storage.mounted("/run/t/other") == []
