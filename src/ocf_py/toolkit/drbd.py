"""`ocf-py drbd`: the handlers through which DRBD and Pacemaker fence a peer together."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.output import json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.drbd.fencing import Handler, Request
    from ocf_py.drbd.tools import Drbd

_ALL = 60.0  # seconds: less than a promotion has, in which DRBD waits for the handler
_LIMIT = 30.0  # seconds for one call of a tool

_resource_option = click.option(
    "--resource", metavar="NAME", help="The resource of DRBD.  [default: $DRBD_RESOURCE]"
)
_peer_option = click.option(
    "--peer", metavar="NODE", help="The peer's host name.  [default: as DRBD says]"
)


@click.group()
def drbd() -> None:
    """Handlers for the configuration of DRBD, which runs them as root.

    They find the resource and the peer in the environment that DRBD gives them.
    """


@drbd.command("fence-peer")
@_resource_option
@_peer_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=_ALL,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the cluster to fence the peer.",
)
@json_option
def fence_peer(resource: str | None, peer: str | None, timeout: float, as_json: bool) -> None:  # noqa: FBT001 - Click's signature
    r"""Make sure that the peer cannot be promoted, and tell DRBD how: 4 to 7.

    Ends with 4 when the cluster will not promote the peer, 5 when it is out of reach and the
    cluster fences nobody (with `fencing resource-only` alone), 6 when it is promoted and this node
    is not, 7 when it was fenced. With 1 nothing is proven, and DRBD keeps I/O frozen.

    In drbd.conf it is: handlers { fence-peer "/usr/bin/ocf-py drbd fence-peer"; }

    \b
    Examples:
      ocf-py drbd fence-peer --resource r0 --peer n2; echo $?
      ocf-py drbd fence-peer --resource r0 --peer n2 --json | jq .said
    """
    from ocf_py.drbd.fencing import Undecided, read_policy
    from ocf_py.outcomes import Failure

    request = _request(resource, peer)
    said: list[str] = []
    machine = _machine(request)
    try:
        handler = _handler(request, timeout, said)
        found = machine.look()  # which asks nobody while the module is not loaded
        code = handler.fence(found, read_policy(machine.show() if found else ""))
    except (Undecided, Failure) as error:
        raise ToolkitError(
            f"fence-peer {request.resource}: {error}", hint="I/O stays as it is"
        ) from error
    _answer(request, said, as_json=as_json, code=code)
    sys.exit(code)


@drbd.command()
@_resource_option
@_peer_option
@json_option
def unfence(resource: str | None, peer: str | None, as_json: bool) -> None:  # noqa: FBT001 - Click's signature
    r"""Let the cluster promote again what has caught up.

    In drbd.conf of 8.4 it is after-resync-target, in that of 9 unfence-peer: handlers {
    unfence-peer "/usr/bin/ocf-py drbd unfence"; }

    \b
    Examples:
      ocf-py drbd unfence --resource r0 --peer n2
      ocf-py drbd unfence --resource r0 --peer n2 --json | jq .said
    """
    from ocf_py.drbd.fencing import Undecided
    from ocf_py.outcomes import Failure

    request = _request(resource, peer)
    said: list[str] = []
    machine = _machine(request)
    try:
        version = machine.version()
        handler = _handler(request, 0.0, said)
        handler.unfence(machine.look(), version[0] if version else 0)
    except (Undecided, Failure) as error:
        raise ToolkitError(f"unfence {request.resource}: {error}") from error
    _answer(request, said, as_json=as_json, code=0)


def _request(resource: str | None, peer: str | None) -> Request:
    from ocf_py.drbd.fencing import read_request

    host = os.uname().nodename
    variables = dict(os.environ)
    if resource is not None:
        variables["DRBD_RESOURCE"] = resource
    try:
        if peer is not None:
            variables.pop("DRBD_PEER_NODE_ID", None)
            variables["DRBD_PEER"] = peer
        return read_request(variables, host)
    except ValueError as error:
        raise UnusableInput(
            str(error), hint="DRBD sets it; by hand say --resource NAME --peer NODE"
        ) from error


def _machine(request: Request) -> Drbd:
    from ocf_py.drbd.tools import Drbd

    configuration = os.environ.get("DRBD_CONF", "/etc/drbd.conf")
    return Drbd(request.resource, configuration, lambda: _LIMIT)


def _handler(request: Request, seconds: float, said: list[str]) -> Handler:
    from ocf_py.drbd.fencing import Handler, Pacemaker, Undecided
    from ocf_py.system import commands

    def run(argv: Sequence[str]) -> tuple[int, bytes, str]:
        try:
            done = commands.run(argv, _LIMIT, limit=1 << 26)
        except (commands.ToolMissing, OSError) as error:
            raise Undecided(str(error)) from error
        return done.status, done.stdout.encode("utf-8"), done.stderr

    return Handler(request, Pacemaker(run), seconds, said.append)


def _answer(request: Request, said: Sequence[str], *, as_json: bool, code: int) -> None:
    """Say what was done. Whether anybody reads it is nothing to the exit code, which DRBD does."""
    try:
        if as_json:
            print_json({"resource": request.resource, "code": code, "said": list(said)})
        else:
            for line in said:
                click.echo(f"{request.resource}: {line}")
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
