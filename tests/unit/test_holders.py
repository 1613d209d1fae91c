"""What the kernel tells of those that hold a mount and can be sent no signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.system import block_devices, holders
from ocf_py.system.holders import find_kernel_holders
from ocf_py.system.mounts import MountTable

if TYPE_CHECKING:
    from pathlib import Path

_TOLD = {
    "/proc/swaps": [
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority",
        "/srv/my\\040data/swap                     file\t\t1048572\t\t0\t\t-2",
        "/srv/my\\040data2/swap                    file\t\t1048572\t\t0\t\t-3",
    ],
    "/proc/fs/nfsd/exports": [
        "# Version 1.1",
        "# Path Client(Flags) # IPs",
        "/srv/my\\040data/export\t192.0.2.0/24(rw,root_squash,sync,wdelay)",
        "/srv\t192.0.2.0/24(rw,root_squash,sync,wdelay)",
    ],
}
_TABLE = MountTable(
    b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    b"2 1 0:9 / /merged rw - overlay overlay rw,lowerdir=/a:/srv/my\\040data/l,upperdir=/u\n"
    b"3 1 0:8 / /other rw - overlay overlay rw,lowerdir=/srv/my\\040data2/l\n"
)


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "_read_lines", lambda path: _TOLD.get(path, []))


def test_each_is_named_and_nobody_else() -> None:
    assert find_kernel_holders(["/srv/my data"], _TABLE) == [
        "swap on /srv/my data/swap",
        "the NFS export /srv/my data/export",
        "the overlay on /merged",
    ]


def test_what_is_to_go_anyway_is_no_holder() -> None:
    assert "the overlay on /merged" not in find_kernel_holders(["/srv/my data", "/merged"], _TABLE)


def test_devices_that_are_made_of_ours_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel this runs on may have neither: its sysfs is laid out as Linux 6.1 does."""
    folder = tmp_path / "8:17/holders"
    (folder / "md0").mkdir(parents=True)
    (folder / "dm-3/dm").mkdir(parents=True)
    (folder / "dm-3/dm/name").write_text("vg-data\n")
    monkeypatch.setattr(block_devices, "_BLOCKS", str(tmp_path))
    assert block_devices.list_holders("8:17") == ["/dev/mapper/vg-data", "/dev/md0"]
    assert block_devices.list_holders("8:18") == []
