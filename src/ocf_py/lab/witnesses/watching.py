"""A witness watches from a thread of its own, for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

_END_SECONDS = 10.0
_AHEAD = 1  # the least of the priorities that go ahead of everything ordinary, sched(7)


class Watching:
    """Base of the witnesses; `watch` runs until `ended` is set, and its error is not lost."""

    def __init__(self, name: str) -> None:
        self.ended = threading.Event()
        self.ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def watch(self) -> None:
        """Watch; sets `ready` once it sees."""
        raise NotImplementedError

    def _run(self) -> None:
        # On a busy machine it would wait its turn, and see too late; what it starts does not.
        with contextlib.suppress(OSError):
            ahead = os.SCHED_RR | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(0, ahead, os.sched_param(_AHEAD))
        try:
            self.watch()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asks
            self._error = error
        finally:
            self.ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.ready.wait()
        self.check()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        self._thread.join(_END_SECONDS)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise what the watching thread raised: a blind witness has seen nothing."""
        if self._error is not None:
            raise self._error
