"""The fence-peer handler: what it says to DRBD, what it changes, and when it says nothing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.drbd.cluster import Configuration, Pacemaker, Undecided
from ocf_py.drbd.constraint import name_constraint
from ocf_py.drbd.fencing import Handler, Patience, Request, read_request
from ocf_py.drbd.reading import parse, read_policy
from ocf_py.outcomes import Failure
from tests.unit.block_mirror.captures import events, events_of_nine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocf_py.drbd.picture import Resource

RESOURCES = """
<resources><clone id="disk-clone"><primitive id="disk" class="ocf" provider="ocfpy" type="Drbd">
<instance_attributes id="a"><nvpair id="b" name="drbd_resource" value="r0"/></instance_attributes>
</primitive></clone></resources>
"""


BOOTED = 1_700_000_000.0
_FENCING = (
    '<fence_event action="reboot" target="n2" status="success" completed="2025-01-01 00:00:00Z"/>'
)


class FakePacemaker:
    """Two nodes: `state` is n2's, `promoted` are the nodes where the clone is."""

    def __init__(self) -> None:
        self.state = "online"
        self.fences = True
        self.answers = True
        self.promoted = ["n1"]
        self.was_fenced = True
        self.has_quorum = True
        self.quorum_policy = "stop"
        self.version = "2.1.5-a3f44794f94"
        self.constraints: dict[str, str] = {}
        self.refusals: dict[str, str] = {}
        self.failing: list[str] = []  # of each word, one call that has it
        self.said: list[str] = []

    def run(self, argv: Sequence[str]) -> tuple[int, bytes, str]:
        for word in self.failing:
            if word in argv:
                self.failing.remove(word)
                return 102, b"", "Transport endpoint is not connected"
        if argv[0] in self.refusals:
            return 105, b"", self.refusals[argv[0]]
        if argv[0] == "crm_mon":
            return 0, self._standing(), ""
        if argv[0] == "crmadmin":
            assert argv[1:3] == ["--status", "n2"]
            return (0 if self.answers and self.state == "online" else 102), b"", ""
        assert argv[0] == "cibadmin"
        return 0, self._configure(argv[1], argv), ""

    def _configure(self, what: str, argv: Sequence[str]) -> bytes:
        if what == "--query":
            assert argv[2:] == ["--scope", "configuration"]
            there = "".join(self.constraints.values())
            return f"<configuration>{RESOURCES}{there}</configuration>".encode()
        element = etree.fromstring(argv[-1])
        if what == "--delete":
            self.constraints.pop(element.get("id", ""), None)
        else:
            assert what == "--modify"
            assert "--allow-create" in argv
            self.constraints[element.get("id", "")] = argv[-1]
        return b""

    def _standing(self) -> bytes:
        online, unclean = {
            "online": ("true", "false"),
            "unclean": ("false", "true"),
            "dead": ("false", "false"),
        }[self.state]
        instances = "".join(
            f'<resource id="disk" role="Promoted"><node name="{one}"/></resource>'
            for one in self.promoted
        )
        fences = "true" if self.fences else "false"
        return (
            f'<pacemaker-result><summary><cluster_options stonith-enabled="{fences}" '
            f'no-quorum-policy="{self.quorum_policy}"/><current_dc version="{self.version}" '
            f'with_quorum="{str(self.has_quorum).lower()}"/></summary>'
            '<nodes><node name="n1" online="true" unclean="false" pending="false"/>'
            f'<node name="n2" online="{online}" unclean="{unclean}" pending="false"/></nodes>'
            f'<resources><clone id="disk-clone">{instances}</clone></resources>'
            f"<fence_history>{_FENCING if self.was_fenced else ''}</fence_history>"
            "</pacemaker-result>"
        ).encode()


@pytest.fixture
def cluster() -> FakePacemaker:
    return FakePacemaker()


def capture(name: str) -> Resource:
    resource = parse(events(name), "r0")
    assert resource is not None
    return resource


PRIMARY = "32-fencing-suspended-io.n2"
SECONDARY = "16-link-cut-Primary-and-Secondary.n1"


def handle(
    cluster: FakePacemaker,
    *looks: Resource | Failure | None,
    seconds: float = 0.0,
    sleep: Callable[[float], None] = lambda _: None,
    peer_id: int = -1,
    is_vouched: bool = False,
) -> Handler:
    """A handler that finds the resource so at each look, and the last way from then on."""
    left = [*looks]

    def look() -> Resource | None:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Failure):
            raise found
        return found

    request = Request("r0", "n1", "n2", peer_id)
    return Handler(
        request,
        Pacemaker(cluster.run),
        look,
        Patience(seconds),
        cluster.said.append,
        lambda: is_vouched,
        sleep,
    )


