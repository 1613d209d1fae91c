"""What a pass is asked for, and what it answers: JSON between the worker and the pass's process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from .daemon import TREE
from .generations import Position
from .record_text import dump, load
from .refusals import describe, is_full

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .record import Record

# Why a pass was refused, in a word that a program can tell apart.
GUARD = "guard"  # the source looks broken: emptied, or most of it gone
SPACE = "space"  # there is too little of it here, or there was in the end
TRANSFER = "transfer"  # rsync did not make a complete copy
SOURCE = "source"  # the source changed what it is, or its record cannot be read
PLACE = "place"  # the directory or the store is not what it must be
BUSY = "busy"  # another pass has not ended
FAULT = "fault"  # none of these: a fault of this program

#: What else a pass waits for at most; rsync itself gives up after half a minute without a byte.
_LONGEST = 7 * 24 * 3600.0


class PassRefused(Exception):  # noqa: N818 - says what is
    """The pass was not made, or made and not taken: the live tree is the one before.

    ``kind`` is one of the words above.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason

    def __str__(self) -> str:
        return self.reason

    @classmethod
    def by(cls, error: OSError) -> PassRefused:
        """What the system refused, which is as much as to refuse the pass."""
        return cls(SPACE if is_full(error) else PLACE, describe(error))


@dataclass(frozen=True)
class Order:
    """One pass: from where, to where, and what it must not do.

    ``run`` is a folder of root's alone for small files, not on the mirrored file system; the secret
    stays in ``secret_file``, which rsync reads. ``aside`` says that the live tree is going to be
    set aside. ``max_delete`` is in percent of the entries, ``min_free`` in bytes, ``bwlimit`` in
    KiB/s, 0 for no limit. ``held`` says that a moment which the source holds is copied, if it holds
    one, and ``module`` where the tree is then. ``kept`` is the name of a tree that was set aside,
    for the job that is about one. ``parent`` is the process that waits for the answer:
    the pass ends with it.
    """

    directory: str
    store: str
    run: str
    address: str
    port: int
    user: str
    secret_file: str
    exclude: tuple[str, ...] = ()
    max_delete: int = 50
    min_free: int = 0
    bwlimit: int = 0
    compress: bool = False
    aside: bool = False
    held: bool = False
    module: str = TREE
    kept: str = ""
    seconds: float = _LONGEST
    parent: int = 0

    def dump(self) -> str:
        """Write the order's text; names that are no UTF-8 are kept."""
        return json.dumps(asdict(self))

    @staticmethod
    def load(text: str) -> Order:
        """Read the text of `dump`. ValueError, TypeError."""
        found = json.loads(text)
        return Order(**{**found, "exclude": tuple(found["exclude"])})


@dataclass(frozen=True)
class Figures:
    """What a pass came to: counts of entries, bytes that came from the peer, seconds of its time.

    ``deleted`` of the ``entries`` of the live tree are not in the new one.
    """

    entries: int = 0
    deleted: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Built:
    """A complete pass that waits to be taken.

    ``before`` and ``after`` are the source's record from before the copying and from after it.
    ``inode`` is that of the staged tree, 0 where the source has nothing that the live tree has not:
    then nothing was built. ``vanished`` says that files went away under rsync's hands. ``held`` is
    the moment that was copied, 0 where it was the tree as it changed.
    """

    before: Record
    after: Record
    inode: int
    aside: bool
    vanished: bool
    figures: Figures
    held: int = 0

    @property
    def position(self) -> Position:
        """How far the tree has come; PassRefused where the two records do not tell."""
        return position(self.before, self.after, self.held)


def position(before: Record, after: Record, held: int = 0) -> Position:
    """How far a pass has come that ran between two looks at its source, or copied a moment of it.

    PassRefused where the source was not one and the same tree, written to in one generation.
    """
    if before.tree is None or after.generation != before.generation:
        raise PassRefused(SOURCE, "the source changed its generation while it was copied")
    if held:
        return Position(before.tree.generation, held, held)
    if before.is_open:
        return Position(before.tree.generation, before.moment, after.moment)
    # Nobody writes to it, but a copy takes passes in, and says so before it does.
    if before.incoming or after.incoming or after.tree != before.tree:
        raise PassRefused(SOURCE, "the source took a pass in while it was copied")
    return before.tree


def dump_done() -> str:
    """Write that a job was done which has nothing more to tell."""
    return json.dumps({"done": True})


def load_done(text: str) -> None:
    """Read the answer of a job; PassRefused if it was refused, or if this is no answer."""
    try:
        if _read_answer(text)["done"] is not True:
            raise ValueError(text)
    except (ValueError, KeyError, TypeError) as error:
        raise PassRefused(FAULT, f"the job died, and answered {text[:200]!r}") from error


def dump_answer(answer: Built | PassRefused) -> str:
    """Write what a pass came to, in one line."""
    if isinstance(answer, PassRefused):
        return json.dumps({"refused": answer.kind, "reason": answer.reason})
    records = {
        name: dump(record).decode("utf-8", "surrogateescape")
        for name, record in (("before", answer.before), ("after", answer.after))
    }
    rest = {name: getattr(answer, name) for name in ("inode", "aside", "vanished", "held")}
    return json.dumps({**records, **rest, "figures": asdict(answer.figures)})


def load_answer(text: str) -> Built:
    """Read the answer of a pass; PassRefused if it was refused, or if this is no answer."""
    try:
        found = _read_answer(text)
        before, after = (
            load(str(found[name]).encode("utf-8", "surrogateescape"))
            for name in ("before", "after")
        )
        return Built(
            before,
            after,
            int(found["inode"]),
            bool(found["aside"]),
            bool(found["vanished"]),
            Figures(**found["figures"]),
            int(found["held"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise PassRefused(FAULT, f"the pass died, and answered {text[:200]!r}") from error


def _read_answer(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    if "refused" in found:
        raise PassRefused(str(found["refused"]), str(found["reason"]))
    return found
