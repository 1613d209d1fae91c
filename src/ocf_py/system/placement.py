"""Where an address belongs on this node: the interface, and the prefix length of its subnet."""

from __future__ import annotations

from .netlink import RT_TABLE_MAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .network import Network
    from .records import Link
    from .wanted import Wanted


class NoPlace(LookupError):  # noqa: N818 - says what is
    """This node offers none, or several alike; the message names them, ``hint`` the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def find_place(network: Network, wanted: Wanted) -> tuple[Link, int]:
    """Choose interface and prefix length by what was asked for, and the rest by the routes."""
    link = None
    if wanted.nic is not None:
        link = network.link(wanted.nic)
        if link is None:
            raise NoPlace(
                f"nic={wanted.nic!r} does not exist here", "ip-link(8) shows those that do"
            )
        if wanted.prefix is not None:
            return link, wanted.prefix
    from .routes import AmbiguousInterface, NoInterface, choose_interface

    links = [link] if link is not None else network.links()
    routes = network.routes(wanted.address.family, _resolve_table(wanted.table))
    try:
        choice = choose_interface(wanted.address, routes, links, wanted.protocol)
    except (NoInterface, AmbiguousInterface) as error:
        if link is not None:
            state = "" if link.is_up else f"{link.name} is down, and "
            raise NoPlace(
                f"{_limits(wanted)}{state}no directly connected subnet on {link.name} covers "
                f"{wanted.address}",
                "give cidr_netmask=",
            ) from error
        raise NoPlace(f"{_limits(wanted)}{error}", "name one with nic=") from error
    return choice.link, choice.prefix if wanted.prefix is None else wanted.prefix


def _limits(wanted: Wanted) -> str:
    """What kept routes from being looked at, for a reason that would puzzle without it."""
    limits = []
    if wanted.table != RT_TABLE_MAIN:
        limits.append(f"table={wanted.table}")
    if wanted.protocol is not None:
        limits.append(f"proto={wanted.protocol}")
    return f"looking at {' and '.join(limits)} alone: " if limits else ""


def _resolve_table(table: int | str) -> int:
    if isinstance(table, int):
        return table
    from .route_names import find_table

    number = find_table(table)
    if number is None:
        raise NoPlace(f"table={table!r} is in no rt_tables of this node", "or give its number")
    return number
