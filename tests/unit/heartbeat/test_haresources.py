"""What becomes of each resource of haresources, and of the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.heartbeat.authkeys import make_authkey
from ocf_py.heartbeat.source import Unusable
from tests.unit.heartbeat.importing import HA_CF, HARESOURCES, Files, outcomes, resources

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize(
    ("word", "agent", "parameters"),
    [
        ("192.0.2.10", "ocf:ocfpy:IPaddr", {"ip": "192.0.2.10"}),
        ("IPaddr::192.0.2.10", "ocf:ocfpy:IPaddr", {"ip": "192.0.2.10"}),
        (
            "192.0.2.10/24/eth0/192.0.2.255",
            "ocf:ocfpy:IPaddr",
            {
                "ip": "192.0.2.10",
                "cidr_netmask": "24",
                "nic": "eth0",
                "broadcast": "192.0.2.255",
            },
        ),
        (
            "IPaddr2::192.0.2.10/24/192.0.2.255",
            "ocf:ocfpy:IPaddr",
            {"ip": "192.0.2.10", "cidr_netmask": "24", "broadcast": "192.0.2.255"},
        ),
        (
            "IPaddr::192.0.2.10/255.255.255.0/eth0:2",
            "ocf:ocfpy:IPaddr",
            {
                "ip": "192.0.2.10",
                "cidr_netmask": "255.255.255.0",
                "nic": "eth0",
                "iflabel": "2",
            },
        ),
        (
            "IPv6addr::2001:db8::10/64/eth0",
            "ocf:ocfpy:IPaddr",
            {"ip": "2001:db8::10", "cidr_netmask": "64", "nic": "eth0"},
        ),
        ("2001:db8::10/64", "ocf:ocfpy:IPaddr", {"ip": "2001:db8::10", "cidr_netmask": "64"}),
        (
            "Filesystem::/dev/sdb1::/data::ext4",
            "ocf:ocfpy:Filesystem",
            {"device": "/dev/sdb1", "directory": "/data", "fstype": "ext4"},
        ),
        (
            "Filesystem::server:/export::/data::nfs::ro,hard",
            "ocf:ocfpy:Filesystem",
            {
                "device": "server:/export",
                "directory": "/data",
                "fstype": "nfs",
                "options": "ro,hard",
            },
        ),
        ("httpd", "ocf:ocfpy:Service", {"unit": "httpd.service"}),
        ("drbddisk::r0", "ocf:linbit:drbd", {"drbd_resource": "r0"}),
        (
            "LVM::vg0",
            "ocf:heartbeat:LVM-activate",
            {"vgname": "vg0", "vg_access_mode": "system_id"},
        ),
        (
            "MailTo::root@example.org::Failover",
            "ocf:heartbeat:MailTo",
            {"email": "root@example.org", "subject": "Failover"},
        ),
        (
            "portblock::tcp::80::block",
            "ocf:heartbeat:portblock",
            {"protocol": "tcp", "portno": "80", "action": "block"},
        ),
    ],
)
def test_each_script_becomes_a_resource(
    files: Files, word: str, agent: str, parameters: dict[str, str]
) -> None:
    done = files.translate(HA_CF, f"n1 {word}\n")
    assert list(resources(done).values()) == [(agent, parameters)]
    assert done.account.open_entries == []


def test_init_scripts_may_stay_what_they_are(files: Files) -> None:
    done = files.translate(HA_CF, "n1 httpd\n", lsb=True)
    assert list(resources(done).values()) == [("lsb:httpd", {})]


def test_a_line_is_a_group_in_its_order_that_prefers_its_node(files: Files) -> None:
    done = files.translate(
        HA_CF,
        "n1 192.0.2.10 \\\n  Filesystem::/dev/sdb1::/data::ext4 \\\n  httpd\n"
        "n2 192.0.2.11 httpd\nn1 192.0.2.12\n",
    )
    cib = etree.fromstring(done.cib)
    assert {
        group.get("id"): [one.get("id") for one in group.iterfind("primitive")]
        for group in cib.iter("group")
    } == {
        "group_n1": ["ip_192.0.2.10", "fs_data", "service_httpd"],
        "group_n2": ["ip_192.0.2.11", "service_httpd_2"],
        "group_n1_2": ["ip_192.0.2.12"],
    }
    assert [(one.get("rsc"), one.get("node")) for one in cib.iter("rsc_location")] == [
        ("group_n1", "n1"),
        ("group_n2", "n2"),
        ("group_n1_2", "n1"),
    ]
    assert outcomes(done)[2:5] == [(1, what, "translated") for what in ("IPaddr", "Filesystem")] + [
        (1, "httpd", "translated")
    ]


def test_no_two_elements_share_an_id(files: Files) -> None:
    done = files.translate(
        HA_CF, "n1 192.0.2.10 drbddisk::r0 drbddisk::r-0 httpd\nn1 drbddisk::r0 192.0.2.10 httpd\n"
    )
    ids = [one.get("id") for one in etree.fromstring(done.cib).iter() if one.get("id")]
    assert len(ids) == len(set(ids))


def test_a_group_follows_where_its_drbd_is_promoted(files: Files) -> None:
    cib = etree.fromstring(
        files.translate(HA_CF, "n1 drbddisk::r0 Filesystem::/dev/drbd0::/data::ext4\n").cib
    )
    (colocation,) = cib.iter("rsc_colocation")
    (order,) = cib.iter("rsc_order")
    assert (colocation.get("rsc"), colocation.get("with-rsc-role")) == ("group_n1", "Promoted")
    assert (order.get("first-action"), order.get("then")) == ("promote", "group_n1")
    intervals = [one.get("interval") for one in cib.iterfind(".//clone//op[@name='monitor']")]
    assert len(set(intervals)) == 2


def test_a_drbd_alone_prefers_to_be_promoted_on_its_node(files: Files) -> None:
    cib = etree.fromstring(files.translate(HA_CF, "n2 drbddisk::r0\n").cib)
    assert list(cib.iter("group")) == []
    (location,) = cib.iter("rsc_location")
    assert (location.get("rsc"), location.get("node")) == ("drbd_r0-clone", "n2")
    assert location.get("role") == "Promoted"


@pytest.mark.parametrize("word", ["SendArp::192.0.2.1/eth0", "mine::argument", "ServeRAID::1::1"])
def test_a_group_that_lacks_a_resource_stays_stopped_until_somebody_has_decided(
    files: Files, word: str
) -> None:
    done = files.translate(HA_CF, f"n1 192.0.2.10 {word} httpd\n")
    (entry,) = done.account.open_entries
    assert entry.what == word.partition("::")[0]
    meta = etree.fromstring(done.cib).find(".//group/meta_attributes/nvpair")
    assert meta is not None
    assert (meta.get("name"), meta.get("value")) == ("target-role", "Stopped")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ": no line names a resource"),
        ("# nothing\n", ": no line names a resource"),
        ("n3 192.0.2.10\n", ":1: 'n3' is no node of ha.cf, which has n1, n2"),
        ("\nn1\n", ":2: nothing is said to run on n1"),
        ("n1 IPaddr\n", ":1: IPaddr wants an argument"),
        ("n1 IPaddr::\n", ":1: IPaddr wants an argument"),
        ("n1 IPaddr::192.0.2.300\n", ":1: IPaddr: '192.0.2.300' does not"),
        ("n1 192.0.2.10/99\n", ":1: IPaddr: '192.0.2.10/99' does not"),
        ("n1 192.0.2.10/24/eth0/eth1\n", ":1: IPaddr: 'eth1' in"),
        ("n1 Filesystem::/dev/sdb1::/data\n", ":1: Filesystem names no fstype"),
        ("n1 Filesystem::/dev/sdb1\n", ":1: Filesystem names no directory"),
        ("n1 Filesystem::a::b::c::d::e\n", ":1: Filesystem takes DEVICE"),
        ("n1 drbddisk\n", ":1: drbddisk wants an argument"),
        ("n1 MailTo::a::b::c\n", ":1: MailTo takes email::subject"),
        ("n1 ht/../tpd\n", ":1: 'ht/../tpd' cannot be the name of a script"),
        ("n1 ::x\n", ":1: '::x' names no script"),
    ],
)
def test_what_heartbeat_could_not_have_used_is_named_with_its_line(
    files: Files, text: str, problem: str
) -> None:
    with pytest.raises(Unusable) as refused:
        files.translate(HA_CF, text)
    assert str(refused.value).startswith(str(files.haresources) + problem)


def test_a_key_is_not_reused_and_its_line_accounted_for(files: Files) -> None:
    done = files.translate(HA_CF, HARESOURCES, "auth 2\n1 crc\n2 sha1 some key\n")
    assert outcomes(done)[-3:] == [
        (1, "auth", "translated"),
        (2, "1 crc", "obsolete"),
        (3, "2 sha1", "obsolete"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("auth\n", ":1: wants one line `auth NUMBER`"),
        ("auth 1\nauth 2\n1 crc\n", ":2: wants one line `auth NUMBER`"),
        ("auth 1\n1 rot13 key\n", ":2: wants NUMBER and crc, md5, sha1"),
        ("auth 1\nkey\n", ":2: wants NUMBER and crc, md5, sha1"),
        ("auth 3\n1 crc\n", ": `auth` names no key"),
        ("", ": `auth` names no key"),
        ("1 crc\n", ": `auth` names no key"),
    ],
)
def test_keys_that_heartbeat_could_not_have_used_are_refused_without_the_key(
    files: Files, text: str, problem: str
) -> None:
    with pytest.raises(Unusable) as refused:
        files.translate(HA_CF, HARESOURCES, text)
    assert str(refused.value).startswith(str(files.authkeys) + problem)
    assert "rot13" not in str(refused.value)


def test_each_new_key_is_another_and_long_enough_for_corosync() -> None:
    assert len(make_authkey()) >= 128
    assert make_authkey() != make_authkey()
