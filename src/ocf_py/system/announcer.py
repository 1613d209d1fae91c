"""The process in the background that goes on announcing an address (see `background`)."""

from __future__ import annotations

import errno

from .announce import announce_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .address import Address
    from .network import Network
    from .processes import ProcessIdentity
    from .records import Link

# What says that the address or its link has gone meanwhile.
_GONE = (errno.EADDRNOTAVAIL, errno.ENODEV, errno.ENXIO, errno.ENETDOWN)
_GRACE_SECONDS = 1.0
_NICENESS = 10


def announce_repeatedly(
    network: Network,
    address: Address,
    index: int,
    count: int,
    interval: float,
    targets: Sequence[Address] = (),
) -> int:
    """Announce ``count`` times, each after ``interval`` seconds; returns how often it did.

    Ends early, and never announces again, once the link does not hold the address: another node
    may have it by then. The link is looked up each time, since a bond changes its MAC.
    """
    from time import sleep

    for sent in range(count):
        sleep(interval)
        link = network.link_by_index(index)
        held = any(
            found.index == index and not found.is_dadfailed for found in network.holders(address)
        )
        if link is None or not held:
            return sent
        try:
            announce_once(network, address, link, targets)
        except OSError as error:
            if error.errno in _GONE:
                return sent
            raise
    return count


def start_announcer(
    address: Address, link: Link, count: int, interval: float, targets: Sequence[Address] = ()
) -> ProcessIdentity:
    """Announce in the background ``count`` times, the first after ``interval`` seconds.

    It works in the network namespace of its caller.
    """
    from . import background

    arguments = [str(address), str(link.index), str(count), str(interval), *map(str, targets)]
    # The first announcement is out, and a start is more urgent than its repetition.
    return background.start(__name__, arguments, niceness=_NICENESS)


def end_announcer(known: str) -> None:
    """End the process of this identity, if it still runs; OSError or ValueError if it cannot be."""
    from .processes import ProcessIdentity, terminate

    try:
        if not terminate(ProcessIdentity.parse(known), _GRACE_SECONDS):
            raise OSError(errno.EBUSY, f"process {known} does not die")
    except OverflowError as error:
        raise ValueError(f"{known} is no process") from error


def main(argv: list[str]) -> None:
    """Announce in the background: ADDRESS LINK-INDEX COUNT INTERVAL-SECONDS [TARGET ...]."""
    from .address import Address
    from .network import Network

    address, index, count, interval, *targets = argv
    told = [Address.parse(target) for target in targets]
    announce_repeatedly(
        Network(), Address.parse(address), int(index), int(count), float(interval), told
    )
