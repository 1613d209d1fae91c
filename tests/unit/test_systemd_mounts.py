"""What is asked of systemd about a mount: its units' names, its boot, its shutdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.system.systemd_mounts import SystemdMounts, escape_path

if TYPE_CHECKING:
    from pathlib import Path

DROP_INS = "run/systemd/system/resource-agents-deps.target.d"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    return tmp_path


class Counting(SystemdMounts):
    """Counts the times that systemd is told to read its units again."""

    reloads = 0

    def _reload(self) -> None:
        self.reloads += 1


class Deaf(Counting):
    """A systemd that cannot be told, as long as it is deaf."""

    is_deaf = True

    def _reload(self) -> None:
        if self.is_deaf:
            raise OSError(0, "no bus")
        super()._reload()


def systemd(root: Path) -> Counting:
    return Counting(lambda: 1.0, str(root))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/srv/data", "srv-data"),
        ("//srv//data/", "srv-data"),
        ("/srv/a-b", "srv-a\\x2db"),
        ("/.hidden/.x", "\\x2ehidden-.x"),
        ("/a b", "a\\x20b"),
        ("/ä", "\\xc3\\xa4"),
        ("/", "-"),
    ],
)
def test_a_path_is_a_units_name(path: str, name: str) -> None:
    assert escape_path(path) == name


class TestBoot:
    @pytest.mark.parametrize(
        ("line", "is_told"),
        [
            ("UUID=1 /srv/my\\040data ext4 defaults 0 2", True),
            ("UUID=1 /srv/my\\040data/ ext4 defaults 0 2", True),
            ("UUID=1 /srv/my\\040data ext4 noauto,rw 0 2", False),
            ("# UUID=1 /srv/my\\040data ext4 defaults 0 2", False),
            ("UUID=1 /srv/my\\040data2 ext4 defaults 0 2", False),
            ("UUID=1 /srv/my\\xdata ext4", False),
            ("nonsense", False),
        ],
    )
    def test_a_line_in_fstab(self, host: Path, line: str, is_told: bool) -> None:
        (host / "etc/fstab").write_text(f"\n{line}\n")
        found = systemd(host).find_boot_mount("/srv/my data")
        assert ("noauto" in found) is is_told

    def test_an_enabled_unit(self, host: Path) -> None:
        wants = host / "etc/systemd/system/local-fs.target.wants"
        wants.mkdir()
        assert systemd(host).find_boot_mount("/srv/data") == ""
        (wants / "srv-data.mount").touch()
        assert systemd(host).find_boot_mount("/srv/data").startswith("srv-data.mount is enabled")


class TestShutdown:
    def test_waits_for_the_cluster(self, host: Path) -> None:
        one = systemd(host)
        assert one.order_shutdown("/srv/a-b", needs_network=False)
        (written,) = (host / DROP_INS).iterdir()
        assert written.name == "50-ocfpy-srv-a\\x2db.conf"
        assert written.read_text().split("\n")[1:] == ["[Unit]", "After=srv-a\\x2db.mount", ""]
        assert written.stat().st_mode & 0o777 == 0o444
        assert one.reloads == 1

    def test_is_told_once(self, host: Path) -> None:
        one = systemd(host)
        assert one.order_shutdown("/srv/x", needs_network=True)
        assert not one.order_shutdown("/srv/x", needs_network=True)
        assert one.reloads == 1
        assert one.order_shutdown("/srv/x", needs_network=False)
        assert one.reloads == 2

    def test_is_told_again_where_systemd_may_not_have_heard_of_it(self, host: Path) -> None:
        one = Deaf(lambda: 1.0, str(host))
        with pytest.raises(OSError, match="no bus"):
            one.order_shutdown("/srv/x", needs_network=False)
        one.is_deaf = False
        assert one.order_shutdown("/srv/x", needs_network=False)
        assert not one.order_shutdown("/srv/x", needs_network=False)
        assert one.reloads == 1

    def test_keeps_the_network_for_what_needs_it(self, host: Path) -> None:
        systemd(host).order_shutdown("/srv/x", needs_network=True)
        (written,) = (host / DROP_INS).iterdir()
        assert "remote-fs.target network-online.target" in written.read_text()

    def test_long_names_fit(self, host: Path) -> None:
        for letter in "ab":
            assert systemd(host).order_shutdown("/" + "ä" * 100 + letter, needs_network=False)
        assert len(list((host / DROP_INS).iterdir())) == 2

    def test_is_nobodys_where_no_systemd_runs(self, tmp_path: Path) -> None:
        assert not systemd(tmp_path).order_shutdown("/srv/x", needs_network=False)
        assert list(tmp_path.iterdir()) == []
