"""What the manual pages of our agents configure: values that the two shells take as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.catalogue.description import Description


@dataclass(frozen=True)
class Example:
    """One resource: its name, its parameters, and the meta attributes of its clone."""

    resource: str
    values: dict[str, str]
    clone_meta: dict[str, str] = field(default_factory=dict)


_EXAMPLES = {
    "IPaddr": Example("vip", {"ip": "192.0.2.10", "cidr_netmask": "24"}),
    "Filesystem": Example(
        "data",
        {"device": "/dev/vg0/data", "directory": "/srv/data", "fstype": "ext4"},
    ),
    "Service": Example("web", {"unit": "nginx.service", "health": "http://127.0.0.1/"}),
    "MirrorSync": Example(
        "site",
        {
            "directory": "/srv/site",
            "address": "n1=192.0.2.1 n2=192.0.2.2",
            "secrets_file": "/etc/site.secrets",
        },
        {"notify": "true"},
    ),
    "Drbd": Example(
        "disk",
        {"drbd_resource": "r0"},
        {"promoted-max": "1", "clone-max": "2", "notify": "true"},
    ),
}


def example_of(description: Description) -> Example:
    """The example of an agent; of one that has none here, with its required parameters alone."""
    known = _EXAMPLES.get(description.name)
    if known is not None:
        return known
    required = [one.name for one in description.parameters if one.required]
    values = {name: name.upper() for name in required}
    return Example(description.name.lower(), values)
