"""All checks, as a parameter for the test of a world."""

from __future__ import annotations

import pytest

from tests.filesystem import holding, interruptions, judgements, lives
from tests.filesystem.world import CHECKS

#: Imported for the checks that they register.
PARTS = (lives, judgements, holding, interruptions)

every_check = pytest.mark.parametrize("check", CHECKS, ids=[one.__name__ for one in CHECKS])
