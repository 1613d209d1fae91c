"""One mirror for all experiments, at rest before each, and the witnesses of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import calm

from .copies import CopyWitness
from .pair import ADDRESS, KEEPING, PORT, Pair
from .writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.lab import Lab


@pytest.fixture(scope="package")
def any_pair(shared_lab: Lab) -> Iterator[Pair]:
    """Two nodes for a mirror; whatever mirror was there last."""
    pair = Pair(shared_lab)
    yield pair
    calm(shared_lab)
    pair.wipe()


@pytest.fixture
def bare_pair(any_pair: Pair) -> Pair:
    """Two nodes that have never had a mirror: a test loads its own."""
    calm(any_pair.lab)
    any_pair.wipe()
    return any_pair


@pytest.fixture
def pair(any_pair: Pair, tmp_path: Path) -> Pair:
    """The example with the keeper, at rest: n1 is promoted and n2 has a current copy."""
    calm(any_pair.lab)
    if any_pair.changes != (KEEPING,):
        any_pair.wipe()
        any_pair.fill("n1")
        any_pair.load(tmp_path, KEEPING)
    any_pair.promoted("n1")
    any_pair.follows("n2")
    return any_pair


@pytest.fixture
def writer(pair: Pair) -> Iterator[LineWriter]:
    """A client that writes on through everything."""
    with LineWriter(pair.lab, ADDRESS, PORT, max(pair.lines("n1"), default=0) + 1) as writer:
        yield writer


@pytest.fixture
def copies(pair: Pair, writer: LineWriter) -> Iterator[CopyWitness]:
    """A witness of all copies, which has seen some and found nothing wrong at the end."""
    with CopyWitness(pair, writer) as witness:
        yield witness
        pair.lab.wait_until("a copy was looked at", lambda: witness.looks)
    assert witness.faults == []
