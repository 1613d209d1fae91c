"""What is tested: an agent's executable, and what it takes to bring its resource up and down."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ocf_py.catalogue.description import Description, read_description

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Command = tuple[str, ...]


@dataclass(frozen=True)
class Foreign:
    """Something that an agent must not take for its own, nor touch.

    `make` puts it into the sandbox, `remove` takes it out again; `look` ends with 0 while it is
    there as it was made.
    """

    what: str
    make: tuple[Command, ...]
    remove: tuple[Command, ...]
    look: Command


@dataclass(frozen=True)
class Subject:
    """One agent with valid parameters; what a subject leaves out, no rule can hold it to.

    `prepare` makes the sandbox ready, as root. `other` is a second valid identity beside
    `parameters`. Each of `wrong` is wrong on every node (6), each of `unusable_here` right in
    form and unusable in this sandbox (2 or 5). `meta` is what the cluster tells of a clone, in
    the names of the environment without OCF_RESKEY_CRM_meta_. `change` holds reloadable
    parameters, and `heard` a command that ends with 0 once the resource has taken them over. After
    `forbid_promotion` a promote is refused. `hangs` is a set of parameters with which every
    action hangs, `raises` one with which a start raises what its author did not foresee;
    `says_debug` that it writes debug lines, `leaves_folders` that a stop leaves the folders which a
    start has made. `instance` is the resource's name; where a resource `is_known_by_name`, one of
    another name does not see it. `environment` is what every call inherits beside the usual.
    `described` is what the agent says of itself, where somebody has asked it already.
    """

    name: str
    executable: Path
    parameters: Mapping[str, str]
    other: Mapping[str, str]
    prepare: tuple[Command, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[Mapping[str, str], ...] = ()
    unusable_here: tuple[Mapping[str, str], ...] = ()
    foreign: tuple[Foreign, ...] = ()
    change: Mapping[str, str] = field(default_factory=dict)
    heard: Command = ()
    forbid_promotion: tuple[Command, ...] = ()
    hangs: tuple[Mapping[str, str], ...] = ()
    raises: Mapping[str, str] = field(default_factory=dict)
    says_debug: bool = False
    leaves_folders: bool = False
    instance: str = "vip"
    is_known_by_name: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    described: Description | None = None

    @property
    def type(self) -> str:
        """The OCF type: the executable's name."""
        return self.executable.name

    @property
    def provider(self) -> str:
        """The OCF provider: the name of the executable's folder."""
        return self.executable.parent.name

    @cached_property
    def description(self) -> Description:
        """What the agent says of itself."""
        return self.described or read_description(self.executable)
