"""Which names an agent can have: one word is its class, its OCF type and its launcher's file."""

from __future__ import annotations

import importlib.util
import keyword
import re

from ocf_py.toolkit.errors import UnusableInput
from ocf_py.toolkit.installer.sources import find_sources

_CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,59}")


def check_name(name: str) -> None:
    """UnusableInput unless an agent can be called so and installed beside ours."""
    if not _CLASS_NAME.fullmatch(name) or keyword.iskeyword(name) or name == "Agent":
        raise UnusableInput(
            f"{name!r} cannot be the name of an agent's class and of its file",
            hint="begin with a capital letter, go on with letters and digits, such as WebCache",
        )
    for agent in find_sources(with_examples=True).agents:
        if name.lower() in (agent.type.lower(), agent.path.stem):
            raise UnusableInput(f"{name}: ocf:ocfpy:{agent.type} exists", hint="choose another")
    if importlib.util.find_spec(name.lower()) is not None:
        raise UnusableInput(
            f"{name}: its file {name.lower()}.py would hide Python's module of that name",
            hint="choose another name",
        )
