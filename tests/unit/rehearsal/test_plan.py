"""Somebody's CIB is made fit for the lab, sorted, and put beside its counterparts."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.lab.vm.drbd_pair import LINBIT_HANDLERS, OUR_HANDLERS
from ocf_py.rehearsal.asking import find_doors
from ocf_py.rehearsal.faults import FAULTS
from ocf_py.rehearsal.mirrored_disks import find_pair
from ocf_py.rehearsal.planning import count_nodes, load, plan, plan_all
from ocf_py.rehearsal.preparation import ALERT
from ocf_py.rehearsal.record import STAYS, Expectation
from ocf_py.toolkit.errors import UnusableInput

if TYPE_CHECKING:
    from typing import Any

    from lxml import etree

    from ocf_py.lab.lab import Lab

EXAMPLES = Path(__file__).parents[3] / "examples/cib"
_IP = """<primitive id="{id}" class="ocf" provider="heartbeat" type="IPaddr2">
<instance_attributes id="{id}-a"><nvpair id="{id}-ip" name="ip" value="{ip}"/>
<nvpair id="{id}-nic" name="nic" value="bond0"/></instance_attributes></primitive>"""
_DISK = """<primitive id="{id}" class="ocf" provider="heartbeat" type="Filesystem">
<instance_attributes id="{id}-a"><nvpair id="{id}-d" name="device" value="{device}"/>
<nvpair id="{id}-p" name="directory" value="/srv/{id}"/></instance_attributes></primitive>"""


def _mirrored(name: str) -> str:
    return (
        f'<clone id="{name}-clone"><meta_attributes id="{name}-m"><nvpair id="{name}-p" '
        'name="promotable" value="true"/></meta_attributes>'
        f'<primitive id="{name}" class="ocf" provider="ocfpy" type="Drbd">'
        f'<instance_attributes id="{name}-a"><nvpair id="{name}-r" name="drbd_resource" '
        f'value="{name}"/></instance_attributes></primitive></clone>'
    )


def write(folder: Path, resources: str, *, nodes: str = "", constraints: str = "") -> Path:
    file = folder / "cib.xml"
    file.write_text(
        f"<configuration><crm_config/><nodes>{nodes}</nodes><resources>{resources}</resources>"
        f"<constraints>{constraints}</constraints></configuration>"
    )
    return file


def stop(primitive: str) -> str:
    """The same, not to run."""
    return primitive.replace(
        "</primitive>",
        '<meta_attributes id="m"><nvpair id="r" name="target-role" value="Stopped"/>'
        "</meta_attributes></primitive>",
    )


def values(configuration: etree._Element, name: str) -> list[str | None]:
    return [pair.get("value") for pair in configuration.iterfind(f".//nvpair[@name='{name}']")]


def test_addresses_and_interfaces_become_the_labs(tmp_path: Path) -> None:
    made = plan(
        write(tmp_path, _IP.format(id="a", ip="192.0.2.10") + _IP.format(id="b", ip="10.77.2.9")), 2
    )
    assert values(made.sides["ocfpy"], "ip") == ["10.77.2.150", "10.77.2.9"]
    assert values(made.sides["ocfpy"], "nic") == ["eth2", "bond0"]
    assert made.notes == ["a: 192.0.2.10 is 10.77.2.150 on eth2 here"]
    assert [one.get("ip") for one in made.stage.addresses] == ["10.77.2.150", "10.77.2.9"]


def test_an_address_is_replaced_wherever_it_is_a_word(tmp_path: Path) -> None:
    words = {
        "args": "--bind 192.0.2.1 --peer 192.0.2.11 --not 2192.0.2.1",
        "ready": "tcp://192.0.2.1:6379",
        "health": "http://192.0.2.1.example.com/",
        "environment": "A=192.0.2.1,192.0.2.11/24",
    }
    program = '<primitive id="p" class="ocf" provider="ocfpy" type="Service"><instance_attributes '
    program += 'id="p-a">' + "".join(
        f'<nvpair id="p-{name}" name="{name}" value="{value}"/>' for name, value in words.items()
    )
    addresses = _IP.format(id="a", ip="192.0.2.1") + _IP.format(id="b", ip="192.0.2.11")
    file = write(tmp_path, f"{addresses}{program}</instance_attributes></primitive>")
    fitted = plan(file, 2).sides["ocfpy"]
    assert {name: values(fitted, name) for name in words} == {
        "args": ["--bind 10.77.2.150 --peer 10.77.2.151 --not 2192.0.2.1"],
        "ready": ["tcp://10.77.2.150:6379"],
        "health": ["http://192.0.2.1.example.com/"],
        "environment": ["A=10.77.2.150,10.77.2.151/24"],
    }


def test_addresses_of_ipv6_become_the_labs_however_the_file_writes_them(tmp_path: Path) -> None:
    words = {
        "args": "-b 2001:DB8:0::5 -c 2001:db8::5 -d 2001:DB8:0::5:1 -e 2001:DB8:0::50 -f ::5",
        "ready": "tcp://[2001:DB8:0::5]:6379",
        "cidr_netmask": "48",
    }
    given = "".join(
        f'<nvpair id="a-{name}" name="{name}" value="{value}"/>' for name, value in words.items()
    )
    first = _IP.format(id="a", ip="2001:DB8:0::5").replace("</inst", f"{given}</inst")
    others = {"b": "2001:db8::50", "c": "2001:db8:0:0::5", "d": "fd77:0:0:2::151"}
    more = "".join(_IP.format(id=name, ip=ip) for name, ip in others.items())
    made = plan(write(tmp_path, first + more), 2)
    fitted = made.sides["ocfpy"]
    here = [f"fd77:0:0:2::{host}" for host in ("150", "152", "150", "151")]
    assert values(fitted, "ip") == here
    assert values(fitted, "nic") == ["eth2", "eth2", "eth2", "bond0"]
    assert {name: values(fitted, name) for name in words} == {
        "args": [
            "-b fd77:0:0:2::150 -c fd77:0:0:2::150 -d 2001:DB8:0::5:1 -e fd77:0:0:2::152 -f ::5"
        ],
        "ready": ["tcp://[fd77:0:0:2::150]:6379"],
        "cidr_netmask": ["64"],
    }
    assert made.notes[0] == "a: 2001:DB8:0::5 is fd77:0:0:2::150 on eth2 here"


def test_an_address_that_the_lab_gives_is_no_other_ones(tmp_path: Path) -> None:
    addresses = _IP.format(id="a", ip="192.0.2.1") + _IP.format(id="b", ip="10.77.2.150")
    fitted = plan(write(tmp_path, addresses), 2).sides["ocfpy"]
    assert values(fitted, "ip") == ["10.77.2.151", "10.77.2.150"]


def test_what_is_made_of_a_template_becomes_the_labs_too(tmp_path: Path) -> None:
    template = (
        '<template id="t" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes '
        'id="t-a"><nvpair id="t-n" name="nic" value="bond0"/></instance_attributes></template>'
    )
    address = _IP.format(id="a", ip="192.0.2.1").replace(
        'class="ocf" provider="heartbeat" type="IPaddr2"', 'template="t"'
    )
    fitted = plan(write(tmp_path, template + address), 2).sides["ocfpy"]
    assert values(fitted, "ip") == ["10.77.2.150"]
    assert values(fitted, "nic") == ["bond0", "eth2"]


@pytest.mark.parametrize(
    ("ip", "prefix", "said"),
    [
        ("192.0.2", "24", "ip='192.0.2' is not an IP address: give"),
        ("", "24", "it has no ip"),
        ("2001:db8::1/64", "64", "the prefix length does not belong here"),
        ("fe80::1%eth0", "64", "the zone does not belong here"),
        ("2001:db8::1", "200", "cidr_netmask='200' is no prefix length from 0 to 128"),
        ("2001:db8::1", "0", "is the whole internet"),
        ("ff02::1", "64", "no address that moves"),
    ],
)
def test_what_the_agent_would_refuse_is_not_made_right_by_the_lab(
    tmp_path: Path, ip: str, prefix: str, said: str
) -> None:
    address = _IP.format(id="a", ip=ip).replace(
        'provider="heartbeat" type="IPaddr2"', 'provider="ocfpy" type="IPaddr"'
    )
    address = address.replace(
        "</instance_attributes>",
        f'<nvpair id="a-p" name="cidr_netmask" value="{prefix}"/></instance_attributes>',
    )
    with pytest.raises(UnsuitableLabError, match=f"a: .*{re.escape(said)}"):
        plan(write(tmp_path, address), 2)


@pytest.mark.parametrize(
    ("ip", "words"),
    [
        ("2001:db8::1", {"broadcast": "2001:db8::ff"}),
        ("192.0.2.1", {"nic": "eth0:"}),
        ("192.0.2.1", {"table": "a table", "proto": "zebra"}),
    ],
)
def test_what_another_agent_takes_is_its_matter(
    tmp_path: Path, ip: str, words: dict[str, str]
) -> None:
    pairs = "".join(f'<nvpair id="{n}" name="{n}" value="{v}"/>' for n, v in words.items())
    address = _IP.format(id="a", ip=ip).replace("</inst", f"{pairs}</inst")
    assert plan(write(tmp_path, address), 2).stage.addresses


@pytest.mark.parametrize(
    "ip", ["2001:db8::192.0.2.5", "2001:db8:1:2:3:4:5::", "::2:3:4:5:6:7:8", "2001:DB8:0:0:0:0:0:9"]
)
def test_every_spelling_is_replaced(tmp_path: Path, ip: str) -> None:
    words = f'<nvpair id="a-x" name="args" value="--bind [{ip}]:80 and 2 192.0.2.5"/></inst'
    address = _IP.format(id="a", ip=ip).replace("</inst", words)
    fitted = plan(write(tmp_path, address), 2).sides["ocfpy"]
    assert values(fitted, "ip") == ["fd77:0:0:2::150"]
    assert values(fitted, "args") == ["--bind [fd77:0:0:2::150]:80 and 2 192.0.2.5"]


def test_what_is_not_to_run_may_be_wrong(tmp_path: Path) -> None:
    idle = stop(_IP.format(id="a", ip="nonsense"))
    made = plan(write(tmp_path, idle + _IP.format(id="b", ip="10.77.2.9")), 2)
    assert [one.id for one in made.stage.addresses] == ["b"]


@pytest.mark.parametrize("ip", ["10.77.2.254", "10.77.2.11", "FD77:0:0:2:0::254", "fd77:0:0:2::11"])
def test_what_is_the_labs_own_is_nobody_elses(tmp_path: Path, ip: str) -> None:
    made = plan(write(tmp_path, _IP.format(id="a", ip=ip)), 2)
    assert values(made.sides["ocfpy"], "ip") in (["10.77.2.150"], ["fd77:0:0:2::150"])


def test_nodes_become_the_labs_in_constraints_too(tmp_path: Path) -> None:
    nodes = '<node id="1" uname="alpha"/><node id="2" uname="beta"/>'
    location = '<rsc_location id="l" rsc="a" node="beta" score="1"/>'
    file = write(tmp_path, _IP.format(id="a", ip="10.77.2.9"), nodes=nodes, constraints=location)
    made = plan(file, 2)
    found = made.sides["ocfpy"].find("constraints/rsc_location")
    assert found is not None
    assert found.get("node") == "n2"
    assert made.notes == ["node alpha is n1 here", "node beta is n2 here"]


def test_what_the_nodes_have_is_of_the_labs_nodes(tmp_path: Path) -> None:
    nodes = "".join(
        f'<node id="{one}" uname="{name}"><instance_attributes id="nodes-{one}">'
        f'<nvpair id="site-{one}" name="site" value="{name}"/>'
        f'<nvpair id="standby-{one}" name="standby" value="{standby}"/></instance_attributes>'
        f'<utilization id="u-{one}"><nvpair id="m-{one}" name="memory" value="{one}"/>'
        "</utilization></node>"
        for one, name, standby in ((7, "alpha", "on"), (8, "beta", "off"))
    )
    location = (
        '<rsc_location id="l" rsc="a"><rule id="r" score="1">'
        '<expression id="e" attribute="site" operation="eq" value="alpha"/>'
        '<expression id="f" attribute="#uname" operation="eq" value="alpha"/></rule></rsc_location>'
    )
    file = write(tmp_path, _IP.format(id="a", ip="10.77.2.9"), nodes=nodes, constraints=location)
    made = plan(file, 2)
    fitted = made.sides["ocfpy"]
    assert [one.get("uname") for one in fitted.findall("nodes/node")] == ["n1", "n2"]
    assert values(fitted, "memory") == ["7", "8"]
    assert values(fitted, "site") == ["alpha", "beta"]
    assert values(fitted, "standby") == ["off"]
    assert [one.get("value") for one in fitted.iter("expression")] == ["alpha", "n1"]
    assert made.notes[0] == "node alpha: not on standby here"


@pytest.mark.parametrize("name", ["cli-prefer-a", "cli-ban-a-on-n1", "cli-standby-a"])
def test_what_a_move_by_hand_has_left_is_left_out_aloud(tmp_path: Path, name: str) -> None:
    locations = "".join(
        f'<rsc_location id="{one}" rsc="a" node="n2" score="INFINITY"/>' for one in (name, "own")
    )
    made = plan(write(tmp_path, _IP.format(id="a", ip="10.77.2.9"), constraints=locations), 2)
    left = made.sides["ocfpy"].iter("rsc_location")
    assert [one.get("id") for one in left] == ["own"]
    (line,) = made.notes
    assert line.startswith(f"constraint {name}: left out: a move or a ban by hand; ")
    assert line.endswith("in the real cluster it holds until `crm_resource --clear`")


def test_alerts_are_left_out_aloud(tmp_path: Path) -> None:
    file = write(tmp_path, _IP.format(id="a", ip="10.77.2.9"))
    alerts = '<alerts><alert id="mail" path="/usr/local/bin/mail.sh"/></alerts></configuration>'
    file.write_text(file.read_text().replace("</configuration>", alerts))
    made = plan(file, 2)
    (alert,) = made.sides["ocfpy"].iter("alert")
    assert alert.get("path") == ALERT
    assert made.notes == ["alert mail: left out: only the rehearsal's own tells here"]


def test_more_nodes_than_the_lab_has_are_refused(tmp_path: Path) -> None:
    nodes = "".join(f'<node id="{one}" uname="m{one}"/>' for one in range(3))
    file = write(tmp_path, _IP.format(id="a", ip="10.77.2.9"), nodes=nodes)
    assert count_nodes(file) == 3
    with pytest.raises(UnsuitableLabError, match="--nodes 3"):
        plan(file, 2)


def test_a_cib_of_more_nodes_than_any_lab_has_is_left_out_beside_others(tmp_path: Path) -> None:
    nodes = "".join(f'<node id="{one}" uname="m{one}"/>' for one in range(20))
    file = write(tmp_path, _IP.format(id="a", ip="10.77.2.9"), nodes=nodes)
    _, (left,) = plan_all([EXAMPLES / "address.xml", file], None)
    assert left.reason == "a lab has 1 to 16 nodes, not 20"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (
            '<primitive id="r" class="ocf" provider="pacemaker" type="remote">{}</primitive>',
            "r: the lab has no remote nodes",
        ),
        (
            (
                '<primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">'
                '<meta_attributes id="vm-m"><nvpair id="vm-r" name="remote-node" value="g"/>'
                "</meta_attributes>{}</primitive>"
            ),
            "vm: the lab has no remote nodes",
        ),
        (
            (
                '<bundle id="b"><podman image="i"/><primitive id="in" class="ocf" provider="x" '
                'type="y">{}</primitive></bundle>'
            ),
            "b: the lab has no containers",
        ),
    ],
)
def test_a_resource_that_is_a_host_is_refused_unless_nobody_runs_it(
    tmp_path: Path, host: str, said: str
) -> None:
    address = _IP.format(id="a", ip="10.77.2.9")
    remote = '<node id="r" uname="r" type="remote"/>'
    nodes = '<node id="1" uname="x"/><node id="2" uname="y"/>' + remote
    with pytest.raises(UnsuitableLabError, match=said):
        plan(write(tmp_path, host.format("") + address, nodes=nodes), 2)
    stopped = (
        '<meta_attributes id="m"><nvpair id="s" name="target-role" value="Stopped"/>'
        "</meta_attributes>"
    )
    file = write(tmp_path, host.format(stopped) + address, nodes=nodes)
    assert count_nodes(file) == 2
    assert [part.id for part in plan(file, 2).stage.parts] == ["a"]


@pytest.mark.parametrize(
    ("resources", "constraints", "number"),
    [
        (_IP.format(id="n9", ip="10.77.2.9"), '<rsc_location id="l" rsc="n9" node="n1"/>', 2),
        ("", '<rsc_location id="l" rsc="a" node="n3"/>', 3),
        (
            "",
            (
                '<rsc_location id="l" rsc="a"><rule id="n8" score="1"><expression id="n7" '
                'attribute="#uname" operation="eq" value="n4"/><expression id="e" '
                'attribute="rack" operation="eq" value="n6"/></rule></rsc_location>'
            ),
            4,
        ),
        (
            (
                '<primitive id="m" class="ocf" provider="ocfpy" type="MirrorSync">'
                '<instance_attributes id="a">'
                '<nvpair id="b" name="address" value="n1=10.77.2.11 n5=10.77.2.15"/>'
                '<nvpair id="c" name="secrets_file" value="n9"/></instance_attributes></primitive>'
            ),
            "",
            5,
        ),
    ],
)
def test_only_what_names_a_node_counts_as_one(
    tmp_path: Path, resources: str, constraints: str, number: int
) -> None:
    assert count_nodes(write(tmp_path, resources, constraints=constraints)) == number


@pytest.mark.parametrize(
    ("example", "number"), [("n-plus-one", 3), ("hot-standby", 2), ("utilization", 2)]
)
def test_the_examples_have_the_nodes_that_they_name(example: str, number: int) -> None:
    assert count_nodes(EXAMPLES / f"{example}.xml") == number


def test_what_names_a_node_that_the_lab_has_not_is_told() -> None:
    line = "node n3: not in the lab, so what names it counts for nothing"
    assert plan(EXAMPLES / "n-plus-one.xml", 2).notes.count(line) == 1
    assert line not in plan(EXAMPLES / "n-plus-one.xml", 3).notes


def test_a_disk_becomes_the_labs_and_a_second_one_is_refused(tmp_path: Path) -> None:
    one = _DISK.format(id="a", device="/dev/mapper/x")
    made = plan(write(tmp_path, one), 2)
    assert values(made.sides["ocfpy"], "device") == ["/dev/sda"]
    with pytest.raises(UnsuitableLabError, match="one shared disk"):
        plan(write(tmp_path, one + _DISK.format(id="b", device="/dev/mapper/y")), 2)


@pytest.mark.parametrize(
    ("ip", "network"), [("192.0.2.{}", "10.77.2.0/24"), ("2001:db8::{}", "fd77:0:0:2::/64")]
)
def test_an_address_that_the_lab_has_no_place_for_is_refused(
    tmp_path: Path, ip: str, network: str
) -> None:
    many = "".join(_IP.format(id=f"a{one}", ip=ip.format(one)) for one in range(101))
    with pytest.raises(UnsuitableLabError) as raised:
        plan(write(tmp_path, many), 2)
    assert str(raised.value) == (
        f"a100: the lab has no place for {ip.format(100)}; "
        f"give it an address of {network} for the rehearsal"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no XML"),
        (b"\x7fELF\x00", "no XML"),
        (b"<html/>", "no part of a Pacemaker configuration"),
        (b'<primitive id="a" class="ocf" provider="ocfpy" type="Dummy"/>', "a part of a CIB"),
        (b"<configuration><resources/></configuration>", "there is no resource in it"),
    ],
)
def test_what_is_no_cib_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "cib.xml"
    file.write_bytes(content)
    with pytest.raises(UnusableInput, match=said):
        plan(file, count_nodes(file))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="No such file"):
        plan(tmp_path / "nowhere.xml", count_nodes(tmp_path / "nowhere.xml"))


def test_the_counterparts_take_the_parameters_that_they_have() -> None:
    made = plan(EXAMPLES / "database.xml", 2, peer=True)
    peers = made.sides["peer"]
    agents = [(one.get("provider"), one.get("type")) for one in peers.iter("primitive")]
    assert agents == [
        ("heartbeat", "Filesystem"),
        ("heartbeat", "IPaddr2"),
        ("heartbeat", "anything"),
    ]
    assert values(peers, "binfile") == ["/usr/lib/postgresql/15/bin/postgres"]
    assert values(peers, "ready") == []
    assert (
        "postgres: ocf:heartbeat:anything in the peers' place, without ready, health, stop_signals"
    ) in made.notes
    assert values(made.sides["ocfpy"], "ready") == [
        "/usr/lib/postgresql/15/bin/pg_isready -h 127.0.0.1"
    ]


def test_a_mirror_has_no_counterpart() -> None:
    with pytest.raises(UnsuitableLabError, match="MirrorSync has no counterpart"):
        plan(EXAMPLES / "hot-standby.xml", 2, peer=True)


def test_what_nobody_runs_needs_no_counterpart(tmp_path: Path) -> None:
    stopped = (
        '<primitive id="m" class="ocf" provider="ocfpy" type="MirrorSync"><meta_attributes id="s">'
        '<nvpair id="r" name="target-role" value="Stopped"/></meta_attributes></primitive>'
    )
    ours = (
        _IP.format(id="a", ip="10.77.2.9")
        .replace("heartbeat", "ocfpy")
        .replace("IPaddr2", "IPaddr")
    )
    made = plan(write(tmp_path, stopped + ours), 2, peer=True)
    assert sorted(made.sides) == ["ocfpy", "peer"]


def test_what_is_not_ours_is_not_compared_with_itself(tmp_path: Path) -> None:
    with pytest.raises(UnsuitableLabError, match="nothing to be compared"):
        plan(write(tmp_path, _IP.format(id="a", ip="10.77.2.9")), 2, peer=True)


def test_faults_that_cannot_befall_a_cib_say_why() -> None:
    address = plan(EXAMPLES / "address.xml", 2).stage
    against = {name: fault().reason_against(address) for name, fault in FAULTS.items()}
    assert {name for name, reason in against.items() if reason} == {
        "application-killed",
        "application-hung",
        "disk-full",
        "disk-read-only",
        "filesystem-frozen",
        "mirror-cut",
    }
    pair = plan(EXAMPLES / "active-active.xml", 2).stage
    assert "no monitor asks the application (web-server, cache-server)" in (
        FAULTS["application-hung"]().reason_against(pair)
    )


def test_a_cib_that_no_lab_has_is_left_out_beside_others_and_refused_alone(tmp_path: Path) -> None:
    refused = write(tmp_path, "".join(_DISK.format(id=one, device=f"/dev/{one}") for one in "ab"))
    cibs = [EXAMPLES / "address.xml", refused, EXAMPLES / "n-plus-one.xml"]
    plans, left = plan_all(cibs, None)
    assert [(one.name, one.stage.nodes) for one in plans] == [
        ("address.xml", 2),
        ("n-plus-one.xml", 3),
    ]
    (one,) = left
    assert (one.cib, one.fault) == ("cib.xml", "all")
    assert one.reason.startswith("b: /dev/b: the lab has one shared disk")
    for alone in ([refused], [refused, refused]):
        with pytest.raises(UnsuitableLabError, match="one shared disk"):
            plan_all(alone, None)


def test_a_file_may_have_a_name_of_any_bytes(tmp_path: Path) -> None:
    file = write(tmp_path, _IP.format(id="vip", ip="10.77.2.100"))
    named = file.rename(tmp_path / "a\udcff.xml")
    assert plan(named, count_nodes(named)).name == "a\udcff.xml"


def test_cibs_of_the_same_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, _IP.format(id="vip", ip="10.77.2.100"))
    cibs = [EXAMPLES / "dummy.xml", *sorted(tmp_path.glob("*/*.xml"))]
    plans, _ = plan_all(cibs, None)
    names = ["dummy.xml", *map(str, cibs[1:])]
    assert [(one.name, one.stage.name) for one in plans] == list(zip(names, names))


def test_a_mirrored_disk_is_played_on_guests_and_all_of_it_takes_longer() -> None:
    stage, database = (
        plan(EXAMPLES / name, 2).stage for name in ("block-mirror.xml", "database.xml")
    )
    assert (stage.needs_guests, database.needs_guests) == (True, False)
    assert (stage.pace, database.pace) == (4.0, 1.0)
    bound = Expectation(STAYS, 2.0, dwell=5.0)
    assert bound.at_pace(stage.pace) == Expectation(STAYS, 8.0, dwell=20.0)


@pytest.mark.parametrize(
    ("resources", "nodes", "said"),
    [
        (
            "".join(map(_mirrored, "ab")) + _DISK.format(id="f", device="/dev/drbd1"),
            3,
            "mirrors between 2 nodes",
        ),
        ("".join(map(_mirrored, "abc")), 2, "c: a guest of the lab has 2 disks of its own"),
        (
            _mirrored("a") + _DISK.format(id="f", device="/dev/drbd/by-res/a/0"),
            2,
            "f: /dev/drbd/by-res/a/0: beside DRBD the lab has devices of DRBD alone",
        ),
        (_mirrored("a") + _DISK.format(id="f", device="/dev/sdb"), 2, "f: /dev/sda: beside DRBD"),
        (
            _mirrored("a")
            + "".join(_DISK.format(id=f"f{n}", device=f"/dev/drbd{n}") for n in "01"),
            2,
            "/dev/drbd1: a resource has one volume in the lab, and there are 2 devices",
        ),
        (
            _mirrored("a") + _mirrored("b").replace('"b"/></inst', '"a"/></inst'),
            2,
            "a is another's",
        ),
        (
            _mirrored("a") + '<primitive id="u" class="systemd" type="cron"/>',
            2,
            "a unit needs systemd",
        ),
    ],
)
def test_what_guests_have_not_is_refused(
    tmp_path: Path, resources: str, nodes: int, said: str
) -> None:
    with pytest.raises(UnsuitableLabError, match=said):
        plan(write(tmp_path, resources), nodes)


def test_the_first_file_system_on_a_mirror_is_on_the_first_of_the_mirrors(tmp_path: Path) -> None:
    file = write(
        tmp_path, "".join(map(_mirrored, "ab")) + _DISK.format(id="f", device="/dev/drbd1")
    )
    stage, lab = plan(file, 2).stage, cast("Lab", types.SimpleNamespace())
    first = find_pair(lab, stage, "/dev/drbd1")
    other = find_pair(lab, stage, "/dev/drbd0")
    assert first is not None
    assert other is not None
    assert (first.name, first.backing, first.minor) == ("a", ("/dev/vdb",), 1)
    assert (other.name, other.backing, other.minor) == ("b", ("/dev/vdc",), 0)
    assert find_pair(lab, stage, "/dev/sda") is None


@pytest.mark.parametrize(
    ("agent", "handlers"),
    [
        ('provider="ocfpy" type="Drbd"', OUR_HANDLERS),
        ('provider="linbit" type="drbd"', LINBIT_HANDLERS),
    ],
)
def test_each_agent_has_the_handlers_that_go_with_it(
    tmp_path: Path, agent: str, handlers: dict[str, str]
) -> None:
    file = write(tmp_path, _mirrored("a").replace('provider="ocfpy" type="Drbd"', agent))
    found = find_pair(cast("Lab", types.SimpleNamespace()), plan(file, 2).stage, "/dev/drbd0")
    assert found is not None
    assert found.handlers == handlers


def test_what_the_cib_says_of_fencing_and_of_keeping_apart_is_read() -> None:
    with_delay, without = (
        plan(EXAMPLES / name, 2).stage for name in ("priority-fencing.xml", "active-active.xml")
    )
    assert with_delay.loss == without.loss + 15
    assert (with_delay.keeps_apart, without.keeps_apart) == (True, False)


def test_the_same_clients_ask_the_same_of_both_sides() -> None:
    made = plan(EXAMPLES / "web-server.xml", 2, peer=True)
    doors = find_doors(made.stage)
    assert [(one.address, one.port) for one in doors] == [("10.77.2.100", 80)]
    assert find_doors(made.stage_of("peer")) == doors


@pytest.mark.parametrize(
    ("check", "asked"),
    [
        ("tcp://[FD77:0:0:2:0::9]:99", "server at [fd77:0:0:2::9]:99"),
        ("http://10.77.2.9/health", "server at 10.77.2.9:80"),
        ("tcp://127.0.0.1:99", "server at 10.77.2.9:99"),
        ("tcp://localhost:99", "server at 10.77.2.9:99"),
        ("tcp://10.77.2.7:99", "server at 10.77.2.9:99"),
        (
            'tcp://127.0.0.1:99"/><nvpair id="h" name="health" value="http://[fd77:0:0:2::9]:8/x',
            "server at [fd77:0:0:2::9]:8",
        ),
    ],
)
def test_a_program_is_asked_where_it_says_if_that_goes_with_it(
    tmp_path: Path, check: str, asked: str
) -> None:
    addresses = (_IP.format(id="v6", ip="fd77:0:0:2::9"), _IP.format(id="v4", ip="10.77.2.9"))
    server = _PROGRAM.format(id="server", ready=check)
    elsewhere = _IP.format(id="v7", ip="10.77.2.7")
    made = plan(
        write(tmp_path, f'<group id="g">{"".join(addresses)}{server}</group>{elsewhere}'), 2
    )
    assert [one.name for one in find_doors(made.stage)] == [asked]


@pytest.mark.parametrize(
    "check", ["tcp://10.77.2.9:99999", "http://[::", "unix:///run/x", "/bin/x"]
)
def test_what_names_no_port_is_no_door(tmp_path: Path, check: str) -> None:
    server = _PROGRAM.format(id="server", ready=check)
    made = plan(write(tmp_path, f"{_IP.format(id='v4', ip='10.77.2.9')}{server}"), 2)
    assert find_doors(made.stage) == []


@pytest.mark.parametrize(
    ("name", "value", "retries"),
    [
        ("failure-timeout", "60s", True),
        ("failure-timeout", "10min", False),
        ("failure-timeout", "0", False),
        ("start-failure-is-fatal", "false", True),
        ("start-failure-is-fatal", "true", False),
    ],
)
def test_a_start_may_be_tried_again_soon(
    tmp_path: Path, name: str, value: str, retries: bool
) -> None:
    meta = (
        f'<meta_attributes id="m"><nvpair id="t" name="{name}" value="{value}"/></meta_attributes>'
    )
    address = _IP.format(id="a", ip="10.77.2.9").replace("<instance", f"{meta}<instance", 1)
    assert plan(write(tmp_path, address), 2).stage.retries is retries


def test_who_is_to_move_is_called_as_the_witnesses_call_it(tmp_path: Path) -> None:
    made = plan(write(tmp_path, _IP.format(id="v6", ip="FD77:0:0:2:00::9")), 2)
    scene: Any = types.SimpleNamespace(stage=made.stage)
    assert FAULTS["move"]().expect(scene).clients == ("fd77:0:0:2::9",)


_PROGRAM = (
    '<primitive id="{id}" class="ocf" provider="ocfpy" type="Service"><instance_attributes '
    'id="{id}-a"><nvpair id="{id}-c" name="command" value="/bin/x"/>'
    '<nvpair id="{id}-r" name="ready" value="{ready}"/></instance_attributes></primitive>'
)


def test_a_program_that_nobody_asks_says_why(tmp_path: Path) -> None:
    port = "tcp://127.0.0.1:99"
    addresses = (_IP.format(id="v6", ip="fd77:0:0:2::9"), _IP.format(id="v4", ip="10.77.2.9"))
    group = f'<group id="g">{"".join(addresses)}{_PROGRAM.format(id="asked", ready=port)}</group>'
    alone = _PROGRAM.format(id="alone", ready=port)
    portless = _PROGRAM.format(id="portless", ready="notify")
    unit = '<primitive id="unit" class="systemd" type="cron"/>'
    made = plan(write(tmp_path, f"{group}{alone}{portless}{unit}"), 2)
    assert [(one.program, one.address) for one in find_doors(made.stage)] == [
        ("asked", "10.77.2.9")
    ]
    assert made.notes == [
        "alone: nobody asks it: no address goes with it",
        "portless: nobody asks it: no ready or health of it names a port",
        "unit: nobody asks it: it is a unit, and no check of the CIB's names its port",
    ]


def test_without_a_counterpart_a_cib_is_not_compared() -> None:
    cibs = [EXAMPLES / "web-server.xml", EXAMPLES / "hot-standby.xml"]
    plans, left = plan_all(cibs, None, peer=True)
    assert ([one.name for one in plans], [one.cib for one in left]) == (
        ["web-server.xml"],
        ["hot-standby.xml"],
    )


def test_every_fault_is_listed_by_its_name_with_a_summary() -> None:
    assert all(name == fault.name and fault.summary for name, fault in FAULTS.items())
    reference = EXAMPLES.parents[1] / "docs/reference/commands/lab-rehearse.md"
    text = reference.read_text()
    daemons = {name for name in FAULTS if name.startswith("pacemaker-")}
    assert [name for name in FAULTS if f"`{name}`" not in text and name not in daemons] == []


def test_what_runs_on_every_node_says_nowhere_where_the_service_is(tmp_path: Path) -> None:
    everywhere = (
        '<clone id="c">'
        + _IP.format(id="everywhere", ip="10.77.2.8")
        + '</clone><clone id="d"><primitive id="ping" class="ocf" provider="x" type="y"/></clone>'
    )
    stage = plan(write(tmp_path, everywhere + _IP.format(id="a", ip="10.77.2.9")), 2).stage
    assert stage.anchor.id == "a"
    assert [one.id for one in stage.addresses] == ["a"]
    with pytest.raises(UnsuitableLabError, match="nothing that could move"):
        plan(write(tmp_path, everywhere), 2)


def test_a_promotable_clone_is_where_it_is_promoted() -> None:
    assert plan(EXAMPLES / "stateful.xml", 2).stage.anchor.is_spread is False


@pytest.mark.parametrize(
    ("example", "remedy"),
    [
        ("address", "install it on this machine, or bring it with --prepare"),
        ("block-mirror", "bring it with --prepare"),
    ],
)
def test_what_is_loaded_is_called_as_its_file_with_a_remedy_that_helps(
    example: str, remedy: str
) -> None:
    class Loading:
        def load_configuration(self, *words: object) -> list[str]:
            asked.append(words)
            return []

    asked: list[tuple[object, ...]] = []
    made = plan(EXAMPLES / f"{example}.xml", 2)
    assert load(cast("Lab", Loading()), made.stage, made.sides["ocfpy"]) == []
    assert asked == [(f"{example}.xml", made.sides["ocfpy"], remedy)]


def test_what_is_not_to_run_is_left_out_aloud(tmp_path: Path) -> None:
    stopped = (
        '<group id="g"><meta_attributes id="m"><nvpair id="r" name="target-role" value="Stopped"/>'
        "</meta_attributes>" + _IP.format(id="b", ip="10.77.2.8") + "</group>"
    )
    made = plan(write(tmp_path, stopped + _IP.format(id="a", ip="10.77.2.9")), 2)
    assert [part.id for part in made.stage.parts] == ["a"]
    assert made.notes == ["b: left out: its target-role is Stopped"]
    with pytest.raises(UnsuitableLabError, match="nothing of it is to run"):
        plan(write(tmp_path, stopped), 2)


def test_a_disk_that_nobody_mounts_takes_the_labs_from_no_other(tmp_path: Path) -> None:
    stopped = stop(_DISK.format(id="b", device="/dev/mapper/y"))
    made = plan(write(tmp_path, stopped + _DISK.format(id="a", device="/dev/mapper/x")), 2)
    assert values(made.sides["ocfpy"], "device") == ["/dev/mapper/y", "/dev/sda"]


def test_a_cluster_in_maintenance_runs_in_the_lab(tmp_path: Path) -> None:
    file = write(tmp_path, _IP.format(id="a", ip="10.77.2.9"))
    aside = (
        '<crm_config><cluster_property_set id="p"><nvpair id="q" name="maintenance-mode" '
        'value="true"/></cluster_property_set></crm_config>'
    )
    file.write_text(file.read_text().replace("<crm_config/>", aside))
    made = plan(file, 2)
    assert values(made.sides["ocfpy"], "maintenance-mode") == []
    assert made.notes == ["cluster property maintenance-mode: not set here"]
