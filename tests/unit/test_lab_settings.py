"""What a user may ask of the lab, what it needs, and what it says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import requirements
from ocf_py.lab.corosync_conf import render_corosync_conf
from ocf_py.lab.errors import LabError, UnsuitableLabError
from ocf_py.lab.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["", "-x", "a/b", "..", "a b", "x" * 41])
def test_a_lab_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(UnsuitableLabError, match="lab name"):
        Settings.build(name)


@pytest.mark.parametrize("nodes", [0, 17])
def test_the_number_of_nodes_has_bounds(nodes: int) -> None:
    with pytest.raises(UnsuitableLabError, match="1 to 16 nodes"):
        Settings.build("x", nodes=nodes)


@pytest.mark.parametrize("size", [-1, 15, 65537])
def test_the_shared_disk_has_bounds(size: int) -> None:
    with pytest.raises(UnsuitableLabError, match="16 to 65536 MiB"):
        Settings.build("x", disk_mib=size)


def test_a_provider_tree_must_be_an_installed_root(tmp_path: Path) -> None:
    with pytest.raises(UnsuitableLabError, match="resource.d"):
        Settings.build("x", provider_trees=(tmp_path,))


def test_a_state_directory_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsuitableLabError, match="80 bytes"):
        Settings.build("x", tmp_path / ("d" * 80))


def test_settings_survive_being_written(tmp_path: Path) -> None:
    (tmp_path / "usr/lib/ocf/resource.d").mkdir(parents=True)
    settings = Settings("x", tmp_path, tmp_path / "log", provider_trees=(tmp_path,), disk_mib=64)
    settings.save()
    assert Settings.load(tmp_path) == settings


def test_two_labs_of_one_name_have_different_cgroups() -> None:
    one, other = Settings.build("x"), Settings.build("x")
    assert one.cgroup.name != other.cgroup.name


def test_without_root_it_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LabError, match="^the lab .* only root may; run it as root$"):
        requirements.check_machine(Settings())


@pytest.mark.parametrize(
    ("command", "packages"),
    [
        ("corosync", "package corosync .Debian. or corosync .Fedora."),
        ("crm_mon", "package pacemaker-cli-utils .Debian. or pacemaker-cli .Fedora."),
    ],
)
def test_a_missing_command_is_named_with_its_packages(
    monkeypatch: pytest.MonkeyPatch, command: str, packages: str
) -> None:
    def which(name: str, path: str) -> str | None:
        return None if name == command else f"{path}/{name}"

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", which)
    with pytest.raises(LabError, match=f"^{command} is not installed; install {packages}$"):
        requirements.check_machine(Settings())


def test_corosync_gets_two_encrypted_rings() -> None:
    text = render_corosync_conf(Settings(nodes=3))
    assert "crypto_cipher: aes256" in text
    assert "ring0_addr: 10.77.0.13" in text
    assert "ring1_addr: 10.77.1.13" in text
    assert text.count("nodeid:") == 3
    assert "two_node" not in text


def test_only_a_cluster_of_two_is_a_two_node_cluster() -> None:
    assert "two_node: 1" in render_corosync_conf(Settings(nodes=2))


def test_corosync_wants_a_line_break_after_every_brace() -> None:
    text = render_corosync_conf(Settings())
    assert all(line.endswith("{") for line in text.splitlines() if "{" in line)
