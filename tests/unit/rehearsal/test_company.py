"""Which plays a company plays, and in which order; no cluster is there."""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from ocf_py.lab.errors import LabError
from ocf_py.lab.progress import Silence
from ocf_py.rehearsal import rehearsal
from ocf_py.rehearsal.judge import judge
from ocf_py.rehearsal.planning import Plan, plan
from ocf_py.rehearsal.rehearsal import Company, count_plays
from ocf_py.rehearsal.run import Rehearsal

from .plays import power_loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.lab.lab import Lab

EXAMPLES = Path(__file__).parents[3] / "examples/cib"
UP = types.SimpleNamespace(nodes_of=lambda _: ["n1"], failures=[])
NAMES = ["power-loss", "standby", "move", "disk-full", "ring-cut"]


class PaperCompany(Company):
    """Plays on paper: `played` has each side and fault; the one of number `failing` fails."""

    def __init__(self, failing: int = 20) -> None:
        nodes = [types.SimpleNamespace(name=name) for name in ("n1", "n2")]
        self.kept = Rehearsal("on paper")
        self.played: list[tuple[str, str, str | None]] = []
        self._failing = failing
        lab = cast("Lab", types.SimpleNamespace(nodes=nodes, state=lambda: UP))
        super().__init__(lab, self.kept, lambda _: None, Silence())

    def _have(self, one: Plan, side: str) -> None:
        pass

    def _play(self, one: Plan, side: str, name: str, start: str | None = None) -> None:
        self.played.append((side, name, start))
        is_last = len(self.played) == self._failing
        other: dict[str, Any] = {"fenced": ["n2"]} if is_last else {}
        play = power_loss(**other)
        play.verdicts = judge(play)
        self.kept.plays.append(play)


def soak(seed: int, failing: int = 20) -> list[str]:
    company = PaperCompany(failing)
    company.play_by_chance(plan(EXAMPLES / "address.xml", 2), NAMES, 3600.0, seed)
    return [name for _, name, _ in company.played]


def test_a_seed_plays_the_same_faults_again_and_another_one_others() -> None:
    assert soak(7) == soak(7)
    assert soak(7) != soak(8)
    assert set(soak(7)) == {"power-loss", "standby", "move", "ring-cut"}


def test_a_soak_ends_with_the_first_that_fails() -> None:
    assert len(soak(7, failing=3)) == 3


def test_a_soak_without_time_plays_one() -> None:
    company = PaperCompany()
    company.play_by_chance(plan(EXAMPLES / "address.xml", 2), NAMES, 0.0, 7)
    assert len(company.played) == 1


def test_what_cannot_befall_the_cib_is_named_and_not_played() -> None:
    company = PaperCompany()
    company.play_all(plan(EXAMPLES / "address.xml", 2), NAMES)
    assert [name for _, name, _ in company.played] == [one for one in NAMES if one != "disk-full"]
    (left,) = company.kept.left_out
    assert (left.fault, left.reason) == ("disk-full", "there is no file system")


def test_what_the_lab_leaves_out_of_a_cib_is_noted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    node = types.SimpleNamespace(run=lambda *_, **__: None)
    lab = types.SimpleNamespace(
        running_nodes=lambda: [node], wait_until=lambda *_, **__: None, state=lambda: UP
    )
    for name, made in (
        ("load", lambda *_: ["property a=b: the lab needs a=c"]),
        ("prepare", lambda *_: None),
        ("Scene", lambda *_: types.SimpleNamespace(calm=lambda: None)),
    ):
        monkeypatch.setattr(rehearsal, name, made)
    record = Rehearsal("on paper")
    company = Company(cast("Lab", lab), record, lambda _: None, Silence())
    one = plan(EXAMPLES / "address.xml", 2, peer=True)
    for side in (*one.sides, *one.sides):
        company._have(one, side)
    assert record.notes == ["address.xml: left out: property a=b: the lab needs a=c"]


def test_as_many_are_played_as_were_counted() -> None:
    company, both = PaperCompany(), plan(EXAMPLES / "address.xml", 2, peer=True)
    company.play_all(both, NAMES, rounds=3)
    assert len(company.played) == count_plays([both], NAMES, 3) == 4 * 3 * 2


@pytest.mark.parametrize(
    ("blind", "trouble"),
    [
        (["the disk is gone"], "the disk is gone"),
        (["blind 1", "blind 2", ""], ""),
        ([f"blind {number}" for number in range(1, 6)], "blind 5"),
    ],
)
def test_what_nobody_saw_is_played_again_up_to_four_times_and_that_is_kept(
    monkeypatch: pytest.MonkeyPatch, blind: list[str], trouble: str
) -> None:
    plays = iter([power_loss(trouble=one, is_void=one.startswith("blind")) for one in blind])
    monkeypatch.setattr(rehearsal, "play_fault", lambda *_, **__: next(plays))
    monkeypatch.setattr(PaperCompany, "_play", Company._play)
    company = PaperCompany()
    company.play_all(plan(EXAMPLES / "address.xml", 2), ["move"])
    (play,) = company.kept.plays
    assert (play.trouble, play.tries, play.again) == (trouble, len(blind), blind[:-1])
    assert not list(plays)


def test_both_sides_play_by_turns_and_from_the_same_node() -> None:
    company = PaperCompany()
    company.play_all(plan(EXAMPLES / "address.xml", 2, peer=True), ["move"], rounds=2)
    assert company.played == [
        ("ocfpy", "move", "n1"),
        ("peer", "move", "n1"),
        ("peer", "move", "n2"),
        ("ocfpy", "move", "n2"),
    ]


