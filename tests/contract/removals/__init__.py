"""Each rule taken out: rule → an agent that breaks it then → file → text → replacement.

A removal is the smallest change to the library, or to an agent, that no longer keeps the rule.
"""

from __future__ import annotations

from tests.contract.removals.protocol import PROTOCOL
from tests.contract.removals.services import SERVICES
from tests.contract.removals.stopping import STOPPING
from tests.contract.removals.surroundings import SURROUNDINGS

REMOVALS = (*PROTOCOL, *SERVICES, *STOPPING, *SURROUNDINGS)
