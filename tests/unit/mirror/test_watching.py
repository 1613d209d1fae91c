"""What an instance makes of the memberships that it sees, and of those that it did not."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror import record as records
from ocf_py.mirror import surroundings, worker
from ocf_py.mirror.clock import now
from ocf_py.mirror.control import Refused
from ocf_py.mirror.decisions import Verdict, judge_promotion
from ocf_py.mirror.following import LastPass
from ocf_py.mirror.generations import FENCED, Position
from ocf_py.mirror.membership import View
from ocf_py.mirror.record import Record
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = records.open_generation(Record("n2"), "ab")
MAX_LAG = 40.0


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An instance of n1, which has stood beside n2; Corosync's process is always the same."""
    monkeypatch.setattr(worker, "mark", lambda ring: f"boot corosync {ring}" if ring else "")
    for name in ("store", "run"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "data").mkdir()
    secrets = tmp_path / "secrets"
    secrets.write_text("site:a-secret-of-the-site\n")
    secrets.chmod(0o600)
    settings = Settings(
        instance="site",
        node="n1",
        addresses={"n1": "127.0.0.1", "n2": "127.0.0.2"},
        port=0,
        directory=f"{tmp_path}/data",
        store=f"{tmp_path}/store",
        secrets_file=str(secrets),
        interval=10.0,
        trigger="interval",
        snapshot="none",
        max_lag=MAX_LAG,
        max_delete=50,
        min_free=0,
    )
    settings.write(f"{tmp_path}/run")
    return settings


def view(*members: str, ring: str = "1.8", quorum: bool = True) -> View:
    return View(frozenset(members), quorum, ring)


def copy_of(owner: Record, *, sealed: bool, watched: str = "boot corosync 1.8") -> Record:
    """A copy that has lost its source: demoted with a final pass, or fenced."""
    source = records.seal(owner) if sealed else owner
    assert source.generation is not None
    position = source.tree if sealed else Position(source.generation, source.moment, source.moment)
    copy = Record("n1", position, lineage=source.lineage, watched=watched)
    return records.confirm_death(records.lose_source(copy, "n2", 1.0, sealed=sealed), "n2")


class Starter:
    """Makes the instance, as it would be when its process has just begun."""

    def __init__(self, folder: str, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._made: list[worker.Worker] = []

    def __call__(self, record: Record | None = None) -> worker.Worker:
        if record is not None:
            RecordFile(self._settings.store, "n1").write(record)
        self._made.append(worker.Worker(self._folder, self._settings))
        return self._made[-1]

    def close(self) -> None:
        for one in self._made:
            one.pokes._socket.close()


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Starter]:
    starter = Starter(f"{tmp_path}/run", settings)
    yield starter
    starter.close()


@pytest.mark.parametrize("sealed", [True, False], ids=["final pass", "fenced"])
@pytest.mark.parametrize(
    ("ring", "members", "keeps"),
    [
        ("1.8", ("n1",), True),
        ("1.10", ("n1",), False),
        ("1.c", ("n1", "n2"), False),
        ("", ("n1",), False),
    ],
    ids=["the same membership", "another", "the source is back", "which one is unknown"],
)
def test_a_restart_keeps_its_proof_under_the_membership_that_it_has_watched(
    start: Starter,
    ring: str,
    members: tuple[str, ...],
    keeps: bool,
    sealed: bool,
) -> None:
    async def live() -> None:
        one = start(copy_of(OWNER, sealed=sealed))
        one._on_view(view(*members, ring=ring))
        assert (one.ledger.record.evidence is not None) is keeps
        verdict = judge_promotion(one.ledger.record, one.surroundings.facts(), MAX_LAG)
        assert verdict.allowed is keeps

    asyncio.run(live())


def test_a_proof_that_was_watched_over_changes_outlives_a_restart(start: Starter) -> None:
    async def live(*rings: str, record: Record | None = None) -> Record:
        one = start(record)
        for ring in rings:
            one._on_view(view("n1", ring=ring))
        return one.ledger.record

    proof = copy_of(OWNER, sealed=True)
    assert asyncio.run(live("1.8", "1.c", record=proof)).evidence is not None
    assert asyncio.run(live("1.c")).evidence is not None
    assert asyncio.run(live("1.10")).evidence is None


def test_an_owner_waits_for_nobody_that_it_has_not_missed(start: Starter) -> None:
    owner = records.seal(records.open_generation(Record("n1"), "ab"))
    watched = records.watch(owner, "boot corosync 1.8")

    async def live(record: Record) -> tuple[str, bool]:
        one = start(record)
        one._on_view(view("n1", "n2"))
        verdict = judge_promotion(one.ledger.record, one.surroundings.facts(), MAX_LAG)
        return one.surroundings.whom_to_wait_for(), verdict.allowed

    assert asyncio.run(live(watched)) == ("", True)
    assert asyncio.run(live(owner)) == ("n2", True)


