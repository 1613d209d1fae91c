"""Datagrams between two workers, over the loopback interface."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from ocf_py.mirror import pokes
from ocf_py.mirror.pokes import Pokes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

ONE, OTHER, STRANGER = "127.0.0.11", "127.0.0.12", "127.0.0.13"


def find_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class World:
    """Two workers, of which the second counts what it hears; and a host that is none of theirs."""

    def __init__(self) -> None:
        port = find_port()
        self.here = Pokes(ONE, port, {"other": OTHER})
        self.there = Pokes(OTHER, port, {"one": ONE})
        self.stranger = Pokes(STRANGER, port, {"other": OTHER})
        self.woken = asyncio.Event()
        self.held: list[str] = []
        for one in (self.here, self.there, self.stranger):
            one.listen(self.woken.set, self._hold)

    async def _hold(self, node: str) -> None:
        self.held.append(node)


def play(body: Callable[[World], Awaitable[None]]) -> None:
    async def whole() -> None:
        world = World()
        try:
            await body(world)
        finally:
            for one in (world.here, world.there, world.stranger):
                one.close()

    asyncio.run(whole())


def test_a_poke_wakes_whom_it_is_for() -> None:
    async def body(world: World) -> None:
        world.here.poke("other")
        await asyncio.wait_for(world.woken.wait(), 5)
        assert world.held == []

    play(body)


def test_whoever_asks_is_answered_once_a_moment_is_held() -> None:
    async def body(world: World) -> None:
        assert await world.here.ask_to_hold("other")
        assert world.held == ["one"]
        assert not world.woken.is_set()

    play(body)


def test_a_stranger_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pokes, "_ASKED_AGAIN", 0.05)

    async def body(world: World) -> None:
        world.stranger.poke("other")
        assert not await world.stranger.ask_to_hold("other")
        assert world.held == []
        assert not world.woken.is_set()

    play(body)
