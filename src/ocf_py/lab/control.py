"""The daemon's orders: what host and nodes may ask for, and how it is answered."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable

from pyroute2 import NetlinkError

from ocf_py.lab.machine import Machine, PowerError
from ocf_py.lab.networks import NETWORKS
from ocf_py.lab.switch import CABLE_MODES, Switch

if TYPE_CHECKING:
    from ocf_py.lab.events import EventLog
    from ocf_py.lab.settings import Settings

Answer = dict[str, Any]


class Control:
    """All operations. A node's fence agent may use the power switch alone."""

    def __init__(
        self, settings: Settings, machines: dict[str, Machine], switch: Switch, events: EventLog
    ) -> None:
        self.ending = False
        self._settings = settings
        self._machines = machines
        self._switch = switch
        self._events = events
        self._broken = False  # the power switch does not obey fence agents
        self._for_nodes: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "power": self._power,
            "on": self._on,
            "off": self._off,
            "reboot": self._reboot,
        }
        self._for_host: dict[str, Callable[[dict[str, Any]], Answer]] = {
            **self._for_nodes,
            "list": self._list,
            "shutdown": self._shutdown,
            "freeze": self._freeze,
            "thaw": self._freeze,
            "cable": self._cable,
            "power-switch": self._power_switch,
            "note": self._note,
            "down": self._down,
        }

    def obey_host(self, request: dict[str, Any]) -> Answer:
        """Do what the administrator asks."""
        return self._obey(self._for_host, request)

    def obey_node(self, request: dict[str, Any], asker: str) -> Answer:
        """Do what a fence agent asks, if the power switch works."""
        operation, node = request.get("operation"), request.get("node")
        if operation == "power":
            return self._obey(self._for_nodes, request)
        self._events.write("fencing requested", node, by=asker, operation=operation)
        if self._broken:
            answer: Answer = {"error": "the power switch does not answer (it was broken)"}
        else:
            answer = self._obey(self._for_nodes, request)
        what = "fencing failed" if "error" in answer else "fencing confirmed"
        self._events.write(what, node, by=asker, **answer)
        return answer

    def _obey(
        self, operations: dict[str, Callable[[dict[str, Any]], Answer]], request: dict[str, Any]
    ) -> Answer:
        operation = operations.get(str(request.get("operation")))
        if operation is None:
            return {"error": f"unknown operation {request.get('operation')!r}"}
        node = request.get("node")
        if node is not None and node not in list(self._machines):  # it may be unhashable
            return {"error": f"no node {node}; there are {', '.join(self._machines)}"}
        try:
            return operation(request)
        except (OSError, PowerError, NetlinkError) as error:
            return {"error": f"{request['operation']} {node or ''}: {error}"}
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            return {"error": f"{request['operation']} {node or ''}: malformed request: {error!r}"}

    def _machine(self, request: dict[str, Any]) -> Machine:
        return self._machines[request["node"]]

    def _power(self, _request: dict[str, Any]) -> Answer:
        return {"power": {name: machine.power for name, machine in self._machines.items()}}

    def _on(self, request: dict[str, Any]) -> Answer:
        self._machine(request).switch_on()
        return {}

    def _off(self, request: dict[str, Any]) -> Answer:
        self._machine(request).switch_off()
        return {}

    def _reboot(self, request: dict[str, Any]) -> Answer:
        self._machine(request).reset()
        return {}

    def _shutdown(self, request: dict[str, Any]) -> Answer:
        self._machine(request).shut_down()
        return {}

    def _list(self, _request: dict[str, Any]) -> Answer:
        return {
            "daemon": os.getpid(),
            "janitor": os.getppid(),
            "power_switch": "broken" if self._broken else "works",
            "nodes": {name: machine.describe() for name, machine in self._machines.items()},
        }

    def _freeze(self, request: dict[str, Any]) -> Answer:
        machine = self._machine(request)
        if machine.pid is None:
            return {"error": f"{machine.name} is off"}
        frozen = request["operation"] == "freeze"
        self._events.write(request["operation"], machine.name)
        machine.freeze(frozen=frozen)
        return {}

    def _cable(self, request: dict[str, Any]) -> Answer:
        """`networks` of `node` get `mode`: drop, down, or None for whole again."""
        machine, mode = self._machine(request), request["mode"]
        if mode is not None and mode not in CABLE_MODES:
            return {"error": f"unknown mode {mode!r}: {' or '.join(CABLE_MODES)}"}
        for network in NETWORKS:
            if network.key in request["networks"]:
                self._events.write("cable", machine.name, network=network.key, mode=mode)
                plugged = machine.pid is not None
                self._switch.set_cable(machine.name, network, mode, plugged=plugged)
        machine.feel_cable()
        return {}

    def _power_switch(self, request: dict[str, Any]) -> Answer:
        self._broken = bool(request["broken"])
        self._events.write("power switch broken" if self._broken else "power switch mended")
        return {}

    def _note(self, request: dict[str, Any]) -> Answer:
        """Write a watcher's finding into the journal; answers with its time."""
        return {"at": self._events.write(str(request["what"]), request.get("node"))}

    def _down(self, _request: dict[str, Any]) -> Answer:
        self.ending = True
        return {}
