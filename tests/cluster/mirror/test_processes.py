"""What runs beside Pacemaker is killed, or outlives it: the worker, its daemon, their secret."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.cluster_state import PROMOTED
from ocf_py.lab.faults import PowerLoss, suffer
from tests.cluster.conftest import settle

from .pair import FIRST_LINE, SECRETS

if TYPE_CHECKING:
    from .pair import Pair
    from .writer import LineWriter

OLD, NEW = FIRST_LINE, "other:another-secret-of-theirs\n"


@pytest.mark.usefixtures("copies")
def test_a_worker_killed_where_it_is_promoted_is_promoted_there_again(
    pair: Pair, writer: LineWriter
) -> None:
    writer.await_more()
    before = pair.worker("n1"), pair.record("n1").generation
    since = pair.lab.note("the worker is killed")
    kill(pair, "n1", before[0])
    pair.lab.wait_until(
        "a new worker has opened a generation",
        lambda: pair.status("n1") and pair.record("n1").generation != before[1],
    )
    pair.promoted("n1")
    writer.await_more()
    shown = pair.lab.node("n1").run(["crm_mon", "-1"]).stdout
    assert f"cannot demote: its worker {before[0]}:" in shown, "the cause is what is shown"
    assert pair.worker("n1") != before[0]
    first, second = pair.record("n1").lineage[:2]
    assert (first.owner, first.end, second.generation) == ("n1", "own", before[1])
    assert writer.lost(partial(pair.lines, "n1")) == set()
    assert [event for event in pair.lab.events(since) if event.what.startswith("fencing")] == []


@pytest.mark.usefixtures("copies")
def test_a_worker_killed_beside_a_copy_is_started_again(pair: Pair, writer: LineWriter) -> None:
    before, generation = pair.worker("n2"), pair.record("n1").generation
    kill(pair, "n2", before)
    pair.lab.wait_until(
        "it follows again", lambda: pair.status("n2") and pair.worker("n2") != before
    )
    pair.follows("n2")
    writer.await_more()
    assert pair.record("n1").generation == generation, "n1 was promoted all the time"


def test_passes_go_on_after_a_daemon_was_killed(pair: Pair, writer: LineWriter) -> None:
    before = daemons(pair, "n1")
    for daemon in before:
        kill(pair, "n1", daemon)
    writer.await_more()
    await_on_copy(pair, writer.kept[-1].number)
    assert not {*before} & {*daemons(pair, "n1")}


@pytest.mark.usefixtures("copies")
def test_the_secret_is_changed_without_a_gap(pair: Pair, writer: LineWriter) -> None:
    for text in (OLD + NEW, NEW + OLD, NEW):
        for node in ("n1", "n2"):
            change_secrets(pair, node, text)
            writer.await_more()
            await_on_copy(pair, writer.kept[-1].number)
    assert pull_with(pair, NEW) == 0
    assert pull_with(pair, OLD) == 5, "whoever has the old one is let in"
    for node in ("n1", "n2"):  # as the other tests expect it
        change_secrets(pair, node, OLD)


def test_nothing_is_demoted_when_pacemaker_restarts_in_maintenance(
    pair: Pair, writer: LineWriter
) -> None:
    before = pair.worker("n1"), pair.worker("n2"), pair.record("n1").generation
    maintenance = ["crm_attribute", "--name", "maintenance-mode"]
    pair.lab.node("n1").run([*maintenance, "--update", "true"])
    settle(pair.lab)
    since = pair.lab.note("Pacemaker restarts in maintenance")
    try:
        for node in pair.lab.nodes:
            node.stop_pacemaker()
        writer.await_more()
        await_on_copy(pair, writer.kept[-1].number)
        for node in pair.lab.nodes:
            node.start_pacemaker()
        pair.lab.await_online()
        pair.lab.wait_for_place("site", "n1", role=PROMOTED)
    finally:
        pair.lab.node("n1").run([*maintenance, "--delete"])
    settle(pair.lab)
    assert pair.promoted("n1") == "n1"
    assert (pair.worker("n1"), pair.worker("n2"), pair.record("n1").generation) == before
    scores = {node: pair.score(node) for node in ("n1", "n2")}
    assert scores == {"n1": 1000, "n2": 500}
    assert [event for event in pair.lab.events(since) if event.what.startswith("fencing")] == []


def test_after_a_reload_the_copy_takes_over_as_before(pair: Pair, writer: LineWriter) -> None:
    """Pacemaker may promote once more whoever is promoted, and announces that to all."""
    before = pair.worker("n1"), pair.record("n1").generation
    pair.lab.node("n1").run(["pcs", "resource", "update", "site", "interval=9s"])
    pair.changes = None  # what is loaded is not the example any more
    for node in ("n1", "n2"):
        pair.lab.wait_until(
            f"{node} has the new interval",
            partial(has_setting, pair, node, '"interval": 9.0'),
        )
    settle(pair.lab)
    assert pair.promoted("n1") == "n1"
    pair.follows("n2")
    writer.await_more()
    assert (pair.worker("n1"), pair.record("n1").generation) == before
    for node in ("n1", "n2"):
        pair.lab.node(node).run(notify_of_promotion("pre"))
    pair.lab.node("n2").run(notify_of_promotion("post"))
    pair.lab.wait_until("n2 knows how it ended", lambda: pair.record("n2").announced == ())
    assert pair.record("n1").announced == ()
    with suffer(pair.lab, PowerLoss("n1")):
        assert pair.promoted("n2") == "n2"
        writer.await_more()


def notify_of_promotion(kind: str) -> list[str]:
    """The call that Pacemaker makes in a node when n1 is promoted, once more."""
    meta = "OCF_RESKEY_CRM_meta"
    notify = f"{meta}_notify"
    resource = "crm_resource --resource site --get-parameter"
    script = f"""
        export OCF_ROOT=/usr/lib/ocf OCF_RA_VERSION_MAJOR=1 OCF_RA_VERSION_MINOR=1
        export OCF_RESOURCE_INSTANCE=site {meta}_on_node=$(uname -n) {meta}_timeout=60000
        export {meta}_notify=true {meta}_clone=0 {meta}_clone_max=2
        export {notify}_type={kind} {notify}_operation=promote {notify}_promote_uname=n1
        export {notify}_promoted_uname=n1 {notify}_active_uname='n1 n2'
        for name in directory address secrets_file interval max_lag; do
            value=$({resource} $name 2>/dev/null) && export OCF_RESKEY_$name="$value"
        done
        exec /usr/lib/ocf/resource.d/ocfpy/MirrorSync notify
    """
    return ["sh", "-c", script]


def has_setting(pair: Pair, node: str, text: str) -> bool:
    return text in pair.run_file(node, "settings")


def kill(pair: Pair, node: str, pid: int) -> None:
    pair.lab.node(node).run(["kill", "-KILL", str(pid)])


def daemons(pair: Pair, node: str) -> list[int]:
    """The processes of a node's rsync daemon."""
    found = pair.lab.node(node).run(["pgrep", "-x", "rsync", "-f", "-a"], check=False).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "--daemon" in line]


def await_on_copy(pair: Pair, number: int) -> None:
    pair.lab.wait_until(f"{number} is on the copy", lambda: number in pair.lines("n2"))


def change_secrets(pair: Pair, node: str, text: str) -> None:
    """Give a node another file of secrets, and wait until its mirror goes by it."""
    pair.lab.node(node).run(["tee", SECRETS], stdin=text.encode())
    pair.lab.wait_until("it is taken", lambda: pair.run_file(node, "secrets") == text)


def pull_with(pair: Pair, line: str) -> int:
    """How rsync ends that asks n1 for its record from n2, with a secret."""
    name, _, secret = line.strip().partition(":")
    ask = ["rsync", "--password-file=-", f"rsync://{name}@10.77.2.11:8730/state/record", "/run/"]
    return pair.lab.node("n2").run(ask, check=False, stdin=secret.encode()).returncode
