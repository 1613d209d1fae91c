"""Removing a primary IPv4 address without its secondaries.

The first address of a subnet on a link is its primary. When it is removed the kernel drops all
others of that subnet, unless the link's setting promote_secondaries is on: then the next one
takes its place. It is off by default, and a stop must not take its neighbours down.

The setting is turned on for the moment of the removal and put back, through rtnetlink
(IFLA_INET_CONF) since /proc/sys is read-only in many a container. Adding the lost ones again
instead would open a gap in their service, and could bring back one that its own stop has removed
in between. A lock keeps two removals from putting the setting back under each other; where no
lock can be had the setting stays on: that harms nobody, a lost neighbour does. Killed in between,
it stays on likewise.
"""

from __future__ import annotations

import errno
import fcntl
import posix
from _socket import AF_INET, AF_UNSPEC
from _struct import Struct
from time import monotonic, sleep

from .netlink import RTM_GETLINK, RTM_SETLINK, attribute, attributes
from .records import LINK_BODY
from .run_directory import open_run_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .network import Network
    from .records import Held

_LONGEST_WAIT = 2.0  # seconds; a removal takes a millisecond
_IFLA_AF_SPEC, _IFLA_INET_CONF = 26, 1
_PROMOTE_SECONDARIES = 20  # IPV4_DEVCONF_PROMOTE_SECONDARIES of linux/ip.h, counted from 1
_WORD = Struct("=i")


def keep_secondaries(network: Network, held: Held, delete: Callable[[Held], bool]) -> bool:
    """Call ``delete(held)`` in such a way that the other addresses of its subnet stay."""
    lock = _take_lock()
    try:
        if not _is_primary(network, held) or _is_on(network, held.index):
            return delete(held)
        _turn(network, held.index, on=True)
        try:
            return delete(held)
        finally:
            if lock >= 0:
                _put_back(network, held.index)
    except OSError as error:
        if error.errno == errno.ENODEV:  # the link has gone, and its addresses with it
            return False
        raise
    finally:
        if lock >= 0:
            posix.close(lock)


def _is_primary(network: Network, held: Held) -> bool:
    """Ask anew, under the lock: another removal may have made it the primary meanwhile."""
    return any(
        other.address == held.address and other.prefix == held.prefix and not other.is_secondary
        for other in network.addresses(AF_INET, held.index)
    )


def _is_on(network: Network, index: int) -> bool:
    body = LINK_BODY.pack(AF_UNSPEC, 0, index, 0, 0)
    found = attributes(network.netlink.request(RTM_GETLINK, 0, body)[0], LINK_BODY.size)
    settings = attributes(attributes(found.get(_IFLA_AF_SPEC, b"")).get(AF_INET, b""))
    return bool(
        _WORD.unpack_from(settings[_IFLA_INET_CONF], (_PROMOTE_SECONDARIES - 1) * _WORD.size)[0]
    )


def _turn(network: Network, index: int, *, on: bool) -> None:
    setting = attribute(_PROMOTE_SECONDARIES, _WORD.pack(on))
    spec = attribute(_IFLA_AF_SPEC, attribute(AF_INET, attribute(_IFLA_INET_CONF, setting)))
    network.netlink.request(RTM_SETLINK, 0, LINK_BODY.pack(AF_UNSPEC, 0, index, 0, 0) + spec)


def _put_back(network: Network, index: int) -> None:
    try:
        _turn(network, index, on=False)
    except OSError:
        pass  # the removal is what was asked for, and a setting that stays on harms nobody


def _take_lock() -> int:
    """Lock the run directory itself, which leaves no file behind; -1 if that cannot be done."""
    try:
        handle = open_run_directory()
    except OSError:
        return -1
    deadline = monotonic() + _LONGEST_WAIT
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() < deadline:
                sleep(0.002)
                continue
        except OSError:
            pass
        else:
            return handle
        posix.close(handle)
        return -1
