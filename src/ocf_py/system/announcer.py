"""The process in the background that goes on announcing an address (see `background`)."""

from __future__ import annotations

import errno

from .announce import announce_once, arp_sender, keep_sender

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .address import Address
    from .network import Network
    from .processes import ProcessIdentity
    from .records import Link

_GRACE_SECONDS = 1.0
_LONGEST_SLEEP = 1.0  # seconds between two looks at whether there is anything left to announce
_NICENESS = 19  # a start is more urgent, also where ten announcers run beside it


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
    may have it by then. The link is looked up each time, since a bond changes its MAC. What cannot
    be sent now, as the link is down or busy, is left to the next turn; the last such error is
    raised at the end.
    """
    problem: OSError | None = None
    for sent in range(count):
        if not _wait_while_held(network, address, index, interval):
            return sent
        link = network.link_by_index(index)
        if link is None:
            return sent
        try:
            announce_once(network, address, link, targets)
        except OSError as error:
            problem = error
        else:
            problem = None
    if problem is not None:
        raise problem
    return count


def _wait_while_held(network: Network, address: Address, index: int, seconds: float) -> bool:
    """Sleep, and look every second whether the link still holds the address; False if not."""
    from time import sleep

    while True:
        pause = min(seconds, _LONGEST_SLEEP)
        sleep(pause)
        seconds -= pause
        held = network.holders(address)
        if not any(found.index == index and not found.is_dadfailed for found in held):
            return False
        if seconds <= 0:
            return True


def start_announcer(
    address: Address,
    link: Link,
    count: int,
    interval: float,
    targets: Sequence[Address] = (),
    admit: Callable[[ProcessIdentity], None] | None = None,
) -> ProcessIdentity:
    """Announce in the background ``count`` times, the first after ``interval`` seconds.

    It works in the network namespace of its caller; ``admit`` records its process before.
    """
    from . import background

    sender = arp_sender() if address.version == 4 else -1  # noqa: PLR2004 - IPv4
    numbers = [str(link.index), str(count), str(interval), str(sender)]
    arguments = [str(address), *numbers, *map(str, targets)]
    # The first announcement is out, and a start is more urgent than its repetition.
    kept = (sender,) if sender >= 0 else ()
    return background.start(__name__, arguments, admit=admit, niceness=_NICENESS, keep=kept)


def end_announcer(known: str) -> None:
    """End the process of this identity, if it still runs; OSError or ValueError if it cannot be."""
    from .processes import ProcessIdentity, terminate

    try:
        if not terminate(ProcessIdentity.parse(known), _GRACE_SECONDS):
            raise OSError(errno.EBUSY, f"process {known} does not die")
    except OverflowError as error:
        raise ValueError(f"{known} is no process") from error


def main(argv: list[str]) -> None:
    """Announce in the background: ADDRESS LINK-INDEX COUNT INTERVAL SENDER [TARGET ...].

    INTERVAL is in seconds, SENDER an inherited packet socket, -1 for none.
    """
    from .address import Address
    from .network import Network

    address, index, count, interval, sender, *targets = argv
    if int(sender) >= 0:
        keep_sender(int(sender))
    told = [Address.parse(target) for target in targets]
    announce_repeatedly(
        Network(), Address.parse(address), int(index), int(count), float(interval), told
    )
