"""Holds an agent that nobody knows to every rule that any agent can be held to."""

from __future__ import annotations

import enum
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ocf_py.catalogue.description import Description, UnreadableDescription, parse_description
from ocf_py.conformance.caller import SpawnerDied
from ocf_py.conformance.consequences import CONSEQUENCES
from ocf_py.conformance.fuzz.witness import Restless, WitnessDied
from ocf_py.conformance.manners import MANNERS
from ocf_py.conformance.places import on_machine
from ocf_py.conformance.rule import Broken, Evidence, Rule
from ocf_py.conformance.rules import ALL_RULES
from ocf_py.conformance.stage import Stage
from ocf_py.conformance.verdict import verify
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocf_py.conformance.places import Place
    from ocf_py.conformance.subject import Subject

#: What any agent can be held to. What takes more knowledge than its metadata finds no object.
GENERAL_RULES = tuple(rule for rule in ALL_RULES if rule.is_general)


#: Where this does not hold, most others would only say the same once more.
_FIRST = "life"
_WITHOUT_A_LIFE = frozenset(
    (
        "further-arguments-are-ignored",
        "idle-with-garbage",
        "idle-without-parameters",
        "metadata-carries-its-dtd",
        "metadata-is-valid",
        "metadata-works-for-anybody",
        "missing-parameter-is-refused",
        "monitors-differ",
        "stop-is-idempotent",
        "unknown-action-is-unimplemented",
        "validation-takes-every-level",
    )
)


class State(enum.Enum):
    """What came of a rule."""

    HOLDS = "holds"
    BROKEN = "broken"
    NO_OBJECT = "no object"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Judgement:
    """What came of one rule, or of one manner; `remark` says why it was not held to it."""

    id: str
    title: str
    state: State
    remark: str = ""
    evidence: Evidence | None = None
    seconds: float = 0.0

    @property
    def severity(self) -> Severity:
        """How bad it is to break it."""
        return CONSEQUENCES[self.id].severity

    @property
    def consequence(self) -> str:
        """What Pacemaker would make of that."""
        return CONSEQUENCES[self.id].sentence

    @property
    def is_rule(self) -> bool:
        """Whether it can be looked at by itself; a manner is looked at in every call."""
        return self.id not in MANNERS

    @property
    def is_fault(self) -> bool:
        """Whether it is something that should be mended."""
        return self.state is State.BROKEN and self.severity is not Severity.NOTE


def ask_description(subject: Subject, place: Place) -> Description:
    """What the agent says of itself there; UnreadableDescription, or the place's RuntimeError."""
    with Stage(subject, place) as stage:
        answer = stage.call("meta-data", politely=False)
    if answer.code != 0:
        said = answer.stderr.strip()[-500:]
        raise UnreadableDescription(f"meta-data ended with {answer.outcome}: {said}")
    return parse_description(answer.stdout.encode("utf-8", "surrogateescape"))


def examine(
    subject: Subject,
    place: Place,
    *,
    rules: Sequence[Rule] = GENERAL_RULES,
    lanes: int = 1,
    tell: Callable[[Judgement], None] = lambda _: None,
) -> list[Judgement]:
    """Holds a subject that is `described` to the rules, so many at a time, and to the manners.

    `tell` hears of each when it is through. On the machine itself only what spares it is run.
    """
    offences: dict[str, Evidence] = {}
    found: dict[str, Judgement] = {}

    def keep(judgement: Judgement) -> bool:
        found[judgement.id] = judgement
        tell(judgement)
        return judgement.state is State.BROKEN

    first = [rule for rule in rules if rule.id == _FIRST]
    lives = not any(keep(_judge(rule, subject, place, offences)) for rule in first)
    pool = ThreadPoolExecutor(1 if place is on_machine else lanes)
    try:
        jobs = []
        for rule in rules:
            if lives or rule.id in _WITHOUT_A_LIFE:
                if rule.id not in found:
                    jobs.append(pool.submit(_judge, rule, subject, place, offences))
            elif rule.id not in found:
                why = f"it has no life with these parameters: see {_FIRST}"
                keep(Judgement(rule.id, rule.title, State.NOT_RUN, why))
        for job in as_completed(jobs):
            keep(job.result())
    finally:
        pool.shutdown(cancel_futures=True)
    return [*(found[rule.id] for rule in rules), *_judge_manners(offences)]


def judge_unreadable(problem: UnreadableDescription, rules: Sequence[Rule]) -> list[Judgement]:
    """What is left to say of an agent whose meta-data nobody can read."""
    valid = next(rule for rule in GENERAL_RULES if rule.id == "metadata-is-valid")
    evidence = Evidence("meta-data to be readable", str(problem))
    why = "nobody can read its meta-data"
    return [
        Judgement(valid.id, valid.title, State.BROKEN, evidence=evidence),
        *(
            Judgement(rule.id, rule.title, State.NOT_RUN, why)
            for rule in rules
            if rule is not valid
        ),
    ]


def _judge(rule: Rule, subject: Subject, place: Place, offences: dict[str, Evidence]) -> Judgement:
    judgement = Judgement(rule.id, rule.title, State.HOLDS)
    if place is on_machine and not rule.spares_the_machine:
        return replace(judgement, state=State.NOT_RUN, remark="it takes --sandbox")
    # In surroundings that no protocol speaks of, bad manners are nobody's business.
    is_beyond = CONSEQUENCES[rule.id].severity is Severity.NOTE
    began = time.monotonic()
    try:
        remark = verify(rule, subject, place, {} if is_beyond else offences).remark
    except Broken as problem:
        judgement = replace(judgement, state=State.BROKEN, evidence=problem.evidence)
    except SpawnerDied:
        evidence = Evidence("the agent's parent to live on", "the agent has ended it")
        judgement = replace(judgement, state=State.BROKEN, evidence=evidence)
    except (Restless, WitnessDied) as problem:
        evidence = Evidence("the machine to come to rest", str(problem))
        judgement = replace(judgement, state=State.BROKEN, evidence=evidence)
    else:
        if remark:
            judgement = replace(judgement, state=State.NO_OBJECT, remark=remark)
    return replace(judgement, seconds=time.monotonic() - began)


def _judge_manners(offences: dict[str, Evidence]) -> list[Judgement]:
    return [
        Judgement(
            name,
            title,
            State.BROKEN if name in offences else State.HOLDS,
            evidence=offences.get(name),
        )
        for name, title in MANNERS.items()
    ]
