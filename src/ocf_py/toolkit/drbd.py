"""`ocf-py drbd`: DRBD's fencing handlers, and what the agent makes of a state."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocf_py.drbd.fencing import Handler, Patience, Request
    from ocf_py.drbd.picture import Resource
    from ocf_py.drbd.tools import Drbd

_LIMIT = 30.0  # seconds for one call of a tool
_LEAST = 5.0  # the same where the time is all but up: what has begun is not left half done
_TURN = 10.0  # seconds that a monitor is waited for which takes constraints away

_resource_option = click.option(
    "--resource", metavar="NAME", help="The resource of DRBD.  [default: $DRBD_RESOURCE]"
)
_peer_option = click.option(
    "--peer", metavar="NODE", help="The peer's host name.  [default: as DRBD says]"
)


@click.group()
def drbd() -> None:
    """Handlers for the configuration of DRBD, and what its agent makes of a state.

    DRBD runs the handlers as root; they find the resource and the peer in their environment.
    """


@drbd.command("fence-peer")
@_resource_option
@_peer_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to wait for the cluster to fence the peer.  [default: 15, 560 where promoted]",
)
@json_option
def fence_peer(
    resource: str | None,
    peer: str | None,
    timeout: float | None,
    as_json: bool,  # noqa: FBT001 - Click's signature
) -> None:
    r"""Make sure that the peer cannot be promoted, and tell DRBD how: 4 to 7.

    Ends with 4 when the cluster will not promote the peer, 5 when it was shut down in order (or is
    out of reach of a cluster that fences nobody, with `fencing resource-only` alone), 6 when it is
    promoted and this node is not, 7 when it was fenced. With 1 nothing is proven, and DRBD keeps
    I/O frozen.

    In drbd.conf it is: handlers { fence-peer "/usr/bin/ocf-py drbd fence-peer"; }

    \b
    Examples:
      ocf-py drbd fence-peer --resource r0 --peer n2; echo $?
      ocf-py drbd fence-peer --resource r0 --peer n2 --json | jq .said
    """
    from ocf_py.drbd.cluster import Undecided
    from ocf_py.drbd.fencing import Patience
    from ocf_py.outcomes import Failure

    patience = Patience(timeout)
    request = _request(resource, peer)
    said: list[str] = []
    machine = _machine(request.resource, patience)
    try:
        if not machine.is_up():  # which asks nobody while the module is not loaded
            raise Undecided(f"{request.resource} is down here")
        with _marking(request.resource, said) as mark:
            handler = _handler(request, machine, patience, said)
            code = handler.fence(machine.fencing_policy(), _booted(), mark)
    except (Undecided, Failure) as error:
        for line in said:  # what was done before is to be known all the more
            click.echo(f"{request.resource}: {line}", err=True)
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

    In drbd.conf of 9 it is unfence-peer: handlers { unfence-peer "/usr/bin/ocf-py drbd unfence"; }
    It changes nothing where another node is promoted: that one alone knows in time that it has lost
    a peer again. There the agent's monitor does the same once all is well, on 8.4 too.

    \b
    Examples:
      ocf-py drbd unfence --resource r0 --peer n2
      ocf-py drbd unfence --resource r0 --peer n2 --json | jq .said
    """
    from ocf_py.drbd.cluster import Undecided
    from ocf_py.drbd.fencing import Patience
    from ocf_py.outcomes import Failure

    patience = Patience()
    request = _request(resource, peer)
    said: list[str] = []
    machine = _machine(request.resource, patience)
    try:
        _handler(request, machine, patience, said).unfence()
    except (Undecided, Failure) as error:
        raise ToolkitError(f"unfence {request.resource}: {error}") from error
    _answer(request, said, as_json=as_json, code=0)


