"""The rehearsal's database client as tests have it: without a pause, and asked while it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.rehearsal import writing

if TYPE_CHECKING:
    from typing_extensions import Self

    from ocf_py.lab import Lab

TABLE = "numbers"


class RowWriter(writing.RowWriter):
    """Commits the numbers from 1 on, one a transaction, as fast as the database takes them."""

    pause = 0.0

    def __init__(self, lab: Lab, address: str) -> None:
        super().__init__(lab, address, TABLE)
        self._lab = lab
        self._next = 0

    @classmethod
    def going_on(cls, lab: Lab, address: str) -> Self:
        """One that goes on after the last row that is there."""
        writer = cls(lab, address)
        writer._next = max(writer.stored(), default=0)
        return writer

    @property
    def told(self) -> list[float]:
        """When each row was acknowledged, CLOCK_MONOTONIC."""
        return list(self.acknowledged.values())

    def await_more(self, count: int = 10, timeout: float = 60.0) -> None:
        """Wait until so many more rows are acknowledged."""
        before = len(self.acknowledged)

        def has_more() -> bool:
            self.check()
            return len(self.acknowledged) > before + count

        self._lab.wait_until("rows are committed", has_more, timeout=timeout)

    def longest_silence(self, since: float) -> float:
        """Seconds of the longest time without a commit, of those that ended after ``since``."""
        told = self.told
        pauses = (after - before for before, after in zip(told, told[1:]) if after >= since)
        return max(pauses, default=0.0)
