"""Which nodes hold an address, read from their kernels and not from Pacemaker."""

from __future__ import annotations

import contextlib
import ipaddress
import select
import time
from typing import TYPE_CHECKING

from ocf_py.lab.witnesses.heard_node import HeardNode
from ocf_py.lab.witnesses.holdings import Holding, Holdings
from ocf_py.lab.witnesses.one_thing import OneThing
from ocf_py.lab.witnesses.rounds import LONGEST_WAIT, Rounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocf_py.lab.lab import Lab


class AddressesWitness(Rounds):
    """Hears every change of every node's addresses for as long as the `with` block lasts.

    `seen` has the holdings of each address asked about. All nodes are heard by one loop, in the
    order in which the kernel has something to say of them, so a node that gains an address before
    another one has lost it is seen to. What it cannot see makes it raise LabError: a round of the
    loop that took longer than LONGEST_ROUND, or a daemon that did not say which nodes run. A node
    that loses its power loses its addresses at that moment.
    """

    def __init__(self, lab: Lab, addresses: Iterable[str]) -> None:
        self.seen = {str(ipaddress.ip_address(address)): Holdings() for address in addresses}
        first = next(iter(self.seen))
        others = f" and {len(self.seen) - 1} others" if len(self.seen) > 1 else ""
        super().__init__(lab, f"witness of {first}{others}")
        self._lab = lab
        self._poll = select.epoll()
        self._nodes: dict[str, HeardNode] = {}

    def count_on(self, node: str) -> int:
        """How many of the addresses a node holds now."""
        self.check()
        return sum(node in holdings.holders() for holdings in self.seen.values())

    def held_twice(self) -> dict[str, tuple[Holding, Holding]]:
        """Addresses that two nodes held at once, each with the first such pair."""
        self.check()
        doubles = {address: holdings.doubles() for address, holdings in self.seen.items()}
        return {address: pairs[0] for address, pairs in doubles.items() if pairs}

    def look(self) -> None:
        """Begin to hear nodes that came on."""
        for name, pid in self.running.pids.items():
            if name not in self._nodes:
                with contextlib.suppress(OSError):  # it may just have lost its power
                    self._nodes[name] = node = HeardNode(self._lab.node(name), pid)
                    for descriptor in (node.news.fileno(), node.pidfd):
                        self._poll.register(descriptor, select.EPOLLIN)

    def listen(self) -> None:
        """Hear what the kernels have to say."""
        # epoll(7) keeps its descriptors in the order in which they became ready.
        for descriptor, _ in self._poll.poll(LONGEST_WAIT):
            for name, node in list(self._nodes.items()):
                if descriptor == node.news.fileno():
                    self._note_all(name, node.hear(self.seen))
                elif descriptor == node.pidfd:
                    self._note_all(name, node.hear_the_rest(self.seen))
                    self._note_all(name, [(address, False) for address in self.seen])
                    # Closing is not enough: a child of this process may have them still.
                    for closing in (node.news.fileno(), node.pidfd):
                        self._poll.unregister(closing)
                    node.close()
                    del self._nodes[name]

    def close(self) -> None:
        """Let the nodes go."""
        for node in self._nodes.values():
            node.close()
        self._poll.close()

    def _note_all(self, node: str, changes: list[tuple[str, bool]]) -> None:
        now = time.monotonic()
        for address, held in changes:
            self.seen[address].note(node, now, held=held)


class AddressWitness(AddressesWitness, OneThing):
    """The same for one address."""

    def __init__(self, lab: Lab, address: str) -> None:
        super().__init__(lab, [address])
        ((self.address, self._holdings),) = self.seen.items()

    def gained(self, node: str, since: float) -> float | None:
        """When a node got the address, at or after `since`."""
        return self._holdings.gained(node, since)