def fence(
    cluster: FakePacemaker,
    *looks: Resource | Failure,
    policy: str = "resource-and-stonith",
    seconds: float = 0.0,
    sleep: Callable[[float], None] = lambda _: None,
    is_vouched: bool = False,
) -> int:
    handler = handle(cluster, *looks, seconds=seconds, sleep=sleep, is_vouched=is_vouched)
    return handler.fence(policy, BOOTED, lambda: cluster.said.append("marked"))


def test_a_peer_that_is_there_must_not_be_promoted_4(cluster: FakePacemaker) -> None:
    assert fence(cluster, capture(PRIMARY)) == 4
    (element,) = map(etree.fromstring, cluster.constraints.values())
    assert element.tag == "rsc_location"
    assert element.get("rsc") == "disk-clone"
    (rule,) = element
    assert (rule.get("role"), rule.get("score")) == ("Promoted", "-INFINITY")
    (expression,) = rule
    assert [expression.get(one) for one in ("attribute", "operation", "value")] == [
        "#uname",
        "eq",
        "n2",
    ]


def test_a_peer_that_was_fenced_7(cluster: FakePacemaker) -> None:
    cluster.state = "dead"
    assert fence(cluster, capture(PRIMARY)) == 7
    assert cluster.constraints


def test_a_peer_is_waited_for_until_it_was_fenced(cluster: FakePacemaker) -> None:
    states = ["unclean", "unclean", "dead"]
    cluster.state = "online"
    cluster.answers = False  # a member still, and silent: its loss is yet to be noticed

    def next_state(_: float) -> None:
        cluster.state = states.pop(0)

    assert fence(cluster, capture(PRIMARY), seconds=60, sleep=next_state) == 7
    assert not states


@pytest.mark.parametrize("state", ["unclean", "online"])
def test_a_peer_that_nobody_fences_in_time_leaves_io_frozen(
    cluster: FakePacemaker, state: str
) -> None:
    cluster.state = state
    cluster.answers = False
    with pytest.raises(Undecided, match="n2 was not fenced in time"):
        fence(cluster, capture(PRIMARY))


def test_without_fencing_a_lost_peer_is_taken_for_dead_by_resource_only_5(
    cluster: FakePacemaker,
) -> None:
    cluster.state = "dead"
    cluster.fences = False
    assert fence(cluster, capture(PRIMARY), policy="resource-only") == 5
    with pytest.raises(Undecided, match="fencing turned off"):
        fence(cluster, capture(PRIMARY))


def test_a_promoted_peer_outdates_us_6(cluster: FakePacemaker) -> None:
    cluster.promoted = ["n2"]
    assert fence(cluster, capture(SECONDARY)) == 6
    assert not cluster.constraints


def test_two_promoted_nodes_leave_io_frozen(cluster: FakePacemaker) -> None:
    cluster.promoted = ["n1", "n2"]
    with pytest.raises(Undecided, match="n2 is promoted as well"):
        fence(cluster, capture(PRIMARY))


def test_one_that_was_fenced_by_its_peer_fences_nobody(cluster: FakePacemaker) -> None:
    cluster.constraints["x"] = f'<rsc_location id="{name_constraint("r0", "n1")}"/>'
    with pytest.raises(Undecided, match="a peer has fenced n1"):
        fence(cluster, capture(PRIMARY))
    assert len(cluster.constraints) == 1


@pytest.mark.parametrize(
    "name", ["28-Outdated-secondary.n1", "05-first-node-only-WFConnection-Inconsistent.n1"]
)
def test_bad_data_fences_nobody(cluster: FakePacemaker, name: str) -> None:
    with pytest.raises(Undecided, match="no better than a peer's"):
        fence(cluster, capture(name))
    assert not cluster.constraints


def test_consistent_data_counts_only_where_it_is_known_for_current(cluster: FakePacemaker) -> None:
    """That the peer was fenced does not make it so: this one may have come up alone."""
    resource = parse(events_of_nine("primary-lost-Consistent"), "data")
    assert resource is not None
    cluster.promoted = []
    with pytest.raises(Undecided, match="only Consistent"):
        fence(cluster, resource)
    cluster.state = "dead"
    with pytest.raises(Undecided, match="n2 was fenced, and the data here is only Consistent"):
        fence(cluster, resource)
    assert fence(cluster, resource, is_vouched=True) == 7


