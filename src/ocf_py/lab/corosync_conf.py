"""corosync.conf: two knet links, authenticated and encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.lab.networks import RINGS

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings

_TWO_NODES = 2


def render_corosync_conf(settings: Settings) -> str:
    """The file's text; corosync wants a line break after every brace."""
    quorum = ["provider: corosync_votequorum"]
    if settings.nodes == _TWO_NODES:
        # wait_for_all ends the loop in which a fenced node boots, sees nobody, and fences.
        quorum += ["two_node: 1", "wait_for_all: 1"]
    nodes: list[str] = []
    for name in settings.node_names:
        number = settings.number_of(name)
        links = [f"ring{ring.index}_addr: {ring.address(number)}" for ring in RINGS]
        nodes += _section("node", [f"name: {name}", f"nodeid: {number}", *links])
    totem = [
        "version: 2",
        "cluster_name: lab",
        "transport: knet",
        "crypto_cipher: aes256",
        "crypto_hash: sha256",
        "link_mode: passive",
        f"token: {settings.token_ms}",
    ]
    logging = [
        "to_stderr: no",
        "to_syslog: no",
        "to_logfile: yes",
        "logfile: /var/log/corosync/corosync.log",
        "timestamp: hires",
    ]
    sections = [
        *_section("totem", totem),
        *_section("quorum", quorum),
        *_section("nodelist", nodes),
        *_section("logging", logging),
    ]
    return "\n".join(sections) + "\n"


def _section(name: str, lines: list[str]) -> list[str]:
    return [f"{name} {{", *(f"    {line}" for line in lines), "}"]
