"""The deadline ends an action with a reason before the caller's SIGKILL."""

from __future__ import annotations

import time

import pytest

from ocf_py.deadline import Deadline, DeadlinePassed, process_start


@pytest.mark.parametrize(
    ("timeout", "margin"), [(20, 1.0), (100, 5.0), (2, 1.0), (1, 0.5), (0.2, 0.1)]
)
def test_the_margin_is_a_second_or_a_twentieth_and_at_most_half(
    timeout: float, margin: float
) -> None:
    deadline = Deadline(timeout, start=0)
    assert deadline.margin == pytest.approx(margin)
    assert deadline.end == pytest.approx(timeout - margin)


def test_counts_from_the_start_of_the_process() -> None:
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert 0 < process_start() <= now
    assert Deadline(5, start=now - 100).remaining == 0


def test_stages_end_one_after_the_other() -> None:
    deadline = Deadline(100)
    assert 0 < deadline.stage(0.5) < deadline.stage(0.8) < deadline.remaining


def test_waits_for_what_holds_and_gives_up_with_a_reason() -> None:
    answers = iter([False, True])
    Deadline(20).wait(lambda: next(answers), "it", every=0.01)
    with pytest.raises(DeadlinePassed, match=r"gave up after 0\.2 s .*: the lamp does not light"):
        Deadline(0.2).wait(lambda: False, "the lamp does not light", every=0.01)


def test_a_deadline_that_has_passed_does_not_sleep() -> None:
    deadline = Deadline(5, start=time.clock_gettime(time.CLOCK_BOOTTIME) - 100)
    with pytest.raises(DeadlinePassed):
        deadline.sleep(3600, "anything")
