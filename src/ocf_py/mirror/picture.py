"""What an admin is shown of an instance: everything it knows, in plain values for JSON."""

from __future__ import annotations

import math

from .clock import now
from .status import DIVERGED, PROMOTED, UNPROMOTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .record import Record
    from .worker import Worker


def draw(worker: Worker) -> dict[str, Any]:
    """The instance, its copy's age, its score and why, the peers as last seen, what was kept."""
    following, record = worker.following, worker.ledger.record
    last = following.last
    return {
        "instance": worker.settings.instance,
        "node": worker.settings.node,
        "directory": worker.settings.directory,
        "store": worker.settings.store,
        "role": PROMOTED if worker.roles.is_promoted else UNPROMOTED,
        "stage": worker.stage,
        "fault": worker.fault[1],
        "has_diverged": worker.fault[0] == DIVERGED,
        "quorum": worker.surroundings.has_quorum,
        "score": worker.candidacy.verdict.score,
        "reason": worker.candidacy.verdict.reason,
        "source": following.source,
        "lag_seconds": None if math.isinf(following.lag) else round(following.lag, 1),
        "last_pass": None
        if last is None
        else {
            "from": last.source,
            "age_seconds": round(now() - last.began, 1),
            "seconds": round(last.seconds, 2),
            "settled": last.is_settled,
        },
        **_draw_record(record),
        "asides": [
            {"name": one.name, "end": one.end, "position": _text(one.position)}
            for one in record.asides
        ],
        "peers": {
            node: {
                "promoted": one.record.is_open,
                "age_seconds": round(now() - one.at, 1),
                **_draw_record(one.record),
            }
            for node, one in sorted(worker.surroundings.seen.items())
        },
        "unreachable": {
            node: worker.surroundings.why_unheard(node)
            for node in sorted(worker.settings.peers.keys() - worker.surroundings.seen.keys())
        },
    }


def _draw_record(record: Record) -> dict[str, Any]:
    return {
        "generation": _text(record.generation),
        "owns": record.owns,
        "tree": _draw_tree(record),
        "moment": record.moment,
        "evidence": None
        if record.evidence is None
        else {
            "source": record.evidence.source,
            "lag_seconds": None
            if math.isinf(record.evidence.lag)
            else round(record.evidence.lag, 1),
            "final_pass": record.evidence.sealed,
            "death_confirmed": record.evidence.confirmed,
        },
        "heard": [str(one) for one in record.heard],
    }


def _draw_tree(record: Record) -> str | None:
    """How far the tree has come: the generation, and the moments; an open one has no end."""
    if record.tree is None:
        return None
    return f"{record.generation} open" if record.is_open else str(record.tree)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
