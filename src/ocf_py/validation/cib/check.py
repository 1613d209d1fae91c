"""A check of configurations: one defect, the function that finds it, and how it says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

    from ocf_py.validation.cib.situation import Situation
    from ocf_py.validation.finding import Severity

    Finder = Callable[[Situation], "Iterator[Flaw]"]

#: Every check by its id, in the order of definition.
CHECKS: dict[str, Check] = {}


@dataclass(frozen=True)
class Flaw:
    """What a check has found at an element; the words are those of `Finding`."""

    severity: Severity
    element: etree._Element
    subject: str
    message: str
    consequence: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """`sentence` says in the documentation what is looked for."""

    id: str
    sentence: str
    find: Finder


def check(sentence: str) -> Callable[[Finder], Finder]:
    """Registers a function as the check that is called like it."""

    def register(find: Finder) -> Finder:
        name = find.__name__.replace("_", "-")
        if name in CHECKS:
            raise ValueError(f"two checks are called {name}")
        CHECKS[name] = Check(name, sentence, find)
        return find

    return register
