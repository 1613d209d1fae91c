"""What Pacemaker's own schema refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.validation.cib.check import check
from ocf_py.validation.cib.schema import find_invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.check import Flaw
    from ocf_py.validation.cib.situation import Situation


@check("Pacemaker's schema refuses it; what another check names on its line is said once")
def schema(situation: Situation) -> Iterator[Flaw]:
    yield from find_invalid(situation.document)
