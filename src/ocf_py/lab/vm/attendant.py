"""A guest's attendant: one process beside each QEMU, for its cables and its command channel.

It lives in a network namespace of its own, which holds the ends of the guest's cables and nothing
else. It begins with the guest's power and ends with it.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyroute2 import IPRoute

from ocf_py.lab import kernel
from ocf_py.lab.networks import NETWORKS
from ocf_py.lab.switch import forbid_ipv6
from ocf_py.lab.vm.exchange import Exchange, Line
from ocf_py.lab.vm.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence


def main() -> None:
    """`NODE COMMANDS POWER PLUGGED DAEMON CHANNEL WIRE...`: sockets' paths, then descriptors.

    Begins when a byte comes from PLUGGED; takes frames from DAEMON, and sends it the init's lines.
    """
    node, commands, power = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    plugged, daemon, channel, *wires = (int(number) for number in sys.argv[4:])
    kernel.set_process_name(f"attendant-{node}")
    if not os.read(plugged, 1):
        return
    selector = selectors.DefaultSelector()
    for wire in lay_wires(wires):
        selector.register(wire.guest, selectors.EVENT_READ, wire.to_switch)
        selector.register(wire.port, selectors.EVENT_READ, wire.to_guest)
    lab = socket.socket(fileno=daemon)
    exchange = Exchange(
        selector, socket.socket(fileno=channel), power, lambda line: lab.sendall(line + b"\n")
    )
    Line(selector, lab.dup(), exchange.to_guest, lambda: sys.exit(0))
    exchange.listen(commands)
    while True:
        for key, _ in selector.select():
            current = selector.get_map().get(key.fd)
            if current is not None and current.fileobj is key.fileobj:  # not ended meanwhile
                current.data()


def lay_wires(descriptors: Sequence[int]) -> list[Wire]:
    """One for each network, from QEMU's socket to the interface that the switch has plugged in."""
    netlink: Any = IPRoute()
    wires = []
    with netlink:
        for network, descriptor in zip(NETWORKS, descriptors):
            forbid_ipv6(network.interface)  # the guest alone speaks here
            index = netlink.link_lookup(ifname=network.interface)[0]
            netlink.link("set", index=index, state="up")
            wires.append(Wire(socket.socket(fileno=descriptor), network.interface))
    return wires
