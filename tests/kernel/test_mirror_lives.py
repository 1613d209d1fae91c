"""Random trees, random changes, random deaths: a copy is always a whole pass, and never older."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kernel.inside import inside
from tests.kernel.mirror_lives import Life

if TYPE_CHECKING:
    import pytest

    from tests.kernel.mirror_pair import Pair

ROUNDS = 25  # of one life: its tree grows meanwhile


def test_a_copy_is_always_one_state_of_its_source(
    pair: Pair, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """--mirror-count rounds from --mirror-seed on; what each seed came to is printed."""
    count, seed = (int(pytestconfig.getoption(f"--mirror-{name}")) for name in ("count", "seed"))
    outcomes: dict[str, int] = {}
    while (played := sum(outcomes.values())) < count:
        rounds, life = min(ROUNDS, count - played), Life(pair, seed)
        ended = inside(pair.here, lambda: life.play(rounds), seconds=600)  # noqa: B023 - run now
        outcomes = {name: outcomes.get(name, 0) + ended[name] for name in ended}
        with capsys.disabled():
            print(f"\n  seed {seed}: {ended}", end="", flush=True)  # noqa: T201 - the outcome
        seed += 1
        pair.renew()
    assert outcomes["taken"] > count // 4, outcomes
