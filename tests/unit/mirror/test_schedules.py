"""No schedule of a cluster's life breaks a promise of the generation protocol."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.mirror.schedules import Schedule

#: A seeded handful; `make soak` and a curious reader raise it.
EXAMPLES = int(os.environ.get("OCF_PY_SCHEDULES", "300"))


def test_no_schedule_breaks_a_promise() -> None:
    run_state_machine_as_test(
        Schedule,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            derandomize="OCF_PY_SCHEDULES" not in os.environ,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
