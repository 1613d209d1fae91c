"""What becomes of each directive of ha.cf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.heartbeat.durations import read_milliseconds
from ocf_py.heartbeat.pair import KNOWN
from ocf_py.heartbeat.source import Unusable
from tests.unit.heartbeat.importing import Files, outcomes, resources

if TYPE_CHECKING:
    from pathlib import Path

# Heartbeat's own table of directives (hb_config.c of 1.2 to 3.0.6), and its media plugins.
_DOCUMENTED = """
node hopfudge keepalive deadtime deadping warntime initdead watchdog baud udpport logfacility
logfile debugfile debug nice_failback auto_failback stonith stonith_host respawn compression
compression_threshold traditional_compression rtprio hbgenmethod realtime normalpoll apiauth msgfmt
use_logd conn_logd_time log_badpack syslogmsgfmt use_apphbd coredumps coreroot crm pacemaker
autojoin uuidfrom env max_rexmit_delay record_config_changes record_pengine_inputs
enable_config_writes memreserve quorum_server cluster
bcast udp mcast mcast6 ucast ucast6 serial ppp-udp ping ping6 ping_group hbaping openais rds
"""


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_every_documented_directive_is_known_and_no_other() -> None:
    assert set(_DOCUMENTED.split()) == KNOWN


def test_every_line_that_says_something_is_accounted_for_once(files: Files) -> None:
    text = """\
    # a comment
    keepalive 2    # seconds

    deadtime 10
    warntime 5
    node n1 n2
    serial /dev/ttyS0
    watchdog /dev/watchdog
    auto_failback on
    sttonith_host * baytech 10.0.0.3 mylogin mysecret
    """
    assert outcomes(files.translate(text)) == [
        (2, "keepalive", "obsolete"),
        (4, "deadtime", "translated"),
        (5, "warntime", "translated"),
        (6, "node n1", "translated"),
        (6, "node n2", "translated"),
        (7, "serial", "open"),
        (8, "watchdog", "open"),
        (9, "auto_failback", "translated"),
        (10, "sttonith_host", "open"),
        (1, "IPaddr", "translated"),
    ]


def test_what_may_be_a_secret_is_repeated_nowhere(files: Files) -> None:
    done = files.translate(
        "node n1 n2\nstonith_host * baytech 10.0.0.3 mylogin mysecret\nfoo mysecret\n"
        "respawn root /bin/x --password mysecret\nenv PASSWORD=mysecret\n",
        authkeys="auth 1\n1 sha1 mysecret\n",
    )
    said = done.corosync_conf + done.cib + repr([entry.as_json() for entry in done.account.entries])
    assert "mysecret" not in said


def test_the_times_become_the_token_and_its_warning(files: Files) -> None:
    done = files.translate("node n1 n2\ndeadtime 10\nwarntime 2500ms\n")
    assert "token: 10000\n" in done.corosync_conf
    assert "token_warning: 25\n" in done.corosync_conf


def test_without_a_deadtime_it_is_heartbeats_own(files: Files) -> None:
    conf = files.translate().corosync_conf
    assert "token: 30000\n" in conf
    assert "token_warning" not in conf


@pytest.mark.parametrize(
    ("nodes", "has_two_node"), [("n1", False), ("n1 n2", True), ("n1 n2 n3", False)]
)
def test_two_nodes_wait_for_each_other_at_a_cold_start(
    files: Files, nodes: str, has_two_node: bool
) -> None:
    conf = files.translate(f"node {nodes}\n").corosync_conf
    assert ("two_node: 1" in conf, "wait_for_all: 1" in conf) == (has_two_node, has_two_node)
    assert conf.count("nodeid:") == len(nodes.split())


def test_each_path_becomes_a_link_where_the_addresses_are_given(files: Files) -> None:
    ha_cf = (
        "node n1 n2\nucast eth0 192.0.2.1\nucast eth0 192.0.2.2\nbcast eth1\n"
        "mcast eth2 225.0.0.1 694 1 0\nucast eth0 192.0.2.9\n"
    )
    addresses = ("n1=192.0.2.1,198.51.100.1", "n2=192.0.2.2,198.51.100.2")
    done = files.translate(ha_cf, "n1 192.0.2.10\n", None, *addresses)
    assert outcomes(done)[2:-1] == [
        (2, "ucast eth0", "translated"),
        (3, "ucast eth0", "translated"),
        (4, "bcast eth1", "translated"),
        (5, "mcast eth2", "open"),  # a third network, and two are given
        (6, "ucast eth0", "open"),  # nobody's
    ]
    for line in (
        "ring0_addr: 192.0.2.1",
        "ring1_addr: 198.51.100.1",
        "ring0_addr: 192.0.2.2",
        "ring1_addr: 198.51.100.2",
    ):
        assert f"        {line}\n" in done.corosync_conf


def test_without_addresses_every_path_is_open_and_the_names_stand_for_them(files: Files) -> None:
    done = files.translate("node n1 n2\nbcast eth0 eth1\nmcast6 eth2 ff02::1 694 1\n")
    assert [outcome for _, what, outcome in outcomes(done) if "cast" in what] == ["open"] * 3
    assert "ring0_addr: n1" in done.corosync_conf


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["n1"], "wants NODE=ADDRESS"),
        (["n3=192.0.2.1"], "wants NODE=ADDRESS"),
        (["n1=eth0"], "'eth0' is no IP address"),
        (["n1=192.0.2.1"], "none for n2"),
        (["n1=192.0.2.1", "n2=192.0.2.1"], "given twice"),
        (["n1=192.0.2.1,192.0.2.3", "n2=192.0.2.2"], "as many addresses"),
        ([f"n{n}=" + ",".join(f"192.0.{n}.{i}" for i in range(9)) for n in (1, 2)], "at most 8"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused(
    files: Files, given: list[str], problem: str
) -> None:
    with pytest.raises(Unusable, match=problem):
        files.translate("node n1 n2\n", "n1 192.0.2.10\n", None, *given)


@pytest.mark.parametrize(
    ("directive", "stickiness"),
    [
        ("auto_failback on", "0"),
        ("auto_failback off", "100"),
        ("auto_failback legacy", "0"),
        ("nice_failback on", "100"),
        ("nice_failback off", "0"),
        ("", "0"),
    ],
)
def test_whether_resources_go_back_is_their_stickiness(
    files: Files, directive: str, stickiness: str
) -> None:
    cib = files.translate(f"node n1 n2\n{directive}\n").cib
    assert f'name="resource-stickiness" value="{stickiness}"' in cib


def test_ipfail_becomes_a_ping_clone_that_the_groups_follow(files: Files) -> None:
    done = files.translate(
        "node n1 n2\nping 192.0.2.1\nping_group routers 192.0.2.2 192.0.2.3\ndeadping 15\n"
        "respawn hacluster /usr/lib/heartbeat/ipfail\n"
    )
    agent, parameters = resources(done)["ping"]
    assert agent == "ocf:pacemaker:ping"
    assert parameters["host_list"] == "192.0.2.1 192.0.2.2 192.0.2.3"
    assert parameters["dampen"] == "15s"
    assert 'score-attribute="pingd"' in done.cib


def test_without_ipfail_nothing_acts_on_ping_nodes_and_nothing_does_afterwards(
    files: Files,
) -> None:
    done = files.translate("node n1 n2\nping 192.0.2.1\ndeadping 15\n")
    assert (2, "ping", "obsolete") in outcomes(done)
    assert (3, "deadping", "obsolete") in outcomes(done)
    assert "ping" not in resources(done)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("logfacility none", ["to_syslog: no"]),
        ("logfacility local3", ["to_syslog: yes", "syslog_facility: local3"]),
        ("logfacility mail", ["syslog_facility: daemon"]),
        ("logfile /var/log/ha log", ["to_logfile: yes", "logfile: /var/log/ha log"]),
        ("debug 1", ["debug: on"]),
        ("debug 0", ["debug: off"]),
        ("cluster web", ["cluster_name: web"]),
    ],
)
def test_logging_and_names_are_taken_over(files: Files, text: str, lines: list[str]) -> None:
    conf = files.translate(f"node n1 n2\n{text}\n").corosync_conf
    for line in lines:
        assert f"    {line}\n" in conf


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("autojoin none", "translated"),
        ("autojoin any", "open"),
        ("crm no", "obsolete"),
        ("respawn root /usr/lib/heartbeat/dopd", "open"),
        ("respawn root /usr/lib/heartbeat/ccm", "obsolete"),
        ("respawn root /usr/local/bin/mine", "open"),
        ("quorum_server qs", "open"),
        ("logfacility mail", "open"),
    ],
)
def test_what_depends_on_the_value_is_told_by_it(files: Files, text: str, outcome: str) -> None:
    assert outcomes(files.translate(f"node n1 n2\n{text}\n"))[2][2] == outcome


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no `node` directive"),
        ("bcast eth0\n", "no `node` directive"),
        ("node n1\nnode n1\n", ":2: node n1 is named twice"),
        ("node\n", ":1: node wants a value"),
        ("node n1/../n2\n", ":1: 'n1/../n2' cannot be a node's name"),
        ("node n1 n2\ndeadtime\n", ":2: deadtime wants a value"),
        ("node n1 n2\ndeadtime ten\n", ":2: deadtime: 'ten' is no time"),
        ("node n1 n2\ndeadtime -1\n", ":2: deadtime: '-1' is no time"),
        ("node n1 n2\ndeadtime 0\n", ":2: deadtime 0 is no time to wait"),
        ("node n1 n2\nauto_failback perhaps\n", ":2: auto_failback perhaps: wants on or off"),
        ("node n1 n2\nucast eth0\n", ":2: ucast wants a device and"),
        ("node n1 n2\nbcast\n", ":2: bcast names no network device"),
        ("node n1 n2\nping_group g\n", ":2: ping_group names nobody"),
        ("node n1 n2\nrespawn root\n", ":2: respawn wants a user and a program"),
        ("node n1 n2\nlogfile log\n", ":2: logfile log: wants an absolute path"),
        ("node n1 n2\ncluster a{b\n", ":2: 'a{b' cannot be a cluster's name"),
        ("node n1 n2\ncrm yes\n", ":2: crm yes: this cluster was managed by a CIB"),
        ("node n1 n2\npacemaker respawn\n", ":2: pacemaker respawn: this cluster"),
        (b"node n1 n2\nlogfile /var/log/\xfc\n", ":2: holds a control character, or bytes"),
        (b"node n1 n2\ndebug \x1b[31m\n", ":2: holds a control character, or bytes"),
        (b"\x7fELF\0\0", "no text file"),
        (b"#" * ((1 << 20) + 1), "longer than 1 MiB"),
    ],
)
def test_what_heartbeat_could_not_have_used_is_named_with_its_line(
    files: Files, text: str | bytes, problem: str
) -> None:
    with pytest.raises(Unusable) as refused:
        files.translate(text)
    assert str(refused.value).startswith(str(files.ha_cf))
    assert problem in str(refused.value)


def test_old_comments_and_line_ends_do_no_harm(files: Files) -> None:
    done = files.translate(b"\xef\xbb\xbfnode n1 n2\r\n# f\xfcr die Stra\xdfe\r\ndeadtime 5\r\n")
    assert outcomes(done)[2] == (3, "deadtime", "translated")


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("10", 10_000), ("1.5", 1500), ("500ms", 500), ("2min", 120_000), ("1H", 3_600_000)],
)
def test_times_are_seconds_unless_a_unit_follows(text: str, milliseconds: int) -> None:
    assert read_milliseconds(text) == milliseconds
