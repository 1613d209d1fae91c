"""What is wrong is told where an administrator looks: on the node that is promoted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pair import Pair

_ASIDE = "/srv/mirror/kept"


def test_a_directory_that_is_found_empty_is_told_of_where_it_is_promoted(pair: Pair) -> None:
    pair.fill("n1")
    pair.changes = None  # its server goes on with logs that are gone: not for the next test
    # One file alone is moved away in one step: of several, a pass might meet the half.
    while rest := {*os.listdir(pair.root("n1") + pair.directory)} - {"index.html"}:
        remove(pair, min(rest))
    n1 = pair.lab.node("n1")
    said = f"{pair.directory} is empty, and n2 keeps its copy: is its file"
    n1.run(["sh", "-ec", f"mkdir {_ASIDE}; mv {pair.directory}/* {_ASIDE}"])
    try:
        pair.lab.wait_until(
            "the cluster shows it", lambda: said in n1.run(["crm_mon", "-1"]).stdout
        )
        assert pair.shows("n1", said)
        assert pair.read("n2", "index.html") == "of n1"
    finally:
        n1.run(["sh", "-ec", f"mv {_ASIDE}/* {pair.directory}; rmdir {_ASIDE}"])
    pair.lab.wait_until("it is well again", lambda: pair.status("n1")["fault"] == "")  # type: ignore[index]
    pair.follows("n2")


def remove(pair: Pair, name: str) -> None:
    """Have n1 and n2 lose a file: one at a time, or a pass refuses to lose most of them."""
    pair.lab.node("n1").run(["rm", f"{pair.directory}/{name}"])
    copy = pair.root("n2") + pair.directory
    pair.lab.wait_until(f"n2 is rid of {name}", lambda: name not in os.listdir(copy))
