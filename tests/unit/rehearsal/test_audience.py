"""Who writes where, and who tells the writer which node that is; no cluster is there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from ocf_py.lab.witnesses.answers import Answer
from ocf_py.lab.witnesses.holdings import Holding, Holdings
from ocf_py.rehearsal import audience
from ocf_py.rehearsal.planning import plan
from ocf_py.rehearsal.watching_places import PlaceWitness

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from ocf_py.lab.lab import Lab

HOLDERS = {"10.77.2.8": "first", "10.77.2.9": "second", "fd77:0:0:2::9": "sixth"}


class Seat:
    """Somebody who watches, and whom nobody has to wait for."""

    name = ""
    seen: dict[str, Holdings]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def check(self) -> None:
        pass


class Addresses(Seat):
    def __init__(self, _lab: object, held: list[str]) -> None:
        self.seen = {ip: Holdings(Holding(HOLDERS[ip], 0.0)) for ip in held}


class Asking(Seat):
    def __init__(self, *_: object) -> None:
        self.heard: dict[str, object] = {}


class Disk(Seat):
    def __init__(self, _lab: object) -> None:
        self.holdings: list[Holding] = []

    def holders(self) -> list[str]:
        return ["whose disk it is"]


class Place(Seat):
    def __init__(self, _lab: object, resource: str) -> None:
        self.place = self.last_place = f"place of {resource}"


class Rows(Seat):
    def __init__(self, _lab: object, address: str) -> None:
        self.name = f"rows at {address}"


class Files(Seat):
    def __init__(self, _lab: object, directory: str, *, mounted: bool, where: Any) -> None:
        self.name = f"{'mount' if mounted else 'mirror'} {directory}: {where()}"


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The writers that a configuration has."""
    for name, fake in (
        ("AddressesWitness", Addresses),
        ("AddressesClient", Asking),
        ("DoorClient", Asking),
        ("DiskWitness", Disk),
        ("PlaceWitness", Place),
        ("RowWriter", Rows),
        ("FileWriter", Files),
    ):
        monkeypatch.setattr(audience, name, fake)

    def find(resources: str, constraints: str = "") -> list[str]:
        file = tmp_path / "cib.xml"
        file.write_text(
            f"<configuration><resources>{resources}</resources>"
            f"<constraints>{constraints}</constraints></configuration>"
        )
        scene: Any = SimpleNamespace(lab=None, stage=plan(file, 2).stage, lag=lambda _: None)
        with audience.Audience(scene) as all_of_them:
            return [one.name for one in all_of_them.writers]

    return find


def primitive(name: str, kind: str, **parameters: str) -> str:
    pairs = "".join(
        f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>'
        for key, value in parameters.items()
    )
    return (
        f'<primitive id="{name}" class="ocf" provider="ocfpy" type="{kind}">'
        f'<instance_attributes id="{name}-a">{pairs}</instance_attributes></primitive>'
    )


def group(name: str, *members: str) -> str:
    return f'<group id="{name}">{"".join(members)}</group>'


FIRST = group("web", primitive("web-ip", "IPaddr", ip="10.77.2.8"))
SECOND = primitive("ip", "IPaddr", ip="10.77.2.9")
SIXTH = primitive("ip", "IPaddr", ip="fd77:0:0:2::9")
DATA = primitive("data", "Filesystem", device="/dev/sda", directory="/srv/data", fstype="ext4")
SERVER = primitive("server", "Service", command="/usr/bin/postgres", args="-D /srv/data/base")
MIRROR = (
    '<clone id="m"><meta_attributes id="mm"><nvpair id="mp" name="promotable" value="true"/>'
    f"</meta_attributes>{primitive('mirror', 'MirrorSync', directory='/srv/mirror')}</clone>"
)
WITH_MIRROR = (
    '<rsc_colocation id="c" rsc="{}" with-rsc="m" with-rsc-role="Promoted" score="INFINITY"/>'
)


def test_a_disk_is_where_the_address_of_its_own_group_is(writers: Any) -> None:
    assert writers(FIRST + group("db", DATA, SECOND)) == ["mount /srv/data: second"]


def test_a_disk_is_where_the_address_is_that_is_kept_with_it(writers: Any) -> None:
    together = '<rsc_colocation id="c" rsc="ip" with-rsc="db" score="INFINITY"/>'
    assert writers(FIRST + group("db", DATA) + SECOND, together) == ["mount /srv/data: second"]


def test_a_disk_without_an_address_is_where_it_is_mounted(writers: Any) -> None:
    assert writers(FIRST + group("db", DATA)) == ["mount /srv/data: whose disk it is"]


@pytest.mark.parametrize(
    ("addresses", "asked"),
    [
        (SECOND, "10.77.2.9"),
        (SIXTH, "fd77:0:0:2::9"),
        (primitive("sixth", "IPaddr", ip="fd77:0:0:2::9") + SECOND, "10.77.2.9"),
    ],
    ids=["of IPv4", "of IPv6", "of both"],
)
def test_rows_go_to_the_address_of_the_database(writers: Any, addresses: str, asked: str) -> None:
    assert writers(FIRST + group("db", DATA, addresses, SERVER)) == [f"rows at {asked}"]


def test_a_database_that_no_client_can_ask_has_its_disk_written_to(writers: Any) -> None:
    told = writers(FIRST + group("db", DATA, SERVER))
    assert told == ["mount /srv/data: whose disk it is"]


