"""A look at what may hang is made in a child, and given up with it."""

from __future__ import annotations

import os
import signal

import pytest

from ocf_py.system.probing import Hung, look


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
