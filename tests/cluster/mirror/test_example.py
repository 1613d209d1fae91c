"""The classical hot standby as the example has it: a client sees failover and failback."""

from __future__ import annotations

import contextlib
import http.client
import socket
from typing import TYPE_CHECKING

from ocf_py.lab.faults import PowerLoss, suffer
from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.witnesses import AddressWitness, Client

from .pair import ADDRESS, PORT

if TYPE_CHECKING:
    from pathlib import Path

    from .pair import Pair


def ask(pair: Pair) -> str | None:
    """The page that a client gets at the address; None where it gets none."""
    daemon = int(pair.lab.describe()["daemon"])
    with contextlib.closing(http.client.HTTPConnection(ADDRESS, PORT)) as asked:
        asked.sock = open_socket_in(daemon, socket.AF_INET, socket.SOCK_STREAM, 0)
        asked.sock.settimeout(1)
        with contextlib.suppress(OSError):
            asked.sock.connect((ADDRESS, PORT))
            asked.request("GET", "/index.html")
            return asked.getresponse().read().decode()
    return None


def write(pair: Pair, node: str, text: str) -> None:
    pair.lab.node(node).run(["tee", f"{pair.directory}/index.html"], stdin=text.encode())


def test_a_hot_standby_takes_over_and_gives_back(bare_pair: Pair, tmp_path: Path) -> None:
    pair = bare_pair
    pair.fill("n1")
    pair.load(tmp_path)
    pair.promoted("n1")
    pair.follows("n2")
    with AddressWitness(pair.lab, ADDRESS) as addresses, Client(pair.lab, ADDRESS) as client:
        pair.lab.wait_until("the page is there", lambda: ask(pair) == "of n1")
        write(pair, "n1", "written on n1")
        pair.lab.wait_until("n2 has it", lambda: pair.read("n2", "index.html") == "written on n1")
        with suffer(pair.lab, PowerLoss("n1")) as fault:
            pair.lab.wait_until("n2 answers", lambda: client.first_answer("n2", fault))
            pair.lab.wait_until("the page is there", lambda: ask(pair) == "written on n1")
            pair.promoted("n2", seen_from="n2")
            write(pair, "n2", "written on n2")
            back = pair.lab.note("n1 is switched on")
        pair.lab.wait_until("n1 answers", lambda: client.first_answer("n1", back))
        pair.lab.wait_until("the page is there", lambda: ask(pair) == "written on n2")
        pair.promoted("n1")
        pair.follows("n2")
        assert addresses.double_holdings() == []
        assert addresses.holders() == ["n1"]
