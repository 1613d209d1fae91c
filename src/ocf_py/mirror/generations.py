"""Generations of a mirror: who was promoted after whom, and from which tree.

A *moment* is a count that the promoted node keeps for its generation: it publishes the present one
and counts on whenever its tree may have changed. A copy reads it before a pass and after it, so its
tree holds all that was written before the first, and nothing that was written after the second.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The moment of a tree that its promoted node still writes to: later than any that is published.
OPEN = 2**63 - 1

#: How the parent of a generation ended, as far as the one who opened the next could tell.
FIRST = "first"  # there is no parent
OWN = "own"  # it was the same node's own: it goes on from the last byte it wrote
DEMOTED = "demoted"
FENCED = "fenced"  # the cluster confirmed that the node is dead
UNCONFIRMED = "unconfirmed"  # it was lost from sight, and may have gone on
ENDS = (FIRST, OWN, DEMOTED, FENCED, UNCONFIRMED)


@dataclass(frozen=True, order=True)
class Generation:
    """One promotion. Two with the same counter and different ids are of a split."""

    counter: int
    id: str

    def __str__(self) -> str:
        return f"{self.counter}-{self.id}"


@dataclass(frozen=True)
class Position:
    """How far a tree has come: all of ``generation`` before ``began``, nothing after ``ended``."""

    generation: Generation
    began: int
    ended: int

    def holds(self, other: Position) -> bool:
        """Whether this tree has every write of ``other``, which is of the same generation."""
        return other.ended <= self.began

    def __str__(self) -> str:
        return f"{self.generation} {self.began} {self.ended}"


@dataclass(frozen=True)
class Opening:
    """How a generation came to be: on which node, from which tree, after what end of its parent."""

    generation: Generation
    owner: str
    parent: Position | None
    end: str


Lineage = tuple[Opening, ...]  # the newest first


def find_branch(lineage: Lineage, generation: Generation) -> Opening | None:
    """The opening in ``lineage`` that left ``generation`` behind, None where none did."""
    for opening in lineage:
        if opening.parent is not None and opening.parent.generation == generation:
            return opening
    return None


def names(lineage: Lineage, generation: Generation) -> bool:
    """Whether ``generation`` is in this line, at its head or behind, as far as it is kept."""
    return any(opening.generation == generation for opening in lineage)


def may_be_newer(lineage: Lineage, generation: Generation) -> bool:
    """Whether ``generation`` may hold writes from after those of this line.

    The oldest opening that a record keeps has a parent if others before it were dropped. What has a
    lower counter was opened before that one, whether it was of this line or left it.
    """
    if lineage and lineage[-1].parent and generation.counter < lineage[-1].generation.counter:
        return False
    return not names(lineage, generation)
