"""Sleeper: hangs, in one of the ways in which an action can."""

from __future__ import annotations

import os
import time

import ocf_py as ocf


class Sleeper(ocf.Agent):
    """Keeps a file, unless it hangs"""

    state = ocf.Path("The file", required=True, unique_group="state")
    hang = ocf.Select("How", options=("no", "sleep", "wait", "child"), default="no")

    @ocf.action(timeout=20)
    def start(self) -> None:
        self._hang()
        with open(self.state, "w", encoding="ascii"):
            pass

    @ocf.action(timeout=20)
    def stop(self) -> None:
        self._hang()
        if os.path.isfile(self.state):
            os.unlink(self.state)

    @ocf.action(timeout=20, interval=10, depth=0)
    def monitor(self) -> ocf.Status:
        self._hang()
        return ocf.RUNNING if os.path.isfile(self.state) else ocf.STOPPED

    def _hang(self) -> None:
        if self.hang == "sleep":
            time.sleep(1000)
        elif self.hang == "wait":
            self.call.deadline.wait(lambda: False, "for what never comes")
        elif self.hang == "child":
            from ocf_py.system import commands

            try:
                commands.run(["sleep", "1000"], self.call.deadline.remaining)
            except OSError as error:
                raise ocf.Failure(str(error)) from error
