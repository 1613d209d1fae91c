"""An admin sets values that cannot be used: what runs goes on, says so, and takes the next ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.lab.faults import PowerLoss, suffer
from tests.cluster.conftest import settle

if TYPE_CHECKING:
    from .pair import Pair
    from .writer import LineWriter

REASON = "max_lag=15s is less than twice interval=10s (max_lag=20s is the least)"


def test_values_that_cannot_be_used_stop_nothing_on_any_node(
    pair: Pair, writer: LineWriter
) -> None:
    before = pair.worker("n1"), pair.worker("n2"), pair.record("n1").generation
    pair.changes = None  # what is loaded is not the example any more
    set_max_lag(pair, "15s")
    await_shown(pair, f"(not taken over: {REASON})")
    writer.await_more()
    assert (pair.worker("n1"), pair.worker("n2"), pair.record("n1").generation) == before
    with suffer(pair.lab, PowerLoss("n2")):
        await_shown(pair, "OFFLINE: [ n2 ]")
    await_shown(pair, f"site start on n2 returned 'invalid parameter' ({REASON})")
    writer.await_more()
    assert pair.worker("n1") == before[0]
    set_max_lag(pair, "20s")
    pair.follows("n2")
    settle(pair.lab)
    assert "max_lag" not in show(pair)
    assert pair.promoted("n1") == "n1"
    assert pair.worker("n1") == before[0]
    writer.await_more()


def set_max_lag(pair: Pair, value: str) -> None:
    pair.lab.node("n1").run(["pcs", "resource", "update", "site", f"max_lag={value}"])


def await_shown(pair: Pair, text: str) -> None:
    pair.lab.wait_until(f"the cluster shows {text}", lambda: text in show(pair))


def show(pair: Pair) -> str:
    return pair.lab.node("n1").run(["crm_mon", "-1"]).stdout
