"""What an agent says it can do: its `meta-data`, as far as the rules need it."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECRETS = ("password", "passwd", "secret")  # what Pacemaker itself hides, protocol fact P11


class UnreadableDescription(Exception):  # noqa: N818 - says what is
    """An agent's `meta-data` that no tool could read."""


@dataclass(frozen=True)
class Action:
    """One `<action>` element: its attributes as they stand there, "" where one is absent."""

    name: str
    timeout: str
    interval: str
    depth: str
    role: str


@dataclass(frozen=True)
class Parameter:
    """One `<parameter>` element; `options` are those of a select, `default` is "" for none."""

    name: str
    content: str
    required: bool
    reloadable: bool
    default: str = ""
    options: tuple[str, ...] = ()

    @property
    def is_secret(self) -> bool:
        """Whether its name says that the value is one."""
        return self.name.rpartition("_")[2] in _SECRETS


@dataclass(frozen=True)
class Description:
    """A parsed metadata document."""

    name: str
    version: str
    parameters: tuple[Parameter, ...]
    actions: tuple[Action, ...]

    @property
    def action_names(self) -> frozenset[str]:
        """The actions it advertises."""
        return frozenset(action.name for action in self.actions)

    @property
    def is_promotable(self) -> bool:
        """Whether its instances have roles."""
        return {"promote", "demote"} <= self.action_names

    @property
    def secrets(self) -> tuple[str, ...]:
        """The parameters whose values must show nowhere."""
        return tuple(one.name for one in self.parameters if one.is_secret)


def parse_description(text: str) -> Description:
    """Reads a document; UnreadableDescription says what is wrong with it."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - whoever runs the agent as root trusts its XML
    except ET.ParseError as error:
        raise UnreadableDescription(f"meta-data is no XML: {error}") from error
    if root.tag != "resource-agent":
        raise UnreadableDescription(f"meta-data is of <{root.tag}>, not of <resource-agent>")
    return Description(
        root.get("name", ""),
        root.findtext("version", "").strip(),
        tuple(_parameter(one) for one in root.iterfind("parameters/parameter")),
        tuple(_action(one) for one in root.iterfind("actions/action")),
    )


def read_description(executable: Path) -> Description:
    """Asks the agent itself."""
    try:
        done = subprocess.run(
            [executable, "meta-data"],
            env={"OCF_ROOT": "/usr/lib/ocf", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,  # Pacemaker's own limit, protocol fact P9
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnreadableDescription(f"{executable} meta-data: {error}") from error
    if done.returncode:
        raise UnreadableDescription(
            f"{executable} meta-data ended with {done.returncode}: {done.stderr.strip()[-500:]}"
        )
    return parse_description(done.stdout)


def _parameter(element: ET.Element) -> Parameter:
    content = element.find("content")
    if content is None:
        content = ET.Element("content")
    return Parameter(
        element.get("name", ""),
        content.get("type", ""),
        element.get("required") == "1",
        element.get("reloadable") == "1",
        content.get("default", ""),
        tuple(option.get("value", "") for option in content.iterfind("option")),
    )


def _action(element: ET.Element) -> Action:
    words = (element.get(name, "") for name in ("name", "timeout", "interval", "depth", "role"))
    return Action(*words)
