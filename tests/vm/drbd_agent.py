"""The agent Drbd on one guest, called as Pacemaker calls it; and what DRBD's own tools say."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.conformance.environment import INHERITED, PATH, make_environment, read_reason

if TYPE_CHECKING:
    from ocf_py.lab.node import Node

LAUNCHER = "/usr/lib/ocf/resource.d/ocfpy/Drbd"
INSTANCE = "disk"
_SCORE_SECONDS = 30.0
_ALLOWANCE = 60.0  # seconds for a guest's channel, beside the action's own


@dataclass(frozen=True)
class Answer:
    """What one call came to."""

    code: int
    reason: str
    errors: str


class DrbdAgent:
    """One instance of the clone on ``node``, with ``parameters`` beside the resource's name."""

    def __init__(self, node: Node, **parameters: str) -> None:
        self.node = node
        self.parameters = {"drbd_resource": "r0", "wfc_timeout": "20", **parameters}

    def call(self, action: str, *, seconds: float = 60, interval: int = 0, **more: str) -> Answer:
        """One action; ``more`` are further variables of meta attributes (notify_type="post")."""
        meta = {
            "on_node": self.node.name,
            "clone": "0",
            "clone_max": "2",
            "promoted_max": "1",
            "notify": "true",
            **more,
        }
        environment = make_environment(
            ("ocfpy", "Drbd"),
            self.parameters,
            instance=INSTANCE,
            interval_ms=interval,
            timeout=seconds,
            level="",
            action=action,
            inherited={**INHERITED, "PATH": PATH},
        )
        environment |= {f"OCF_RESKEY_CRM_meta_{name}": text for name, text in meta.items()}
        words = [f"{name}={text}" for name, text in environment.items()]
        done = self.node.run(
            ["env", "-i", *words, LAUNCHER, action], check=False, timeout=seconds + _ALLOWANCE
        )
        return Answer(done.returncode, read_reason(done.stderr), done.stderr)

    def monitor(self) -> Answer:
        """The recurring one."""
        return self.call("monitor", interval=10000)

    def do(self, action: str, **more: str) -> None:
        """One action that has to succeed."""
        answer = self.call(action, seconds=60, interval=0, **more)
        assert answer.code == 0, f"{self.node.name}: {action}: {answer}"

    def has_score(self, wanted: str) -> bool:
        """Whether the cluster comes to know this promotion score, "" for none.

        What was told shows when the cluster has written it, a moment later.
        """
        question = ["crm_attribute", f"--promotion={INSTANCE}", "-N", self.node.name]
        question += ["-l", "reboot", "--query", "--quiet"]
        end = time.monotonic() + _SCORE_SECONDS
        while self.node.run(question, check=False).stdout.strip() != wanted:
            if time.monotonic() > end:
                return False
        return True

    def say(self, *command: str) -> str:
        """What a tool of the guest prints; LabError where it fails."""
        return self.node.run(list(command)).stdout.strip()
