"""A file is written to a promoted directory: how long until the copy has it."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.cib import read_configuration
from ocf_py.lab.cluster_state import PROMOTED
from ocf_py.lab.demo import find_example
from ocf_py.lab.errors import LabError

if TYPE_CHECKING:
    from tests.bench.cluster.session import Session

_DIRECTORY = "/srv/mirror/site"
_FIRST, _OTHER = "n1", "n2"  # the example prefers the first
_SECRET = b"bench:of-no-worth-at-all\n"
_LOOK = 0.002  # seconds
_LONGEST = 30.0
_PAUSES = (0.3, 1.5)  # seconds between two writes: at any moment of a pass, and between two


@dataclass(frozen=True)
class Arrivals:
    """Seconds from each write to its presence on the copy, in their order."""

    seconds: list[float]

    def quantile(self, part: float) -> float:
        """What so large a part of them did not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def watch_arrivals(session: Session, writes: int, seed: int = 1) -> Arrivals:
    """Write one small file after the other; LabError where one does not arrive."""
    lab = session.lab
    for node in lab.nodes:
        prepare = f"mkdir -p {_DIRECTORY}; umask 077; cat > /etc/ocfpy-mirror.secrets"
        node.run(["sh", "-c", prepare], stdin=_SECRET)
    lab.node(_FIRST).run(["touch", f"{_DIRECTORY}/first"])
    session.load(read_configuration(find_example("hot-standby.xml")))
    lab.wait_for_place("site", _FIRST, role=PROMOTED)
    session.settle()
    source, copy = (
        Path(f"/proc/{lab.node(name).pid}/root{_DIRECTORY}") for name in (_FIRST, _OTHER)
    )
    lab.wait_until("the first file is copied", (copy / "first").exists)
    rng = random.Random(seed)  # noqa: S311 - moments, no secrets
    seconds = []
    for number in range(writes):
        time.sleep(rng.uniform(*_PAUSES))
        seconds.append(_await_arrival(source, copy, f"written-{number}"))
    return Arrivals(seconds)


def _await_arrival(source: Path, copy: Path, name: str) -> float:
    began = time.monotonic()
    (source / name).write_text(name)
    while not (copy / name).exists():
        if time.monotonic() - began > _LONGEST:
            raise LabError(f"{name} has not come within {_LONGEST:g} s")
        time.sleep(_LOOK)
    return time.monotonic() - began
