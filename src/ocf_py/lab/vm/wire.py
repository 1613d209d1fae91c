"""One cable of a guest: carries frames between its QEMU and a port of the lab's switch.

QEMU's end is a unix datagram socket. The port is one end of a veth pair, in the attendant's network
namespace; its other end is in the switch's bridge, as a namespace node's is. So the switch cuts a
guest's cables as any other.
"""

from __future__ import annotations

import socket
import struct

_LARGEST_FRAME = 1 << 16
_FRAMES_A_TURN = 64  # before others have theirs
# include/uapi/linux/if_packet.h, if_ether.h
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_IGNORE_OUTGOING = 263, 1, 23
_PACKET_MR_PROMISC = 1
_ETH_P_ALL = 0x0003


class Wire:
    """Both ends, neither of which ever waits: what does not fit is lost, as on any Ethernet."""

    def __init__(self, guest: socket.socket, interface: str) -> None:
        self.guest = guest
        self.port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self.port.bind((interface, _ETH_P_ALL))
        index = socket.if_nametoindex(interface)
        promiscuous = struct.pack("iHH8s", index, _PACKET_MR_PROMISC, 0, b"")
        self.port.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, promiscuous)
        self.port.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        for end in (self.guest, self.port):
            end.setblocking(False)  # noqa: FBT003 - the standard library's signature

    def to_switch(self) -> None:
        """Carry what the guest has sent."""
        carry(self.guest, self.port)

    def to_guest(self) -> None:
        """Carry what has come for the guest."""
        carry(self.port, self.guest)


def carry(source: socket.socket, target: socket.socket) -> None:
    """Pass on the frames that wait."""
    for _ in range(_FRAMES_A_TURN):
        try:
            frame = source.recv(_LARGEST_FRAME)
        except OSError:  # no more of them; or ENETDOWN, which a port tells once
            return
        try:
            target.send(frame)
        except OSError:  # its queue is full, or its interface is down
            continue