def test_an_owner_that_was_away_waits_without_an_end_where_the_mirror_runs(
    start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = records.seal(records.open_generation(Record("n1"), "ab"))
    monkeypatch.setattr(surroundings, "_PATIENCE", -1.0)

    def judge(one: worker.Worker) -> tuple[bool, str]:
        assert one.surroundings.whom_to_wait_for() == ""
        verdict = judge_promotion(one.ledger.record, one.surroundings.facts(), MAX_LAG)
        return verdict.allowed, verdict.reason

    async def live() -> None:
        one = start(owner)
        one._on_view(view("n1", "n2"))
        assert judge(one) == (True, "it owns the newest generation, 1-ab")
        await one.roles.look(1.0, started=["n2"])
        allowed, reason = judge(one)
        assert not allowed
        assert reason.startswith("the mirror on n2 runs, and has not answered")
        assert reason.endswith("ocf-py mirror resolve RESOURCE --loser n2")
        await one.roles.look(1.0, stopped=["n2"])
        assert judge(one)[0]
        one._on_view(view("n1", "quorum-only"))
        allowed, reason = judge(one)
        assert not allowed
        assert reason.startswith("n2 may have been promoted while this node was away")
        one.surroundings.hear(records.Record("n2"), 0.0)
        assert judge(one)[0]

    asyncio.run(live())


@pytest.mark.parametrize("is_still_there", [True, False])
def test_a_source_that_died_while_nobody_watched_is_not_followed_on(
    start: Starter, is_still_there: bool
) -> None:
    """Corosync was not to be heard for a moment, and all peers were looked at meanwhile."""

    async def live() -> None:
        one = start(Record("n1"))
        one._on_view(view("n1", "n2"))
        one._on_view(None)
        one.surroundings.hear(OWNER, now())
        one.following.source = "n2"
        one.following.last = LastPass("n2", now(), 0.1, is_settled=True)
        one._on_view(view("n1", *(["n2"] if is_still_there else []), ring="1.c"))
        assert (one.following.source, one.surroundings.find_source()) == (
            ("n2", "n2") if is_still_there else ("", "")
        )

    asyncio.run(live())


def test_a_membership_without_this_nodes_name_is_none_and_told_of(start: Starter) -> None:
    async def live() -> None:
        owner = records.seal(records.open_generation(Record("n1"), "ab"))
        one = start(records.watch(owner, "boot corosync 1.8"))
        one._on_view(view("192.0.2.1", "192.0.2.2"))
        assert not judge_promotion(owner, one.surroundings.facts(), MAX_LAG).allowed
        assert one.fault[1].startswith("Corosync knows no node n1, only 192.0.2.1, 192.0.2.2:")
        one._on_view(view("n1", "n2"))
        assert judge_promotion(owner, one.surroundings.facts(), MAX_LAG).allowed
        assert one.fault == ("", "")

    asyncio.run(live())


@pytest.mark.parametrize("has_quorum", [True, False])
def test_what_a_promotion_was_decided_by_is_what_it_opens_its_generation_with(
    start: Starter, monkeypatch: pytest.MonkeyPatch, has_quorum: bool
) -> None:
    """The fenced source reboots and joins while the promotion is under way; or the quorum goes."""

    async def live() -> Record:
        one = start(copy_of(OWNER, sealed=False))
        one._on_view(view("n1"))

        async def decide() -> Verdict:
            return judge_promotion(one.ledger.record, one.surroundings.facts(), MAX_LAG)

        async def take_long(_: float) -> None:
            one._on_view(view("n1", "n2", ring="1.c", quorum=has_quorum))
            assert one.ledger.record.evidence is None

        async def publish() -> None:
            pass

        monkeypatch.setattr(one.candidacy, "decide", decide)
        monkeypatch.setattr(one.asides, "part", take_long)
        monkeypatch.setattr(one.roles, "publish", publish)
        monkeypatch.setattr(one.candidacy, "tell", publish)
        monkeypatch.setattr(type(one.log), "info", lambda *_: None)
        if has_quorum:
            await one.roles.promote(10.0)
        else:
            with pytest.raises(Refused, match="the quorum was lost meanwhile"):
                await one.roles.promote(10.0)
        one.serving.end()
        return one.ledger.record

    record = asyncio.run(live())
    assert record.is_open is has_quorum
    if has_quorum:
        assert record.lineage[0].end == FENCED


@pytest.mark.parametrize("owns", [True, False])
def test_with_its_score_an_owner_tells_its_generation_from_its_start_on(
    start: Starter, monkeypatch: pytest.MonkeyPatch, owns: bool
) -> None:
    told: list[tuple[str, str]] = []

    class FakeCluster:
        def set_promotion_score(self, _: int) -> bool:
            return True

        def set_attribute(self, name: str, value: str) -> None:
            told.append((name, value))

    async def live() -> None:
        record = records.seal(records.open_generation(Record("n1"), "ab"))
        one = start(record if owns else copy_of(OWNER, sealed=True))
        monkeypatch.setattr(one, "_cluster", FakeCluster)
        monkeypatch.setattr(one.surroundings, "_cluster", FakeCluster)
        await one._tell_score()
        assert told == []  # there is no cluster yet
        one._on_view(view("n1", "n2"))
        await one._tell_score()
        await one._tell_score()

    asyncio.run(live())
    assert told == ([("mirror-generation-site", "1-ab")] if owns else [])


def test_a_fencing_from_before_it_was_heard_last_confirms_nothing(
    start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def was_fenced(_: str, since: float) -> bool:
        asked.append(since)
        return False

    monkeypatch.setattr(surroundings, "was_fenced", was_fenced)

    async def live() -> float:
        one = start(Record("n1"))
        one._on_view(view("n1", "n2"))
        heard = time.time()
        one.surroundings.hear(OWNER, now())
        one.following.source = "n2"
        one._on_view(view("n1", ring="1.c"))
        await one.surroundings.confirm_death()
        return heard

    heard = asyncio.run(live())
    assert len(asked) == 1
    assert abs(asked[0] - heard) < 1
    assert asked[0] >= heard - 0.01
