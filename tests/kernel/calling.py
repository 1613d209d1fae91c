"""The installed agent of one type, called in a sandbox as Pacemaker does."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from ocf_py.conformance.caller import Caller, Hold, Surroundings
from ocf_py.conformance.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox


class Installed:
    """One agent in one sandbox; `caller` runs programs there too."""

    def __init__(self, sandbox: Sandbox, agents: Path, name: str) -> None:
        self.path = agents / name
        self.caller = Caller(sandbox, Subject(name, self.path, {}, {}))
        #: The exit reason of the last call.
        self.reason = ""

    def call(
        self,
        action: str,
        parameters: Mapping[str, Any],
        *,
        instance: str,
        interval: int = 0,
        level: int = 0,
        timeout: float = 20.0,
        meta: Mapping[str, str] | None = None,
        kill_after: int | None = None,
    ) -> int | None:
        """Return the exit code; None if it was killed, `kill_after` system calls behind the
        moment at which the runner has armed its deadline.
        """
        environment = self.environment(
            action,
            parameters,
            instance=instance,
            interval=interval,
            level=level,
            timeout=timeout,
            meta=meta,
        )
        hold = None if kill_after is None else Hold("alarm", further=kill_after)
        answer = self.caller.call(
            (action,), environment, timeout=timeout, surroundings=Surroundings(hold=hold)
        )
        assert "Traceback" not in answer.stdout + answer.stderr
        assert answer.signal in (0, signal.SIGKILL)
        self.reason = answer.stderr.strip().removeprefix("ocf-exit-reason:")
        return answer.code

    def environment(
        self,
        action: str,
        parameters: Mapping[str, Any],
        *,
        instance: str,
        interval: int = 0,
        level: int = 0,
        timeout: float = 20.0,
        meta: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """What Pacemaker hands it."""
        named = {name: str(value) for name, value in parameters.items()}
        named |= {f"CRM_meta_{name}": text for name, text in (meta or {}).items()}
        return self.caller.environment(
            named,
            instance=instance,
            interval_ms=interval,
            timeout=timeout,
            level=str(level),
            action=action,
        )
