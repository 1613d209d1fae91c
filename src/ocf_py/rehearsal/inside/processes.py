"""Finds the processes of a program in a node: ``processes.py SIGNAL COMMAND WORD…``.

Prints the pid of the topmost of each tree; each gets the signal of that number, 0 for none. A
program may write another title over its words, as nginx and Redis do: then its file alone tells.
"""

import os
import sys


def find(command: str, words: list[str]) -> list[int]:
    """Whoever runs this file with these words, and was started by nobody who does."""
    own = os.path.realpath(command)
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                told = os.fsdecode(file.read()).rstrip("\0").split("\0")
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
            is_own = os.readlink(f"/proc/{name}/exe") == own
        except OSError:
            continue
        asked = [command, *words]
        is_retitled = is_own and len(told) == 1 and " " in told[0]
        if told[-len(asked) :] == asked or is_retitled:
            found[int(name)] = parent
    return sorted(pid for pid, parent in found.items() if parent not in found)


def main() -> None:
    """Find, signal, tell."""
    for pid in find(sys.argv[2], sys.argv[3:]):
        if int(sys.argv[1]):
            try:
                os.kill(pid, int(sys.argv[1]))
            except ProcessLookupError:
                continue
        os.write(1, f"{pid}\n".encode())


if __name__ == "__main__":
    main()