@pytest.mark.parametrize(("running", "loads"), [([7], 0), ([7, 8], 2)])
def test_what_a_side_has_left_beside_itself_is_swept_before_it_plays_again(
    monkeypatch: pytest.MonkeyPatch, running: list[int], loads: int
) -> None:
    told: list[str] = []
    made = plan(EXAMPLES / "web-server.xml", 2, peer=True)
    company = PaperCompany()
    company._loaded = (made.name, "peer")
    company._lab.wait_until = lambda *_, **__: None  # type: ignore[assignment,method-assign]
    monkeypatch.setattr(company, "_sweep", lambda: told.append("swept"))
    monkeypatch.setattr(company, "_unload", lambda _: told.append("unloaded"))
    monkeypatch.setattr(rehearsal, "load", lambda *_: [])
    monkeypatch.setattr(rehearsal, "prepare", lambda *_: None)
    monkeypatch.setattr(rehearsal, "find_processes", lambda *_: running)
    monkeypatch.setattr(rehearsal, "Scene", lambda *_: types.SimpleNamespace(calm=lambda: None))
    Company._have(company, made, "peer")
    assert len(told) == loads


@pytest.mark.parametrize("left", [[], [7]])
def test_what_the_other_side_has_left_is_swept_before_this_one_plays(
    monkeypatch: pytest.MonkeyPatch, left: list[int]
) -> None:
    told: list[str] = []

    class Node:
        name = "n1"

        def run(self, *_: object, **__: object) -> None:
            pass

    lab = types.SimpleNamespace(
        nodes=[Node()],
        running_nodes=lambda: [Node()],
        kill=lambda name: told.append(f"{name} off"),
        start=lambda name: told.append(f"{name} on"),
        await_online=lambda: None,
        wait_until=lambda *_, **__: None,
        state=lambda: UP,
    )

    def load(*_: object) -> list[str]:
        told.append("load")
        return []

    monkeypatch.setattr(rehearsal, "load", load)
    monkeypatch.setattr(rehearsal, "prepare", lambda *_: told.append("prepare"))
    monkeypatch.setattr(rehearsal, "find_processes", lambda *_: left)
    monkeypatch.setattr(rehearsal, "Scene", lambda *_: types.SimpleNamespace(calm=lambda: None))
    company = Company(cast("Lab", lab), Rehearsal("on paper"), lambda _: None, Silence())
    made = plan(EXAMPLES / "web-server.xml", 2, peer=True)
    company._loaded = (made.name, "peer")
    company._have(made, "ocfpy")
    swept = ["n1 off", "n1 on", "prepare"] if left else []
    assert told == ["load", *swept, "load"]


def poll(what: str, condition: Callable[[], object], **_: object) -> object:
    """Wait as a lab does, but for no longer than ten looks."""
    for _number in range(10):
        if found := condition():
            return found
    raise AssertionError(f"it waits in vain until {what}")


def bring_up(
    monkeypatch: pytest.MonkeyPatch,
    states: list[Any],
    wait_until: Callable[..., object],
    calm: Callable[[], None] = lambda: None,
) -> None:
    """Load a database where the cluster's states are these, one after the other."""

    def state() -> Any:
        return states.pop(0) if len(states) > 1 else states[0]

    nodes = [types.SimpleNamespace(name=name, run=lambda *_, **__: None) for name in ("n1", "n2")]
    lab = types.SimpleNamespace(
        nodes=nodes, running_nodes=lambda: nodes, wait_until=wait_until, state=state
    )
    for name in ("load", "prepare", "find_processes"):
        monkeypatch.setattr(rehearsal, name, lambda *_: [])
    monkeypatch.setattr(rehearsal, "Scene", lambda *_: types.SimpleNamespace(calm=calm))
    company = Company(cast("Lab", lab), Rehearsal("on paper"), lambda _: None, Silence())
    company._have(plan(EXAMPLES / "database.xml", 2), "ocfpy")


def failed_on(*nodes: str) -> Any:
    """PostgreSQL does not start there."""
    places = {"data": ["n1"], "database-ip": [], "postgres": []}
    failures = [
        types.SimpleNamespace(
            operation_key="postgres_start_0", node=node, reason="no such user", exit_status="error"
        )
        for node in nodes
    ]
    return types.SimpleNamespace(nodes_of=lambda name: places[name], failures=failures)


NOWHERE = "database-ip, postgres: nowhere; postgres_start_0 failed on n1: no such user"


def test_what_does_not_come_up_is_named_with_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait_until(*_: object, **__: object) -> None:
        raise LabError("not within 120 s")

    with pytest.raises(LabError, match=NOWHERE):
        bring_up(monkeypatch, [failed_on("n1")], wait_until)


def test_what_failed_to_start_everywhere_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = [failed_on(), failed_on("n2"), failed_on("n1", "n2")]
    with pytest.raises(LabError, match=NOWHERE):
        bring_up(monkeypatch, states, poll, calm=lambda: pytest.fail("it is hopeless"))


def test_what_seems_to_run_until_it_is_stopped_does_not_come_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(LabError, match=NOWHERE):
        bring_up(monkeypatch, [UP, failed_on("n1"), failed_on("n1", "n2")], poll)


@pytest.mark.parametrize("between", [[failed_on("n1"), failed_on("n1")], [None]])
def test_what_comes_up_on_another_node_in_the_end_has_come_up(
    monkeypatch: pytest.MonkeyPatch, between: list[Any]
) -> None:
    bring_up(monkeypatch, [UP, *between, UP], poll)


def test_where_a_start_is_tried_again_nothing_is_hopeless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocf_py.rehearsal.stage._tries_again", lambda _: True)
    bring_up(monkeypatch, [failed_on("n1", "n2"), failed_on("n1", "n2"), UP], poll)
