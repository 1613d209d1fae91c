"""`ocf-py doctor`: whether this node is fit for the agents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.errors import UnusableInput
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_COLOURS = {"fine": "green", "warning": "yellow", "problem": "red"}
_LIVE = "the running cluster"
_ON_DISK = "/var/lib/pacemaker/cib/cib.xml"  # what Pacemaker begins with when it starts
_MOST_BYTES = 64 << 20  # of a CIB; a large one has some megabytes


@click.command()
@click.argument("cib", required=False, metavar="[CIB.xml]", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def doctor(context: click.Context, *, cib: Path | None, as_json: bool) -> None:
    r"""Say whether this node is fit for the agents, and for the resources of a CIB.

    Without CIB.xml that is the one of the cluster that runs here or ran here last, or none. It
    looks at tools, versions, the kernel, permissions, leftovers of crashed actions, interfaces,
    units and fstab, and changes nothing. Run it as root: others do not see everything.

    \b
    Examples:
      ocf-py doctor
      ocf-py doctor new.xml
      ocf-py doctor --json | jq '.findings[] | select(.verdict != "fine")'

    Ends with 0 if all is fine, with 1 if there is a warning or a problem, with 2 if CIB.xml cannot
    be used.
    """
    from ocf_py.doctor.diagnosis import Verdict
    from ocf_py.doctor.node import Node

    node = Node()
    origin, resources = _find_resources(node, cib)
    found = _examine(node, resources, is_attended=cib is not None or origin == _LIVE)
    if as_json:
        print_json({"cib": origin, "findings": [one.as_json() for one in found]})
    else:
        looked = f"the resources of {origin}" if origin else "this node alone: no CIB to look at"
        click.echo(f"looked at {looked}")
        for one in found:
            _print(one)
    context.exit(FINE if all(one.verdict is Verdict.FINE for one in found) else FOUND)


def _examine(node: Node, resources: list[Resource] | None, *, is_attended: bool) -> list[Diagnosis]:
    from ocf_py.doctor.examination import examine
    from ocf_py.doctor.versions import check_python
    from ocf_py.toolkit.installer.inspection import find_python, inspect
    from ocf_py.toolkit.installer.place import Place

    place = Place(Path("/"))
    found = list(inspect(place))
    python = find_python(place)
    if python:
        found.append(check_python(node, python))
    return [*found, *examine(node, resources, is_attended=is_attended)]


def _find_resources(node: Node, cib: Path | None) -> tuple[str | None, list[Resource] | None]:
    """Where the CIB is from, and its resources; None twice where there is none."""
    from ocf_py.cib.document import UnreadableConfiguration
    from ocf_py.doctor.resources import parse_resources

    if cib is None:
        origin, text = _LIVE, node.run("cibadmin", "--query")
        if text is None:
            origin, text = _ON_DISK, _read_last(node)
        if text is None:
            return None, None
        document = text.encode()
    else:
        origin, document = click.format_filename(cib), _read(cib)
    try:
        return origin, parse_resources(Path(origin), document)
    except UnreadableConfiguration as problem:
        raise UnusableInput(str(problem), hint="give a CIB, as cibadmin -Q prints it") from problem


def _read_last(node: Node) -> str | None:
    """The CIB with which the cluster ended here; None where there is none, or it is not shown."""
    try:
        return node.read(_ON_DISK) or None
    except PermissionError:
        return None


def _read(cib: Path) -> bytes:
    try:
        with cib.open("rb") as file:
            document = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UnusableInput(f"{cib}: {error.strerror}", hint="give a CIB") from error
    if len(document) > _MOST_BYTES:
        raise UnusableInput(f"{cib}: longer than 64 MiB", hint="give a CIB")
    return document


def _print(one: Diagnosis) -> None:
    word = one.verdict.value
    shown = click.style(f"{word:7}", fg=_COLOURS[word], bold=word != "fine")
    click.echo(f"{shown} {one.check}: {one.subject}: {one.message}")
    if one.consequence:
        click.echo(f"        so: {one.consequence}")
    if one.remedy:
        click.echo(f"        do: {one.remedy}")
