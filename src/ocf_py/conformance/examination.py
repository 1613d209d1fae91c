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
    from ocf_py.conformance.undoing import Left

#: What any agent can be held to. What takes more knowledge than its metadata finds no object.
GENERAL_RULES = tuple(rule for rule in ALL_RULES if rule.is_general)


#: Where one of these does not hold, others would only say the same once more.
_LIFE, _STOP = "life", "stop-is-idempotent"
_WITHOUT_A_LIFE = frozenset(
    (
        "idle-with-garbage",
        "idle-without-parameters",
        "metadata-carries-its-dtd",
        "metadata-is-valid",
        "metadata-works-for-anybody",
        "missing-parameter-is-refused",
        "monitors-differ",
    )
)
#: What calls a stop of what does not run, among other things.
_WITH_AN_IDLE_STOP = frozenset(
    (
        "closed-descriptors",
        "crash-is-noticed",
        "full-log",
        "hanging-tool-is-given-up",
        "idle-with-garbage",
        "idle-without-parameters",
        "killed-stop-recovers",
        "missing-tool-is-no-hard-error",
        "stop-needs-no-parameters",
        "without-tools",
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
    """What came of one rule, or of one manner; `remark` says why it was not held to it.

    `left` is what the rule had to leave on the machine itself.
    """

    id: str
    title: str
    state: State
    remark: str = ""
    evidence: Evidence | None = None
    seconds: float = 0.0
    left: tuple[Left, ...] = ()

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
    Interrupted if a KeyboardInterrupt ends it; what is under way comes to its end before.
    """
    examination = _Examination(subject, place, tell)
    try:
        examination.run(rules, lanes)
    except KeyboardInterrupt as problem:
        raise Interrupted(examination.conclude(rules)) from problem
    return examination.conclude(rules)


class Interrupted(KeyboardInterrupt):
    """Somebody has ended the test before its time; `judgements` are what is known by then."""

    def __init__(self, judgements: list[Judgement]) -> None:
        super().__init__()
        self.judgements = judgements


class _Examination:
    """One subject at one place, and what came of the rules so far."""

    def __init__(self, subject: Subject, place: Place, tell: Callable[[Judgement], None]) -> None:
        self._subject = subject
        self._place = place
        self._tell = tell
        self._offences: dict[str, Evidence] = {}
        self._found: dict[str, Judgement] = {}

    def run(self, rules: Sequence[Rule], lanes: int) -> None:
        """Holds it to those first that others depend on."""
        causes = [rule for rule in rules if rule.id in (_LIFE, _STOP)]
        for rule in causes:
            self._keep(self._find_cause(rule) or self._judge(rule))
        pool = ThreadPoolExecutor(1 if self._place is on_machine else lanes)
        jobs = []
        try:
            for rule in rules:
                known = None if rule in causes else self._find_cause(rule)
                if known:
                    self._keep(known)
                elif rule not in causes:
                    jobs.append(pool.submit(self._judge, rule))
            for job in as_completed(jobs):
                self._keep(job.result())
        finally:
            pool.shutdown(cancel_futures=True)
            for job in jobs:  # those that were under way when the test was interrupted
                if not job.cancelled() and not job.exception():
                    self._found[job.result().id] = job.result()

    def conclude(self, rules: Sequence[Rule]) -> list[Judgement]:
        """A judgement a rule, in their order, and a manner."""
        judged = (self._found.get(rule.id) or _not_run(rule, "interrupted") for rule in rules)
        return [*judged, *_judge_manners(self._offences)]

    def _keep(self, judgement: Judgement) -> None:
        self._found[judgement.id] = judgement
        self._tell(judgement)

    def _find_cause(self, rule: Rule) -> Judgement | None:
        """What to say of a rule that would only tell once more what is known to be broken."""
        broken = {one.id for one in self._found.values() if one.state is State.BROKEN}
        if _LIFE in broken and rule.id not in {_LIFE, *_WITHOUT_A_LIFE}:
            return _not_run(rule, f"it has no life with these parameters: see {_LIFE}")
        if _STOP in broken and rule.id in _WITH_AN_IDLE_STOP:
            return _not_run(rule, f"the same cause would show: see {_STOP}")
        return None

    def _judge(self, rule: Rule) -> Judgement:
        if self._place is on_machine and not rule.spares_the_machine:
            return _not_run(rule, "it takes --sandbox")
        judgement = Judgement(rule.id, rule.title, State.HOLDS)
        # In surroundings that no protocol speaks of, bad manners are nobody's business.
        is_beyond = CONSEQUENCES[rule.id].severity is Severity.NOTE
        offences = {} if is_beyond else self._offences
        left: list[Left] = []
        began = time.monotonic()
        try:
            remark = verify(rule, self._subject, self._place, offences, left).remark
        except Broken as problem:
            judgement = replace(judgement, state=State.BROKEN, evidence=problem.evidence)
        except SpawnerDied:
            evidence = Evidence("the agent's parent to live on", "the agent has ended it")
            judgement = replace(judgement, state=State.BROKEN, evidence=evidence)
        except (Restless, WitnessDied) as problem:
            evidence = Evidence("the machine to come to rest", str(problem))
            judgement = replace(judgement, state=State.BROKEN, evidence=evidence)
        except KeyboardInterrupt:
            self._found[rule.id] = replace(_not_run(rule, "interrupted"), left=tuple(left))
            raise
        else:
            if remark:
                judgement = replace(judgement, state=State.NO_OBJECT, remark=remark)
        return replace(judgement, seconds=time.monotonic() - began, left=tuple(left))


def _not_run(rule: Rule, why: str) -> Judgement:
    return Judgement(rule.id, rule.title, State.NOT_RUN, why)


def judge_unreadable(problem: Exception, rules: Sequence[Rule]) -> list[Judgement]:
    """What is left to say of an agent whose meta-data nobody can read."""
    valid = next(rule for rule in GENERAL_RULES if rule.id == "metadata-is-valid")
    evidence = Evidence("meta-data to be readable", str(problem))
    why = "nobody can read its meta-data"
    return [
        Judgement(valid.id, valid.title, State.BROKEN, evidence=evidence),
        *(_not_run(rule, why) for rule in rules if rule is not valid),
    ]


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