def test_a_peer_that_was_shut_down_in_order_is_5(cluster: FakePacemaker) -> None:
    cluster.state = "dead"
    cluster.was_fenced = False
    assert fence(cluster, capture(PRIMARY)) == 5
    resource = parse(events_of_nine("primary-lost-Consistent"), "data")
    assert resource is not None
    cluster.promoted = []
    cluster.constraints = {}
    with pytest.raises(Undecided, match="n2 was not fenced, and the data here is only Consistent"):
        fence(cluster, resource)
    assert not cluster.constraints, "a promotion that is refused leaves nothing"


def test_a_fencing_before_this_machine_was_booted_confirms_nothing(cluster: FakePacemaker) -> None:
    cluster.state = "dead"
    assert handle(cluster, capture(PRIMARY)).fence("resource-and-stonith", 2e9, lambda: None) == 5


def test_a_mark_is_left_before_the_cluster_is_told(cluster: FakePacemaker) -> None:
    assert fence(cluster, capture(PRIMARY)) == 4
    assert cluster.said[0] == "marked"
    assert "must not be promoted" in cluster.said[1]


def test_a_link_that_comes_back_without_anything_to_copy_leaves_nothing(
    cluster: FakePacemaker,
) -> None:
    cluster.answers = False
    lost, back = capture(PRIMARY), capture("09-connected-UpToDate-Primary-Secondary.n1")
    with pytest.raises(Undecided, match="n2 is connected again"):
        fence(cluster, lost, back, seconds=60)
    assert not cluster.constraints
    back.peers[0].volumes[0].disk = "Inconsistent"
    with pytest.raises(Undecided, match="n2 is connected again"):
        fence(cluster, lost, back, seconds=60)
    assert cluster.constraints, "it has yet to catch up"


def test_a_constraint_that_is_taken_away_before_it_is_answered_is_written_again(
    cluster: FakePacemaker,
) -> None:
    run = cluster.run
    written: list[str] = []

    def take_away_once(argv: Sequence[str]) -> tuple[int, bytes, str]:
        if argv[0] == "crmadmin" and not written:
            written.extend(cluster.constraints)
            cluster.constraints.clear()
        return run(argv)

    cluster.run = take_away_once  # type: ignore[method-assign]
    assert fence(cluster, capture(PRIMARY)) == 4
    assert [*cluster.constraints] == written


def test_of_two_that_fence_each_other_the_promoted_one_goes_on(cluster: FakePacemaker) -> None:
    run = cluster.run
    mine = name_constraint("r0", "n1")

    def fence_back_once(argv: Sequence[str]) -> tuple[int, bytes, str]:
        if argv[0] == "crmadmin":
            cluster.constraints[mine] = f'<rsc_location id="{mine}"/>'
        return run(argv)

    cluster.run = fence_back_once  # type: ignore[method-assign]

    def give_in(_: float) -> None:
        del cluster.constraints[mine]

    assert fence(cluster, capture(PRIMARY), seconds=60, sleep=give_in) == 4
    cluster.promoted, cluster.constraints = [], {}
    with pytest.raises(Undecided, match="a peer has fenced n1"):
        fence(cluster, capture(SECONDARY), seconds=60)
    assert [*cluster.constraints] == [mine]


def test_who_serves_waits_longer_than_a_promotion_may() -> None:
    patience = Patience()
    assert 14 < patience.remaining <= Patience.PROMOTION
    patience.serve()
    assert 559 < patience.remaining <= Patience.SERVING
    given = Patience(7.0)
    given.serve()
    assert given.remaining <= 7


@pytest.mark.parametrize("tool", ["crm_mon", "cibadmin"])
def test_a_cluster_that_does_not_answer_leaves_io_frozen(cluster: FakePacemaker, tool: str) -> None:
    cluster.refusals[tool] = "Transport endpoint is not connected"
    with pytest.raises(Undecided, match=f"{tool} .* ended with 105: Transport endpoint"):
        fence(cluster, capture(PRIMARY))


@pytest.mark.parametrize("tool", ["crm_mon", "cibadmin", "--modify"])
def test_a_tool_that_fails_once_is_asked_again(cluster: FakePacemaker, tool: str) -> None:
    """A cluster manager that restarts, or elects: DRBD asks but once, and would stay frozen."""
    cluster.failing = [tool]
    assert fence(cluster, capture(PRIMARY), seconds=60) == 4
    assert not cluster.failing


