"""The versions of what the agents work with, and what follows from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.doctor.packages import CLI_TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
#: Answers 190 and 191 count as running from here on (protocol facts, 1.4); roles have their names
#: of today from 2.1 on.
_DEGRADED, _ROLE_NAMES, _KNET = (2, 0, 5), (2, 1, 0), (3, 0, 0)
_DELAYS_UNTIL = (2, 1, 5)  # the last one on which it was seen
_OLDEST_PYTHON = (3, 9, 0)
_OLDEST_RSYNC = (3, 1, 0)  # --delete with --link-dest and xattrs as the passes use them


def read_version(text: str | None) -> tuple[int, int, int] | None:
    """The first version number in a text."""
    found = _NUMBERS.search(text or "")
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def check_versions(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """Pacemaker, Corosync, and rsync where a mirror uses it."""
    yield _judge_pacemaker(read_version(node.run("pacemakerd", "--version")))
    yield _judge_corosync(read_version(node.run("corosync", "-v")))
    if resources is None or any(one.is_of("MirrorSync") for one in resources):
        version = read_version(node.run("rsync", "--version"))
        if version is not None:  # its absence is the tools' affair
            yield _judge_rsync(version)


def check_python(node: Node, python: str) -> Diagnosis:
    """The interpreter that the launchers name."""
    version = read_version(node.run(python, "-ISBV"))
    if version is None:
        return problem(
            "versions",
            python,
            "the launchers name it, and it does not run",
            "no action of any agent works: a stop that fails has its node fenced",
            "install python3, or `ocf-py install --python EXE`",
        )
    if version < _OLDEST_PYTHON:
        return problem(
            "versions",
            python,
            f"Python {_show(version)}, older than 3.9",
            "no action of any agent works",
            "`ocf-py install --python EXE` with a later one",
        )
    return fine("versions", python, f"Python {_show(version)}")


def _judge_pacemaker(version: tuple[int, int, int] | None) -> Diagnosis:
    if version is None:
        return problem(
            "versions",
            "Pacemaker",
            "is not installed, or does not say its version",
            "nobody calls the agents",
            f"install the packages pacemaker and {CLI_TOOLS}",
        )
    shown = _show(version)
    if version < _DEGRADED:
        return warning(
            "versions",
            "Pacemaker",
            f"{shown} knows no degraded resources (190 and 191)",
            "a monitor that answers them counts as failed: what still serves is restarted",
            "use 2.1 or later; until then set on_slow, on_link_down and on_duplicate to warn",
        )
    if version < _ROLE_NAMES:
        return warning(
            "versions",
            "Pacemaker",
            f"{shown} knows the roles only as Master and Slave",
            "operations and rules for the roles Promoted and Unpromoted have no effect",
            "use 2.1 or later",
        )
    if version <= _DELAYS_UNTIL:
        return fine(
            "versions",
            "Pacemaker",
            f"{shown}: where the coordinator dies while a monitor is degraded, it may wait over a "
            "minute before it promotes anybody",
        )
    return fine("versions", "Pacemaker", shown)


def _judge_corosync(version: tuple[int, int, int] | None) -> Diagnosis:
    if version is None:
        return problem(
            "versions",
            "Corosync",
            "is not installed, or does not say its version",
            "the nodes have no membership",
            "install the package corosync",
        )
    if version < _KNET:
        return warning(
            "versions",
            "Corosync",
            f"{_show(version)} has no knet",
            "the nodes have one way to see each other, or two that fail over badly",
            "use 3.0 or later",
        )
    return fine("versions", "Corosync", _show(version))


def _judge_rsync(version: tuple[int, int, int]) -> Diagnosis:
    if version < _OLDEST_RSYNC:
        return warning(
            "versions",
            "rsync",
            f"{_show(version)} is older than 3.1",
            "a pass of MirrorSync may fail",
            "use a later one on both nodes",
        )
    return fine("versions", "rsync", _show(version))


def _show(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