def test_a_mirror_is_where_its_address_is_else_where_it_is_promoted(writers: Any) -> None:
    assert writers(FIRST + SECOND + MIRROR, WITH_MIRROR.format("ip")) == [
        "mirror /srv/mirror: second"
    ]
    assert writers(FIRST + MIRROR) == ["mirror /srv/mirror: place of mirror"]


@pytest.mark.parametrize(
    ("resources", "constraints", "is_wordless"),
    [
        (FIRST, "", False),
        (SIXTH, "", False),
        (DATA, "", True),
        (FIRST + DATA, "", False),
        (FIRST + MIRROR, "", True),
        (SECOND + MIRROR, WITH_MIRROR.format("ip"), False),
    ],
)
def test_where_no_address_leads_pacemaker_has_to_tell(
    writers: Any, tmp_path: Path, resources: str, constraints: str, is_wordless: bool
) -> None:
    writers(resources, constraints)
    assert plan(tmp_path / "cib.xml", 2).stage.is_wordless is is_wordless


@pytest.mark.parametrize(
    ("device", "fstype"), [("192.0.2.7:/export", "nfs4"), ("/srv/a", "none"), ("tmpfs", "tmpfs")]
)
def test_nobody_writes_to_what_is_on_no_disk_of_the_lab(
    writers: Any, tmp_path: Path, device: str, fstype: str
) -> None:
    mount = primitive("data", "Filesystem", device=device, directory="/srv/data", fstype=fstype)
    assert writers(group("db", mount, SECOND)) == []
    made = plan(tmp_path / "cib.xml", 2)
    assert made.notes == [
        "data: nobody counts its mounts, or writes there: it is on no disk of the lab"
    ]
    assert (made.stage.mounts, made.stage.needs_disk) == ([], False)


def test_what_every_node_mounts_is_nobodys(writers: Any, tmp_path: Path) -> None:
    assert writers(f'<clone id="c">{DATA}</clone>{SECOND}') == []
    assert plan(tmp_path / "cib.xml", 2).stage.needs_disk is True


def listen(monkeypatch: pytest.MonkeyPatch, *told: list[str] | None) -> tuple[PlaceWitness, Any]:
    """What a witness says before each look, one of which finds each; None: nobody answers."""
    monkeypatch.setattr("ocf_py.rehearsal.watching_places._INTERVAL", 0.0)
    places, said = list(told), []

    def answer(_: str) -> Any:
        said.append((witness.place, witness.last_place))
        if not places:
            witness.ended.set()
            return None
        nodes = places.pop(0)
        if nodes is None:
            return None
        return SimpleNamespace(
            quorate=True,
            online={"n1", "n2", "off", "hung"},
            nodes_of=lambda _, role: nodes * (role == "Started"),
        )

    nodes: dict[str, Any] = {
        name: {"pid": 1, "frozen": name == "hung"} for name in ("n1", "n2", "hung")
    }
    nodes["off"] = {"pid": None, "frozen": False}
    machines = [SimpleNamespace(name=name) for name in ("off", "n1")]
    lab = SimpleNamespace(nodes=machines, state=answer, describe=lambda: {"nodes": nodes})
    witness = PlaceWitness(cast("Lab", lab), "a")
    with witness:
        witness.ended.wait(10)
    return witness, said


def test_the_cluster_s_word_on_a_place_lasts_until_there_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, said = listen(monkeypatch, ["n1"], None, [], ["n1", "n2"], ["n2"])
    nowhere = ("", "n1")
    assert said == [("", ""), ("n1", "n1"), ("n1", "n1"), nowhere, nowhere, ("n2", "n2")]


def test_between_two_words_of_the_same_place_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    witness, _ = listen(monkeypatch, ["n1"], ["n1"], ["n2"], ["n2"], [], ["n2"], None, ["n2"])
    assert [one.continues for one in witness.answers] == [False, True, False, True, False, False]


def test_what_is_off_or_stands_still_serves_nothing_whatever_pacemaker_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    witness, _ = listen(monkeypatch, ["n1"], ["off"], ["hung"], ["n2"])
    assert [one.node for one in witness.answers] == ["n1", "n2"]


def test_the_node_where_it_was_last_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocf_py.rehearsal.watching_places._INTERVAL", 0.0)
    asked: list[str] = []

    def answer(name: str) -> Any:
        asked.append(name)
        if len(asked) == 3:
            witness.ended.set()
        return SimpleNamespace(quorate=True, online={"n2"}, nodes_of=lambda *_: ["n2"])

    nodes = {name: {"pid": 1, "frozen": False} for name in ("n1", "n2")}
    machines = [SimpleNamespace(name=name) for name in nodes]
    lab = SimpleNamespace(nodes=machines, state=answer, describe=lambda: {"nodes": nodes})
    witness = PlaceWitness(cast("Lab", lab), "a")
    with witness:
        witness.ended.wait(10)
    assert asked == ["n1", "n2", "n2"]


def test_what_continues_leaves_no_gap() -> None:
    answers = [
        Answer(at, at, "n1", continues)
        for at, continues in ((0.0, False), (0.4, True), (3.0, True))
    ]
    (heard,) = [audience._sum_up("a", answers, 0.2, 1.0, 3.5)]
    assert heard.gaps == []
    answers.append(Answer(5.0, 5.0, "n1"))
    assert [gap.seconds(5.5) for gap in audience._sum_up("a", answers, 0.2, 1.0, 5.5).gaps] == [2.0]
