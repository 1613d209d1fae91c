"""Runs as drbdadm or drbdsetup in a sandbox: two fake pairs, r0 and r1, this node being n1.

The classes of tests/fakes/drbd_nodes.py stand above this in the module that is run, in which the
line that imports them is not. What the pairs are is kept in a file from one call to the next;
`--on n2` in front speaks for the peer.
"""

from __future__ import annotations

import _pickle as pickle  # whose import is a fraction of pickle's: it runs at every call
import fcntl
import os
import sys

from tests.fakes.drbd_nodes import FakePair

_FOLDER = "/run/drbd"
_STATE = f"{_FOLDER}/state"


def _load() -> dict[str, FakePair]:
    try:
        with open(_STATE, "rb") as file:
            found: dict[str, FakePair] = pickle.load(file)
    except FileNotFoundError:
        found = {name: FakePair(resource=name) for name in ("r0", "r1")}
        for pair in found.values():
            pair.nodes["n2"].run(["drbdadm", "-c", "-", "adjust", pair.resource])
    return found


def _run(arguments: list[str]) -> tuple[int, str, str]:
    node = "n1"
    if arguments[:1] == ["--on"]:
        node, arguments = arguments[1], arguments[2:]
    tool = os.path.basename(sys.argv[0])
    pairs = _load()
    pair = pairs.get(arguments[-1])
    if pair is None:
        if tool == "drbdsetup":
            return 0, "exists -\n", ""
        return 1, "", f"'{arguments[-1]}' not defined in your config (for this host).\n"
    answer = pair.nodes[node].run([tool, *arguments])
    with open(f"{_STATE}.new", "wb") as file:
        pickle.dump(pairs, file)
    os.replace(f"{_STATE}.new", _STATE)
    return answer


with open(f"{_FOLDER}/lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    status, output, complaint = _run(sys.argv[1:])
sys.stdout.write(output)
sys.stderr.write(complaint)
sys.exit(status)
