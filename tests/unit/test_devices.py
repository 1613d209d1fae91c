"""Every spelling of a device is understood, and known again in the mount table by what it is."""

from __future__ import annotations

import pytest

from ocf_py.system.devices import BIND, NAME, NETWORK, PATH, TAG, Source
from ocf_py.system.mounts import Mount, MountTable
from tests.fakes.storage import FakeStorage


@pytest.mark.parametrize(
    ("device", "fstype", "options", "kind", "words", "node"),
    [
        ("/dev/sda1", "ext4", [], PATH, "/dev/sda1", "/dev/sda1"),
        ("UUID=1-2", "ext4", [], TAG, "UUID=1-2", "/dev/disk/by-uuid/1-2"),
        ("uuid=1-2", "ext4", [], TAG, "UUID=1-2", "/dev/disk/by-uuid/1-2"),
        ("-U 1-2", "ext4", [], TAG, "UUID=1-2", "/dev/disk/by-uuid/1-2"),
        ("-U1-2", "ext4", [], TAG, "UUID=1-2", "/dev/disk/by-uuid/1-2"),
        ("--uuid 1-2", "xfs", [], TAG, "UUID=1-2", "/dev/disk/by-uuid/1-2"),
        ("--uuid=1-2", "xfs", [], TAG, "UUID=1-2", "/dev/disk/by-uuid/1-2"),
        ('LABEL="a b/c"', "xfs", [], TAG, "LABEL=a b/c", "/dev/disk/by-label/a\\x20b\\x2fc"),
        ("-L data", "xfs", [], TAG, "LABEL=data", "/dev/disk/by-label/data"),
        ("--label=data", "xfs", [], TAG, "LABEL=data", "/dev/disk/by-label/data"),
        (
            "UUID=0B3EA0F0-1A2B-4C3D-8E4F-A0B1C2D3E4F5",
            "xfs",
            [],
            TAG,
            "UUID=0b3ea0f0-1a2b-4c3d-8e4f-a0b1c2d3e4f5",
            "/dev/disk/by-uuid/0b3ea0f0-1a2b-4c3d-8e4f-a0b1c2d3e4f5",
        ),
        ("UUID=abcd-12ef", "vfat", [], TAG, "UUID=ABCD-12EF", "/dev/disk/by-uuid/ABCD-12EF"),
        (
            "-U 01d7c0ffee01d7c0",
            "ntfs3",
            [],
            TAG,
            "UUID=01D7C0FFEE01D7C0",
            "/dev/disk/by-uuid/01D7C0FFEE01D7C0",
        ),
        ("PARTUUID=9A0B-02", "xfs", [], TAG, "PARTUUID=9a0b-02", "/dev/disk/by-partuuid/9a0b-02"),
        ("PARTUUID=9", "xfs", [], TAG, "PARTUUID=9", "/dev/disk/by-partuuid/9"),
        ("PARTLABEL=p", "xfs", [], TAG, "PARTLABEL=p", "/dev/disk/by-partlabel/p"),
        ("host:/export", "nfs", [], NETWORK, "host:/export", "host:/export"),
        ("[2001:db8::1]:/x", "nfs4", [], NETWORK, "[2001:db8::1]:/x", "[2001:db8::1]:/x"),
        ("//host/share", "cifs", [], NETWORK, "//host/share", "//host/share"),
        ("volume", "glusterfs", [], NETWORK, "volume", "volume"),
        ("/srv/a", "none", ["bind", "ro"], BIND, "/srv/a", "/srv/a"),
        ("/srv/a", "none", ["rbind"], BIND, "/srv/a", "/srv/a"),
        ("tmpfs", "tmpfs", [], NAME, "tmpfs", "tmpfs"),
        ("pool/set", "zfs", [], NAME, "pool/set", "pool/set"),
    ],
)
def test_a_spelling_says_what_it_is(
    device: str, fstype: str, options: list[str], kind: str, words: str, node: str
) -> None:
    source = Source(device, fstype, options)
    assert (source.kind, source.words, source.node) == (kind, words, node)


