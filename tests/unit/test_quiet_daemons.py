"""Packages install without a cluster daemon starting, and the machine's own policy comes back."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

import quiet_daemons
from quiet_daemons import StartPolicy, enabled_links, quiet_cluster_daemons

WANTS = "etc/systemd/system/multi-user.target.wants"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with the folders of a Debian, where systemd is not pid 1."""
    for folder in ("usr/sbin", WANTS, "etc/rc2.d", "etc/rc3.d"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/sbin/invoke-rc.d").touch()

    def update_rc(*arguments: str) -> int:
        assert arguments[0] == "update-rc.d"
        assert arguments[2] == "disable"
        for start in tmp_path.glob(f"etc/rc?.d/S??{arguments[1]}"):
            start.rename(start.with_name(f"K{start.name[1:]}"))
        return 0

    monkeypatch.setattr(quiet_daemons, "_call", update_rc)
    monkeypatch.setattr(quiet_daemons, "running_units", set)
    return tmp_path


def install_packages(machine: Path, *names: str) -> None:
    """What corosync's maintainer scripts and their like do."""
    for name in names:
        (machine / WANTS / f"{name}.service").symlink_to(f"/lib/systemd/system/{name}.service")
        for level in (2, 3):
            (machine / f"etc/rc{level}.d/S01{name}").symlink_to(f"../init.d/{name}")


def ask(machine: Path, daemon: str) -> int:
    """What the policy answers: 101 is no, 0 and 104 are yes."""
    policy = str(machine / "usr/sbin/policy-rc.d")
    forms = {
        "invoke-rc.d": [daemon, "start"],
        "invoke-rc.d --quiet": ["--quiet", daemon, "(start)", "2"],
        "deb-systemd-invoke": [f"{daemon}.service", "start"],
    }
    answers = {
        asker: subprocess.run([policy, *form], check=False).returncode
        for asker, form in forms.items()
    }
    assert len(set(answers.values())) == 1, answers
    return answers["invoke-rc.d"]


def set_policy(machine: Path, status: int) -> Path:
    policy = machine / "usr/sbin/policy-rc.d"
    policy.write_text(f"#!/bin/sh\nexit {status}\n")
    policy.chmod(0o755)
    return policy


def test_what_the_packages_enable_is_disabled_again(machine: Path) -> None:
    with quiet_cluster_daemons(machine):
        install_packages(machine, "corosync", "pcsd", "rsync")
    assert not enabled_links(machine)
    assert (machine / "etc/rc3.d/K01corosync").is_symlink()
    assert (machine / WANTS / "rsync.service").is_symlink()  # no daemon of the cluster's


def test_what_was_enabled_before_stays(machine: Path) -> None:
    install_packages(machine, "pacemaker")
    before = enabled_links(machine)
    assert len(before) == 3
    with quiet_cluster_daemons(machine):
        install_packages(machine, "corosync")
    assert enabled_links(machine) == before


def test_the_policy_refuses_the_clusters_daemons_alone_and_goes(machine: Path) -> None:
    with quiet_cluster_daemons(machine):
        without_policy = 0 if Path("/sbin/init").exists() else 101  # what invoke-rc.d does then
        assert (ask(machine, "corosync"), ask(machine, "dbus")) == (101, without_policy)
    assert not list(machine.glob("usr/sbin/policy-rc.d*"))


def test_the_machines_own_policy_is_asked_for_the_rest_and_comes_back(machine: Path) -> None:
    policy = set_policy(machine, 104)
    text = policy.read_text()
    with quiet_cluster_daemons(machine):
        assert (ask(machine, "corosync"), ask(machine, "dbus")) == (101, 104)
    assert policy.read_text() == text
    assert list(machine.glob("usr/sbin/policy-rc.d*")) == [policy]


def test_a_linked_policy_comes_back_as_a_link(machine: Path) -> None:
    policy = machine / "usr/sbin/policy-rc.d"
    policy.symlink_to("/etc/alternatives/policy-rc.d")
    with quiet_cluster_daemons(machine):
        assert not policy.is_symlink()
    assert policy.readlink() == Path("/etc/alternatives/policy-rc.d")


def test_all_comes_back_when_the_install_fails(machine: Path) -> None:
    policy = set_policy(machine, 104)

    def install() -> None:
        with quiet_cluster_daemons(machine):
            install_packages(machine, "corosync")
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        install()
    assert ask(machine, "corosync") == 104
    assert policy.exists()
    assert not enabled_links(machine)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_held_until_all_is_back(machine: Path, number: signal.Signals) -> None:
    def install() -> None:
        with quiet_cluster_daemons(machine):
            os.kill(os.getpid(), number)
            install_packages(machine, "corosync")

    with pytest.raises(SystemExit) as caught:
        install()
    assert caught.value.code == 128 + number
    assert not enabled_links(machine)
    assert not list(machine.glob("usr/sbin/policy-rc.d*"))


def test_the_run_after_one_that_was_cut_off_ends_its_work(machine: Path) -> None:
    policy = set_policy(machine, 104)
    install_packages(machine, "pacemaker")
    before = enabled_links(machine)
    StartPolicy(machine).put(before)
    install_packages(machine, "corosync")  # and here the power went
    with quiet_cluster_daemons(machine):
        assert ask(machine, "corosync") == 101
    assert enabled_links(machine) == before
    assert (ask(machine, "corosync"), list(machine.glob("usr/sbin/policy*"))) == (104, [policy])
