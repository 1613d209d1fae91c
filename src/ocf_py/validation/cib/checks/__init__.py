"""The checks, by what they are about; importing this registers them all."""

from __future__ import annotations

from ocf_py.validation.cib.check import CHECKS
from ocf_py.validation.cib.checks import (
    agents,
    cluster,
    constraints,
    deadlines,
    identity,
    meta,
    monitors,
    operations,
    parameters,
    promotion,
    schema,
    sharing,
    uniqueness,
    values,
)

__all__ = [
    "ALL",
    "agents",
    "cluster",
    "constraints",
    "deadlines",
    "identity",
    "meta",
    "monitors",
    "operations",
    "parameters",
    "promotion",
    "schema",
    "sharing",
    "uniqueness",
    "values",
]

ALL = CHECKS
