"""One life of a copy: random changes of its source, passes killed and crashed at random."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.mirror import trees
from ocf_py.mirror.decisions import SET_ASIDE, follow
from ocf_py.mirror.order import Built, PassRefused
from ocf_py.mirror.passes import Place
from ocf_py.mirror.record import concede
from tests.kernel.mirror_gardener import ANCHOR, Gardener
from tests.kernel.mirror_pass import child_argv, run_child, sweep
from tests.kernel.mirror_trees import LINKS, compare, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ocf_py.mirror.decisions import Follow
    from ocf_py.mirror.record import Record
    from tests.kernel.mirror_pair import Pair

_LONGEST_KILL = 0.9  # seconds; a pass of these trees takes about half of that
_STEPS = 8  # of taking a pass, before and after each of which it may crash


class Life:
    """Plays rounds; whatever goes wrong is an AssertionError that names seed and round."""

    def __init__(self, pair: Pair, seed: int) -> None:
        self.pair = pair
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311 - reproducible is the point
        self.source, self.copy = pair.source / "data", pair.copy / "data"
        self.gardener = Gardener(os.fsencode(self.source), self.chance)
        self.place = Place(str(self.copy), pair.file(pair.copy))
        self.outcomes = dict.fromkeys(("taken", "same", "killed", "crashed"), 0)

    def play(self, rounds: int) -> dict[str, int]:
        """Returns how often a round ended in which way."""
        (self.source / os.fsdecode(ANCHOR)).write_text("always there\n")
        self.gardener.work(30)
        for number in range(rounds):
            try:
                self.outcomes[self._play_round()] += 1
            except (AssertionError, PassRefused, OSError) as error:
                raise AssertionError(f"seed {self.seed}, round {number}: {error}") from error
        return self.outcomes

    def _play_round(self) -> str:
        changes = self.chance.choice((0, 1, 1, 2, 5, 20))
        self.pair.write(lambda _: self.gardener.work(changes))
        self._disturb()
        record, source = self.place.recover(), self.pair.look()
        before, wanted = describe(self.copy), describe(self.source)
        decision = follow(record, source, is_empty=trees.is_empty(str(self.copy)))
        if self.chance.random() < 0.35:
            self._kill_one(decision)
            check("a killed pass changed the live tree", describe(self.copy), before)
            assert self.place.recover() == record
            if self.chance.random() < 0.5:
                return "killed"
        built = self._build(decision)
        check("a pass changed the live tree before it was taken", describe(self.copy), before)
        if self.chance.random() < 0.3:
            return self._crash(record, built, decision, before, wanted)
        after = self.place.take(record, built, decision)
        self._check_taken(after, source, decision, before, wanted)
        return "taken" if built.inode else "same"

    def _build(self, decision: Follow) -> Built:
        return run_child(self.pair.order(max_delete=100, aside=decision.kind == SET_ASIDE))

    def _kill_one(self, decision: Follow) -> None:
        order = self.pair.order(max_delete=100, aside=decision.kind == SET_ASIDE)
        process = subprocess.Popen(
            child_argv("build"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert process.stdin is not None
        process.stdin.write(replace(order, parent=os.getpid()).dump())
        process.stdin.close()
        time.sleep(self.chance.random() * _LONGEST_KILL)
        process.kill()
        process.wait()

    def _crash(
        self,
        record: Record,
        built: Built,
        decision: Follow,
        before: dict[bytes, tuple[object, ...]],
        wanted: dict[bytes, tuple[object, ...]],
    ) -> str:
        """Die at a step of taking it, and look what a start finds."""
        crash_after(
            self.chance.randrange(_STEPS), lambda: self.place.take(record, built, decision), self
        )
        found = self.place.recover()
        if found == record:
            check("a pass that was not taken changed the tree", describe(self.copy), before)
        else:
            self._check_taken(found, built.after, decision, before, wanted)
        return "crashed"

    def _check_taken(
        self,
        record: Record,
        source: Record,
        decision: Follow,
        before: dict[bytes, tuple[object, ...]],
        wanted: dict[bytes, tuple[object, ...]],
    ) -> None:
        check("the copy is not its source", describe(self.copy), wanted)
        assert record.tree is not None
        assert record.tree.began == record.tree.ended == source.moment
        assert self.place.file.read() == record
        if decision.kind == SET_ASIDE:
            kept = str(self.pair.copy / "store" / record.asides[-1].name)
            trees.part(kept, str(self.copy))
            there = describe(Path(kept))
            gone = before.keys() - there.keys()
            check("what went is not in the copy", pick(wanted, gone), pick(before, gone))
            check("what was set aside is not what was there", there, pick(before, there.keys()))
            check("the copy suffered from that", describe(self.copy), wanted)

    def _disturb(self) -> None:
        """What else may happen to the trees of a copy between two passes."""
        which = self.chance.randrange(12)
        staging = Path(self.place.layout.staging)
        if which == 0:
            self.place.retire()
        elif which == 1:
            sweep(self.pair.order())
        elif which == 2 and staging.is_dir():
            Gardener(os.fsencode(staging), self.chance).remove()
        elif which == 3 and (self.copy / os.fsdecode(ANCHOR)).exists():
            stranger = Gardener(os.fsencode(self.copy), self.chance)
            for work in (stranger.append, stranger.remove, stranger.create, stranger.mkdir):
                work()
        elif which == 4:
            self.place.file.write(concede(self.place.recover()))


def pick(
    tree: dict[bytes, tuple[object, ...]], paths: Collection[bytes]
) -> dict[bytes, tuple[object, ...]]:
    """A part of what `describe` tells of a tree, and the links within it."""
    picked = {path: tree.get(path, ()) for path in paths if path != LINKS}
    if LINKS in paths:
        groups = [tuple(one for one in group if one in paths) for group in tree[LINKS]]  # type: ignore[attr-defined]
        picked[LINKS] = tuple(group for group in groups if len(group) > 1)
    return picked


def check(
    what: str, found: dict[bytes, tuple[object, ...]], wanted: dict[bytes, tuple[object, ...]]
) -> None:
    """Fails with what differs, which is more than a test's report shows of two dicts."""
    wrong = compare(found, wanted)
    assert not wrong, "\n".join([f"{what}:", *wrong[:10]])


def crash_after(steps: int, body: Callable[[], object], life: Life) -> None:
    """Runs `body` in a fork of this process, which dies at the given step."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    left = steps

    def step() -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def through(work: Callable[..., object]) -> Callable[..., object]:
        def stepped(*what: object) -> object:
            step()
            answer = work(*what)
            step()
            return answer

        return stepped

    for name in ("exchange", "move"):
        setattr(trees, name, through(getattr(trees, name)))
    setattr(life.place.file, "write", through(life.place.file.write))  # noqa: B010
    try:
        body()
    finally:
        os._exit(0)
