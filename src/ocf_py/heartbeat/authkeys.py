"""authkeys: whether Heartbeat's messages were authenticated. The key itself is never kept."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ocf_py.heartbeat.source import Unusable

if TYPE_CHECKING:
    from ocf_py.heartbeat.account import Account
    from ocf_py.heartbeat.source import Line

_METHODS = ("crc", "md5", "sha1")
_KEY_BYTES = 256  # corosync-keygen(8) makes as many; Corosync wants 128 at least


def make_authkey() -> bytes:
    """A new key for Corosync: random bytes, as corosync-keygen(8) makes them."""
    return secrets.token_bytes(_KEY_BYTES)


def account_for_keys(file: str, lines: list[Line], account: Account) -> None:
    """Says what becomes of each line; Unusable for a file that Heartbeat could not have used."""
    chosen = ""
    known: set[str] = set()
    for line in lines:
        number, *rest = line.words
        if number == "auth":
            if chosen or len(rest) != 1 or not rest[0].isdecimal():
                raise line.refuse("wants one line `auth NUMBER`")
            chosen = rest[0]
            account.translated(line, "auth", "authkey, crypto_hash: sha256, crypto_cipher: aes256")
            continue
        if not number.isdecimal() or not rest or rest[0] not in _METHODS:
            raise line.refuse(f"wants NUMBER and {', '.join(_METHODS)}, then the key")
        known.add(number)
        _account_for(line, number, rest[0], account)
    if chosen not in known:
        raise Unusable(f"{file}: `auth` names no key that the file has")


def _account_for(line: Line, number: str, method: str, account: Account) -> None:
    what = f"{number} {method}"
    if method == "crc":
        account.obsolete(line, what, "authenticates nobody: Corosync gets a key, and encrypts")
    else:
        account.obsolete(
            line,
            what,
            f"not reused: it is shorter than the 128 bytes that Corosync wants, was used for "
            f"{method}, and lies where the old cluster had its copies; authkey is a new random one",
        )
