"""Finds the processes of a program in a node: ``processes.py SIGNAL COMMAND WORD…``.

Prints the pid of the topmost of each tree; each gets the signal of that number, 0 for none. Of a
negative number, all that descends from it gets the signal too. A program may write another title
over its words, as nginx and Redis do: then its file alone tells.
"""

import os
import sys


def find(command: str, words: list[str]) -> list[int]:
    """Whoever runs this file with these words, and was started by nobody who does."""
    own, asked = os.path.realpath(command), [command, *words]
    found = set()
    parents = read_parents()
    for pid in parents:
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                told = os.fsdecode(file.read()).rstrip("\0").split("\0")
            is_own = os.readlink(f"/proc/{pid}/exe") == own
        except OSError:
            continue
        is_retitled = is_own and len(told) == 1 and " " in told[0]
        if told[-len(asked) :] == asked or is_retitled:
            found.add(pid)
    return sorted(pid for pid in found if parents[pid] not in found)


def descend(pid: int) -> list[int]:
    """It and all that descends from it."""
    parents, found = read_parents(), {pid}
    while True:
        more = {one for one, parent in parents.items() if parent in found} - found
        if not more:
            return sorted(found)
        found |= more


def read_parents() -> dict[int, int]:
    """The parent of every process but this one."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
    return parents


def main() -> None:
    """Find, signal, tell."""
    signal = int(sys.argv[1])
    for pid in find(sys.argv[2], sys.argv[3:]):
        for one in descend(pid) if signal < 0 else [pid]:
            try:
                os.kill(one, abs(signal))
            except ProcessLookupError:
                continue
        os.write(1, f"{pid}\n".encode())


if __name__ == "__main__":
    main()
