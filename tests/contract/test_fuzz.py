"""Every agent takes any environment: what it may answer and change is known before the call."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.catalogue.description import parse_description
from ocf_py.conformance.fuzz.cases import list_actions
from ocf_py.conformance.fuzz.run import Fuzz
from ocf_py.conformance.rule import Broken
from tests.contract.subjects import AGENTS, at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocf_py.conformance.subject import Subject

_METADATA = Path(__file__).parents[1] / "data" / "metadata"
_LANES = 2  # an agent that is started and a witness that looks take turns: two fill two cores


def _list_cases() -> list[tuple[Subject, str]]:
    """Each agent with its actions, as its metadata in tests/data lists them."""
    cases = []
    for subject in AGENTS:
        document = (_METADATA / f"{subject.type}.xml").read_bytes()
        cases += [(subject, action) for action in list_actions(parse_description(document))]
    return cases


class Machines:
    """Those of one agent, for all of its actions: they take as long to make as 50 environments."""

    def __init__(self, launchers: Path) -> None:
        self._launchers = launchers
        self._subject: Subject | None = None
        self._inside = contextlib.ExitStack()

    def get(self, subject: Subject) -> Fuzz:
        """The machines of this agent; those of the one before are given up."""
        if subject is not self._subject:
            self.close()
            fuzz = Fuzz(at(subject, self._launchers), lanes=_LANES)
            self._fuzz = self._inside.enter_context(fuzz)
            self._subject = subject
        return self._fuzz

    def close(self) -> None:
        self._inside.close()


@pytest.fixture(scope="module")
def machines(launchers: Path) -> Iterator[Machines]:
    with contextlib.closing(Machines(launchers)) as made:
        yield made


@pytest.mark.parametrize(
    ("subject", "action"), _list_cases(), ids=lambda one: getattr(one, "name", one)
)
def test_any_environment(
    machines: Machines,
    record_property: Callable[[str, object], None],
    fuzz_count: int,
    fuzz_seed: int,
    subject: Subject,
    action: str,
) -> None:
    # Subjects that are one agent share its environments.
    sharers = sum(one.type == subject.type for one in AGENTS)
    numbers = range(max(1, fuzz_count // sharers))
    try:
        tally = machines.get(subject).play(action, seed=fuzz_seed, numbers=numbers)
    except Broken as problem:
        broken = str(problem)
    else:
        broken = ""
    if broken:
        pytest.fail(broken, pytrace=False)
    record_property("played", str(tally))
    assert sum(tally.kinds.values()) == len(numbers)
    assert tally.lives == len(numbers[::5])
    assert tally.codes["start", 0] >= tally.lives
    assert tally.codes["stop", 0] >= tally.lives
