"""What the documentation has its reader type works on a machine that has just been installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.documents.enclosing import enclose
from tests.documents.session import Session, list_sessions, run_session

if TYPE_CHECKING:
    from pathlib import Path

SESSIONS = list_sessions("enclosure")


@pytest.mark.parametrize("session", SESSIONS, ids=lambda one: one.page)
def test_the_commands_of_a_page_do_what_it_says(
    session: Session, installed: Path, tmp_path: Path
) -> None:
    script = tmp_path / "session.sh"
    script.write_text(session.script())
    complaints = session.complaints(run_session(enclose(installed, script)))
    assert not complaints, "\n\n".join(complaints)
