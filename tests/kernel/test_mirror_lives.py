"""Random trees, random changes, random deaths: a copy is always a whole pass, and never older."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ocf_py.mirror.record import advance
from tests.kernel.inside import inside
from tests.kernel.mirror_lives import Life
from tests.kernel.mirror_pass import run_child

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


def test_over_a_source_that_moves_every_file_is_one_state_of_itself(pair: Pair) -> None:
    """And none is older than it was in the pass before."""
    names = [f"{number % 5}/{number}" for number in range(40)]

    def write(version: int) -> None:
        """As a careful program does it; each file is as long as it is old."""
        for name in names:
            path = pair.source / "data" / name
            path.parent.mkdir(exist_ok=True)
            path.with_suffix(".new").write_text(f"{version}\n" * (version + 1))
            path.with_suffix(".new").rename(path)

    def read() -> dict[str, int]:
        found = {}
        for name in names:
            lines = (pair.copy / "data" / name).read_text().splitlines()
            found[name] = int(lines[0])
            assert lines == [lines[0]] * (found[name] + 1)
        return found

    def body() -> int:
        write(0)
        ending = threading.Event()

        def keep_on() -> None:
            version = 1
            while not ending.is_set():
                write(version)
                pair.publish(advance(pair.file(pair.source).read()))
                version += 1

        writer = threading.Thread(target=keep_on)
        writer.start()
        try:
            moving, oldest = 0, dict.fromkeys(names, 0)
            for _ in range(8):
                record = pair.pull_here(run_child, max_delete=100)
                assert record.tree is not None
                moving += record.tree.began < record.tree.ended
                found = read()
                assert all(found[name] >= oldest[name] for name in names)
                oldest = found
            return moving
        finally:
            ending.set()
            writer.join()

    assert inside(pair.here, body) >= 4, "the source hardly moved"
