"""corosync.conf, from what ha.cf says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocf_py.heartbeat.pair import Pair

_TWO_NODES = 2
_MOST_PERCENT = 100


def render(pair: Pair, addresses: Mapping[str, Sequence[str]]) -> str:
    """The file's text; without `addresses` each node's name stands for its one."""
    totem = [
        "version: 2",
        f"cluster_name: {pair.name or 'heartbeat'}",
        "transport: knet",
        "crypto_cipher: aes256",
        "crypto_hash: sha256",
        f"token: {pair.deadtime}",
    ]
    if pair.warntime:
        percent = min(round(_MOST_PERCENT * pair.warntime / pair.deadtime), _MOST_PERCENT)
        totem.append(f"token_warning: {max(percent, 1)}")
    quorum = ["provider: corosync_votequorum"]
    if len(pair.nodes) == _TWO_NODES:
        # One of two is no majority; who is alone at boot waits, instead of shooting the other.
        quorum += ["two_node: 1", "wait_for_all: 1"]
    nodes: list[str] = []
    for number, name in enumerate(pair.nodes, 1):
        links = [f"ring{i}_addr: {one}" for i, one in enumerate(addresses.get(name, (name,)))]
        nodes += _section("node", [f"name: {name}", f"nodeid: {number}", *links])
    logging = ["to_stderr: no", "timestamp: on", f"debug: {'on' if pair.debug else 'off'}"]
    if pair.logfile:
        logging += ["to_logfile: yes", f"logfile: {pair.logfile}"]
    if pair.facility:
        logging += ["to_syslog: yes", f"syslog_facility: {pair.facility}"]
    else:
        logging.append("to_syslog: no")
    sections = (("totem", totem), ("quorum", quorum), ("nodelist", nodes), ("logging", logging))
    return "\n".join(line for name, lines in sections for line in _section(name, lines)) + "\n"


def _section(name: str, lines: Sequence[str]) -> list[str]:
    return [f"{name} {{", *(f"    {line}" for line in lines), "}"]
