"""Units of systemd that the cluster manages: here, and started by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource


_ENABLED = ("enabled", "enabled-runtime")


def check_units(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """Each unit that a resource of the CIB manages."""
    for resource in resources or ():
        unit = _unit_of(resource)
        if not unit:
            continue
        answer = node.ask(["systemctl", "is-enabled", "--", unit])
        if answer is not None:  # without systemctl, the tools' affair
            yield _judge(resource, unit, answer[1].strip())


def _unit_of(resource: Resource) -> str:
    if resource.standard == "systemd":
        unit = resource.type
    elif resource.is_of("Service"):
        unit = resource.parameters.get("unit", "")
    else:
        return ""
    return f"{unit}.service" if unit and "." not in unit else unit


def _judge(resource: Resource, unit: str, state: str) -> Diagnosis:
    if state in _ENABLED:
        return problem(
            "units",
            resource.id,
            f"{unit} is {state}: systemd starts it at boot too",
            "it runs on a node where the cluster has not started it, perhaps on two at once",
            f"systemctl disable {unit}",
        )
    if state.startswith("masked"):
        return problem(
            "units",
            resource.id,
            f"{unit} is {state}",
            "its start fails here",
            f"systemctl unmask {unit}",
        )
    if not state or state == "not-found":
        return problem(
            "units",
            resource.id,
            f"{unit} is no unit here",
            "its start fails here",
            "install the package that brings it",
        )
    return fine("units", resource.id, f"{unit} is {state}")
