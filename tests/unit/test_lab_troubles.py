"""A node that does not boot says why, and where to read more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.lab import Lab, LabError
from ocf_py.lab.settings import Settings
from ocf_py.lab.troubles import explain_boot

if TYPE_CHECKING:
    from pathlib import Path

CORPSE: dict[str, Any] = {"power": "off", "pid": None, "daemons": {}}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lab that never was: its directories, and a daemon that is played here."""
    settings = Settings.build("default", tmp_path)
    (settings.logs / "n2").mkdir(parents=True)
    return settings


def write_history(settings: Settings, code: int, said: str = "") -> None:
    event = {"at": 1.0, "what": "power off", "node": "n2", "code": code}
    settings.event_log.write_text(json.dumps(event) + "\n")
    (settings.logs / "n2/boot.log").write_text(said)


def test_a_boot_that_reports_its_failure_is_explained_by_it(settings: Settings) -> None:
    daemons = {"boot": {"state": "failed", "reason": "no room"}}
    log = settings.logs / "n2/boot.log"
    assert explain_boot(settings, "n2", {**CORPSE, "daemons": daemons}) == (
        f"boot failed: no room; see {log}"
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [("an older boot\npython3: no init\n\n", "python3: no init"), ("", "its init ended with 2")],
)
def test_an_init_that_ends_at_once_is_explained_by_what_it_said(
    settings: Settings, said: str, reason: str
) -> None:
    write_history(settings, 2, said)
    explained = explain_boot(settings, "n2", CORPSE)
    assert explained == f"boot failed: {reason}; see {settings.logs / 'n2/boot.log'}"


@pytest.mark.parametrize("code", [0, -9, -2])
def test_an_end_by_order_or_by_the_power_switch_is_no_failed_boot(
    settings: Settings, code: int
) -> None:
    write_history(settings, code, "said")
    assert explain_boot(settings, "n2", CORPSE) is None


def test_a_node_that_is_on_has_booted(settings: Settings) -> None:
    assert explain_boot(settings, "n2", {**CORPSE, "power": "on"}) is None


def play_daemon(monkeypatch: pytest.MonkeyPatch, *nodes: dict[str, Any]) -> None:
    """Answer the first `list` by the first of `nodes` as n2, and so on."""
    descriptions = iter(nodes)

    def answer(_settings: Settings, operation: str, **_: object) -> dict[str, Any]:
        return {"nodes": {"n2": next(descriptions)}} if operation == "list" else {}

    monkeypatch.setattr("ocf_py.lab.lab.send_request", answer)
    monkeypatch.setattr("ocf_py.lab.troubles.send_request", answer)
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_start_waits_for_the_init(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    booting = {"power": "on", "pid": 7, "daemons": {}}
    running = {**booting, "daemons": {"corosync": {"state": "started"}}}
    play_daemon(monkeypatch, booting, booting, running)
    Lab(settings).start("n2")


def test_start_fails_with_a_boot_that_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"boot": {"state": "failed", "reason": "no room"}}
    dying = {"power": "on", "pid": 7, "daemons": failed}
    play_daemon(monkeypatch, dying, {**CORPSE, "daemons": failed})
    with pytest.raises(LabError, match=r"^n2: boot failed: no room; see .*/n2/boot\.log$"):
        Lab(settings).start("n2")
