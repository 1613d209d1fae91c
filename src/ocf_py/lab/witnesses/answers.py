"""What a client heard of one address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One answered question; times are CLOCK_MONOTONIC in seconds.

    One that `continues` says that nothing has changed since the one before: who asks seldom cannot
    take the time between two answers for an outage.
    """

    asked: float
    answered: float
    node: str
    continues: bool = False


@dataclass(frozen=True)
class Outage:
    """The time between two answers that follow each other."""

    last_answer: Answer
    first_answer: Answer

    @property
    def milliseconds(self) -> float:
        """How long nobody answered."""
        return (self.first_answer.answered - self.last_answer.answered) * 1000


def find_longest_outage(answers: list[Answer], since: float = 0.0) -> Outage | None:
    """The longest time between two answers of which the second came after `since`."""
    outages = [
        Outage(before, after)
        for before, after in zip(answers, answers[1:])
        if after.answered >= since
    ]
    return max(outages, key=lambda outage: outage.milliseconds, default=None)


def find_first_answer(answers: list[Answer], node: str, since: float = 0.0) -> Answer | None:
    """The first question asked after `since` that a node has answered."""
    return next((a for a in answers if a.node == node and a.asked >= since), None)