@drbd.command()
@click.argument("name", metavar="RESOURCE")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_option
def explain(name: str, file: Path | None, as_json: bool) -> None:  # noqa: FBT001 - Click's signature
    r"""Say what ocf:ocfpy:Drbd makes of a state: role, complaints, promotion score.

    The state is that of RESOURCE on this machine, or in FILE (- is standard input): the output of
    `drbdsetup events2 --now --statistics`, or of `drbdsetup status --json`, which DRBD 9 has.
    The score is by the default adjust_master_score, and takes no fencing for confirmed.

    Ends with 0; with 1 where the agent complains, or the resource is down; with 2 where FILE holds
    no such state.

    \b
    Examples:
      ocf-py drbd explain r0
      ocf-py drbd explain r0 - < status.json
      ocf-py drbd explain r0 state.txt --json | jq .score
    """
    from ocf_py.drbd.complaints import find_complaints
    from ocf_py.drbd.scores import DEFAULT_POINTS, Candidate, judge

    if not name:
        raise UnusableInput("the resource has no name", hint="say the one that drbd.conf gives it")
    seen = _look_at(name) if file is None else _read_state(name, file)
    if seen is None:
        raise ToolkitError(f"{name} is down" if file is None else f"{file}: {name} is not in it")
    complaints = [*find_complaints(seen)]
    score, state, reason = judge(Candidate(seen, lambda: False), DEFAULT_POINTS)
    if as_json:
        print_json(
            {
                "resource": name,
                "role": seen.role,
                "complaints": complaints,
                "score": score,
                "state": state,
                "reason": reason,
            }
        )
    else:
        click.echo(f"{name}: {seen.role}")
        for one in complaints:
            click.echo(f"    {one}")
        click.echo(f"    score {'as it was' if score is None else score}: {state}: {reason}")
    sys.exit(FOUND if complaints else FINE)


def _look_at(name: str) -> Resource | None:
    from ocf_py.drbd.fencing import Patience
    from ocf_py.outcomes import Failure

    try:
        return _machine(name, Patience()).look()
    except Failure as error:
        raise ToolkitError(str(error)) from error


def _read_state(name: str, file: Path) -> Resource | None:
    from ocf_py.drbd.json_reading import parse_json
    from ocf_py.drbd.reading import PictureUnreadable, parse
    from ocf_py.toolkit.replacing import read_input

    text = read_input(file).decode("utf-8", "replace")
    read = parse_json if text.lstrip().startswith(("[", "{")) else parse
    try:
        return read(text, name)
    except PictureUnreadable as error:
        raise UnusableInput(f"{file}: {error}") from error


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


def _machine(resource: str, patience: Patience) -> Drbd:
    from ocf_py.drbd.tools import Drbd

    configuration = os.environ.get("DRBD_CONF", "/etc/drbd.conf")
    return Drbd(resource, configuration, lambda: _limit(patience))


def _limit(patience: Patience) -> float:
    """The seconds that one call of a tool may take."""
    return min(_LIMIT, max(_LEAST, patience.remaining))


@contextmanager
def _marking(resource: str, said: list[str]) -> Iterator[Callable[[], None]]:
    """What leaves the mark for the monitor, which takes nothing away meanwhile.

    Where none can be left I/O is not kept frozen for it: it is said, and fencing goes on.
    """
    from ocf_py.drbd.marks import Turn

    turns: list[Turn] = []

    def mark() -> None:
        try:
            for turn in turns:
                turn.mark()
        except OSError as error:
            complain(error)

    def complain(error: OSError) -> None:
        said.append(f"no mark is left for the monitor: {error}")

    with ExitStack() as ending:
        try:
            turn = Turn(resource, alone=False, seconds=_TURN)
            turns.append(ending.enter_context(closing(turn)))
            if not turn.is_ours:
                said.append("a monitor is taking constraints away, and does not come to an end")
        except OSError as error:
            complain(error)
        yield mark


def _booted() -> float:
    """When this machine was booted, in seconds of the epoch."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _handler(request: Request, machine: Drbd, patience: Patience, said: list[str]) -> Handler:
    from ocf_py.drbd.cluster import Pacemaker, Unanswered, Undecided
    from ocf_py.drbd.fencing import Handler
    from ocf_py.drbd.marks import is_vouched
    from ocf_py.system import commands

    def run(argv: Sequence[str]) -> tuple[int, bytes, str]:
        try:
            done = commands.run(argv, _limit(patience), limit=1 << 26)
        except commands.ToolMissing as error:
            raise Undecided(str(error)) from error
        except OSError as error:
            raise Unanswered(str(error)) from error
        return done.status, done.stdout.encode("utf-8"), done.stderr

    return Handler(
        request,
        Pacemaker(run),
        machine.look,
        patience,
        said.append,
        lambda: is_vouched(request.resource),
    )


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
