"""Rounds, and what interrupts them."""

from __future__ import annotations

import asyncio

import pytest

from ocf_py.mirror.turns import Turns


async def _forever(events: list[str]) -> None:
    events.append("begins")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        events.append("is given up")
        raise


def test_a_change_of_roles_interrupts_a_round_and_goes_first() -> None:
    events: list[str] = []

    async def play() -> None:
        turns = Turns()
        under_way = asyncio.ensure_future(turns.take_round(_forever(events)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with turns.alone():
            events.append("alone, taken" if turns.is_taken else "alone, free")
        await under_way
        events.append("taken" if turns.is_taken else "free")
        assert turns.wake.is_set()

    asyncio.run(play())
    assert events == ["begins", "is given up", "alone, taken", "free"]


def test_an_interrupt_reaches_the_round_alone() -> None:
    events: list[str] = []

    async def play() -> None:
        turns = Turns()
        turns.interrupt()  # nothing is under way
        under_way = asyncio.ensure_future(turns.take_round(_forever(events)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        turns.interrupt()
        await under_way
        async with turns.alone():
            turns.interrupt()
            await asyncio.sleep(0)
            events.append("unharmed")

    asyncio.run(play())
    assert events == ["begins", "is given up", "unharmed"]


def test_what_goes_wrong_in_a_round_is_not_swallowed() -> None:
    async def fail() -> None:
        raise OSError("the disk")

    async def play() -> None:
        await Turns().take_round(fail())

    with pytest.raises(OSError, match="the disk"):
        asyncio.run(play())
