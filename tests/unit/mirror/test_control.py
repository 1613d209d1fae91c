"""Asking the worker: one question, one answer, and silence told from a refusal."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.mirror.control import Refused, WorkerSilent, ask, listen, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


async def answer(what: str, more: dict[str, Any]) -> dict[str, Any]:
    if what == "refuse":
        raise Refused("not now", "come back later")
    if what == "hang":
        await asyncio.sleep(60)
    return {"asked": what, **more}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[str]:
    """A folder in which somebody answers, deeper than a socket's address is long."""
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(serve(listen(str(deep)), answer))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield str(deep)
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    for task in asyncio.all_tasks(loop):
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()


def test_a_question_is_answered(folder: str) -> None:
    said = ask(folder, "finish", 5, nodes=["n1", "ü"])
    assert said == {"asked": "finish", "seconds": 5, "nodes": ["n1", "ü"]}


def test_a_refusal_says_why_and_what_helps(folder: str) -> None:
    with pytest.raises(Refused, match="not now") as refused:
        ask(folder, "refuse", 5)
    assert refused.value.hint == "come back later"


def test_a_worker_that_hangs_is_waited_for_no_longer_than_agreed(folder: str) -> None:
    with pytest.raises(WorkerSilent, match="does not answer"):
        ask(folder, "hang", 0.1)


def test_where_nobody_listens_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorkerSilent, match="No such file"):
        ask(str(tmp_path), "status", 1)
    listen(str(tmp_path)).close()
    with pytest.raises(WorkerSilent, match="refused"):
        ask(str(tmp_path), "status", 1)


def test_the_socket_of_a_dead_worker_is_replaced(tmp_path: Path) -> None:
    listen(str(tmp_path)).close()
    listen(str(tmp_path)).close()
