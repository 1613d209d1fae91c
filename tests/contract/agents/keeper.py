"""Keeper: has a secret, parameters to reload, and a deep check."""

from __future__ import annotations

import os

import ocf_py as ocf


class Keeper(ocf.Agent):
    """Keeps a file that says its colour

    It can do what the examples leave out.
    """

    state = ocf.Path("The file", required=True, unique_group="state")
    colour = ocf.Select("Its colour", options=("red", "green"), default="red", reloadable=True)
    password = ocf.String("What nobody may see", default=None)
    pin_secret = ocf.Integer("A number that nobody may see", default=None)
    explode = ocf.Boolean("Raise what nobody foresaw", default=False)

    def validate_here(self) -> None:
        if not os.path.isdir(os.path.dirname(self.state)):
            raise ocf.UnusableHere(f"state={self.state}: its folder does not exist")

    @ocf.action(timeout=20)
    def start(self) -> None:
        if self.explode:
            raise RuntimeError("the first line\nand a second")
        self._write()

    @ocf.action(timeout=20)
    def stop(self) -> None:
        if self.monitor() == ocf.RUNNING:
            os.unlink(self.state)

    @ocf.action(timeout=20, interval=10, depth=0)
    @ocf.action(timeout=20, interval=60, depth=10)
    def monitor(self) -> ocf.Status:
        self.call.log.debug(f"looking at {self.state}")
        return ocf.RUNNING if os.path.isfile(self.state) else ocf.STOPPED

    @ocf.action(timeout=20)
    def reload_agent(self) -> None:
        if "colour" in self.call.changed:
            self._write()

    def _write(self) -> None:
        with open(self.state, "w", encoding="ascii") as file:
            file.write(self.colour)
