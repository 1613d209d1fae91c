"""Reading Pacemaker's history of fencing: only a success, of that node, after that time, counts."""

from __future__ import annotations

import pytest

from ocf_py.fencing_history import confirms

AT = 1_795_634_701.0  # 2026-11-25 19:25:01 UTC


def history(completed: str = "2026-11-25 19:25:01Z", **changes: str) -> str:
    attributes = {"action": "reboot", "target": "n2", "status": "success", **changes}
    written = " ".join(f'{name}="{text}"' for name, text in attributes.items())
    return (
        '<pacemaker-result api-version="2.25"><list name="fencing history" count="1">'
        f'<fence_event {written} origin="n1" completed="{completed}"/></list></pacemaker-result>'
    )


@pytest.mark.parametrize(
    "completed",
    ["2026-11-25 19:25:01Z", "2026-11-25 20:25:01 +01:00", "2026-11-25 14:25:01-05:00"],
)
def test_a_fencing_since_then_confirms_a_death(completed: str) -> None:
    assert confirms(history(completed), "n2", AT - 1)
    assert not confirms(history(completed), "n2", AT)


@pytest.mark.parametrize(
    "changes",
    [{"target": "n1"}, {"action": "on"}, {"status": "failed"}, {"status": "pending"}],
)
def test_nothing_else_does(changes: dict[str, str]) -> None:
    assert not confirms(history(**changes), "n2", AT - 1)


@pytest.mark.parametrize("text", ["", "<", "<pacemaker-result/>", history("yesterday")])
def test_what_cannot_be_read_confirms_nothing(text: str) -> None:
    assert not confirms(text, "n2", 1.0)
