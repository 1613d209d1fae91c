"""Minder: its resource is a process in the background."""

from __future__ import annotations

import time

import ocf_py as ocf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.system.processes import ProcessIdentity


class Minder(ocf.Agent):
    """Runs while its process does"""

    pidfile = ocf.Path("The file that names the process", required=True, unique_group="pidfile")

    @ocf.action(timeout=20)
    def start(self) -> None:
        if self._process():
            return
        from ocf_py.system import background

        process = background.start("ocfpy_agents.minder", [self.pidfile])
        with open(self.pidfile, "w", encoding="ascii") as file:
            file.write(str(process))
        self.call.facts.remember("process", str(process))

    @ocf.action(timeout=20)
    def stop(self) -> None:
        from ocf_py.system.processes import ProcessIdentity, terminate

        known = self.call.facts.recall("process")
        for process in (ProcessIdentity.parse(known) if known else None, self._process()):
            try:
                if process and not terminate(process, grace_seconds=1):
                    raise ocf.Failure(f"process {process} does not end")
            except PermissionError as error:
                raise ocf.Failure(str(error)) from error

    @ocf.action(timeout=20, interval=10, depth=0)
    def monitor(self) -> ocf.Status:
        return ocf.RUNNING if self._process() else ocf.STOPPED

    def _process(self) -> ProcessIdentity | None:
        """Find the process; None where it does not run."""
        from ocf_py.system.processes import ProcessIdentity

        text = self._read()
        process = ProcessIdentity.parse(text) if text else None
        return process if process and process.is_alive() else None

    def _read(self) -> str:
        try:
            with open(self.pidfile, encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""


def main(_arguments: list[str]) -> None:
    """What runs in the background: nothing, for as long as it may."""
    while True:
        time.sleep(1000)
