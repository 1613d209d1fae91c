"""The addresses that a node has, however they are written."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.lab.node import Node

_INTERFACE, _TEXT = 1, 3  # words of a line of `ip -o address show`


@dataclass(frozen=True)
class HeldAddress:
    """`text` has its prefix, as ip(8) writes it."""

    interface: str
    text: str

    def is_meant_by(self, address: str) -> bool:
        """Whether somebody else's text is the same address: IPv6 can be written in many ways."""
        return ipaddress.ip_interface(self.text).ip == ipaddress.ip_address(address)


def held_addresses(node: Node) -> list[HeldAddress]:
    """All of them, of all interfaces."""
    shown = node.run(["ip", "-o", "address", "show"]).stdout.splitlines()
    return [HeldAddress(words[_INTERFACE], words[_TEXT]) for words in map(str.split, shown)]
