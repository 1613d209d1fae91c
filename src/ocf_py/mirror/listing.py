"""What rsync would change, entry by entry: its itemised list, read strictly.

The format is `FORMAT`; see --out-format in rsync(1), %i and %n in its log format in rsyncd.conf(5).
A name never holds "//", which therefore ends it: what follows is the target of a link.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

FORMAT = "%i %n//%L"
TOP = b"."

_DELETED = "*deleting"
_LINE = re.compile(r"(?P<what>\*deleting  |[<>ch.][fdLDS].{9}) (?P<name>.+?)/?//(?P<link>.*)")
_LEADER = " => "
_LISTED = re.compile(r"(?P<kind>.).{9} +[\d,]+ \S+ \S+ (?P<name>.+)")
# rsync writes the bytes that do not print, and a backslash that would read like one of these, so.
_ESCAPED = re.compile(rb"\\#([0-3][0-7]{2})")


class ListingUnusable(ValueError):  # noqa: N818 - says what is
    """A line that rsync is not known to write."""


@dataclass(frozen=True)
class Listing:
    """Paths from the top, which is `TOP`.

    ``deleted`` are those that would go, all that is in a folder among them. ``changed`` says of the
    others whether a folder would be there. ``odd`` are the fifos and sockets among these that are
    new or changed, ``linked`` the pairs that would be hard links of each other.
    """

    deleted: frozenset[bytes]
    changed: dict[bytes, bool]
    odd: tuple[bytes, ...]
    linked: tuple[tuple[bytes, bytes], ...]


def read(text: str) -> Listing:
    """Read the whole output of a run with `FORMAT`. ListingUnusable."""
    deleted: list[bytes] = []
    changed: dict[bytes, bool] = {}
    odd: list[bytes] = []
    linked: list[tuple[bytes, bytes]] = []
    for line in text.split("\n")[:-1]:
        found = _LINE.fullmatch(line)
        if found is None:
            raise ListingUnusable(f"rsync wrote a line of another form: {line[:100]!r}")
        what, path = found["what"], unescape(found["name"])
        if what.startswith(_DELETED):
            deleted.append(path)
            continue
        changed[path] = what[1] == "d"
        if what[1] == "S":
            odd.append(path)
        if what[0] == "h" and found["link"].startswith(_LEADER):
            linked.append((path, unescape(found["link"][len(_LEADER) :])))
    return Listing(frozenset(deleted), changed, tuple(odd), tuple(linked))


def read_sockets(text: str) -> set[bytes]:
    """Read the output of a run with --list-only: the paths of the sockets in it."""
    found = (_LISTED.fullmatch(line) for line in text.split("\n"))
    return {unescape(one["name"]) for one in found if one is not None and one["kind"] == "s"}


def unescape(text: str) -> bytes:
    """Return the name that rsync has written so."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), os.fsencode(text))
