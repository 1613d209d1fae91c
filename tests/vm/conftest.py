"""One lab of two guests for all that needs kernels of their own: it boots once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from tests.cluster.conftest import (
    SEEN_LABS,
    calm,
    name_lab,
    pytest_runtest_makereport,
    pytest_sessionfinish,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pytest_runtest_makereport", "pytest_sessionfinish"]

DISK_MIB = 32


@pytest.fixture(scope="session")
def shared_lab() -> Iterator[Lab]:
    """The lab that all tests share."""
    with Lab.up(name_lab("vm"), disk_mib=DISK_MIB, vm=True) as lab:
        SEEN_LABS.append(lab)
        yield lab


@pytest.fixture
def lab(shared_lab: Lab) -> Lab:
    """The shared lab: all faults mended, all nodes online, nothing failed."""
    return calm(shared_lab)
