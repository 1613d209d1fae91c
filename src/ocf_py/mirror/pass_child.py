"""The process that builds a pass: an order on its input, an answer on its output, both one line.

It runs as ``detached.py ocf_py.mirror.pass_child build``, ``part`` or ``sweep``, and dies with
the process that waits for its answer.
"""

from __future__ import annotations

import os
import sys

from . import trees
from .build import build
from .guards import has_space
from .layout import Layout
from .order import FAULT, Order, PassRefused, dump_answer, dump_done

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

BUILD, PART, SWEEP = "build", "part", "sweep"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: Sequence[str]) -> None:
    """Do one of the jobs, as the order on the input says it."""
    (job,) = arguments
    order = Order.load(sys.stdin.read())
    _die_with(order.parent)
    os.umask(0o077)  # for the small files: what is copied has the modes of its source
    if job == SWEEP:
        Layout(order.directory, order.store).sweep()
        return
    try:
        answer = dump_answer(build(order)) if job == BUILD else _part(order)
    except PassRefused as refused:
        answer = dump_answer(refused)
    except Exception as error:  # noqa: BLE001 - the worker has to say something
        answer = dump_answer(PassRefused(FAULT, f"{type(error).__name__}: {error}"))
    print(answer)  # noqa: T201 - the answer
    sys.stdout.flush()


def _part(order: Order) -> str:
    """Have the tree that is kept share no file with the live one; PassRefused where it does."""
    path = f"{order.store}/{order.kept}"
    try:
        trees.part(path, order.directory, lambda size: has_space(order, size))
    except FileNotFoundError:
        if os.path.lexists(path):
            raise
    except OSError as error:
        raise PassRefused.by(error) from error
    return dump_done()


def _die_with(parent: int) -> None:
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before that
        os._exit(1)
