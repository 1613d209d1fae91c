"""The cluster as the handlers of DRBD reach it: through Pacemaker's tools, a process a question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.cib.document import UnreadableConfiguration, parse_document
from ocf_py.cib.model import resources
from ocf_py.fencing_history import is_confirmed

from .constraint import deletion, name_constraint
from .tools import read_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ocf_py.cib.model import Resource

_ANSWER = "5s"
_OLDEST = (2, 1)  # of Pacemaker


class Undecided(Exception):  # noqa: N818 - says what is
    """Nothing can be said of the peer; the message says why, and I/O stays frozen."""


class Unanswered(Undecided):
    """A tool did not answer, as of a cluster manager that restarts: it may be asked again."""


class Standing:
    """What the cluster knows of its nodes: read from `crm_mon --output-as=xml`."""

    def __init__(self, document: bytes) -> None:
        self._root = _parse(document)

    @property
    def fences(self) -> bool:
        """Whether the cluster has fencing turned on."""
        options = self._root.find("summary/cluster_options")
        return options is not None and options.get("stonith-enabled") == "true"

    @property
    def has_quorum(self) -> bool:
        """Whether this part of the cluster has the say, or is told to act without."""
        options = self._root.find("summary/cluster_options")
        coordinator = self._root.find("summary/current_dc")
        if options is not None and options.get("no-quorum-policy") == "ignore":
            return True
        return coordinator is not None and coordinator.get("with_quorum") == "true"

    @property
    def version(self) -> tuple[int, ...]:
        """The version of Pacemaker on the coordinator, (2, 1, 5); () where it does not tell."""
        coordinator = self._root.find("summary/current_dc")
        try:
            return read_version("" if coordinator is None else coordinator.get("version", ""))
        except ValueError:
            return ()

    def is_online(self, node: str) -> bool:
        """Whether a node is a member, seen as such by the cluster."""
        found = self._node(node)
        return found.get("online") == "true" and found.get("unclean") == "false"

    def is_dead(self, node: str) -> bool:
        """Whether a node is known to run nothing: it was shut down, or fenced."""
        found = self._node(node)
        states = [found.get(one) for one in ("online", "unclean", "pending")]
        return states == ["false", "false", "false"]

    def was_fenced(self, node: str, since: float) -> bool:
        """Whether a fencing of a node has succeeded after ``since``, in seconds of the epoch."""
        return any(is_confirmed(one, node, since) for one in self._root.iter("fence_event"))

    def is_promoted(self, clone: str, node: str) -> bool:
        """Whether the cluster has an instance of the clone promoted on a node."""
        return any(
            where.get("name") == node
            for one in self._root.iterfind("resources//clone")
            if one.get("id") == clone
            for instance in one.iter("resource")
            if instance.get("role") in ("Promoted", "Master")
            for where in instance.iter("node")
        )

    def _node(self, name: str) -> etree._Element:
        for one in self._root.iterfind("nodes/node"):
            if one.get("name") == name:
                return one
        raise Undecided(f"the cluster has no node {name}: DRBD's host names must be the cluster's")


class Configuration:
    """What the cluster is to do: its `<configuration>`, at one moment."""

    def __init__(self, document: bytes) -> None:
        try:
            self._document = parse_document(Path("the cluster's configuration"), document)
        except UnreadableConfiguration as error:
            raise Unanswered(str(error)) from error

    def find_clone(self, resource: str) -> str:
        """The id of the promotable clone that a resource of DRBD is in the cluster.

        Its name may come from a template, or from what is referred to.
        """
        found = {
            one.collective.get("id", ""): one
            for one in resources(self._document)
            if one.collective is not None
            and any(values.get("drbd_resource") == resource for values in one.value_sets())
        }
        names = [*found]
        if len(names) > 1:  # of an agent that was replaced, one may be left behind
            names = [name for name, one in found.items() if _can_be_promoted(one)]
        if not found:
            raise Undecided(f"no clone of the cluster has drbd_resource={resource}")
        if len(names) != 1:
            raise Undecided(f"more than one has drbd_resource={resource}: {', '.join(found)}")
        return names[0]

    def is_forbidden(self, resource: str, node: str) -> bool:
        """Whether a peer has forbidden promotion on a node."""
        wanted = name_constraint(resource, node)
        return any(one.get("id") == wanted for one in self._document.elements("rsc_location"))


class Pacemaker:
    """The cluster as the handler reaches it; each call raises Undecided where it fails."""

    def __init__(self, run: Callable[[Sequence[str]], Any]) -> None:
        """``run`` runs a program: (argv) → status, stdout, stderr."""
        self._run = run

    def look(self) -> Standing:
        """Ask how the nodes stand. Undecided of a Pacemaker to which our words mean something else.

        Before 2.1 a rule knew no role Promoted, and crmadmin took seconds for milliseconds.
        """
        standing = Standing(self._ask(["crm_mon", "-1", "--output-as=xml"]))
        if standing.version and standing.version < _OLDEST:
            said = ".".join(map(str, standing.version))
            raise Undecided(f"the cluster is of Pacemaker {said}: this needs 2.1 or later")
        return standing

    def read(self) -> Configuration:
        """Ask what is configured."""
        return Configuration(self._ask(["cibadmin", "--query", "--scope", "configuration"]))

    def answers(self, node: str) -> bool:
        """Whether a node's cluster manager answers a message.

        It is delivered behind every earlier one, so that the node knows by then what was changed
        in the configuration before; and a node that was just lost is a member for seconds.
        """
        argv = ["crmadmin", "--status", node, "--timeout", _ANSWER]
        return int(self._run(argv)[0]) == 0

    def forbid(self, clone: str, resource: str, node: str) -> None:
        """Forbid promotion on a node, in the configuration of the whole cluster."""
        element = etree.tostring(_constraint(clone, resource, node), encoding="unicode")
        self._ask(
            [
                *("cibadmin", "--modify", "--allow-create", "--scope", "constraints"),
                *("--xml-text", element),
            ]
        )

    def allow(self, resource: str, node: str) -> None:
        """Allow promotion on a node again."""
        self._ask(deletion(resource, node))

    def _ask(self, argv: Sequence[str]) -> bytes:
        status, stdout, stderr = self._run(argv)
        if status != 0:
            said = " ".join(stderr.split())[:300]
            raise Unanswered(f"{argv[0]} {argv[1]} ended with {status}: {said}")
        return bytes(stdout)


def _can_be_promoted(one: Resource) -> bool:
    """Whether it is a promotable clone that the cluster is to run, and to promote."""
    told = [setting.value for setting in one.meta if setting.name == "target-role"][:1]
    told.append(one.around("target-role"))
    kept_down = {"stopped", "slave", "unpromoted"}
    return one.is_promotable and kept_down.isdisjoint(value.lower() for value in told)


def _constraint(clone: str, resource: str, node: str) -> etree._Element:
    name = name_constraint(resource, node)
    location = etree.Element("rsc_location", id=name, rsc=clone)
    rule = etree.SubElement(location, "rule", id=f"{name}.rule", role="Promoted", score="-INFINITY")
    etree.SubElement(
        rule,
        "expression",
        id=f"{name}.expression",
        attribute="#uname",
        operation="eq",
        value=node,
    )
    return location


def _parse(document: bytes) -> etree._Element:
    parser = etree.XMLParser(
        no_network=True, load_dtd=False, resolve_entities=False, huge_tree=True
    )
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise Unanswered(f"the cluster did not answer in XML: {error}") from error
