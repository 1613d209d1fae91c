"""Checks of the parameters' values: defaults, options, secrets, what replaces them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocf_py.validation.agents.check import check
from ocf_py.validation.agents.parameters import HIDDEN, hit, named
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.agents.check import Document, Hit

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
# Every word that Pacemaker reads as a boolean.
_BOOLEAN = ("true", "on", "yes", "y", "1", "false", "off", "no", "n", "0")
_SECRET = re.compile(
    r"(^|_)(pass(word|wd|phrase|code)?|pw|secret|(auth|api|access)_?(token|key)|private_?key|"
    r"secret_?key|credentials?)$",
    re.IGNORECASE,
)


@check(
    "default-of-other-type",
    Severity.WARNING,
    consequence="the shells show a default that they would not take as a value",
    remedy="let the default be of the declared type, or declare the type it has",
)
def has_default_of_other_type(document: Document) -> Iterator[Hit]:
    """The default of an integer is no whole number, that of a boolean no word for yes or no."""
    for element, _ in named(document):
        content = element.find("content")
        if content is None or not content.get("default"):
            continue
        kind, default = content.get("type"), content.get("default", "")
        is_integer = _INTEGER.fullmatch(default.strip()) is not None
        if kind == "integer" and not is_integer:
            yield hit(element, f"the default {default!r} is no integer", content)
        elif kind == "boolean" and default.strip().lower() not in _BOOLEAN:
            yield hit(element, f"the default {default!r} is neither true nor false", content)


@check(
    "default-not-an-option",
    Severity.WARNING,
    consequence="who writes the default down gets a value that is not allowed",
    remedy="choose the default among the options",
)
def has_default_beside_options(document: Document) -> Iterator[Hit]:
    """The default of a select is none of its options."""
    for element, _ in named(document):
        content = element.find("content")
        if content is None or content.get("type") != "select" or not content.get("default"):
            continue
        options = [one.get("value", "") for one in content.iterfind("option")]
        default = content.get("default", "")
        if options and default not in options:
            message = f"the default {default!r} is none of {', '.join(options)}"
            yield hit(element, message, content)


@check(
    "required-with-default",
    Severity.NOTE,
    consequence="the shells insist on a value though the agent has one",
    remedy="drop required, or the default",
)
def is_required_with_default(document: Document) -> Iterator[Hit]:
    """A required parameter has a default."""
    for element, _ in named(document):
        content = element.find("content")
        default = "" if content is None else content.get("default", "")
        if element.get("required") == "1" and default:
            yield hit(element, f"required, and has the default {default!r}")


@check(
    "replaced-with-nothing",
    Severity.WARNING,
    consequence="who follows the advice configures a parameter that is not there",
    remedy="name a parameter of the agent",
)
def is_replaced_with_nothing(document: Document) -> Iterator[Hit]:
    """A deprecated parameter is replaced by one that the agent does not have."""
    for element, _ in named(document):
        for instead in element.iterfind("deprecated/replaced-with"):
            name = instead.get("name", "")
            if name and document.description.find(name) is None:
                yield hit(element, f"replaced with {name!r}, which is no parameter", instead)


@check(
    "secret-shown",
    Severity.NOTE,
    consequence="Pacemaker and its tools show the value wherever they show parameters",
    remedy=f"call it {HIDDEN[0]} or {HIDDEN[1]}, or take a file's path or a cibsecret instead",
)
def is_secret_in_plain_sight(document: Document) -> Iterator[Hit]:
    """A parameter is a secret by its name, and not one of the names that Pacemaker hides."""
    for element, name in named(document):
        if _SECRET.search(name) and name not in HIDDEN:
            yield hit(element, "a secret by its name, and not by one that Pacemaker hides")
