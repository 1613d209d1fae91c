"""What an agent says it can do: its `meta-data`, with the line of the document for each part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.catalogue.calling import LIMIT, call
from ocf_py.catalogue.lines import line_of

if TYPE_CHECKING:
    from pathlib import Path

_SECRETS = ("password", "passwd", "secret")  # what Pacemaker itself hides, protocol fact P11
SECONDS = 20  # Pacemaker's own limit for meta-data, protocol fact P9
#: What `meta-data` can count on.
ENVIRONMENT = {"OCF_ROOT": "/usr/lib/ocf", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class UnreadableDescription(Exception):  # noqa: N818 - says what is
    """An agent's `meta-data` that no tool could read; `line` is the document's, 0 for none."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Action:
    """One `<action>` element: its attributes as they stand there, "" where one is absent."""

    name: str
    timeout: str
    interval: str
    depth: str
    role: str
    start_delay: str = ""
    line: int = 0


@dataclass(frozen=True)
class Parameter:
    """One `<parameter>` element.

    `content` is the type, `options` are those of a select, `default` is "" for none.
    `unique_group` is its group of OCF 1.1; the `unique="1"` of OCF 1.0 makes a group of its own.
    """

    name: str
    content: str
    required: bool
    reloadable: bool
    default: str = ""
    options: tuple[str, ...] = ()
    unique_group: str = ""
    is_deprecated: bool = False
    replaced_with: tuple[str, ...] = ()
    shortdesc: str = ""
    longdesc: str = ""
    line: int = 0

    @property
    def is_secret(self) -> bool:
        """Whether its name says that the value is one."""
        return self.name.rpartition("_")[2] in _SECRETS


@dataclass(frozen=True)
class Description:
    """A parsed metadata document; `version` is that of OCF, `agent_version` the agent's own."""

    name: str
    version: str
    parameters: tuple[Parameter, ...]
    actions: tuple[Action, ...]
    agent_version: str = ""
    shortdesc: str = ""
    longdesc: str = ""

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

    def find(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return next((one for one in self.parameters if one.name == name), None)


def parse_document(document: bytes) -> etree._Element:
    """Its <resource-agent>; UnreadableDescription says what is wrong with it."""
    # An agent's document may name a DTD and entities of its own: neither is fetched.
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDescription(f"meta-data is no XML: {error}", error.lineno or 0) from error
    if root.tag != "resource-agent":
        message = f"meta-data is of <{root.tag!s}>, not of <resource-agent>"
        raise UnreadableDescription(message, line_of(root))
    return root


def parse_description(document: bytes) -> Description:
    """Reads a document; UnreadableDescription says what is wrong with it."""
    return describe(parse_document(document))


def describe(root: etree._Element) -> Description:
    """What the document below `root` says."""
    return Description(
        root.get("name", ""),
        root.findtext("version", "").strip(),
        tuple(_parameter(one) for one in root.iterfind("parameters/parameter")),
        tuple(_action(one) for one in root.iterfind("actions/action")),
        root.get("version", ""),
        _text(root, "shortdesc"),
        _text(root, "longdesc"),
    )


def read_document(executable: Path) -> bytes:
    """Asks the agent itself, as Pacemaker does: with nothing but OCF_ROOT in its environment."""
    try:
        called = call([executable, "meta-data"], ENVIRONMENT, timeout=SECONDS, ends_when_cut=True)
    except OSError as error:
        raise UnreadableDescription(f"{executable} meta-data: {error}") from error
    if called.timed_out:
        raise UnreadableDescription(f"{executable} meta-data did not end within {SECONDS} s")
    if called.is_cut:
        raise UnreadableDescription(f"{executable} meta-data writes more than {LIMIT} bytes")
    if called.code:
        said = " ".join(called.stderr.decode(errors="replace").split())[-500:]
        ended = f"{executable} meta-data ended with {called.code}"
        raise UnreadableDescription(f"{ended}: {said}" if said else ended)
    if called.code is None:
        raise UnreadableDescription(f"{executable} meta-data died of signal {called.signal}")
    return called.stdout


def read_description(executable: Path) -> Description:
    """What the agent says of itself."""
    return parse_description(read_document(executable))


def _text(element: etree._Element, tag: str) -> str:
    return element.findtext(tag, "").strip()


def _parameter(element: etree._Element) -> Parameter:
    content = element.find("content")
    if content is None:
        content = etree.Element("content")
    name = element.get("name", "")
    unique = name if element.get("unique") == "1" else ""
    return Parameter(
        name,
        content.get("type", ""),
        element.get("required") == "1",
        element.get("reloadable") == "1",
        content.get("default", ""),
        tuple(option.get("value", "") for option in content.iterfind("option")),
        element.get("unique-group", unique),
        element.find("deprecated") is not None,
        tuple(one.get("name", "") for one in element.iterfind("deprecated/replaced-with")),
        _text(element, "shortdesc"),
        _text(element, "longdesc"),
        line_of(element),
    )


def _action(element: etree._Element) -> Action:
    names = ("name", "timeout", "interval", "depth", "role", "start-delay")
    name, timeout, interval, depth, role, start_delay = (element.get(one, "") for one in names)
    return Action(name, timeout, interval, depth, role, start_delay, line_of(element))
