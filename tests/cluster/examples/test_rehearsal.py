"""A rehearsal and a soak on a real cluster, from the command line; and one that must fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from ocf_py.lab.progress import Silence
from ocf_py.rehearsal.faults import FAULTS
from ocf_py.rehearsal.faults.programs import AddressDeleted
from ocf_py.rehearsal.planning import plan
from ocf_py.rehearsal.record import NOBODY, STAYS, Expectation
from ocf_py.rehearsal.rehearsal import Company
from ocf_py.rehearsal.run import Rehearsal
from ocf_py.toolkit.lab import lab as command_line
from tests.cluster.conftest import EXAMPLES, name_lab

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from ocf_py.lab import Lab
    from ocf_py.rehearsal.scene import Scene


def test_faults_on_a_database_are_played_on_two_labs_judged_and_reported(tmp_path: Path) -> None:
    faults = ["power-loss", "disk-read-only"]
    words = [word for fault in faults for word in ("--fault", fault)]
    command = ["rehearse", str(EXAMPLES / "database.xml"), *words, "--json", "--labs", "2"]
    command += ["--report", str(tmp_path), "--name", name_lab("rehearsal")]
    done = CliRunner(mix_stderr=False).invoke(command_line, command)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert [play["fault"] for play in told["plays"]] == faults
    assert json.loads((tmp_path / "report.json").read_text()) == told
    assert (tmp_path / "database-power-loss-ocfpy.svg").exists()
    loss = told["plays"][0]
    assert loss["fenced"] == [loss["victim"]]
    kinds = {moment["kind"] for moment in loss["moments"]}
    assert {"fault", "detection", "fencing", "operation", "repair"} <= kinds
    assert loss["written"][0]["acknowledged"] > 0
    for play in told["plays"]:
        rules = {verdict["rule"] for verdict in play["verdicts"]}
        assert {"one holder", "one mount", "no write lost", "serves again"} <= rules


def test_a_soak_plays_what_its_seed_says(lab: Lab) -> None:
    run = Rehearsal("a short soak")
    company = Company(lab, run, lambda _: None, Silence())
    made = plan(EXAMPLES / "address.xml", 2)
    company.play_by_chance(made, ["standby", "address-deleted", "move"], seconds=0.01, seed=5)
    # The time is over after the first; which that is, is the seed's.
    assert [play.fault for play in run.plays] == ["move"]
    assert [play.verdicts for play in run.plays if not play.passed] == []


class _ForgottenAddress(AddressDeleted):
    """It is deleted after somebody has put it up on the other node; nobody may notice."""

    def expect(self, scene: Scene) -> Expectation:
        return Expectation(STAYS, 0.0001, NOBODY)

    def strike(self, scene: Scene) -> None:
        ip = scene.stage.addresses[0].get("ip")
        scene.survivor.run(["ip", "address", "add", f"{ip}/24", "dev", "eth2"])
        super().strike(scene)


def test_two_holders_and_what_is_left_behind_are_found_on_a_real_cluster(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "address-deleted", _ForgottenAddress)
    record = Rehearsal("broken on purpose")
    made = plan(EXAMPLES / "address.xml", 2)
    Company(lab, record, lambda _: None, Silence()).play_all(made, ["address-deleted"])
    (play,) = record.plays
    for node in lab.nodes:
        if node.name != play.victim:
            node.run(["ip", "address", "delete", "10.77.2.100/24", "dev", "eth2"], check=False)
    broken = {verdict.rule for verdict in play.verdicts if not verdict.holds}
    assert {"one holder", "serves again", "nothing left"} <= broken
