"""Finds out which daemon of a node has failed, and where its log is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.node import Node
from ocf_py.lab.requests import send_request

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.settings import Settings

_LOGS = {"corosync": "corosync/corosync.log", "pacemaker": "pacemaker/pacemaker.log"}


def find_trouble(settings: Settings, names: list[str]) -> str | None:
    """One sentence about the first daemon that has ended or node that has gone, or None."""
    described = send_request(settings, "list")["nodes"]
    for name in names:
        daemons, node = described[name]["daemons"], Node(settings, name)
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
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
        told = [line for line in reversed(lines) if line and "exiting with status" not in line]
        return next((line for line in told if " error" in line), told[0] if told else "")
    return ""
