"""What is wrong is told where an administrator looks: on the node that is promoted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pair import Pair

_ASIDE = "/srv/mirror/kept"


def test_a_directory_that_is_found_empty_is_told_of_where_it_is_promoted(pair: Pair) -> None:
    pair.fill("n1")
    # One file alone is moved away in one step: of several, a pass might meet the half.
    pair.lab.node("n1").run(
        ["find", pair.directory, "-mindepth", "1", "!", "-name", "index.html", "-delete"]
    )
    there = Path(pair.root("n2") + pair.directory)
    pair.lab.wait_until(
        "n2 has that file alone", lambda: [one.name for one in there.iterdir()] == ["index.html"]
    )
    n1, said = pair.lab.node("n1"), f"{pair.directory} is empty, and n2 keeps its copy: is its file"
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
