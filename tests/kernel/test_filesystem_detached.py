"""What `umount -l` leaves behind, and what has its number afterwards, on a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.filesystem.world import RECURRING, asked

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage


class TestDetached:
    """Another node may write to the device as soon as stop says 0."""

    @pytest.mark.parametrize("how", ["started", "probed", "adopted", "image", "btrfs"])
    def test_its_holders_are_asked_to_go(self, storage: KernelStorage, how: str) -> None:
        one = self._bring_up(storage, how)
        bystander = storage.hold("/run/t")
        holders = [
            storage.hold(one["directory"]),
            storage.hold_by("sh", "-c", f"exec 7>{one['directory']}/f; echo $$; exec sleep 99"),
        ]
        storage.run("umount", "-l", one["directory"])
        assert storage.mounted(one["directory"]) == []
        assert storage.call("monitor", interval=RECURRING, **one) == 7
        assert storage.call("stop", **one) == 0, storage.reason
        assert not any(storage.lives(holder) for holder in holders)
        assert storage.lives(bystander)
        assert storage.records() == []

    def test_who_stays_is_named(self, storage: KernelStorage) -> None:
        one = asked(storage, force_unmount="false")
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold(one["directory"])
        storage.run("umount", "-l", one["directory"])
        for _ in range(2):
            assert storage.call("stop", timeout=3, **one) == 1
            assert f"{one['device']}, which is mounted no more, is held by" in storage.reason
            assert f"pid {holder} (sleep, root): cwd /" in storage.reason, storage.reason
            assert storage.lives(holder)
        storage.release(holder)
        assert storage.call("stop") == 0, storage.reason

    def test_a_later_start_takes_it_up_again_and_stop_ends_both(
        self, storage: KernelStorage
    ) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold(one["directory"])
        storage.run("umount", "-l", one["directory"])
        assert storage.call("start", **one) == 0, storage.reason
        assert storage.lives(holder)
        assert storage.call("stop") == 0, storage.reason
        assert not storage.lives(holder)
        assert storage.mounted(one["directory"]) == []

    def test_a_device_that_was_renamed_since_is_not_said_to_be_free(
        self, storage: KernelStorage
    ) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold(one["directory"], stubborn=True)
        storage.run("umount", "-l", one["directory"])
        storage.run("mv", one["device"], "/dev/mapper/renamed")
        assert storage.call("stop", timeout=6) == 0, storage.reason
        assert not storage.lives(holder)

    @staticmethod
    def _bring_up(storage: KernelStorage, how: str) -> dict[str, Any]:
        one = asked(storage)
        if how in ("probed", "adopted"):
            storage.mount(one["device"], one["directory"])
        if how == "probed":
            assert storage.call("monitor", **one) == 0, storage.reason
            return one
        if how == "btrfs":
            one |= {"device": storage.attach("d", "mkfs.btrfs", "128M"), "fstype": "btrfs"}
        if how == "image":
            loop = storage.attach("d", "mkfs.ext4", "8M")
            storage.run("losetup", "-d", loop)
            storage.forget("d")
            one |= {"device": "/run/d.img"}
        assert storage.call("start", **one) == 0, storage.reason
        return one


class TestBindsLeftBehind:
    """A file system lives on in a later bind of a part of it, for writing."""

    def test_a_bind_of_a_subfolder_goes_though_ours_has_gone(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        storage.make_folder("/run/t/data/www")
        storage.mount("/run/t/data/www", "/run/t/www", "none", "bind")
        holder = storage.hold("/run/t/www")
        storage.unmount("/run/t/data")
        assert storage.call("monitor", interval=RECURRING, **one) == 7
        assert storage.call("stop") == 0, storage.reason
        assert storage.mounted("/run/t/www") == []
        assert not storage.lives(holder)

    def test_what_was_there_before_start_stays(self, storage: KernelStorage) -> None:
        one = asked(storage)
        storage.mount(one["device"], "/run/t/whole")
        storage.make_folder("/run/t/whole/www")
        storage.mount("/run/t/whole/www", "/run/t/www", "none", "bind")
        storage.unmount("/run/t/whole")
        assert storage.call("start", **one) == 0, storage.reason
        storage.unmount("/run/t/data")
        assert storage.call("stop") == 0, storage.reason
        assert storage.mounted("/run/t/www") == [one["device"]]


class TestNumbersThatAreUsedAgain:
    """The kernel gives the lowest free number to the next mount: an id alone proves nothing."""

    @pytest.mark.parametrize("kind", ["tmpfs", "bind"])
    def test_a_stranger_that_has_got_our_number_is_left_alone(
        self, storage: KernelStorage, kind: str
    ) -> None:
        one: dict[str, Any] = {"device": "tmpfs", "directory": "/run/t/data", "fstype": "tmpfs"}
        if kind == "bind":
            storage.make_folder("/run/source")
            one |= {"device": "/run/source", "fstype": "none", "options": "bind"}
        stranger = (one["device"], "/run/t/else", one["fstype"], one.get("options", ""))
        self._mount_on_our_number(storage, one, stranger)
        holder = storage.hold("/run/t/else")
        assert storage.call("monitor", interval=RECURRING, **one) == 7, storage.reason
        assert storage.call("stop", **one) == 0, storage.reason
        assert storage.lives(holder)
        assert len(storage.mounted("/run/t/else")) == 1

    @pytest.mark.parametrize("where", ["else", "data"])
    def test_another_image_on_our_loop_device_is_left_alone(
        self, storage: KernelStorage, where: str
    ) -> None:
        """The loop device of an image that was unmounted goes, and its number to the next."""
        for name in ("a", "b"):
            storage.run("truncate", "-s", "8M", f"/run/{name}.img")
            storage.run("mkfs.ext4", "-q", f"/run/{name}.img")
        one: dict[str, Any] = {
            "device": "/run/a.img",
            "directory": "/run/t/data",
            "fstype": "ext4",
        }
        there = f"/run/t/{where}"
        self._mount_on_our_number(storage, one, ("/run/b.img", there, "ext4", "loop"))
        holder = storage.hold(there)
        code = 1 if where == "data" else 7
        assert storage.call("monitor", interval=RECURRING, **one) == code, storage.reason
        assert storage.call("stop") == 0, storage.reason
        assert storage.lives(holder)
        assert len(storage.mounted(there)) == 1

    def test_another_memory_on_our_directory_is_not_ours(self, storage: KernelStorage) -> None:
        one: dict[str, Any] = {"device": "ours", "directory": "/run/t/data", "fstype": "tmpfs"}
        assert storage.call("start", **one) == 0, storage.reason
        storage.unmount("/run/t/data")
        storage.mount("theirs", "/run/t/data", "tmpfs")
        assert storage.call("monitor", interval=RECURRING, **one) == 1
        assert "theirs is mounted on /run/t/data, not ours" in storage.reason
        assert storage.call("stop") == 0, storage.reason
        assert storage.mounted("/run/t/data") == ["theirs"]

    @classmethod
    def _mount_on_our_number(
        cls, storage: KernelStorage, one: dict[str, Any], stranger: tuple[str, str, str, str]
    ) -> None:
        """Starts `one`, unmounts it, and mounts the stranger on the numbers that it had.

        They are of the whole machine, whose other mounts come and go meanwhile.
        """
        for _ in range(20):
            assert storage.call("start", **one) == 0, storage.reason
            ours = cls._numbers(storage, one["directory"])
            storage.unmount(one["directory"])
            storage.mount(*stranger)
            if cls._numbers(storage, stranger[1]) == ours:
                return
            storage.unmount(stranger[1])
            assert storage.call("stop", **one) == 0, storage.reason
        pytest.fail("20 mounts in turn got another number each: the kernel has changed its ways")

    @staticmethod
    def _numbers(storage: KernelStorage, point: str) -> str:
        return storage.run("findmnt", "-n", "-o", "ID,MAJ:MIN", point)


class TestWhatWasInUseBefore:
    def test_a_start_that_found_the_device_taken_lets_stop_be(self, storage: KernelStorage) -> None:
        """A disk of LVM or MD, by mistake: it was never ours, and stop fences nobody for it."""
        one = asked(storage)
        taken = "import os, time; os.open(__import__('sys').argv[1], os.O_RDWR | os.O_EXCL); "
        taken += "print(os.getpid(), flush=True); time.sleep(99)"
        storage.hold_by("python3", "-c", taken, one["device"])
        assert storage.call("start", **one) == 1
        assert storage.call("stop", timeout=4, **one) == 0, storage.reason

    def test_an_admins_fsck_of_the_device_is_left_at_work(self, storage: KernelStorage) -> None:
        one = asked(storage)
        storage.run("mount", "-o", "remount,exec", "/run")
        program = storage.sandbox.root / "run/fsck.ext4"
        program.write_text("#!/bin/sh\necho $$\nsleep 99\n")
        program.chmod(0o755)
        check = storage.hold_by("/run/fsck.ext4", "-f", one["device"])
        assert storage.lives(check)
        assert storage.call("stop", **one) == 0, storage.reason
        assert storage.lives(check)
