"""What can be done to a lab's nodes from outside: their power, their cables, their time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocf_py.lab.errors import LabError
from ocf_py.lab.naming import title
from ocf_py.lab.networks import CABLES
from ocf_py.lab.node import find_node
from ocf_py.lab.requests import send_request

if TYPE_CHECKING:
    from ocf_py.lab.node import Node
    from ocf_py.lab.settings import Settings


class Controls:
    """The daemon's requests that change a node; each returns when the daemon has done it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.nodes = [find_node(settings, name) for name in settings.node_names]

    def node(self, name: str) -> Node:
        """One node by its name."""
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(self.settings.node_names)
        raise LabError(f"{title(self.settings)} has no node {name}; it has {names}")

    def describe(self) -> dict[str, Any]:
        """What the daemon knows of itself and of every node."""
        return send_request(self.settings, "list")

    def kill(self, node: str) -> None:
        """Power loss."""
        send_request(self.settings, "off", node=self.node(node).name)

    def shut_down(self, node: str) -> None:
        """Ask for an orderly shutdown; the node's power goes off when it is done."""
        send_request(self.settings, "shutdown", node=self.node(node).name)

    def freeze(self, node: str) -> None:
        """Stop every process of a node at once; its kernel answers on."""
        send_request(self.settings, "freeze", node=self.node(node).name)

    def thaw(self, node: str) -> None:
        """Let a frozen node run on."""
        send_request(self.settings, "thaw", node=self.node(node).name)

    def cut(self, node: str, cable: str, mode: str = "drop") -> None:
        """Cut a node's cables (a key of CABLES): `drop` loses frames, `down` the carrier too."""
        self._set_cables(node, cable, mode)

    def mend(self, node: str, cable: str = "all") -> None:
        """Make cut cables whole again."""
        self._set_cables(node, cable, None)

    def _set_cables(self, node: str, cable: str, mode: str | None) -> None:
        if cable not in CABLES:
            raise LabError(f"unknown cable {cable!r}: choose one of {', '.join(CABLES)}")
        name = self.node(node).name
        send_request(self.settings, "cable", node=name, networks=CABLES[cable], mode=mode)

    def break_power_switch(self, *, broken: bool = True) -> None:
        """Let every fencing fail, or work again."""
        send_request(self.settings, "power-switch", broken=broken)

    def heal(self) -> None:
        """Undo every fault that lasts: cables, frozen nodes, the power switch. Starts no node."""
        self.break_power_switch(broken=False)
        for name, described in self.describe()["nodes"].items():
            self.mend(name)
            if described["frozen"]:
                self.thaw(name)
