"""What came of one call of an agent, for a reader or as JSON."""

from __future__ import annotations

import signal
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from ocf_py.catalogue.exit_codes import Kind
from ocf_py.conformance.caller import read_reason

if TYPE_CHECKING:
    from typing import Any

    from ocf_py.catalogue.calling import Called
    from ocf_py.catalogue.exit_codes import Meaning
    from ocf_py.catalogue.places import InstalledAgent

_KINDS = {Kind.ONCE: "", Kind.PROBE: " (a probe)", Kind.RECURRING: " (recurring)"}


@dataclass(frozen=True)
class Outcome:
    """A call and its meaning; `limit` is the timeout in milliseconds, `log` what was logged."""

    agent: InstalledAgent
    action: str
    kind: Kind
    limit: int
    called: Called
    meaning: Meaning
    log: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The exit reason as Pacemaker reads it: none of an agent that was killed."""
        return read_reason(self._stderr) if self.called.code is not None else ""

    def as_json(self) -> dict[str, Any]:
        """Everything, for json.dumps."""
        return {
            "agent": self.agent.name,
            "path": str(self.agent.path),
            "action": self.action,
            "kind": self.kind.value,
            "code": self.called.code,
            "name": self.meaning.name,
            "signal": self.called.signal,
            "timed_out": self.called.timed_out,
            "success": self.meaning.is_success,
            "meaning": self.meaning.consequence,
            "reason": self.reason,
            "timeout_seconds": self.limit / 1000,
            "seconds": round(self.called.seconds, 4),
            "cpu_seconds": round(self.called.cpu, 4),
            "stdout": self._stdout,
            "stderr": self._stderr,
            "output_cut": self.called.is_cut,
            "log": list(self.log),
            "left": [asdict(one) for one in self.called.left],
        }

    def show(self) -> None:
        """Prints it."""
        colour = "green" if self.meaning.is_success else "red"
        click.echo(f"{self.agent.name} {self.action}{_KINDS[self.kind]}")
        click.echo(f"  answer     {click.style(self._answer(), fg=colour, bold=True)}")
        click.echo(f"  Pacemaker  {self.meaning.consequence}")
        if self.reason:
            click.echo(f"  reason     {self.reason}")
        seconds = f"{self.called.seconds * 1000:.0f} ms of {self.limit} ms"
        click.echo(f"  time       {seconds}, CPU {self.called.cpu * 1000:.0f} ms")
        for one in self.called.left:
            click.echo(f"  left       {one.pid}  {one.command}")
        if self.called.kept_open:
            click.echo("  left       something that holds the agent's output open")
        for title, lines in (
            ("stdout", self._stdout.splitlines()),
            ("stderr", self._stderr.splitlines()),
            ("log", self.log),
        ):
            for line in lines:
                click.echo(f"  {title:<9}  {line}")
        if self.called.is_cut:
            click.echo("  output     cut at the 10 MiB that Pacemaker takes")

    @property
    def _stdout(self) -> str:
        return self.called.stdout.decode(errors="replace")

    @property
    def _stderr(self) -> str:
        return self.called.stderr.decode(errors="replace")

    def _answer(self) -> str:
        if self.called.code is not None:
            return f"{self.called.code} ({self.meaning.name})"
        if self.called.timed_out:
            return "none: killed at its timeout"
        return f"none: ended by {signal.Signals(self.called.signal).name}"
