"""A look at what may hang is made in a child, and given up with it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from ocf_py.system.probing import Hung, gather, look

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestALook:
    def test_brings_its_answer_back(self) -> None:
        assert look(lambda: [1, "\udcff", (None, b"x" * 100_000)], 5) == [
            1,
            "\udcff",
            (None, b"x" * 100_000),
        ]

    def test_needs_no_standard_descriptor(self) -> None:
        kept = [os.dup(number) for number in range(3)]
        try:
            os.closerange(0, 3)
            answer = look(lambda: "seen", 5)
        finally:
            for number, handle in enumerate(kept):
                os.dup2(handle, number)
                os.close(handle)
        assert answer == "seen"

    def test_raises_what_was_raised_in_there(self) -> None:
        with pytest.raises(FileNotFoundError):
            look(lambda: os.stat("/nonexistent"), 5)

    def test_is_given_up_and_ended(self) -> None:
        with pytest.raises(Hung, match=r"within 0\.1 s") as caught:
            look(signal.pause, 0.1)
        assert caught.value.left is None

    def test_that_dies_is_no_answer(self) -> None:
        with pytest.raises(OSError, match="has died"):
            look(lambda: os.kill(os.getpid(), signal.SIGKILL), 5)


class TestAGathering:
    def test_brings_all_there_is(self) -> None:
        assert gather(lambda: iter([(1, "a"), "b" * 100_000]), 5) == ([(1, "a"), "b" * 100_000], "")
        assert gather(list, 5) == ([], "")

    def test_that_takes_too_long_brings_what_came_before(self) -> None:
        def hang() -> Iterator[int]:
            yield 1
            yield 2
            signal.pause()

        assert gather(hang, 0.5) == ([1, 2], "no answer within 0.5 s")

    def test_that_fails_or_dies_brings_what_came_before(self) -> None:
        def fail() -> Iterator[int]:
            yield 1
            os.stat("/nonexistent")

        def die() -> Iterator[int]:
            yield 1
            os.kill(os.getpid(), signal.SIGKILL)

        assert gather(fail, 5) == ([1], "No such file or directory")
        assert gather(die, 5) == ([1], "the child that was to look has died")