@pytest.mark.parametrize(
    ("device", "fstype", "options"),
    [
        ("sda1", "ext4", []),
        ("-L", "xfs", []),
        ("UUID=", "xfs", []),
        ("LABEL=''", "xfs", []),
        ("a", "none", ["bind"]),
        ("-o", "tmpfs", []),
        ("/dev/a\0b", "ext4", []),
    ],
)
def test_what_is_no_device_is_refused(device: str, fstype: str, options: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^(is|names) "):
        Source(device, fstype, options)


@pytest.mark.parametrize(
    ("options", "wants"),
    [([], False), (["ro"], True), (["ro", "rw"], False), (["rw", "noatime", "ro"], True)],
)
def test_the_last_word_on_writing_counts(options: list[str], wants: bool) -> None:
    assert Source("/dev/a", "ext4", options).wants_read_only is wants


def shown(device: str, source: str, fstype: str = "ext4", root: str = "/") -> Mount:
    return Mount(2, 1, device, root, "/srv", "rw", fstype, source, "rw")


class TestAMountIsOurs:
    TABLE = MountTable(
        b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 /x /mnt\\040x rw - ext4 /dev/sda2 rw\n"
    )

    def matches(self, source: Source, mount: Mount) -> bool | None:
        storage = FakeStorage()
        storage.numbers = {"/dev/a": "8:16", "/dev/b": "8:17", "/dev/mapper/vg-data": "253:0"}
        return source.matches(mount, self.TABLE, storage)

    def test_by_the_number_of_its_device(self) -> None:
        ours = Source("/dev/a", "ext4", [])
        assert self.matches(ours, shown("8:16", "/dev/whatever"))
        assert not self.matches(ours, shown("8:17", "/dev/a"))

    def test_by_its_name_where_the_device_has_gone(self) -> None:
        gone = Source("/dev/gone", "ext4", [])
        assert self.matches(gone, shown("8:99", "/dev/gone"))
        assert not self.matches(gone, shown("8:16", "/dev/a"))

    def test_not_by_a_name_that_begins_alike(self) -> None:
        ours = Source("/dev/mapper/vg-data", "ext4", [])
        assert not self.matches(ours, shown("253:1", "/dev/mapper/vg-data--old"))

    def test_by_the_device_of_what_has_a_number_of_its_own(self) -> None:
        ours = Source("/dev/a", "btrfs", ["subvol=/one"])
        assert self.matches(ours, shown("0:40", "/dev/a", "btrfs", "/one"))
        assert not self.matches(ours, shown("0:40", "/dev/a", "btrfs", "/two"))
        assert not self.matches(ours, shown("0:40", "/dev/b", "btrfs", "/one"))

    def test_by_the_folder_that_is_bound(self) -> None:
        ours = Source("/mnt x/deep//er", "none", ["bind"])
        assert self.matches(ours, shown("8:2", "/dev/sda2", root="/x/deep/er"))
        assert not self.matches(ours, shown("8:2", "/dev/sda2", root="/deep/er"))
        assert not self.matches(ours, shown("8:1", "/dev/sda2", root="/x/deep/er"))

    @pytest.mark.parametrize(
        ("device", "fstype", "source", "theirs", "is_ours"),
        [
            ("host:/e", "nfs", "host:/e", "nfs4", True),
            ("host:/e/", "nfs4", "host:/e", "nfs4", True),
            ("host:/e", "nfs", "host:/e2", "nfs4", False),
            ("host:/", "nfs", "host:/", "nfs", True),
            ("//h/s", "cifs", "//h/s", "smb3", True),
            ("vol", "glusterfs", "vol", "fuse.glusterfs", True),
            ("x", "tmpfs", "x", "tmpfs", True),
            ("x", "tmpfs", "x", "ramfs", False),
            ("x", "tmpfs", "y", "tmpfs", False),
        ],
    )
    def test_by_what_a_server_calls_it(
        self, device: str, fstype: str, source: str, theirs: str, is_ours: bool
    ) -> None:
        found = self.matches(Source(device, fstype, []), shown("0:50", source, theirs))
        assert found is is_ours

    def test_or_it_cannot_be_told(self) -> None:
        """Where udev is not there to say which device a label is on."""
        ours = Source("PARTLABEL=none-such", "ext4", [])
        assert self.matches(ours, shown("8:16", "/dev/a")) is None
        assert self.matches(ours, shown("8:16", "/dev/a", "xfs")) is False


@pytest.mark.parametrize(
    ("options", "offset"),
    [
        ([], 0),
        (["loop", "offset=1048576"], 1 << 20),
        (["offset=16M"], 16 << 20),
        (["offset=16MiB", "offset=2K"], 2048),
        (["offset=16MB"], 16_000_000),
        (["offset=0x100"], -1),
        (["offset="], -1),
        (["offset=5B"], -1),
        (["offset=5iB"], -1),
    ],
)
def test_an_image_is_read_from_its_offset_on(options: list[str], offset: int) -> None:
    assert Source("/srv/image", "ext4", options).offset == offset
