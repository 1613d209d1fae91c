"""All checks, as a parameter for the test of a world."""

from __future__ import annotations

import pytest

from tests.ipaddr import announcements, interruptions, judgements, lives
from tests.ipaddr.world import CHECKS

#: Imported for the checks that they register.
PARTS = (lives, judgements, announcements, interruptions)

every_check = pytest.mark.parametrize("check", CHECKS, ids=[one.__name__ for one in CHECKS])
