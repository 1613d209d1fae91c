"""The record's text: what is kept beside the data, and what peers read of each other.

One line a value, words parted by blanks, closed by an end mark. What cannot be understood, down to
a word too many, is refused as a whole: half a record may promote a stale tree.
"""

from __future__ import annotations

from .generations import ENDS, Generation, Opening, Position
from .record import LONGEST_LINEAGE, MOST_HEARD, Aside, Evidence, Incoming, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    T = TypeVar("T")

_NAME = "ocfpy-mirror"
_VERSION = 1
#: Bytes; a record of the longest lineage has about 20,000.
LONGEST_TEXT = 1 << 18
_LONGEST_NUMBER = 19  # digits of 2**63
_YES, _NO = "yes", "no"


class RecordUnusable(ValueError):  # noqa: N818 - says what is
    """The text is no record that this version can follow; the message says why."""


def dump(record: Record) -> bytes:
    """Write the record's text."""
    lines = [f"{_NAME} {_VERSION}", f"node {_quote(record.node)}"]
    if record.tree is not None:
        lines.append(f"tree {record.tree}")
    lines += [f"owns {_YES if record.owns else _NO}", f"moment {record.moment}"]
    lines.append(f"held {record.held}")
    lines += [f"opening {_opening_words(one)}" for one in record.lineage]
    if record.evidence is not None:
        lines.append(f"evidence {_evidence_words(record.evidence)}")
    lines += [f"heard {one}" for one in record.heard]
    lines += [f"conceded {one}" for one in record.conceded]
    lines += [f"announced {_quote(one)}" for one in record.announced]
    if record.incoming is not None:
        coming = record.incoming
        words = f"{coming.inode} {coming.position} {_quote(coming.aside)} {_quote(coming.end)}"
        lines.append(f"incoming {words}")
        lines += [f"incoming-opening {_opening_words(one)}" for one in coming.lineage]
    lines += [f"aside {_aside_words(one)}" for one in record.asides]
    lines += [f"filled {_YES if record.filled else _NO}", f"live {record.live}"]
    if record.watched:
        lines.append(f"watched {_quote(record.watched)}")
    lines += [f"unmet {_quote(one)}" for one in record.unmet]
    return ("\n".join(lines) + "\nend\n").encode("utf-8", "surrogateescape")


def load(content: bytes) -> Record:
    """Read a record's text; RecordUnusable says what is wrong with it."""
    if len(content) > LONGEST_TEXT:
        raise RecordUnusable(f"is longer than {LONGEST_TEXT} bytes")
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    _check_header(lines[0])
    if lines[-2:] != ["end", ""]:
        raise RecordUnusable("is not complete")
    found: dict[str, list[list[str]]] = {}
    for line in lines[1:-2]:
        kind, *words = line.split(" ")
        if kind not in _KINDS:
            raise RecordUnusable(f"has a line that means nothing: {line[:40]!r}")
        found.setdefault(kind, []).append(words)
    try:
        record = _build(found)
    except (ValueError, IndexError) as error:
        raise RecordUnusable(f"has a line that cannot be read: {error}") from error
    _check_sense(record)
    return record


def _check_header(line: str) -> None:
    name, _, version = line.partition(" ")
    if name != _NAME or not version.isdecimal():
        raise RecordUnusable(f"begins with {line[:40]!r}, not with {_NAME}")
    if version != str(_VERSION):
        raise RecordUnusable(
            f"is of version {version[:_LONGEST_NUMBER]}, this program knows {_VERSION}"
        )


def _check_sense(record: Record) -> None:
    """What no change of a record makes, somebody else has."""
    head = record.lineage[0].generation if record.lineage else None
    if record.generation != head:
        raise RecordUnusable(f"has a tree of generation {record.generation} in the line of {head}")
    if len(record.lineage) > LONGEST_LINEAGE:
        raise RecordUnusable("has too long a lineage")
    if (
        max(len(record.heard), len(record.conceded), len(record.announced), len(record.unmet))
        > MOST_HEARD
    ):
        raise RecordUnusable("names too many generations or nodes")


_KINDS = (
    "node",
    "tree",
    "owns",
    "moment",
    "held",
    "opening",
    "evidence",
    "heard",
    "conceded",
    "announced",
    "incoming",
    "incoming-opening",
    "aside",
    "filled",
    "live",
    "watched",
    "unmet",
)


