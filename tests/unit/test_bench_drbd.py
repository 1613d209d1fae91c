"""What the block mirror's bench compares, and what it concludes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.drbd.monitors import Monitors
from tests.bench.drbd.outages import Outage
from tests.bench.drbd.report import Measured, cluster_rows, report
from tests.bench.drbd.session import (
    OURS,
    PROVIDERS,
    THEIRS,
    describe,
    describe_disk,
    order_providers,
)

if TYPE_CHECKING:
    import pytest


def agents(provider: str) -> dict[str, str]:
    return {
        str(one.get("id")): f"{one.get('provider')}:{one.get('type')}"
        for one in describe(provider).iter("primitive")
    }


def test_both_clusters_are_alike_but_for_the_agent_of_the_disk() -> None:
    assert {one: agents(OURS)[one] for one in ("disk", "data")} == {
        "disk": "ocfpy:Drbd",
        "data": "ocfpy:Filesystem",
    }
    assert agents(THEIRS) == {**agents(OURS), "disk": "linbit:drbd"}


def test_at_rest_the_disk_alone_is_compared() -> None:
    disk = describe_disk(THEIRS)
    assert [one.get("id") for one in disk.iter("primitive")] == ["disk"]
    assert not [*disk.iter("rsc_colocation", "rsc_order")]


def test_the_agents_change_places_from_run_to_run() -> None:
    assert [order_providers(run) for run in range(2)] == [PROVIDERS, PROVIDERS[::-1]]


def test_outages_are_compared_by_their_medians() -> None:
    outages = [Outage(OURS, one, one / 2) for one in (9.0, 10.0, 30.0)]
    outages += [Outage(THEIRS, one) for one in (5.0, 20.0, 21.0)]
    move, loss, after = cluster_rows(Measured(moves=outages, losses=[*outages, *outages]))
    assert (move.ratio, move.met) == (0.5, True)
    assert (loss.ratio, loss.met) == (0.5, True)
    assert (list(after.ours), after.target) == ([4.5, 5.0, 15.0] * 2, None)


def test_a_missed_target_is_shown_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    slow = Monitors("promoted", {OURS: [6.0] * 3, THEIRS: [10.0] * 3})
    assert not report(Measured(monitors=[slow]))
    assert "MISSED" in capsys.readouterr().out
    assert report(Measured(monitors=[Monitors("promoted", {OURS: [5.0], THEIRS: [10.0]})]))
