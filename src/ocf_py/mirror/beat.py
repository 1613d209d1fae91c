"""The beat goes on while the disk makes the worker wait.

The worker writes its record before it goes on, and a slow disk (a path that fails over, a full
journal) may hold that up for minutes. A promoted instance is none the worse for it, so a thread
beats for it meanwhile, and tells what it waits for. It says nothing of a worker that hangs
otherwise.
"""

from __future__ import annotations

import threading

from .clock import now
from .status import TROUBLE, Status, write_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_INTERVAL = 1.0  # seconds
_LATE = 5.0  # seconds that the disk may take before it is told of
_LONGEST = 600.0  # seconds that a disk is waited for: then the worker counts as hung


class Beat:
    """Writes one instance's status: ``waits_since`` says since when it waits for its disk, or None.

    The times are those of CLOCK_BOOTTIME.
    """

    def __init__(self, folder: str, waits_since: Callable[[], float | None]) -> None:
        self._folder = folder
        self._waits_since = waits_since
        self._lock = threading.Lock()
        self._last: Status | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="beat", daemon=True)

    def begin(self) -> None:
        """Watch over the worker from now on."""
        self._thread.start()

    def end(self) -> None:
        """Write nothing any more; returns at once."""
        self._ended.set()

    def write(self, status: Status) -> None:
        """Write what the worker says of itself; OSError."""
        with self._lock:
            self._last = status
            write_status(self._folder, status)

    def _go_on(self) -> None:
        while not self._ended.wait(_INTERVAL):
            since = self._waits_since()
            waited = 0.0 if since is None else now() - since
            if not _LATE < waited < _LONGEST:
                continue
            with self._lock:
                # It may have gone on while this one waited for the lock.
                if self._last is None or self._waits_since() != since or self._ended.is_set():
                    continue
                try:
                    write_status(self._folder, _waiting(self._last, waited))
                except OSError:
                    pass  # the worker tells of that, once it goes on


def _waiting(last: Status, waited: float) -> Status:
    """What the worker said last, and that it waits for its disk; in steps, not as a clock."""
    said = int(waited // 10 * 10) or int(_LATE)
    return Status(
        last.worker,
        last.stage,
        last.role,
        beat=now(),
        score=last.score,
        is_told=last.is_told,
        fault_kind=last.fault_kind or TROUBLE,
        fault=last.fault or f"the disk of the store has not answered for {said} s",
    )
