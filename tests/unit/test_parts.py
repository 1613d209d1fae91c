"""`make test` leaves no test out: its parts are all that the tiers have."""

from __future__ import annotations

import re

from tests.documents.reading import CHECKOUT

_TESTS = CHECKOUT / "tests"


def test_every_test_of_a_tier_is_in_a_part_of_make_test() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    named = re.search(r"^PARTS = (.*?[^\\])$", makefile, re.MULTILINE | re.DOTALL)
    assert named is not None
    parts = set(named[1].replace("\\\n", " ").split())
    clusters = {
        str(file.parent.relative_to(_TESTS)) for file in _TESTS.glob("cluster/**/test_*.py")
    }
    # The contract tier is cut at its longest file; the second of its parts takes what is not that.
    assert parts == clusters | {"unit", "kernel", "contract/fuzz", "contract/others"}
