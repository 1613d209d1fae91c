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
    """Base of a world on the kernel: calls one installed agent; `caller` runs programs there."""

    instance = ""

    def __init__(self, sandbox: Sandbox, agents: Path, name: str) -> None:
        self.reason = ""
        self.sandbox = sandbox
        self.agent = agents / name
        self.caller = Caller(sandbox, Subject(name, self.agent, {}, {}))

    def call(
        self,
        action: str,
        *,
        interval: int = 0,
        level: int = 0,
        timeout: float = 20.0,
        instance: str | None = None,
        meta: Mapping[str, str] | None = None,
        kill_after: int | None = None,
        **parameters: Any,
    ) -> int | None:
        """Return the exit code; None if it was killed, `kill_after` system calls behind the
        moment at which the runner has armed its deadline.
        """
        environment = self.as_pacemaker(
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

    def as_pacemaker(
        self,
        action: str,
        parameters: Mapping[str, Any],
        *,
        instance: str | None = None,
        interval: int = 0,
        level: int = 0,
        timeout: float = 20.0,
        meta: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """The environment in which Pacemaker calls the agent."""
        named = {name: str(value) for name, value in parameters.items()}
        named |= {f"CRM_meta_{name}": text for name, text in (meta or {}).items()}
        return self.caller.environment(
            named,
            instance=instance or self.instance,
            interval_ms=interval,
            timeout=timeout,
            level=str(level),
            action=action,
        )
