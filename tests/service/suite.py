"""All checks, as a parameter for the test of a world."""

from __future__ import annotations

import pytest

from tests.service import healths, identities, interruptions, lives, readiness, records
from tests.service.world import CHECKS

#: Imported for the checks that they register.
PARTS = (lives, identities, records, readiness, healths, interruptions)

every_check = pytest.mark.parametrize("check", CHECKS, ids=[one.__name__ for one in CHECKS])
