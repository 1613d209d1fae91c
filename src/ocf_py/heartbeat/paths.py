"""The ways by which the nodes saw each other, and the links of Corosync that take their place."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocf_py.heartbeat.source import Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocf_py.heartbeat.account import Account
    from ocf_py.heartbeat.source import Line

_MOST_LINKS = 8  # knet's
#: The directives that name a network; the first word of each is a device.
MEDIA = ("bcast", "udp", "mcast", "mcast6", "ucast", "ucast6")


@dataclass
class Paths:
    """The network devices that ha.cf names, in its order, with the lines that name each."""

    devices: dict[str, list[Line]] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        """Takes a directive of MEDIA over."""
        kind, *rest = line.words
        # `bcast eth0 eth1` are two ways; of the others the rest says how one is used.
        devices = rest if kind in ("bcast", "udp") else rest[:1]
        if not devices:
            raise line.refuse(f"{kind} names no network device")
        if kind.startswith("ucast") and len(rest) < 2:  # noqa: PLR2004 - device and address
            raise line.refuse(f"{kind} wants a device and the other node's address")
        for device in devices:
            self.devices.setdefault(device, []).append(line)

    def account_for(self, addresses: Mapping[str, Sequence[str]], account: Account) -> None:
        """Says which link each has become: the devices' order is that of the links.

        `addresses` are each node's, a link after the other; empty if nobody has given them.
        """
        links = list(zip(*addresses.values()))
        for number, (device, lines) in enumerate(self.devices.items()):
            for line in lines:
                _account_for(line, device, number, links, account)


def _account_for(
    line: Line,
    device: str,
    number: int,
    links: Sequence[tuple[str, ...]],
    account: Account,
) -> None:
    kind, *rest = line.words
    what = f"{kind} {device}"
    if not links:
        account.open(
            line,
            what,
            "Corosync wants the addresses of every node on this network, which ha.cf does not say: "
            "give them by --address NODE=ADDRESS[,ADDRESS...], a network after the other",
        )
    elif kind.startswith("ucast") and not any(rest[1] in link for link in links):
        account.open(line, what, f"{rest[1]} is no address that --address gives to a node")
    elif kind.startswith("ucast"):
        found = next(index for index, link in enumerate(links) if rest[1] in link)
        account.translated(line, what, f"link {found}: {', '.join(links[found])}")
    elif number < len(links):
        account.translated(line, what, f"link {number}: {', '.join(links[number])}")
    else:
        account.open(line, what, f"--address gives {len(links)} networks; this is one more")


def read_addresses(given: Sequence[str], nodes: Sequence[str]) -> dict[str, list[str]]:
    """What --address says, for every node; empty if it says nothing. Unusable says what is wrong.

    Each text is NODE=ADDRESS[,ADDRESS...]: one address a link, in the links' order.
    """
    found: dict[str, list[str]] = {}
    for text in given:
        node, equals, rest = text.partition("=")
        if not equals or node not in nodes:
            raise Unusable(f"--address {text}: wants NODE=ADDRESS, NODE one of {', '.join(nodes)}")
        for address in rest.split(","):
            try:
                ipaddress.ip_address(address)
            except ValueError:
                raise Unusable(f"--address {text}: {address!r} is no IP address") from None
            if any(address in taken for taken in found.values()):
                raise Unusable(f"--address {text}: {address} is given twice")
            found.setdefault(node, []).append(address)
    if not found:
        return {}
    lacking = [node for node in nodes if node not in found]
    if lacking:
        raise Unusable(f"--address: none for {', '.join(lacking)}")
    if len({len(addresses) for addresses in found.values()}) > 1:
        raise Unusable("--address: each node needs as many addresses as the others, one a network")
    if len(found[nodes[0]]) > _MOST_LINKS:
        raise Unusable(f"--address: Corosync has at most {_MOST_LINKS} links")
    return {node: found[node] for node in nodes}
