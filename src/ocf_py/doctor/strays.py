"""Processes of the library's that outlived what they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, warning
from ocf_py.system import RUN_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node

_PROGRAM = "/ocf_py/system/detached.py"
#: What is started in the background, and whose record says that it belongs to something.
_OWNERS = {"ocf_py.system.announcer": "IPaddr", "ocf_py.mirror.worker": "MirrorSync"}


def check_strays(node: Node) -> Iterator[Diagnosis]:
    """Each process in the background whose kind of resource is not started here, or not installed.

    Without the right to look into the run directory nothing is known of what is started.
    """
    try:
        records = node.names(RUN_DIRECTORY)
    except PermissionError:
        return
    strays = 0
    for pid, argv in node.processes():
        program, module = _recognise(argv)
        if not program:
            continue
        owner = _OWNERS.get(module, "")
        if owner and not any(name.startswith(f"{owner}.") for name in records):
            strays += 1
            yield warning(
                "strays",
                f"process {pid}",
                f"{module} runs, and no {owner} is started here",
                "it goes on announcing an address or serving a mirror that may be elsewhere",
                f"look at it (ps -fp {pid}), then kill {pid}",
            )
        elif node.status(program) is None:
            strays += 1
            yield warning(
                "strays",
                f"process {pid}",
                f"{module} runs from {program}, which is no longer installed",
                "what it imports later is lacking",
                "restart its resource",
            )
    if not strays:
        yield fine("strays", "processes", "none of ours without its resource")


def _recognise(argv: Sequence[str]) -> tuple[str, str]:
    """Program and module of a process in the background; "" twice for any other."""
    for place, word in enumerate(argv[:-1]):
        if word.endswith(_PROGRAM):
            return word, argv[place + 1]
    return "", ""
