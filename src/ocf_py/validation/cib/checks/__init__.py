"""The checks, by what they are about; importing this registers them all."""

from __future__ import annotations

from ocf_py.validation.cib.check import CHECKS
from ocf_py.validation.cib.checks import (
    agents,
    cluster,
    constraints,
    deadlines,
    fencing,
    identity,
    meta,
    monitors,
    operations,
    ordering,
    parameters,
    promotion,
    replicas,
    schema,
    sharing,
    twice,
    uniqueness,
    values,
)

__all__ = [
    "ALL",
    "agents",
    "cluster",
    "constraints",
    "deadlines",
    "fencing",
    "identity",
    "meta",
    "monitors",
    "operations",
    "ordering",
    "parameters",
    "promotion",
    "replicas",
    "schema",
    "sharing",
    "twice",
    "uniqueness",
    "values",
]

ALL = CHECKS