def _build(found: dict[str, list[list[str]]]) -> Record:
    def one(kind: str, read: Callable[[Sequence[str]], T], default: T) -> T:
        every = found.get(kind, [])
        if len(every) > 1:
            raise ValueError(f"{kind} twice")
        return read(every[0]) if every else default

    def several(kind: str, read: Callable[[Sequence[str]], T]) -> tuple[T, ...]:
        return tuple(read(words) for words in found.get(kind, []))

    if "node" not in found:
        raise ValueError("no node")
    coming = one("incoming", lambda words: _incoming(words, several), None)
    return Record(
        node=one("node", _text, ""),
        tree=one("tree", _position, None),
        owns=one("owns", _flag, default=False),
        moment=one("moment", lambda words: _number(_only(words)), 0),
        held=one("held", lambda words: _number(_only(words)), 0),
        lineage=several("opening", _opening),
        evidence=one("evidence", _evidence, None),
        heard=several("heard", lambda words: _generation(_only(words))),
        conceded=several("conceded", lambda words: _generation(_only(words))),
        announced=several("announced", _text),
        incoming=coming,
        asides=several("aside", _aside),
        filled=one("filled", _flag, default=False),
        live=one("live", lambda words: _number(_only(words)), 0),
        watched=one("watched", _text, ""),
        unmet=several("unmet", _text),
    )


def _incoming(words: Sequence[str], several: Callable[..., tuple[Opening, ...]]) -> Incoming | None:
    inode, generation, began, ended, aside, end = words
    return Incoming(
        _number(inode),
        _position((generation, began, ended)),
        several("incoming-opening", _opening),
        _unquote(aside),
        _unquote(end),
    )


def _opening_words(opening: Opening) -> str:
    parent = f" {opening.parent}" if opening.parent is not None else ""
    return f"{opening.generation} {_quote(opening.owner)} {opening.end}{parent}"


def _opening(words: Sequence[str]) -> Opening:
    generation, owner, end, *parent = words
    return Opening(
        _generation(generation), _unquote(owner), _position(parent) if parent else None, _end(end)
    )


def _evidence_words(evidence: Evidence) -> str:
    flags = " ".join(_YES if one else _NO for one in (evidence.sealed, evidence.confirmed))
    return f"{_quote(evidence.source)} {evidence.lag!r} {flags}"


def _evidence(words: Sequence[str]) -> Evidence | None:
    source, lag, sealed, confirmed = words
    seconds = float(lag)
    if not seconds >= 0:  # nor a number that compares with none
        raise ValueError(f"{lag!r} is no age")
    return Evidence(_unquote(source), seconds, _flag([sealed]), _flag([confirmed]))


def _aside_words(aside: Aside) -> str:
    position = f" {aside.position}" if aside.position is not None else ""
    return f"{_quote(aside.name)} {aside.end}{position}"


def _aside(words: Sequence[str]) -> Aside:
    name, end, *position = words
    return Aside(_unquote(name), _end(end), _position(position) if position else None)


def _position(words: Sequence[str]) -> Position:
    generation, began, ended = words
    return Position(_generation(generation), _number(began), _number(ended))


def _generation(word: str) -> Generation:
    counter, _, identity = word.partition("-")
    if not identity.isalnum() or not identity.isascii():
        raise ValueError(f"{word[:40]!r} is no generation")
    return Generation(_number(counter), identity)


def _end(word: str) -> str:
    if word not in ENDS:
        raise ValueError(f"{word[:40]!r} is no end of a generation")
    return word


def _flag(words: Sequence[str]) -> bool:
    word = _only(words)
    if word not in (_YES, _NO):
        raise ValueError(f"{word[:40]!r} is neither {_YES} nor {_NO}")
    return word == _YES


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= _LONGEST_NUMBER):
        raise ValueError(f"{word[:40]!r} is no number")
    return int(word)


def _text(words: Sequence[str]) -> str:
    return _unquote(_only(words))


def _only(words: Sequence[str]) -> str:
    (word,) = words
    return word


def _quote(text: str) -> str:
    """Make one word of any text."""
    for mark, escape in (("%", "%25"), (" ", "%20"), ("\n", "%0A"), ("\r", "%0D")):
        text = text.replace(mark, escape)
    return text


def _unquote(word: str) -> str:
    for mark, escape in (("\r", "%0D"), ("\n", "%0A"), (" ", "%20"), ("%", "%25")):
        word = word.replace(escape, mark)
    return word
