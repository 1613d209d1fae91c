"""The names of routing tables and of the protocols that make routes, as iproute2 reads them.

Source: linux/rtnetlink.h; ip-route(8) for the files.
"""

from __future__ import annotations

import posix

_PROTOCOLS = {"kernel": 2, "boot": 3, "static": 4, "ra": 9, "dhcp": 16}
_TABLES = {"default": 253, "main": 254, "local": 255}
_LAST_PROTOCOL, _LAST_TABLE = 0xFF, 0xFFFFFFFF
#: Where a distribution and its administrator name tables; the administrator's come first.
_FOLDERS = ("/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2")


def parse_protocol(text: str) -> int:
    """Read who made a route, by name or number; ValueError, a phrase, if it is neither."""
    number = _PROTOCOLS.get(text, _number(text))
    if number is None or number > _LAST_PROTOCOL:
        raise ValueError(f"is no routing protocol: give a number or one of {', '.join(_PROTOCOLS)}")
    return number


def parse_table(text: str) -> int | None:
    """Read a routing table's number or name; None for a name that only the node can resolve.

    ValueError, a phrase to follow the text, for what is neither.
    """
    number = _TABLES.get(text, _number(text))
    is_negative = text[:1] == "-" and _number(text[1:]) is not None
    if is_negative or (number is not None and not 0 < number <= _LAST_TABLE):
        raise ValueError(f"is no routing table: they are numbered from 1 to {_LAST_TABLE}")
    if number is None and (not (text.isascii() and text.isprintable()) or set(text) & set(" #/")):
        raise ValueError("is no routing table's name")
    return number


def find_table(name: str) -> int | None:
    """Look a routing table's name up in the files of this node; None if none has it."""
    for folder in _FOLDERS:
        more = sorted(f"rt_tables.d/{file}" for file in _list(f"{folder}/rt_tables.d"))
        for file in ("rt_tables", *(file for file in more if file.endswith(".conf"))):
            for line in _read_lines(f"{folder}/{file}"):
                words = line.partition("#")[0].split()
                if words[1:] == [name]:
                    return _number(words[0])
    return None


def _number(text: str) -> int | None:
    if text.startswith("0x"):
        try:
            return int(text, 16) if text.isalnum() else None
        except ValueError:
            return None
    is_number = text.isascii() and text.isdigit()
    return int(text[:12]) if is_number else None  # beyond 12 digits it is out of range anyhow


def _list(folder: str) -> list[str]:
    try:
        return posix.listdir(folder)
    except OSError:
        return []


def _read_lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
