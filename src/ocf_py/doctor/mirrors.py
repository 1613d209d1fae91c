"""What a mirror needs on this node beside its tools, and what its passes have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.mirror.secrets import SecretsUnusable, read_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_RUBBISH = "rubbish-"


def check_mirrors(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """The secrets, the directory and the store of each MirrorSync."""
    for resource in resources or ():
        if resource.is_of("MirrorSync"):
            yield from _check(node, resource)


def _check(node: Node, resource: Resource) -> Iterator[Diagnosis]:
    secrets = resource.parameters.get("secrets_file", "")
    directory = resource.parameters.get("directory", "").rstrip("/")
    if not secrets or not directory:
        return  # the CIB's affair
    try:
        read_secrets(str(node.path(secrets)))
        yield fine("mirrors", resource.id, f"{secrets} can be used")
    except SecretsUnusable as unusable:
        yield problem(
            "mirrors",
            resource.id,
            str(unusable),
            "its start fails here",
            f"{secrets}: lines NAME:SECRET, the same on every node; owner root, mode 0600",
        )
    if node.status(directory) is None:
        yield problem(
            "mirrors",
            resource.id,
            f"there is no {directory}",
            "its start fails here",
            f"mount its file system, or mkdir {directory}",
        )
        return
    folder, _, name = directory.rpartition("/")
    store = resource.parameters.get("store", f"{folder}/.{name}.mirror")
    rubbish = [one for one in node.names(store) if one.startswith(_RUBBISH)]
    if rubbish:
        yield warning(
            "mirrors",
            resource.id,
            f"{len(rubbish)} trees in {store} that were about to be removed ({rubbish[0]})",
            "they take room until a worker removes them",
            "start the resource here: its worker does; else remove them",
        )
