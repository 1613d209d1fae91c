"""What DRBD needs on this node beside its tools: a module, and the resource's configuration.

DRBD's tools load the module by being asked, so they are asked only where it is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_CHECK = "block-mirrors"
_VERSION = "/sys/module/drbd/version"
_CONFIGURATION = "/etc/drbd.conf"  # the default of `drbdconf`
_HANDLERS = ("fence-peer", "unfence-peer")


def check_block_mirrors(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """DRBD's module, and the configuration of each Drbd."""
    mirrors = [one for one in resources or () if one.is_of("Drbd")]
    if not mirrors:
        return
    version = (node.read(_VERSION) or "").strip()
    if version:
        yield fine(_CHECK, "drbd", f"version {version} is loaded")
    elif node.find("modprobe") and node.run("modprobe", "-n", "-q", "drbd") is None:
        yield problem(
            _CHECK,
            "drbd",
            "the kernel has no module drbd",
            "no resource of DRBD starts here",
            "install the package with the module for this kernel, or boot a kernel that has it",
        )
    else:
        yield fine(_CHECK, "drbd", "the kernel has the module, and it is not loaded yet")
    for mirror in mirrors:
        yield from _check_configuration(node, mirror, is_loaded=bool(version))


def _check_configuration(node: Node, mirror: Resource, *, is_loaded: bool) -> Iterator[Diagnosis]:
    file = mirror.parameters.get("drbdconf", _CONFIGURATION)
    name = mirror.parameters.get("drbd_resource", "")
    if node.status(file) is None:
        yield problem(
            _CHECK,
            mirror.id,
            f"there is no {file}",
            "its start answers 2 here: Pacemaker bans it from this node",
            "copy DRBD's configuration from the other node: it is the same on all",
        )
    elif is_loaded and name and node.run("drbdadm", "-c", file, "sh-dev", name) is None:
        yield problem(
            _CHECK,
            mirror.id,
            f"{file}: drbdadm finds no resource {name} of this host in it",
            "its start answers 2 here: Pacemaker bans it from this node",
            f"see what `drbdadm -c {file} dump {name}` says",
        )
    else:
        told = f"{file} has {name}" if is_loaded else f"{file} is there"
        yield fine(_CHECK, mirror.id, told)
        if is_loaded and name:
            yield from _check_handlers(node, mirror, file, name)


def _check_handlers(node: Node, mirror: Resource, file: str, name: str) -> Iterator[Diagnosis]:
    """Whether what DRBD is to call for its fencing is there."""
    for line in (node.run("drbdadm", "-c", file, "dump", name) or "").splitlines():
        handler, *call = line.replace('"', " ").replace(";", " ").split()[:2] or [""]
        if handler in _HANDLERS and call and not node.is_program(call[0]):
            yield problem(
                _CHECK,
                mirror.id,
                f"{handler} calls {call[0]}, which is no program here",
                "once a peer is lost I/O stays frozen, and no other node is promoted",
                "install ocf-py, whose handlers they are, or name its path in DRBD's configuration",
            )
