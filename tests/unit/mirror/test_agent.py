"""What the agent itself refuses, before it looks at the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mirrorsync import MirrorSync
from tests.unit.conftest import Caller

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = {
    "directory": "/nonexistent/site",
    "address": "n1=192.0.2.1 n2=192.0.2.2",
    "secrets_file": "/nonexistent/secrets",
}
META = "OCF_RESKEY_CRM_meta_"
BY_CLUSTER = {f"{META}on_node": "n1"}
PLAIN_CLONE = {**BY_CLUSTER, f"{META}clone": "0", f"{META}notify": "true"}
PROMOTABLE = {**PLAIN_CLONE, f"{META}promoted_max": "1"}


@pytest.fixture
def mirror(tmp_path: Path) -> Caller:
    return Caller(MirrorSync, tmp_path)


@pytest.mark.parametrize(
    ("meta", "remedy"),
    [
        (BY_CLUSTER, "pcs resource promotable vip notify=true"),
        (PLAIN_CLONE, "set promotable=true on the clone"),
    ],
)
def test_a_start_that_nobody_could_promote_is_refused_everywhere(
    mirror: Caller, capsys: pytest.CaptureFixture[str], meta: dict[str, str], remedy: str
) -> None:
    assert mirror.call("start", GIVEN, meta) == 6
    said = f"vip is no promotable clone, so that nobody would be promoted ({remedy})"
    assert capsys.readouterr().err == f"ocf-exit-reason:{said}\n"
    assert mirror.call("validate-all", GIVEN, {**meta, "OCF_CHECK_LEVEL": "10"}) in (2, 5)


@pytest.mark.parametrize("meta", [{}, PROMOTABLE, {**PLAIN_CLONE, f"{META}master_max": "1"}])
def test_a_start_by_hand_or_of_a_promotable_clone_goes_on(
    mirror: Caller, meta: dict[str, str]
) -> None:
    assert mirror.call("start", GIVEN, meta) in (2, 5), "this node has nothing of it"


def test_one_that_does_not_notify_is_refused_everywhere(mirror: Caller) -> None:
    assert mirror.call("start", GIVEN, {**PROMOTABLE, f"{META}notify": "false"}) == 6


def test_words_that_cannot_be_used_are_refused_before_anything_is_there(mirror: Caller) -> None:
    assert mirror("validate-all", GIVEN) == 0
    assert mirror("validate-all", {**GIVEN, "exclude": "'*.tmp"}) == 6
    assert mirror("validate-all", {**GIVEN, "interval": "20s", "max_lag": "30s"}) == 6


def test_a_mirror_of_one_node_is_taken_in_silence(
    mirror: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mirror("validate-all", {**GIVEN, "address": "n1=192.0.2.1"}) == 0
    assert capsys.readouterr().err == ""
