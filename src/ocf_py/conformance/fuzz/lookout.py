"""Runs as a program inside a sandbox and tells, at each line it is given, what has changed.

It looks with its own eyes and ip(8): nothing of the code that the agents are made of is in it. Its
answer is one line of JSON: an object of what is new or other since the answer before (thing → how
it is), a list of the things that have gone, and one of the processes that were at work. Its
argument is the folder of this package.

Every call of a fuzz is followed by a look, so that is to cost little: of files and the network the
kernel itself tells when something has happened (`news`), and they are looked at only then.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.fuzz.views import Picture

#: What can be written in there, see `enclosure`.
FOLDERS = ("/run", "/etc", "/tmp", "/dev")  # noqa: S108 - names
#: And these, where the sandbox has them for its own, see `furniture`.
_MOUNTED = ("/var/tmp", "/dev/shm")  # noqa: S108 - names
_NAMESPACES = "/run/netns"


class Lookout:
    """Looks, and remembers what it saw last.

    What is seen is in parts, each of them the very same object as long as nothing in it changes.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Picture] = {}
        self._mounts = Mounts()
        self._trees: dict[str, Tree] = {}
        self._network = Network()
        self._at_work: list[str] = []

    def tell_news(self) -> tuple[Picture, list[str], list[str]]:
        """What is new or other, what has gone, and the processes that do not wait for anything."""
        now = dict(self._look())
        news: Picture = {}
        gone: list[str] = []
        for part in {**self._seen, **now}:
            before, after = self._seen.get(part, {}), now.get(part, {})
            if before is not after:
                news.update(
                    (thing, how) for thing, how in after.items() if before.get(thing) != how
                )
                gone += (thing for thing in before if thing not in after)
        self._seen = now
        return news, gone, self._at_work

    def _look(self) -> Iterator[tuple[str, Picture]]:
        mounts = self._mounts.look()
        yield "mounts", mounts
        # What was seen of a tree may be covered now, or no longer.
        are_others = mounts is not self._seen.get("mounts")
        for top in (*FOLDERS, *filter(os.path.ismount, _MOUNTED)):
            tree = self._get_tree(top)
            yield top, tree.look(anew=are_others)
        yield "ipc", look_at_ipc()
        yield "network", self._network.look()
        for name in list_folder(_NAMESPACES):
            yield f"network of {name}", look_at_network(name)
        processes, self._at_work = look_at_processes()
        yield "processes", processes

    def _get_tree(self, top: str) -> Tree:
        if top not in self._trees:
            self._trees[top] = Tree(top)
        return self._trees[top]


def main() -> None:
    """Answer every line until the input ends."""
    lookout = Lookout()
    for _ in sys.stdin:
        sys.stdout.write(json.dumps(lookout.tell_news()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    from ocf_py.conformance.fuzz.networks import Network, look_at_network
    from ocf_py.conformance.fuzz.trees import Tree
    from ocf_py.conformance.fuzz.views import Mounts, list_folder, look_at_ipc, look_at_processes

    main()
