"""Environments for one action of one agent: the same seed and number make the same one."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from ocf_py.conformance.fuzz.protocol import INTERVAL, choose_protocol
from ocf_py.conformance.fuzz.values import choose_garbage, choose_plausible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocf_py.catalogue.description import Description
    from ocf_py.conformance.subject import Subject

#: The kinds of environment, each as often as any other.
KINDS = (
    "valid",
    "plausible values",
    "garbage",
    "missing parameters",
    "undeclared parameters",
    "odd protocol",
    "everything at once",
)
UNKNOWN = "no-such-action"
_LIFE_EVERY = 5  # prime to the number of kinds: each of them comes about in a life too
_UNDECLARED = (
    "no_such",
    "x",
    "ip6",
    "CRM_meta",
    "",
    "a-b",
    "a b",
    "\u00e4",
    "\udcff",
    "1",
    "state\n",
)
_TRACES = ("trace_ra", "trace_file")


@dataclass(frozen=True)
class Case:
    """One environment, and what is to be done with it.

    `protocol` changes variables that a caller sets, None removes one; `is_valid` says that
    everything is as it should be, `is_strained` that any action may fail for it, softly. With
    `in_life` the call comes between a valid start and a valid stop. `stops_bare` has the stop
    that undoes it told no parameter, where something else can tell it.
    """

    action: str
    number: int
    kind: str
    parameters: Mapping[str, str]
    protocol: Mapping[str, str | None]
    is_strained: bool
    in_life: bool
    stops_bare: bool

    @property
    def is_valid(self) -> bool:
        """Whether nothing is odd about it."""
        return self.kind == KINDS[0]

    @property
    def is_probe(self) -> bool:
        """Whether a monitor is surely called once only."""
        return INTERVAL not in self.protocol


def list_actions(description: Description) -> tuple[str, ...]:
    """What is fuzzed: all that is advertised, what need not be, and one that nobody has."""
    return (*sorted(description.action_names | {"validate-all", "meta-data"}), UNKNOWN)


def make_case(subject: Subject, action: str, *, seed: int, number: int) -> Case:
    """The environment of this number; it depends on nothing but what is given here."""
    random = Random(f"{seed} {subject.name} {action} {number}")  # noqa: S311 - it has to repeat
    kind = KINDS[number % len(KINDS)]
    parameters = dict(_valid(random, subject))
    protocol: Mapping[str, str | None] = {}
    is_strained = False
    everything = kind == KINDS[-1]
    if kind == "plausible values" or everything:
        parameters.update(_replaced(random, subject, plausible=True))
    if kind == "garbage" or everything:
        parameters.update(_replaced(random, subject, plausible=False))
    if kind == "missing parameters" or (everything and random.random() < 0.3):  # noqa: PLR2004
        for name in _missing(random, subject, parameters):
            del parameters[name]
    if kind == "undeclared parameters" or everything:
        for name in random.sample(_UNDECLARED, random.randint(1, 3)):
            parameters[name] = choose_garbage(random)
    if kind == "odd protocol" or everything:
        protocol, is_strained = choose_protocol(random)
    return Case(
        action,
        number,
        kind,
        parameters,
        protocol,
        is_strained,
        in_life=number % _LIFE_EVERY == 0,
        stops_bare=random.random() < 0.3,  # noqa: PLR2004 - some
    )


def _valid(random: Random, subject: Subject) -> Mapping[str, str]:
    sets = [subject.parameters, {**subject.parameters, **subject.change}]
    if subject.other:
        sets.append(subject.other)
    return random.choice(sets)


def _replaced(random: Random, subject: Subject, *, plausible: bool) -> Iterator[tuple[str, str]]:
    declared = subject.description.parameters
    for one in random.sample(declared, min(len(declared), random.randint(1, 3))):
        if one.name in _TRACES:
            # A trace goes where no resource's own file may be, or it is not to be told from it.
            yield (
                one.name,
                random.choice(("1", "no", ""))
                if one.name == "trace_ra"
                else (f"/run/fuzz-trace-{random.randrange(10)}"),
            )
        elif plausible:
            yield one.name, choose_plausible(random, one, _known(subject, one.name))
        else:
            yield one.name, choose_garbage(random)


def _known(subject: Subject, name: str) -> list[str]:
    sets = (
        subject.parameters,
        subject.other,
        subject.change,
        *subject.wrong,
        *subject.unusable_here,
    )
    return [values[name] for values in sets if name in values]


def _missing(random: Random, subject: Subject, parameters: Mapping[str, str]) -> list[str]:
    """Either all, or one that is required, or any one."""
    required = [one.name for one in subject.description.parameters if one.required]
    required = [name for name in required if name in parameters]
    draw = random.random()
    if draw < 0.3 or not parameters:  # noqa: PLR2004 - a third
        return list(parameters)
    return [random.choice(required if required and draw < 0.8 else list(parameters))]  # noqa: PLR2004
