"""One pass as a worker makes it: built in a process of its own, then taken."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocf_py.mirror import trees
from ocf_py.mirror.decisions import SET_ASIDE, follow
from ocf_py.mirror.order import Built, Order, load_answer
from ocf_py.system import background

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.mirror.passes import Place
    from ocf_py.mirror.record import Record

PYTHON = "/usr/bin/python3"
DETACHED = Path(background.__file__).with_name("detached.py")


def order_from(folder: Path, run: Path, address: str, port: int, user: str, **wishes: Any) -> Order:
    """An order for the copy below `folder`, from a peer that `run` has the secret for."""
    secret_file = str(run / "here/presented")
    trees_of_it = (str(folder / "data"), str(folder / "store"))
    return Order(*trees_of_it, str(run), address, port, user, secret_file, **wishes)


def child_argv(job: str) -> list[str]:
    return [PYTHON, "-ISB", str(DETACHED), "ocf_py.mirror.pass_child", job]


def run_child(order: Order) -> Built:
    """Have it built, by the interpreter and the flags of an installed agent."""
    done = subprocess.run(
        child_argv("build"),
        input=replace(order, parent=os.getpid()).dump(),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # whoever kills the caller does not kill it
    )
    assert not done.stderr
    return load_answer(done.stdout)


def sweep(order: Order) -> None:
    text = replace(order, parent=os.getpid()).dump()
    subprocess.run(child_argv("sweep"), input=text, text=True, check=True)


def make_pass(place: Place, source: Record, order: Order, run: Callable[[Order], Built]) -> Record:
    """One pass of `source`, into the record that is there."""
    record = place.recover()
    decision = follow(record, source, is_empty=trees.is_empty(place.directory))
    built = run(replace(order, aside=decision.kind == SET_ASIDE))
    return place.take(record, built, decision)
