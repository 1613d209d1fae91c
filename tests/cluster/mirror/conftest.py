"""One mirror for all experiments, at rest before each, and the witnesses of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import calm

from .copies import CopyWitness
from .pair import ADDRESS, PORT, Pair
from .writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab


@pytest.fixture(scope="package")
def built(shared_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The example's mirror, whose first content was on n1."""
    calm(shared_lab)
    pair = Pair(shared_lab)
    pair.wipe()
    pair.fill("n1")
    pair.load(tmp_path_factory.mktemp("cib"))
    yield pair
    calm(shared_lab)
    pair.wipe()


@pytest.fixture
def pair(built: Pair) -> Pair:
    """The same, at rest: n1 is promoted and n2 has a current copy."""
    calm(built.lab)
    built.promoted("n1")
    built.follows("n2")
    return built


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
    assert witness.looks
    assert witness.faults == []
