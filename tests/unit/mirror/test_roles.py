"""A promotion whose way is barred: what the cluster is told before it fails."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from ocf_py.mirror import record as records
from ocf_py.mirror.candidacy import Candidacy
from ocf_py.mirror.control import Refused
from ocf_py.mirror.decisions import MINUS_INFINITY, Facts, Peer
from ocf_py.mirror.order import SPACE, PassRefused
from ocf_py.mirror.roles import Roles
from ocf_py.mirror.turns import Turns
from tests.unit.mirror.test_decisions import between

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.mirror.record import Record

LATER = between(6, 8, "n3")


class _Ledger:
    """A record that needs no disk."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.place = SimpleNamespace(
            layout=SimpleNamespace(check=lambda: None),
            retire=lambda: None,
            find_exchanged=lambda _: "",
        )

    def at_disk(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def change(self, function: Any, *what: Any, **more: Any) -> None:
        self.record = function(self.record, *what, **more)


class _Others:
    """The surroundings of one copy, n1, beside n3 which has a later pass."""

    def __init__(self) -> None:
        self.seen = {"n3": LATER}

    def facts(self) -> Facts:
        return Facts({node: Peer(one) for node, one in self.seen.items()}, quorum=True)

    def reachable(self) -> list[str]:
        return list(self.seen)

    has_quorum = True

    def whom_to_wait_for(self) -> str:
        return ""

    async def look(self) -> None: ...

    async def confirm_death(self) -> None: ...

    def publish(self) -> None: ...


class Trial:
    """A copy that may be promoted once it has pulled, which ``pull`` does or refuses."""

    def __init__(self, directory: Path, pull: Any) -> None:
        (directory / "file").touch()
        self.others = _Others()
        self.ledger = _Ledger(records.announce(between(5, 6, "n1"), "n1"))
        settings: Any = SimpleNamespace(
            instance="site",
            directory=str(directory),
            max_lag=10.0,
            allow_stale=False,
            trigger="interval",
            snapshot="none",
            node="n1",
            addresses={"n1": "192.0.2.1", "n3": "192.0.2.3"},
            peers={"n3": "192.0.2.3"},
        )
        following: Any = SimpleNamespace(pull=pull, source="", lag=0.0, rest=lambda: None)
        ledger: Any = self.ledger
        others: Any = self.others
        self.candidacy = Candidacy(settings, ledger, others, following, self._tell)
        self.told: list[int] = []
        self.watched = 0
        serving: Any = SimpleNamespace(watch=self._watch, end=self._end)
        asides: Any = SimpleNamespace(part=self._part)
        with patch("ocf_py.mirror.roles.Log"):  # not to the system log
            self.roles = Roles(
                settings,
                ledger,
                others,
                serving,
                following,
                self.candidacy,
                asides,
                Turns(),
            )

    async def _tell(self) -> None:
        self.told.append(self.candidacy.verdict.score)

    async def _watch(self, *, by_inotify: bool) -> None:
        self.watched += 1

    def _end(self) -> None:
        self.watched = 0

    async def _part(self, end: float) -> None: ...


def test_where_the_later_pass_cannot_be_had_the_other_copy_is_chosen(tmp_path: Path) -> None:
    async def pull(_: str) -> None:
        raise PassRefused(SPACE, "too little room")

    async def play() -> None:
        trial = Trial(tmp_path, pull)
        with pytest.raises(Refused, match="too little room"):
            await trial.roles.promote(20.0)
        assert trial.told == [MINUS_INFINITY]
        assert trial.ledger.record.announced == ()
        trial.candidacy.estimate()
        assert trial.candidacy.verdict.score == MINUS_INFINITY
        trial.others.seen.clear()  # until that one is not there either
        trial.candidacy.estimate()
        assert trial.candidacy.verdict.allowed

    asyncio.run(play())


def test_where_the_other_copy_has_left_meanwhile_it_is_decided_anew(tmp_path: Path) -> None:
    async def play() -> None:
        async def pull(node: str) -> None:
            trial.others.seen.clear()
            raise PassRefused(SPACE, f"{node} has left the cluster")

        trial = Trial(tmp_path, pull)
        await trial.roles.promote(20.0)
        assert trial.roles.is_promoted

    asyncio.run(play())


def test_who_is_promoted_already_is_not_about_to_be(tmp_path: Path) -> None:
    """As Pacemaker announces after a reload; it would never be told how that ended."""

    async def play() -> None:
        async def pull(_: str) -> None:
            trial.others.seen.clear()

        trial = Trial(tmp_path, pull)
        await trial.roles.promote(20.0)
        await trial.roles.announce(1.0, ["n1", "n3"])
        assert trial.ledger.record.announced == ("n3",)

    asyncio.run(play())


def test_no_directory_that_is_not_its_copy_is_promoted(tmp_path: Path) -> None:
    async def play() -> None:
        trial = Trial(tmp_path, None)
        trial.ledger.place.find_exchanged = lambda _: "it was emptied"
        with pytest.raises(Refused, match="it was emptied"):
            await trial.roles.promote(20.0)
        trial.candidacy.estimate()
        assert trial.candidacy.verdict.score == MINUS_INFINITY

    asyncio.run(play())


def test_a_promotion_that_no_disk_takes_listens_to_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        trial = Trial(tmp_path, None)
        trial.others.seen.clear()
        change = trial.ledger.change

        def refuse(function: Any, *what: Any, **more: Any) -> None:
            if function is records.open_generation:
                raise OSError(28, "No space left on device")
            change(function, *what, **more)

        trial.ledger.change = refuse  # type: ignore[method-assign]
        with pytest.raises(OSError, match="No space"):
            await trial.roles.promote(20.0)
        assert not trial.watched
        assert not trial.roles.is_promoted

    asyncio.run(play())
