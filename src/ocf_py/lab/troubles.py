"""Finds out what a node has failed at, its boot or a daemon, and where the log of it is."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocf_py.lab.errors import LabError
from ocf_py.lab.events import read_events
from ocf_py.lab.node import find_node
from ocf_py.lab.requests import send_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocf_py.lab.node import Node
    from ocf_py.lab.settings import Settings

_CONSOLE_LINES = 15
_LOGS = {"corosync": "corosync/corosync.log", "pacemaker": "pacemaker/pacemaker.log"}


def find_trouble(settings: Settings, names: list[str]) -> str | None:
    """One sentence about the first daemon that has ended or node that has gone, or None."""
    described = send_request(settings, "list")["nodes"]
    for name in names:
        daemons, node = described[name]["daemons"], find_node(settings, name)
        if settings.init == "systemd" and described[name]["pid"] is not None:
            daemons = _failed_units(node)
        for daemon, report in daemons.items():
            if report["state"] == "failed":
                return f"{name}: {daemon} failed: {report['reason']}; {_see(node, daemon)}"
            if report["state"] == "ended":
                return (
                    f"{name}: {daemon} ended with {report['code']} before the node was online; "
                    f"{_see(node, daemon)}"
                )
        if described[name]["power"] == "off":
            return f"{name} went off before it was online; {_see(node, 'boot')}"
    return None


def explain_boot(settings: Settings, name: str, described: Mapping[str, Any]) -> str | None:
    """Why a node that is off did not boot, and the log of it; None when its boot went well.

    `described` is the daemon's description of the node.
    """
    if described["power"] != "off":
        return None
    log = settings.logs / name / "boot.log"
    boot = described["daemons"].get("boot")
    if boot is not None:
        return f"boot failed: {boot['reason']}; see {log}"
    code = _exit_code(settings, name)
    if described["daemons"] or code <= 0:  # it ran, or a signal or an orderly end took its power
        return None
    said = _lines_backwards(log)
    return f"boot failed: {said[0] if said else f'its init ended with {code}'}; see {log}"


def init_runs(settings: Settings, name: str) -> bool:
    """Whether a node that was switched on has come so far; LabError when it does not boot."""
    described = send_request(settings, "list")["nodes"][name]
    trouble = explain_boot(settings, name, described)
    if described["power"] == "off":
        log = settings.logs / name / "boot.log"
        raise LabError(f"{name}: {trouble or f'its power went off again; see {log}'}")
    if settings.init == "systemd" and described["pid"] is not None:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{described['pid']}/comm").read_text() == "systemd\n"
    return bool(described["daemons"]) and "boot" not in described["daemons"]


def show_console(settings: Settings, name: str) -> str:
    """The tail of a guest's console, as lines to follow a message; nothing for other nodes."""
    if settings.kind != "vm":
        return ""
    said = _lines_backwards(settings.logs / name / "boot.log")[:_CONSOLE_LINES]
    lines = "".join(f"\n  {line}" for line in reversed(said)) or " nothing"
    return f"; the console of {name} said last:{lines}"


def _exit_code(settings: Settings, name: str) -> int:
    """How the node's last init ended; 0 when none has."""
    for event in reversed(read_events(settings.event_log)):
        if event.what == "power off" and event.node == name:
            return int(event.details["code"])
    return 0


def _failed_units(node: Node) -> dict[str, dict[str, str]]:
    failed = {}
    for unit in _LOGS:
        show = ["systemctl", "show", "--property=ActiveState,ExecMainStatus", f"{unit}.service"]
        with contextlib.suppress(LabError):  # its systemd may not listen yet
            shown = dict(line.partition("=")[::2] for line in node.run(show).stdout.splitlines())
            if shown.get("ActiveState") == "failed":
                failed[unit] = {"state": "ended", "code": shown.get("ExecMainStatus", "?")}
    return failed


def _see(node: Node, daemon: str) -> str:
    """Name the log that says most: the daemon's own, or what it said before it opened that."""
    own = node.logs / _LOGS.get(daemon, "boot.log")
    boot = node.logs / "boot.log"
    for log in (own, boot):
        line = _last_line(log)
        if line:
            return f"see {log}: {line}"
    return f"see {node.logs}"


def _last_line(log: Path) -> str:
    """The last error in a log, or its last line; that it is going to exit is no reason."""
    told = [line for line in _lines_backwards(log) if "exiting with status" not in line]
    return next((line for line in told if " error" in line), told[0] if told else "")


def _lines_backwards(log: Path) -> list[str]:
    """A log's lines that say something, the last one first."""
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
        return [line for line in reversed(lines) if line]
    return []
