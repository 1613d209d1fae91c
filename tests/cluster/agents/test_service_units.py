"""Service on a node that systemd runs: units of our own in every state, and programs in scopes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.lab import Lab
from tests.cluster.conftest import SEEN_LABS, name_lab, settle

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.lab.node import Node

_AGENT = "/usr/lib/ocf/resource.d/ocfpy/Service"
_RECURRING = 10_000
_DROP_IN = "/run/systemd/system/{}.d/50-ocfpy.conf"
_UNIT = """\
[Unit]
Description=A unit of the tests
[Service]
{}
[Install]
WantedBy=multi-user.target
"""
_SERVICE = "ExecStart=/bin/sleep 98765\nRestart=always\n"


class Host:
    """One node of a lab; calls the agent there as Pacemaker does."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.reason = ""

    def call(
        self,
        action: str,
        *,
        interval: int = 0,
        level: int = 0,
        timeout: float = 20.0,
        **parameters: str,
    ) -> int:
        variables = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RESOURCE_INSTANCE": "unit",
            "OCF_CHECK_LEVEL": str(level),
            "OCF_RESKEY_CRM_meta_timeout": str(int(timeout * 1000)),
            "OCF_RESKEY_CRM_meta_interval": str(interval),
            **{f"OCF_RESKEY_{name}": text for name, text in parameters.items()},
        }
        words = [f"{name}={text}" for name, text in variables.items()]
        done = self.run("env", "-i", *words, _AGENT, action, check=False)
        self.reason = done.stderr
        return done.returncode

    def monitor(self, **parameters: Any) -> int:
        return self.call("monitor", interval=_RECURRING, **parameters)

    def run(
        self, *command: str, check: bool = True, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return self._node.run(command, check=check, stdin=stdin.encode())

    def make_unit(self, name: str, service: str = _SERVICE) -> None:
        self.write(f"/etc/systemd/system/{name}.service", _UNIT.format(service))
        self.run("systemctl", "daemon-reload")

    def write(self, path: str, text: str) -> None:
        self.run("sh", "-c", f"cat >{path}", stdin=text)

    def show(self, name: str, of: str) -> str:
        return self.run("systemctl", "show", "--value", f"--property={of}", name).stdout.strip()


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.up(name_lab("units"), init="systemd", nodes=1) as made:
        SEEN_LABS.append(made)
        yield made


@pytest.fixture(scope="module")
def booted(lab: Lab) -> Host:
    return Host(lab.nodes[0])


@pytest.fixture
def host(booted: Host) -> Iterator[Host]:
    """Whatever a test has started is stopped, and its record with it."""
    yield booted
    assert booted.call("stop", timeout=30) == 0, booted.reason


def test_a_unit_is_started_watched_and_stopped(host: Host) -> None:
    host.make_unit("plain")
    assert host.call("monitor", unit="plain") == 7
    assert host.call("validate-all", level=10, unit="plain") == 0
    assert host.reason == ""
    assert host.call("start", unit="plain") == 0, host.reason
    assert host.show("plain", "ActiveState") == "active"
    assert host.monitor(unit="plain") == 0
    assert host.call("start", unit="plain.service") == 0, host.reason
    assert host.call("stop", unit="plain.service") == 0, host.reason
    assert host.show("plain", "ActiveState") == "inactive"
    assert host.call("monitor", unit="plain") == 7
    assert host.call("stop", unit="plain") == 0


def test_the_cluster_restarts_it_and_a_shutdown_stops_the_cluster_first(host: Host) -> None:
    host.make_unit("ordered")
    assert host.call("start", unit="ordered") == 0, host.reason
    assert host.show("ordered", "Restart") == "no"
    assert "pacemaker.service" in host.show("ordered", "Before").split()
    drop_in = _DROP_IN.format("ordered.service")
    written = host.run("stat", "--format=%i %Y", drop_in).stdout
    host.run("systemctl", "kill", "--signal=KILL", "ordered")
    host.run("sh", "-c", "while systemctl -q is-active ordered; do sleep 0.05; done")
    assert host.call("start", unit="ordered") == 0
    assert host.run("stat", "--format=%i %Y", drop_in).stdout == written
    assert host.call("stop", unit="ordered") == 0
    assert "pacemaker.service" not in host.show("ordered", "Before").split()
    assert host.show("ordered", "Restart") == "always"
    assert host.call("start", unit="ordered") == 0
    assert host.show("ordered", "Restart") == "no"
    host.run("systemctl", "kill", "--signal=KILL", "ordered")
    host.run("sh", "-c", "while systemctl -q is-active ordered; do sleep 0.05; done")
    assert host.monitor(unit="ordered") == 7
    assert "signal" in host.reason
    assert host.call("stop") == 0
    assert host.show("ordered", "ActiveState") == "inactive"


def test_a_unit_that_was_adopted_has_the_setting_of_a_start(host: Host) -> None:
    host.make_unit("adopted")
    host.run("systemctl", "start", "adopted")
    assert host.show("adopted", "Restart") == "always"
    assert host.call("monitor", unit="adopted") == 0, host.reason
    assert host.show("adopted", "Restart") == "no"
    assert "pacemaker.service" in host.show("adopted", "Before").split()
    assert host.call("stop") == 0, host.reason


def test_a_setting_that_systemd_never_read_is_read_by_the_next_start(host: Host) -> None:
    host.make_unit("unread")
    assert host.call("start", unit="unread") == 0, host.reason
    drop_in = _DROP_IN.format("unread.service")
    # As a start that was killed between the two leaves it.
    host.run("sh", "-c", f"mv {drop_in} /run/kept; systemctl daemon-reload; mv /run/kept {drop_in}")
    assert host.show("unread", "Restart") == "always"
    host.run("systemctl", "stop", "unread")
    assert host.call("start", unit="unread") == 0, host.reason
    assert host.show("unread", "Restart") == "no"
    assert host.call("stop") == 0, host.reason


def test_a_unit_that_fails_says_why(host: Host) -> None:
    host.make_unit("failing", "Type=notify\nExecStart=/bin/sh -c 'echo no such disk; exit 3'\n")
    assert host.call("start", unit="failing") == 1
    assert "exit-code" in host.reason
    assert "no such disk" in host.reason
    assert host.call("monitor", unit="failing") == 7
    assert host.call("stop", unit="failing") == 0
    assert host.show("failing", "ActiveState") == "inactive"


def test_the_reason_is_none_of_an_older_run(host: Host) -> None:
    host.make_unit(
        "failing-twice",
        "Type=notify\nExecStart=/bin/sh -c '[ -e /run/said ] || echo an old cause; "
        "touch /run/said; exit 3'\n",
    )
    assert host.call("start", unit="failing-twice") == 1
    assert "an old cause" in host.reason
    assert host.call("start", unit="failing-twice") == 1
    assert "exit-code" in host.reason
    assert "an old cause" not in host.reason


def test_what_a_socket_starts_is_not_started_again_behind_a_stop(host: Host) -> None:
    host.write("/etc/systemd/system/asked.socket", "[Socket]\nListenStream=/run/asked.sock\n")
    host.make_unit("asked")
    host.run("systemctl", "start", "asked.socket")
    assert host.call("validate-all", level=10, unit="asked") == 0
    assert "systemctl disable --now asked.socket" in host.reason
    assert host.call("start", unit="asked") == 0, host.reason
    assert host.call("stop", unit="asked") == 0, host.reason
    connect = "import socket; socket.socket(socket.AF_UNIX).connect('/run/asked.sock')"
    assert host.run("python3", "-c", connect, check=False).returncode != 0
    assert host.show("asked.socket", "ActiveState") == "inactive"
    assert host.call("monitor", unit="asked") == 7


def test_units_of_every_type_run_as_systemd_runs_them(host: Host) -> None:
    host.make_unit("real")
    host.run("ln", "-s", "real.service", "/etc/systemd/system/other.service")
    host.make_unit("forks", "Type=forking\nExecStart=/bin/sh -c 'sleep 98765 &'\nRestart=always\n")
    once = "Type=oneshot\nExecStart=/bin/true\n"
    host.make_unit("stays", f"{once}RemainAfterExit=yes\n")
    host.make_unit("goes", once)
    for unit in ("other", "forks", "stays"):
        assert host.call("start", unit=unit) == 0, host.reason
        assert host.monitor(unit=unit) == 0
        assert "pacemaker.service" in host.show(unit, "Before").split()
        assert host.call("stop") == 0, host.reason
        assert host.call("monitor", unit=unit) == 7
        assert host.show(unit, "ActiveState") == "inactive"
    assert host.call("start", unit="goes") == 1
    assert "RemainAfterExit=yes" in host.reason


def test_a_start_that_waits_for_its_turn_is_no_stopped_unit(host: Host) -> None:
    host.make_unit("first", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 3\n")
    unit = _UNIT.replace("[Service]", "After=first.service\n[Service]")
    host.write("/etc/systemd/system/second.service", unit.format(_SERVICE))
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "--no-block", "first", "second")
    assert host.show("second", "ActiveState") == "inactive"
    assert host.call("monitor", unit="second") == 0, host.reason
    assert host.call("stop", unit="second") == 0
    host.run("systemctl", "stop", "first")


def test_a_unit_that_hangs_in_activating_is_taken_back_in_time(host: Host) -> None:
    host.make_unit("rising", "Type=notify\nExecStart=/bin/sleep 98765\nTimeoutStartSec=infinity\n")
    assert host.call("start", timeout=5, unit="rising") == 1
    assert "stayed activating" in host.reason
    assert host.call("monitor", unit="rising") == 7
    host.run("systemctl", "start", "--no-block", "rising")
    assert host.call("monitor", timeout=4, unit="rising") == 1
    assert "stays activating" in host.reason
    assert host.call("stop", unit="rising") == 0
    assert host.call("monitor", unit="rising") == 7


def test_a_monitor_waits_for_what_is_about_to_be_active(host: Host) -> None:
    host.make_unit(
        "late", "Type=notify\nNotifyAccess=all\n"
        "ExecStart=/bin/sh -c 'sleep 1; systemd-notify --ready; exec sleep 98765'\n"
    )  # fmt: skip
    host.run("systemctl", "start", "--no-block", "late")
    assert host.monitor(unit="late") == 0, host.reason
    assert host.call("stop", unit="late") == 0


def test_a_unit_that_hangs_in_deactivating_is_killed(host: Host) -> None:
    host.make_unit(
        "sinking",
        "ExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 98765; done'\n"
        "TimeoutStopSec=infinity\n",
    )
    assert host.call("start", unit="sinking") == 0, host.reason
    assert host.call("stop", timeout=6, unit="sinking") == 0, host.reason
    assert host.call("monitor", unit="sinking") == 7
    assert host.run("pgrep", "-f", "sleep 98765", check=False).returncode == 1


@pytest.mark.parametrize("mode", ["process", "none", "mixed"])
def test_what_a_unit_spares_when_it_stops_is_ended_too(host: Host, mode: str) -> None:
    name = f"sparing-{mode}"
    host.make_unit(
        name,
        "ExecStart=/bin/sh -c 'trap \"\" TERM; sleep 98761 & exec sleep 98765'\n"
        f"ExecStop=/bin/true\nTimeoutStopSec=1\nKillMode={mode}\n",
    )
    for end in ("stop", "kill"):
        assert host.call("start", unit=name) == 0, host.reason
        if end == "kill":
            host.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", name)
            host.run("sh", "-c", f"while systemctl -q is-active {name}; do sleep 0.05; done")
            if mode != "mixed":  # which has systemd end the others
                for recurring in (0, _RECURRING):
                    assert host.call("monitor", interval=recurring, unit=name) == 1
                    assert "left behind" in host.reason
                assert host.call("start", unit=name) == 0, host.reason
                assert len(host.run("pgrep", "-f", "sleep 9876").stdout.split()) == 2
        assert host.call("stop", timeout=9, unit=name) == 0, host.reason
        assert host.run("pgrep", "-f", "sleep 9876", check=False).returncode == 1
        assert host.call("monitor", unit=name) == 7


def test_a_masked_unit_and_none_at_all_are_wrong_here_and_no_failure_of_a_probe(
    host: Host,
) -> None:
    host.make_unit("masked-one")
    host.run("rm", "/etc/systemd/system/masked-one.service")
    host.run("systemctl", "mask", "masked-one")
    for unit, code, why in (("masked-one", 2, "is masked"), ("nobodys", 5, "is no unit here")):
        for action in ("start", "validate-all"):
            assert host.call(action, level=10, unit=unit) == code
            assert why in host.reason
        assert host.call("monitor", unit=unit) == 7
        assert host.monitor(unit=unit) == 7
        assert host.call("stop", unit=unit) == 0
    assert host.call("validate-all", level=0, unit="nobodys") == 0


def test_a_unit_that_is_masked_while_it_runs_is_stopped(host: Host) -> None:
    host.make_unit("hidden")
    assert host.call("start", unit="hidden") == 0
    host.run("sh", "-c", "cd /etc/systemd/system && mv hidden.service /root/")
    host.run("systemctl", "mask", "hidden")
    assert host.monitor(unit="hidden") == 0
    assert host.call("stop") == 0
    assert host.show("hidden", "ActiveState") == "inactive"


def test_an_enabled_unit_is_warned_of(host: Host) -> None:
    host.make_unit("eager")
    host.run("systemctl", "enable", "eager")
    assert host.call("validate-all", level=10, unit="eager") == 0
    assert "systemctl disable eager.service" in host.reason
    assert host.call("start", unit="eager") == 0
    assert host.call("stop") == 0


def test_health_and_reload_go_with_a_unit_too(host: Host) -> None:
    host.make_unit("deep", _SERVICE + "ExecReload=/bin/touch /run/reloaded\n")
    it: dict[str, Any] = {"unit": "deep", "health": "file:///run/reloaded"}
    assert host.call("start", **it) == 0
    assert host.call("monitor", interval=_RECURRING, level=10, **it) == 1
    assert host.call("reload", **it) == 0, host.reason
    assert host.call("monitor", interval=_RECURRING, level=10, **it) == 0
    assert host.call("stop", **it) == 0


def test_what_goes_with_a_command_alone_is_refused(host: Host) -> None:
    refused: tuple[dict[str, Any], ...] = (
        {"args": "x"},
        {"pidfile": "/run/x"},
        {"ready": "notify"},
    )
    for more in refused:
        assert host.call("validate-all", unit="plain", **more) == 6
        assert "goes with command" in host.reason
    for unit in ("a b", "-x.service", "x@.service", "x/y.service"):
        assert host.call("validate-all", unit=unit) == 6
        assert ("is a template" if "@" in unit else "no name of a unit") in host.reason


def test_a_program_lives_in_a_scope_that_a_shutdown_stops_after_the_cluster(host: Host) -> None:
    script = "setsid sh -c 'sleep 98764 & sleep 98763' & exec sleep 98762"
    it: dict[str, Any] = {
        "command": "/bin/sh",
        "args": f'-c "{script}"',
        "pidfile": "/run/scoped.pid",
    }
    assert host.call("start", **it) == 0, host.reason
    scopes = host.run("systemctl", "list-units", "--plain", "--no-legend", "ocfpy-*.scope").stdout
    (scope,) = [line.split()[0] for line in scopes.splitlines()]
    assert "pacemaker.service" in host.show(scope, "Before").split()
    group = host.show(scope, "ControlGroup")
    assert len(host.run("cat", f"/sys/fs/cgroup{group}/cgroup.procs").stdout.split()) == 4
    assert host.monitor(**it) == 0
    assert host.call("stop") == 0, host.reason
    assert host.run("pgrep", "-f", "sleep 9876", check=False).returncode == 1
    assert host.run("systemctl", "is-active", scope, check=False).returncode != 0


def test_postgresql_under_its_own_unit(host: Host) -> None:
    version = host.run("sh", "-c", "ls /usr/lib/postgresql | tail -n 1").stdout.strip()
    assert version, "the package postgresql is not installed: make setup"
    host.run("pg_createcluster", version, "tested")
    it: dict[str, Any] = {
        "unit": f"postgresql@{version}-tested",
        "user": "postgres",
        "health": f"/usr/bin/psql -Atqc 'SELECT 1' --cluster {version}/tested postgres",
    }
    assert host.call("start", timeout=60, **it) == 0, host.reason
    assert host.call("monitor", interval=_RECURRING, level=10, **it) == 0, host.reason
    main = host.show(it["unit"], "MainPID")
    host.run("kill", "-KILL", main)
    host.run("sh", "-c", f"while systemctl -q is-active {it['unit']}; do sleep 0.05; done")
    assert host.monitor(**it) == 7
    assert host.call("start", timeout=60, **it) == 0, host.reason
    assert host.call("monitor", interval=_RECURRING, level=10, **it) == 0, host.reason
    assert host.call("stop", timeout=60) == 0, host.reason
    assert host.run("pgrep", "-f", "bin/postgres", check=False).returncode == 1


# It tells by itself what it has found: systemd signals the whole group, a child would die of that.
_ORDERLY_SCRIPT = """\
end() { read said </run/above; echo "$said" >/run/told; exit 0; }
trap end TERM
sleep infinity &
wait
"""
_ORDERLY = """\
ExecStart=/bin/sh /run/orderly.sh
Restart=always
"""
_CIB = """\
<cib><configuration><resources><group id="stack">
<primitive id="db" class="ocf" provider="ocfpy" type="Service">
<instance_attributes id="db-p"><nvpair id="db-u" name="unit" value="orderly.service"/>
</instance_attributes><operations>
<op id="db-m" name="monitor" interval="10s" timeout="20s"/>
<op id="db-s" name="stop" interval="0s" timeout="30s"/></operations></primitive>
<primitive id="above" class="ocf" provider="ocfpy" type="Service">
<instance_attributes id="above-p"><nvpair id="above-s" name="shell" value="true"/>
<nvpair id="above-c" name="command" value=
 "trap 'sleep 2; echo ended &gt;/run/above; exit' TERM; while :; do sleep 0.1; done"/>
</instance_attributes><operations>
<op id="above-st" name="stop" interval="0s" timeout="30s"/></operations></primitive>
</group></resources></configuration></cib>
"""


@pytest.mark.parametrize("also", ["", "orderly"])
def test_the_cluster_ends_what_it_runs_before_it_ends_itself(
    lab: Lab, host: Host, tmp_path: Path, also: str
) -> None:
    """A host's shutdown stops both at once, and systemd waits with the unit for the cluster."""
    host.write("/run/orderly.sh", _ORDERLY_SCRIPT)
    host.make_unit("orderly", _ORDERLY)
    host.write("/run/above", "lives\n")
    (tmp_path / "stack.xml").write_text(_CIB, encoding="ascii")
    lab.load(tmp_path / "stack.xml")
    lab.wait_for_place("above")
    began = time.monotonic()
    try:
        host.run("systemctl", "stop", *["pacemaker", also][: 2 if also else 1])
        took = time.monotonic() - began
        assert host.run("cat", "/run/told").stdout == "ended\n", "stopped before its user"
        assert host.show("orderly", "Result") == "success", "it was killed"
        assert host.show("orderly", "ActiveState") == "inactive"
        assert took < 15, "the unit and the cluster have waited for each other"
    finally:
        host.run("rm", "-f", "/run/told", "/run/above")
        lab.nodes[0].start_pacemaker()
        lab.await_online()
        host.run("pcs", "resource", "delete", "stack")
        settle(lab)