def test_a_look_at_drbd_that_fails_once_is_repeated(cluster: FakePacemaker) -> None:
    cluster.state = "unclean"

    def fenced(_: float) -> None:
        cluster.state = "dead"

    fails = Failure("drbdsetup did not end")
    well = capture(PRIMARY)
    assert fence(cluster, fails, well, fails, well, seconds=60, sleep=fenced) == 7


def test_a_promotion_that_fails_for_a_tool_leaves_the_peer_free(cluster: FakePacemaker) -> None:
    cluster.promoted = []
    cluster.answers = False
    with pytest.raises(Undecided, match="n2 was not fenced in time"):
        fence(cluster, capture(SECONDARY), Failure("drbdsetup did not end"), seconds=0.05)
    assert not cluster.constraints


def test_what_was_forbidden_is_withdrawn_though_the_cluster_fails_once(
    cluster: FakePacemaker,
) -> None:
    cluster.promoted = []
    cluster.answers = False
    cluster.failing = ["--delete"]
    with pytest.raises(Undecided, match="n2 was not fenced in time"):
        fence(cluster, capture(SECONDARY))
    assert not cluster.failing
    assert not cluster.constraints


def test_what_cannot_be_withdrawn_is_named(cluster: FakePacemaker) -> None:
    cluster.promoted = []
    cluster.answers = False
    cluster.failing = ["--delete"] * 100
    with pytest.raises(Undecided, match=r"ocfpy-drbd-fence.r0.n2 stays, and is to be removed by"):
        fence(cluster, capture(SECONDARY))


def test_what_was_written_though_it_was_told_as_failed_is_withdrawn(
    cluster: FakePacemaker,
) -> None:
    cluster.promoted = []
    cluster.answers = False
    run = cluster.run

    def write_and_fail(argv: Sequence[str]) -> tuple[int, bytes, str]:
        answer = run(argv)
        return (124, b"", "timed out") if "--modify" in argv else answer

    cluster.run = write_and_fail  # type: ignore[method-assign]
    with pytest.raises(Undecided, match="n2 was not fenced in time"):
        fence(cluster, capture(SECONDARY), seconds=0.05)
    assert not cluster.constraints


def test_without_quorum_nothing_is_said_nor_written(cluster: FakePacemaker) -> None:
    """Whom a minority takes for shut down may be promoted by the majority."""
    cluster.state = "dead"
    cluster.was_fenced = False
    cluster.has_quorum = False
    for policy in ("resource-only", "resource-and-stonith"):
        with pytest.raises(Undecided, match="no quorum"):
            fence(cluster, capture(PRIMARY), policy=policy)
    assert not cluster.constraints
    cluster.quorum_policy = "ignore"  # as two nodes have it
    assert fence(cluster, capture(PRIMARY)) == 5


@pytest.mark.parametrize("version", ["2.0.5-ba59be7122", "1.1.24"])
def test_a_pacemaker_that_takes_our_words_otherwise_is_told_nothing(
    cluster: FakePacemaker, version: str
) -> None:
    cluster.version = version
    with pytest.raises(Undecided, match=f"of Pacemaker {version.partition('-')[0]}: this needs"):
        fence(cluster, capture(PRIMARY))
    assert not cluster.constraints


def _clone(name: str, meta: str) -> str:
    pairs = "".join(
        f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>'
        for key, _, value in (pair.partition("=") for pair in meta.split())
    )
    return (
        f'<clone id="{name}"><meta_attributes id="{name}-m">{pairs}</meta_attributes>'
        f'<primitive id="{name}-p" class="ocf" provider="x" type="y">'
        f'<instance_attributes id="{name}-a"><nvpair id="{name}-r" name="drbd_resource" '
        'value="r0"/></instance_attributes></primitive></clone>'
    )


@pytest.mark.parametrize("mine", ["", " target-role=Started", " target-role=promoted"])
@pytest.mark.parametrize("meta", ["promotable=true target-role=Stopped", "interleave=true"])
def test_of_two_clones_the_one_is_taken_that_is_to_be_promoted(meta: str, mine: str) -> None:
    clones = _clone("former", meta) + _clone("disk-clone", f"promotable=true{mine}")
    text = f"<configuration><resources>{clones}</resources></configuration>"
    assert Configuration(text.encode()).find_clone("r0") == "disk-clone"


