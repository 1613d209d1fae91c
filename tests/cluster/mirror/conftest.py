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

    from .pair import Change


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
def changes() -> tuple[Change, ...]:
    """What is other than in the example; a module may have its own."""
    return (KEEPING,)


@pytest.fixture
def pair(any_pair: Pair, changes: tuple[Change, ...], tmp_path: Path) -> Pair:
    """The mirror at rest: n1 is promoted and n2 has a current copy."""
    calm(any_pair.lab)
    if any_pair.changes != changes:
        any_pair.wipe()
        any_pair.fill("n1")
        any_pair.load(tmp_path, *changes)
    any_pair.promoted("n1")
    any_pair.follows("n2")
    return any_pair


@pytest.fixture
def writer(pair: Pair) -> Iterator[LineWriter]:
    """A client that writes on through everything."""
    with LineWriter(pair.lab, ADDRESS, PORT, pair.next_line()) as writer:
        yield writer


@pytest.fixture
def copies(pair: Pair, writer: LineWriter) -> Iterator[CopyWitness]:
    """A witness of all copies, which has seen some and found nothing wrong at the end."""
    with CopyWitness(pair, writer) as witness:
        yield witness
        pair.lab.wait_until("a copy was looked at", lambda: witness.looks)
    assert witness.faults == []
