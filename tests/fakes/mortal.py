"""The runner in here over a fake machine, and SIGKILL in the midst of it."""

from __future__ import annotations

import contextlib
import io
import signal
from typing import TYPE_CHECKING, Any

from ocf_py.environment import Environment
from ocf_py.runner import run
from ocf_py.start_record import RecordFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import ocf_py as ocf


class Killed(BaseException):
    """SIGKILL, as far as this process can play it."""


class Mortal:
    """Mixed into a fake: kills its user before or after its Nth question (`questions`)."""

    questions: frozenset[str] = frozenset()
    steps_left: int | None = None

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in type(self).questions or super().__getattribute__("steps_left") is None:
            return found

        def mortal(*words: Any, **named: Any) -> Any:
            self._pass_step()
            result = found(*words, **named)
            self._pass_step()
            return result

        return mortal

    def _pass_step(self) -> None:
        if self.steps_left is not None:
            if self.steps_left <= 0:
                raise Killed
            self.steps_left -= 1


class InHere:
    """Base of a world without a kernel: calls one agent, whose type is `name`, in this process."""

    instance = ""

    def __init__(self, name: str, agent: type[ocf.Agent], machine: Mortal, records: Path) -> None:
        self.reason = ""
        self._name = name
        self._agent = agent
        self._machine = machine
        self._records = records

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
        """Return the exit code; None if it was killed, `kill_after` steps behind its beginning."""
        variables = {
            "OCF_RESOURCE_INSTANCE": instance or self.instance,
            "HA_LOGFACILITY": "none",
            "OCF_CHECK_LEVEL": str(level),
            "OCF_RESKEY_CRM_meta_timeout": str(int(timeout * 1000)),
            "OCF_RESKEY_CRM_meta_interval": str(interval),
            **{f"OCF_RESKEY_CRM_meta_{name}": text for name, text in (meta or {}).items()},
            **{f"OCF_RESKEY_{name}": str(value) for name, value in parameters.items()},
        }
        file = RecordFile(self._name, instance or self.instance, str(self._records), boot="this")
        said = io.StringIO()
        self._machine.steps_left = kill_after
        try:
            with contextlib.redirect_stderr(said):
                return run(self._agent, [action], Environment(variables), file)
        except Killed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            return None
        finally:
            self._machine.steps_left = None
            self.reason = said.getvalue().strip().removeprefix("ocf-exit-reason:")