def test_of_two_clones_the_one_is_left_whose_primitive_is_stopped() -> None:
    role = '<nvpair id="x" name="target-role" value="Stopped"/>'
    former = _clone("former", "promotable=true").replace(
        'type="y">', f'type="y"><meta_attributes id="y">{role}</meta_attributes>'
    )
    clones = former + _clone("disk-clone", "promotable=true")
    text = f"<configuration><resources>{clones}</resources></configuration>"
    assert Configuration(text.encode()).find_clone("r0") == "disk-clone"


def test_two_clones_that_are_to_be_promoted_fence_nobody() -> None:
    clones = _clone("former", "promotable=true") + _clone("disk-clone", "promotable=true")
    text = f"<configuration><resources>{clones}</resources></configuration>"
    with pytest.raises(Undecided, match="more than one has drbd_resource=r0: former, disk-clone"):
        Configuration(text.encode()).find_clone("r0")


def test_a_resource_that_no_clone_has_fences_nobody(cluster: FakePacemaker) -> None:
    handler = handle(cluster, capture(PRIMARY))
    handler._request.resource = "r1"
    with pytest.raises(Undecided, match="no clone of the cluster has drbd_resource=r1"):
        handler.fence("resource-and-stonith", BOOTED, lambda: None)


_NAMED = '<nvpair id="b" name="drbd_resource" value="r0"/>'
_ATTRIBUTES = f'<instance_attributes id="a">{_NAMED}</instance_attributes>'
_TEMPLATE = f'<template id="t">{_ATTRIBUTES}</template>'
_PRIMITIVE = '<primitive id="disk"'


@pytest.mark.parametrize(
    "elements",
    [
        f'{_TEMPLATE}<clone id="disk-clone">{_PRIMITIVE} template="t"/></clone>',
        (
            f'<primitive id="other">{_ATTRIBUTES}</primitive><clone id="disk-clone">{_PRIMITIVE}>'
            '<instance_attributes id-ref="a"/></primitive></clone>'
        ),
        f'<clone id="disk-clone">{_PRIMITIVE}/>{_ATTRIBUTES}</clone>',
        (
            f'<master id="disk-clone"><group id="g">{_PRIMITIVE}>{_ATTRIBUTES}</primitive></group>'
            "</master>"
        ),
    ],
    ids=["template", "reference", "clone", "master of a group"],
)
def test_the_clone_is_found_wherever_its_parameter_stands(elements: str) -> None:
    text = f"<configuration><resources>{elements}</resources></configuration>"
    assert Configuration(text.encode()).find_clone("r0") == "disk-clone"


def test_a_primitive_with_another_value_than_its_template_s_is_not_the_one() -> None:
    other = _NAMED.replace('"b"', '"c"').replace("r0", "r1")
    text = (
        f'<configuration><resources>{_TEMPLATE}<clone id="disk-clone">{_PRIMITIVE} template="t">'
        f'<instance_attributes id="d">{other}</instance_attributes></primitive></clone>'
        "</resources></configuration>"
    )
    assert Configuration(text.encode()).find_clone("r1") == "disk-clone"
    with pytest.raises(Undecided, match="no clone of the cluster has drbd_resource=r0"):
        Configuration(text.encode()).find_clone("r0")


def test_a_host_that_is_no_node_fences_nobody(cluster: FakePacemaker) -> None:
    handler = handle(cluster, capture(PRIMARY))
    handler._request.peer = "other"
    with pytest.raises(Undecided, match="the cluster has no node other"):
        handler.fence("resource-and-stonith", BOOTED, lambda: None)


# ---------------------------------------------------------------------- unfence


def test_the_promoted_node_allows_the_peer_again_once_it_has_all(cluster: FakePacemaker) -> None:
    mine, theirs = name_constraint("r0", "n1"), name_constraint("r0", "n2")
    cluster.constraints = {mine: "", theirs: ""}
    resource = capture("09-connected-UpToDate-Primary-Secondary.n1")
    peer = resource.peers[0]
    peer.volumes[0].disk = "Inconsistent"
    handler = handle(cluster, resource)
    handler.unfence()
    assert [*cluster.constraints] == [mine, theirs]
    assert cluster.said == ["n2 has yet to catch up: nothing is changed"]
    peer.volumes[0].disk = "UpToDate"
    handler.unfence()
    assert [*cluster.constraints] == [mine]


