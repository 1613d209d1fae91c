"""The interfaces that the CIB's addresses need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.system.address import Address
from ocf_py.system.placement import NoPlace, find_place
from ocf_py.system.wanted import Wanted, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.resources import Resource
    from ocf_py.system.network import Network
    from ocf_py.system.records import Link


def check_links(
    make_network: Callable[[str | None], Network], resources: list[Resource] | None
) -> Iterator[Diagnosis]:
    """Whether each address has an interface here, and how that is.

    `make_network` gives the network of a namespace's name, None being this one.
    """
    for resource in resources or ():
        if not resource.is_of("IPaddr") or not resource.parameters.get("ip"):
            continue
        yield _check(make_network, resource)


def _check(make_network: Callable[[str | None], Network], resource: Resource) -> Diagnosis:
    given = resource.parameters
    try:
        wanted = Wanted(
            Address.parse(given["ip"]),
            given.get("nic"),
            given.get("cidr_netmask"),
            proto=given.get("proto"),
            table=given.get("table"),
        )
        with make_network(given.get("network_namespace")) as network:
            holders = network.holders(wanted.address)
            link, _prefix = find_place(network, wanted)
    except PermissionError as error:
        return warning(
            "links",
            resource.id,
            f"ip={given['ip']}: {error}",
            "whether it can start here is not known",
            "run it as root",
        )
    except (NoPlace, Wrong) as lacking:
        return problem(
            "links",
            resource.id,
            f"ip={given['ip']}: {lacking}",
            "its start fails here",
            lacking.hint or "mend the parameters",
        )
    except (LookupError, ValueError, OSError) as error:
        return problem(
            "links",
            resource.id,
            f"ip={given['ip']}: {error}",
            "its start fails here",
            "mend the parameters, or make what they name",
        )
    here = ", held here" if any(held.index == link.index for held in holders) else ""
    return _judge(resource, link, here)


def _judge(resource: Resource, link: Link, here: str) -> Diagnosis:
    address = resource.parameters["ip"]
    if link.is_up and link.has_carrier:
        return fine("links", resource.id, f"{address} on {link.name}, which is up{here}")
    refuses = resource.parameters.get("on_link_down", "refuse") == "refuse"
    state = "has no carrier" if link.is_up else "is down"
    return (problem if refuses else warning)(
        "links",
        resource.id,
        f"{link.name}, the interface of {address}, {state}{here}",
        "its start fails here" if refuses else "it starts, and nobody reaches it",
        f"ip link set {link.name} up" if not link.is_up else "look at the cable and the switch",
    )
