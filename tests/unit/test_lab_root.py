"""Which of the machine's file systems a node's root is put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import mount_list
from ocf_py.lab.mount_list import Mount, read_mounts
from ocf_py.lab.root import escape_layer, separate_system_trees

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _every_place_is_a_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.isdir", lambda _: True)


@pytest.mark.parametrize(
    ("mounts", "trees"),
    [
        ([Mount("/", "ext4"), Mount("/proc", "proc"), Mount("/home", "xfs")], []),
        ([Mount("/var/log", "xfs"), Mount("/var", "xfs")], ["/var", "/var/log"]),
        ([Mount("/usr", "overlay")], ["/usr"]),
        ([Mount("/usrlocal", "ext4")], []),
        ([Mount("/srv/x/proc", "proc"), Mount("/srv/x", "ext4")], ["/srv/x"]),
        ([Mount("/srv/x", "ext4"), Mount("/srv/x", "proc")], []),
        (
            [
                Mount("/var/lib/containers/c/merged", "overlay"),
                Mount("/var/lib/containers/c/merged/data", "ext4"),
                Mount("/var/lib/nfs/rpc_pipefs", "rpc_pipefs"),
                Mount("/var/lib/containers/c/mergedtoo", "ext4"),
            ],
            ["/var/lib/containers/c/mergedtoo"],
        ),
    ],
)
def test_only_file_systems_of_the_system_become_layers(
    mounts: list[Mount], trees: list[str]
) -> None:
    assert separate_system_trees(mounts) == trees


def test_what_separates_layers_is_escaped() -> None:
    assert escape_layer("/srv/a,b:c\\d e") == "/srv/a\\,b\\:c\\\\d e"


def test_mount_points_are_read_as_they_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "mountinfo"
    line = "36 35 98:0 /mnt1 {} rw,noatime master:1 - ext3 /dev/root rw\n"
    places = [r"/srv/\303\244", "/srv/ä", r"/srv/a\040b", r"/srv/a\134040b"]
    listed.write_text("".join(line.format(place) for place in places), encoding="utf-8")
    monkeypatch.setattr(mount_list, "Path", lambda _: listed)
    expected = ["/srv/ä", "/srv/ä", "/srv/a b", r"/srv/a\040b"]
    assert read_mounts() == [Mount(place, "ext3", "98:0") for place in expected]
