"""The whole examination: every check, one after the other; one that cannot look says so."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ocf_py.doctor.block_mirrors import check_block_mirrors
from ocf_py.doctor.diagnosis import Diagnosis, warning
from ocf_py.doctor.fstab import check_fstab
from ocf_py.doctor.kernel import Kernel, check_file_systems, check_kernel
from ocf_py.doctor.leftovers import check_run_directory
from ocf_py.doctor.links import check_links
from ocf_py.doctor.mirrors import check_mirrors
from ocf_py.doctor.selinux import check_selinux
from ocf_py.doctor.strays import check_strays
from ocf_py.doctor.tools import check_agents, check_tools
from ocf_py.doctor.units import check_units
from ocf_py.doctor.versions import check_versions
from ocf_py.system.network import Network
from ocf_py.system.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_SECONDS = 5.0  # for one request to the kernel


def examine(
    node: Node, resources: list[Resource] | None, *, is_attended: bool = True
) -> Iterator[Diagnosis]:
    """All that is found; `resources` are those of the CIB, None where there is none.

    `is_attended` is false where no cluster runs here.
    """
    storage = Storage(lambda: _SECONDS)
    checks = {
        "agents": check_agents(node, resources),
        "tools": check_tools(node, resources),
        "versions": check_versions(node, resources),
        "kernel": check_kernel(Kernel(), os.uname().release, resources),
        "file-systems": check_file_systems(node, storage.knows_type, resources),
        "selinux": check_selinux(node),
        "leftovers": check_run_directory(node, resources, time.time(), is_attended=is_attended),
        "strays": check_strays(node),
        "mirrors": check_mirrors(node, resources),
        "block-mirrors": check_block_mirrors(node, resources),
        "links": check_links(lambda name: Network(_SECONDS, name), resources),
        "units": check_units(node, resources),
        "fstab": check_fstab(node, resources),
    }
    for name, check in checks.items():
        yield from guard(name, check)


def guard(name: str, check: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """The check's lines; where the system refuses it a look, one line that says so."""
    try:
        yield from check
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        yield warning(
            name,
            "this check",
            f"cannot look: {where}{error.strerror}",
            "what it would have found is not known",
            "run it as root" if os.geteuid() else "see why the system refuses it",
        )