def test_beside_one_that_is_promoted_another_allows_nobody_as_it_learns_late_of_a_lost_link(
    cluster: FakePacemaker,
) -> None:
    both = {name_constraint("r0", "n1"): "", name_constraint("r0", "n2"): ""}
    cluster.constraints = {**both}
    handle(cluster, capture("09-connected-UpToDate-Primary-Secondary.n2")).unfence()
    assert cluster.constraints == both
    assert cluster.said == ["nothing is changed: where r0 is promoted, n2 is judged"]


def test_where_nobody_is_promoted_any_node_allows_what_has_caught_up(
    cluster: FakePacemaker,
) -> None:
    cluster.constraints = {name_constraint("r0", "n2"): ""}
    resource = capture("09-connected-UpToDate-Primary-Secondary.n1")
    resource.role = "Secondary"
    cluster.promoted = ["n2"]  # which this node has yet to hear
    handle(cluster, resource).unfence()
    assert cluster.constraints
    cluster.promoted = []
    handle(cluster, resource).unfence()
    assert not cluster.constraints


def test_whom_the_link_parts_again_meanwhile_is_forbidden_again(cluster: FakePacemaker) -> None:
    well, lost = (capture("09-connected-UpToDate-Primary-Secondary.n1") for _ in range(2))
    lost.peers[0].connection = "Connecting"
    node = name_constraint("r0", "n2")
    cluster.constraints = {node: ""}
    handle(cluster, well, lost).unfence()
    assert [*cluster.constraints] == [node]
    assert "was lost a moment ago" in cluster.said[-1]


def test_the_peer_of_nine_is_found_by_its_number_whatever_the_connection_is_called(
    cluster: FakePacemaker,
) -> None:
    resource = capture("09-connected-UpToDate-Primary-Secondary.n1")
    other = copy.deepcopy(resource.peers[0])
    resource.peers[0].name, other.name = "fast", "slow"
    resource.peers[1] = other
    other.connection = "Connecting"
    cluster.constraints = {name_constraint("r0", "n2"): ""}
    handle(cluster, resource, peer_id=1).unfence()
    assert cluster.constraints
    handle(cluster, resource, peer_id=0).unfence()
    assert not cluster.constraints


# ---------------------------------------------------------------------- what DRBD says


def test_eight_names_the_peer() -> None:
    request = read_request({"DRBD_RESOURCE": "r0", "DRBD_PEER": "n1", "DRBD_MINOR": "0"}, "n2")
    assert (request.resource, request.node, request.peer) == ("r0", "n2", "n1")
    assert request.peer_id == -1


def test_nine_numbers_the_nodes() -> None:
    request = read_request(
        {
            "DRBD_RESOURCE": "r0",
            "DRBD_MY_NODE_ID": "2",
            "DRBD_PEER_NODE_ID": "0",
            "DRBD_NODE_ID_0": "a",
            "DRBD_NODE_ID_1": "b",
            "DRBD_NODE_ID_2": "c",
            "DRBD_MINOR": "0 1",
        },
        "c.example.org",
    )
    assert (request.node, request.peer, request.peer_id) == ("c", "a", 0)


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({}, "DRBD_RESOURCE"),
        ({"DRBD_RESOURCE": "r0"}, "DRBD_PEER"),
        ({"DRBD_RESOURCE": "r0", "DRBD_PEER": "n1"}, "its own peer"),
        ({"DRBD_RESOURCE": "r0", "DRBD_PEER_NODE_ID": "1"}, "DRBD_PEER"),
    ],
)
def test_what_is_missing_in_the_environment_is_named(
    variables: dict[str, str], missing: str
) -> None:
    with pytest.raises(ValueError, match=missing):
        read_request(variables, "n1")


@pytest.mark.parametrize(
    ("shown", "policy"),
    [
        ("resource r0 {\n _this_host {\n  disk {\n   fencing  \tresource-only;\n", "resource-only"),
        (" net {\n  fencing \tresource-and-stonith; # default\n", "resource-and-stonith"),
        ("resource r0 {\n}\n", "dont-care"),
        ("# fencing resource-only;\n", "dont-care"),
    ],
)
def test_the_policy_is_read_in_either_version(shown: str, policy: str) -> None:
    assert read_policy(shown) == policy


def test_every_resource_and_node_has_an_id_of_its_own() -> None:
    pairs = [("r0", "n1"), ("r0.n1", "x"), ("r0", "n1.x"), ("r_0", "n1"), ("r0_", "n1"), ("ä", "n")]
    names = {name_constraint(*pair) for pair in pairs}
    assert len(names) == len(pairs)
    assert all(name.replace(".", "").replace("-", "").replace("_", "").isalnum() for name in names)
