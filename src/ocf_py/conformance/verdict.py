"""Holds one subject to one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.catalogue.description import UnreadableDescription
from ocf_py.conformance.places import in_sandbox
from ocf_py.conformance.rule import Broken, NotApplicable, Result, Rule
from ocf_py.conformance.stage import Stage

if TYPE_CHECKING:
    from ocf_py.conformance.places import Place
    from ocf_py.conformance.rule import Evidence
    from ocf_py.conformance.subject import Subject


def verify(
    rule: Rule,
    subject: Subject,
    place: Place = in_sandbox,
    offences: dict[str, Evidence] | None = None,
) -> Result:
    """Holds the subject to the rule at a place of its own; Broken says what does not hold.

    With `offences` bad manners break no rule: the first of each kind is put there.
    """
    with Stage(subject, place, offences) as stage:
        try:
            rule.check(stage)
        except NotApplicable as nothing:
            return Result(rule, str(nothing))
        except UnreadableDescription as problem:
            raise Broken(f"{subject.name}: {problem}") from problem
    return Result(rule)
