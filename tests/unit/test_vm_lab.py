"""A lab of guests: what may be asked of it, QEMU's command line, what a failed boot says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from ocf_py.lab import Lab, LabError
from ocf_py.lab.node_files import NodeFile, describe_node_files
from ocf_py.lab.settings import Settings
from ocf_py.lab.vm.image_store import Image
from ocf_py.lab.vm.qemu import Cords, guest_command
from ocf_py.toolkit.lab import lab as command_line

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lab of guests that never was."""
    settings = Settings.build("default", tmp_path / "a,b", kind="vm")
    return replace(settings, accelerator="tcg", image=tmp_path / "image")


def command_of(settings: Settings, node: str = "n1") -> list[str]:
    return guest_command(settings, Image(settings.image), node, Cords(7, 8, [9, 10, 11]))


def test_guests_survive_being_written(settings: Settings) -> None:
    settings.state.mkdir()
    settings.save()
    assert Settings.load(settings.state) == settings


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"init": "systemd"}, "small init"), ({"nodes": 5}, "1 to 4 nodes, not 5")],
)
def test_what_guests_cannot_be_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(LabError, match=said) as raised:
        Settings.build("x", kind="vm", **asked)
    assert raised.value.status == 2


def test_the_verb_takes_the_kind_and_refuses_what_it_cannot_be() -> None:
    raised = CliRunner().invoke(command_line, ["up", "--vm", "--init", "systemd"]).exception
    assert isinstance(raised, LabError)


def test_a_guest_s_network_is_the_lab_s_sockets_alone(settings: Settings) -> None:
    devices = [word for word in command_of(settings) if word.startswith(("user", "tap", "dgram"))]
    assert devices == [
        f"dgram,id={key},local.type=fd,local.str={number}"
        for key, number in (("ring0", 9), ("ring1", 10), ("service", 11))
    ]


def test_a_guest_finds_its_own_disks_where_one_expects_them(settings: Settings) -> None:
    disks = [word for word in command_of(settings) if word.startswith("virtio-blk-pci")]
    names = [word.rpartition("serial=")[2] for word in disks]
    assert names == ["own", "disk1", "disk2", "image", "seed"]


def test_the_image_is_read_only_for_all_and_a_comma_in_a_path_is_escaped(
    settings: Settings,
) -> None:
    drives = [word for word in command_of(settings) if word.startswith("driver=raw")]
    image = next(word for word in drives if "node-name=image" in word)
    assert "read-only=on" in image
    assert image.endswith(f"file.filename={settings.image}/root.img,file.locking=off")
    own = next(word for word in drives if "node-name=own0" in word)
    assert "/a,,b/disks/n1-root.img" in own


def test_only_a_lab_with_a_disk_has_the_controller_for_it(settings: Settings) -> None:
    assert not any("scsi" in word for word in command_of(settings))
    words = command_of(replace(settings, disk_mib=64))
    assert "scsi-hd,bus=scsi.0,drive=shared,share-rw=on,serial=shared" in words


def test_kvm_is_used_where_it_was_chosen(settings: Settings) -> None:
    assert "kvm" in command_of(replace(settings, accelerator="kvm"))


def test_a_boot_that_takes_too_long_shows_the_console_s_tail(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    booting = {"power": "on", "pid": 7, "daemons": {}}
    for module in ("lab", "troubles"):
        monkeypatch.setattr(
            f"ocf_py.lab.{module}.send_request", lambda *_, **__: {"nodes": {"n1": booting}}
        )
    hours = iter(range(0, 10**9, 3600))
    monkeypatch.setattr("time.monotonic", lambda: next(hours))
    monkeypatch.setattr("time.sleep", lambda _: None)
    (settings.logs / "n1").mkdir(parents=True)
    lines = [f"[ {number}] starting" for number in range(100)]
    (settings.logs / "n1/boot.log").write_text("\n".join([*lines, "lab: initrd: no module x\n"]))
    with pytest.raises(LabError) as raised:
        Lab(settings).start("n1")
    said = str(raised.value).splitlines()
    assert "n1: its init runs" in said[0]
    assert said[0].endswith("the console of n1 said last:")
    assert said[-2:] == ["  [ 99] starting", "  lab: initrd: no module x"]
    assert len(said) == 16


def test_a_node_of_any_kind_is_given_the_same_files(settings: Settings) -> None:
    settings.shared.mkdir(parents=True)
    for name in ("authkey", "cib.xml", "fence_lab.py"):
        (settings.shared / name).write_text(name)
    files = {file.path: file for file in describe_node_files(settings, "n2")}
    assert files["/etc/hostname"].content == b"n2\n"
    assert b"10.77.0.11 n1\n" in (files["/etc/hosts"].content or b"")
    assert files["/etc/corosync/authkey"] == NodeFile("/etc/corosync/authkey", b"authkey", 0o400)
    cib = files["/var/lib/pacemaker/cib/cib.xml"]
    assert (cib.mode, cib.owner, cib.group) == (0o600, "hacluster", "haclient")
    assert files["/var/lib/corosync"].content is None
