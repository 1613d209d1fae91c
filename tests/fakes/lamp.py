"""A panel of lamps that holds state and refuses the impossible, and the agents that switch them."""

from __future__ import annotations

import ocf_py as ocf


class Panel:
    """The machine: which lamp is lit, in which role; what it was told; how it misbehaves.

    `lit` holds lamp → "on" or "promoted". `broken` names the calls that raise, `lame` those that
    do nothing, `blind` makes every look fail.
    """

    current: Panel

    def __init__(self) -> None:
        self.lit: dict[str, str] = {}
        self.told: list[str] = []
        self.broken: dict[str, Exception] = {}
        self.lame: set[str] = set()
        self.late = 0

    def switch(self, call: str, lamp: str, to: str) -> None:
        """Do what `call` wants: bring `lamp` to "off", "on" or "promoted"."""
        self.told.append(f"{call} {lamp}")
        if call in self.broken:
            raise self.broken[call]
        if call in self.lame:
            return
        if to == "off":
            self.lit.pop(lamp, None)
        else:
            self.lit[lamp] = to

    def look(self, lamp: str) -> str:
        """Say "off", "on" or "promoted"; an effect that is `late` shows after that many looks."""
        if "monitor" in self.broken:
            raise self.broken["monitor"]
        if self.late and self.told:
            self.late -= 1
            return "off"
        return self.lit.get(lamp, "off")


class Lamp(ocf.Agent):
    """Lights one lamp & nothing <else>

    The rest is for whoever wants to know more.
    """

    lamp = ocf.String("Which lamp", required=True, unique_group="lamp")
    colour = ocf.Select("Its colour", options=("red", "green"), default="red", reloadable=True)
    watts = ocf.Integer("Its power", default=None, minimum=1)
    password = ocf.String("What the panel asks for", default=None)

    @ocf.seam
    def panel(self) -> Panel:
        return Panel.current

    @ocf.action(timeout=20)
    def start(self) -> None:
        self.panel.switch("start", self.lamp, "on")

    @ocf.action(timeout=20)
    def stop(self) -> None:
        self.panel.switch("stop", self.lamp, "off")

    @ocf.action(timeout=20, interval=10, depth=0)
    @ocf.action(timeout=30, interval=60, depth=10)
    def monitor(self) -> ocf.Status:
        state = self.panel.look(self.lamp)
        return {"off": ocf.STOPPED, "on": ocf.RUNNING, "promoted": ocf.PROMOTED}[state]

    @ocf.action(timeout=20)
    def reload_agent(self) -> None:
        self.panel.switch(f"reload[{','.join(sorted(self.call.changed))}]", self.lamp, "on")

    def validate(self) -> None:
        if self.watts == 13:
            raise ocf.Misconfigured("watts=13 brings bad luck", hint="take another")

    def validate_here(self) -> None:
        if self.lamp == "elsewhere":
            raise ocf.UnusableHere("lamp='elsewhere' is not on this panel")


class Beacon(Lamp):
    """A lamp with roles"""

    @ocf.action(timeout=20)
    def promote(self) -> None:
        self.panel.switch("promote", self.lamp, "promoted")

    @ocf.action(timeout=20)
    def demote(self) -> None:
        self.panel.switch("demote", self.lamp, "on")

    @ocf.action(timeout=20)
    def notify(self) -> None:
        self.panel.told.append(f"notify {self.call.cluster.notification.kind}")

    def promotion_score(self, status: ocf.Status) -> int:
        if "score" in self.panel.broken:
            raise self.panel.broken["score"]
        return 10 if status.is_promoted else 5


class KeenLamp(Lamp):
    """A lamp that notes what it is when it finds itself lit"""

    def adopt(self) -> None:
        if "adopt" in self.panel.broken:
            raise self.panel.broken["adopt"]
        self.call.facts.remember("found", self.panel.look(self.lamp))


class SlowLamp(Lamp):
    """A lamp that takes a moment to show"""

    @ocf.action(timeout=20, settles=True)
    def start(self) -> None:
        self.panel.switch("start", self.lamp, "on")
