"""Writes Heartbeat's files for a test, and translates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.heartbeat.translation import Translation, translate

if TYPE_CHECKING:
    from pathlib import Path

HA_CF = "node n1 n2\n"
HARESOURCES = "n1 192.0.2.10\n"


class Files:
    """The three files in a folder; each translation writes them anew."""

    def __init__(self, folder: Path) -> None:
        self.ha_cf = folder / "ha.cf"
        self.haresources = folder / "haresources"
        self.authkeys = folder / "authkeys"

    def translate(
        self,
        ha_cf: str | bytes = HA_CF,
        haresources: str | bytes = HARESOURCES,
        authkeys: str | None = None,
        *addresses: str,
        lsb: bool = False,
    ) -> Translation:
        for path, text in ((self.ha_cf, ha_cf), (self.haresources, haresources)):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if authkeys is not None:
            self.authkeys.write_text(authkeys)
        keys = None if authkeys is None else self.authkeys
        return translate(self.ha_cf, self.haresources, keys, addresses, lsb=lsb)


def outcomes(done: Translation) -> list[tuple[int, str, str]]:
    """Line, directive and outcome of each entry of the account."""
    return [(entry.line, entry.what, entry.outcome.value) for entry in done.account.entries]


def resources(done: Translation) -> dict[str, tuple[str, dict[str, str]]]:
    """Each primitive: its agent and its parameters."""
    found = {}
    for one in etree.fromstring(done.cib).iter("primitive"):
        words = [one.get(name) for name in ("class", "provider", "type")]
        pairs = one.iterfind("instance_attributes/nvpair")
        found[one.get("id", "")] = (
            ":".join(word for word in words if word),
            {pair.get("name", ""): pair.get("value", "") for pair in pairs},
        )
    return found
