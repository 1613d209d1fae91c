"""What a test on the machine itself undoes when it is through, and what it has to leave there."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

import psutil

from ocf_py.conformance.caller import SpawnerDied

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ocf_py.conformance.stage import Stage

_SECONDS = 2.0  # that what a stop has ended may take to die


class Left(NamedTuple):
    """Something that outlives a test on the machine, and a command line that ends it."""

    what: str
    remedy: str


def undo(
    stage: Stage, starts: Sequence[Mapping[str, str]], active: Collection[int | None]
) -> Iterator[Left]:
    """Stops whatever was started, in these environments, and yields what there is all the same.

    `active` are the codes by which a monitor says that it runs.
    """
    with contextlib.suppress(SpawnerDied):
        for variables in starts:
            stop = stage.ask(("stop",), variables, politely=False)
            probe = {**variables, "OCF_RESKEY_CRM_meta_interval": "0"}
            seen = stage.ask(("monitor",), probe, politely=False)
            if seen.code in active:
                said = f"stop answers {stop.outcome}, and monitor {seen.outcome}"
                yield Left(f"the resource is active: {said}", stop.by_hand)
    with contextlib.suppress(psutil.NoSuchProcess):  # the spawner, and nobody knows its descendants
        limit = time.monotonic() + _SECONDS
        while stage.processes() and time.monotonic() < limit:
            time.sleep(0.05)
        for pid, line in stage.processes().items():
            yield Left(f"process {pid}: {line}", f"kill {pid}")
    for record in stage.records():
        yield Left(f"file {record}", f"rm {record}")
