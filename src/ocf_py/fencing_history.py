"""Whether the cluster has confirmed that a node is dead: Pacemaker's history of its fencing."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree as ET

from ocf_py.system import commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Event(Protocol):
        """An element of XML, of whichever reader."""

        def get(self, key: str, /) -> str | None:
            """An attribute; None where it has none of that name."""


_ACTIONS = ("off", "reboot")
_LIMIT = 5.0  # seconds


def was_fenced(node: str, since: float) -> bool:
    """Whether a fencing of ``node`` has succeeded after ``since`` (seconds of the epoch).

    False where Pacemaker does not say so, for whatever reason: unconfirmed is the safe answer.
    """
    # Without --verbose, of several fencings alike only one is told, and not the last.
    argv = ["stonith_admin", "--history", node, "--output-as=xml", "--verbose"]
    try:
        done = commands.run(argv, _LIMIT)
    except (commands.ToolMissing, OSError):
        return False
    return done.status == 0 and confirms(done.stdout, node, since)


def confirms(history: str, node: str, since: float) -> bool:
    """Read the history as stonith_admin(8) prints it in XML; its times have whole seconds."""
    try:
        events = ET.fromstring(history).iter("fence_event")  # noqa: S314 - from Pacemaker itself
    except ET.ParseError:
        return False
    return any(is_confirmed(event, node, since) for event in events)


def is_confirmed(event: Event, node: str, since: float) -> bool:
    """Whether one `fence_event` is a fencing of ``node`` that has succeeded after ``since``."""
    return (
        event.get("target") == node
        and event.get("action") in _ACTIONS
        and event.get("status") == "success"
        and _moment(event.get("completed") or "") > since
    )


def _moment(text: str) -> float:
    """The time of one event in seconds of the epoch; 0 where it cannot be read."""
    plain = text.replace("Z", "+00:00").replace(" +", "+").replace(" -", "-")
    try:
        return datetime.fromisoformat(plain).timestamp()
    except ValueError:
        return 0.0
