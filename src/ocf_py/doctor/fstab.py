"""Mounts of the cluster's that the node makes by itself as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.system.mounts import normalize, unescape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_FSTAB = "/etc/fstab"


def check_fstab(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """Each Filesystem of the CIB whose directory stands in fstab(5)."""
    mounted = [one for one in resources or () if _directory(one)]
    if not mounted:
        return
    entries = dict(_read(node.read(_FSTAB) or ""))
    found = 0
    for resource in mounted:
        entry = entries.get(normalize(_directory(resource)))
        if entry is None:
            continue
        found += 1
        line, options = entry
        if "noauto" in options:
            yield warning(
                "fstab",
                resource.id,
                f"{_FSTAB}:{line}: {_directory(resource)} stands there too, with noauto",
                "systemd may mount or unmount it behind the cluster's back",
                "take the line out",
            )
        else:
            yield problem(
                "fstab",
                resource.id,
                f"{_FSTAB}:{line}: this node mounts {_directory(resource)} when it boots",
                "two nodes mount it at once, which destroys what is on a shared disk",
                "take the line out, or add noauto",
            )
    if not found:
        yield fine("fstab", _FSTAB, "mounts nothing that the cluster does")


def _directory(resource: Resource) -> str:
    if resource.standard == "ocf" and resource.type == "Filesystem":
        return resource.parameters.get("directory", "")
    return ""


def _read(text: str) -> Iterator[tuple[str, tuple[int, list[str]]]]:
    """Each mount point, with its line and its options."""
    for number, line in enumerate(text.split("\n"), 1):
        words = [] if line.lstrip().startswith("#") else line.split()
        if len(words) >= 2:  # noqa: PLR2004 - device and mount point
            options = words[3].split(",") if len(words) > 3 else []  # noqa: PLR2004 - the fourth
            yield normalize(unescape(words[1].encode())), (number, options)
