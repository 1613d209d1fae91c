"""A mirror in a lab, with a server that writes to it: how a test has, asks and reads it."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocf_py.lab.cluster_state import PROMOTED
from ocf_py.mirror.control import WorkerSilent, ask
from ocf_py.mirror.record_text import load
from ocf_py.mirror.status import folder_of, read_status
from ocf_py.system import RUN_DIRECTORY
from tests.cluster.command import run_inside
from tests.cluster.conftest import EXAMPLES, settle

from . import keeper

if TYPE_CHECKING:
    import subprocess

    from ocf_py.lab import Lab
    from ocf_py.mirror.record import Record

ADDRESS, PORT = "10.77.2.100", 80
SECRETS = "/etc/ocfpy-mirror.secrets"
FIRST_LINE = "pair:a-secret-of-the-pair\n"
_KEEPER = "/opt/keeper.py"
Change = tuple[str, str]  # a text of the example, and what takes its place

#: The keeper in place of the example's web server.
KEEPING: Change = (
    "-m http.server --directory /srv/mirror/site 80",
    f"{_KEEPER} /srv/mirror/site {PORT}",
)
_ATTRIBUTE = "mirror-generation-site"
_SECONDS = 10.0

#: Passes at the interval alone, so that a copy is always behind.
RARELY: Change = (
    'name="interval" value="10s"/>',
    'name="interval" value="10s"/>\n<nvpair id="site-trigger" name="trigger" value="interval"/>',
)


class Pair:
    """The example's mirror ``site`` and its group, with the keeper for a web server."""

    directory = "/srv/mirror/site"
    store = "/srv/mirror/.site.mirror"

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.changes: tuple[Change, ...] | None = None  # what was loaded last

    # ------------------------------------------------------------------ having one

    def wipe(self) -> None:
        """Have no mirror, and nothing that remembers one; the directory is there and empty."""
        self.changes = None
        settle(self.lab)  # what was cleaned up is looked for again, or nobody knows to stop it
        self.lab.load(EXAMPLES / "dummy.xml")
        settle(self.lab)
        for node in self.lab.nodes:
            script = (
                f"rm -rf {self.directory} {self.store}; mkdir -p {self.directory}; "
                f"umask 077; cat > {SECRETS}; "
                f"attrd_updater -n {_ATTRIBUTE} -D -N {node.name}"
            )
            node.run(["sh", "-c", script], stdin=FIRST_LINE.encode())
            node.run(["tee", _KEEPER], stdin=Path(keeper.__file__).read_bytes())

    def fill(self, node: str) -> None:
        """Put something into a node's directory."""
        self.lab.node(node).run(
            ["tee", f"{self.directory}/index.html"], stdin=b"of " + node.encode()
        )

    def load(self, folder: Path, *changes: Change) -> None:
        """Load the example with changes to its text."""
        text = (EXAMPLES / "hot-standby.xml").read_text()
        for one, other in changes:
            assert one in text, f"the example has no {one}"
            text = text.replace(one, other)
        cib = folder / "hot-standby.xml"
        cib.write_text(text)
        self.lab.load(cib)
        self.changes = changes

    def move(self, node: str = "") -> None:
        """Have it promoted on a node, as an administrator does; without one, where it prefers."""
        order = ["--move", "--promoted", "--node", node] if node else ["--clear"]
        asked = self.lab.running_nodes()[0]
        asked.run(["crm_resource", "--resource", "site-clone", *order])

    # ------------------------------------------------------------------ asking it

    def root(self, node: str) -> str:
        """A node's file system, as the machine sees it."""
        return f"/proc/{self.lab.node(node).pid}/root"

    def status(self, node: str) -> dict[str, Any] | None:
        """What the worker in a node says of itself, None where none answers."""
        try:
            folder = folder_of(self.directory, self.root(node) + RUN_DIRECTORY)
            return ask(folder, "status", _SECONDS)
        except WorkerSilent:
            return None

    def shows(self, node: str, text: str) -> bool:
        """Whether ``ocf-py mirror status`` in a node shows a text."""
        return text in self.command(node, "status", "site").stdout

    def score(self, node: str) -> int | None:
        """The promotion score of a node, as the cluster knows it."""
        asked = self.lab.running_nodes()[0]
        query = ["attrd_updater", "--name", "master-site", "--query", "--node", node]
        said = asked.run(query, check=False).stdout
        found = re.search(r'value="(-?)(INFINITY|\d+)"', said)
        if found is None:
            return None
        return int(found[1] + found[2].replace("INFINITY", "1000000"))

    def run_file(self, node: str, name: str) -> str:
        """A file in the folder of a node's worker."""
        folder = folder_of(self.directory, self.root(node) + RUN_DIRECTORY)
        return Path(folder, name).read_text()

    def worker(self, node: str) -> int:
        """The pid of the worker in a node, as the node counts."""
        said = read_status(folder_of(self.directory, self.root(node) + RUN_DIRECTORY))
        assert said is not None
        return int(said.worker.partition(":")[0])

    def record(self, node: str) -> Record:
        """What a node's mirror knows, from its disk."""
        return load(Path(f"{self.root(node)}{self.store}/record").read_bytes())

    def command(self, node: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``ocf-py mirror`` in a node."""
        return run_inside(self.lab.node(node), "mirror", *words)

    def lines(self, node: str, tree: str = "") -> set[int]:
        """What is in every log of a node's directory, or of another tree of it."""
        folder = Path(self.root(node) + (tree or self.directory))
        logs = [folder / name for name in keeper.LOGS]
        if not all(log.exists() for log in logs):  # nothing was written yet
            return set()
        return set.intersection(*({*parse_lines(log.read_bytes())} for log in logs))

    def next_line(self) -> int:
        """The lowest number that is higher than all that any node's logs have."""
        had = (self.lines(node.name) for node in self.lab.running_nodes())
        return max(set().union(*had), default=-1) + 1

    def read(self, node: str, name: str, tree: str = "") -> str:
        """A file in a node's directory, or in another tree of it."""
        return Path(self.root(node) + (tree or self.directory), name).read_text()

    def asides(self, node: str) -> list[str]:
        """The trees that a node has set aside."""
        names = os.listdir(self.root(node) + self.store)
        return sorted(f"{self.store}/{name}" for name in names if name.startswith("aside-"))

    def digest(self, node: str) -> str:
        """All that a node's directory holds, its owners, modes and times too, in one number."""
        top = self.root(node) + self.directory
        digest = hashlib.sha256()
        for folder, folders, files in os.walk(top):
            folders.sort()
            for path in [folder, *(os.path.join(folder, name) for name in sorted(files))]:
                found = os.lstat(path)
                told = (
                    path[len(top) :],
                    found.st_mode,
                    found.st_uid,
                    found.st_gid,
                    found.st_mtime_ns,
                )
                digest.update(repr(told).encode())
                if path != folder:
                    digest.update(Path(path).read_bytes())
        return digest.hexdigest()

    # ------------------------------------------------------------------ waiting for it

    def promoted(self, node: str | None = None, *, seen_from: str | None = None) -> str:
        """Wait until the mirror is promoted (on a given node), and the keeper serves there."""
        place = self.lab.wait_for_place("site", node, role=PROMOTED, seen_from=seen_from)
        return self.lab.wait_for_place("web-server", place, seen_from=seen_from)

    def follows(self, node: str) -> None:
        """Wait until the copy on a node could be promoted."""

        def is_current() -> bool:
            said = self.status(node)
            return said is not None and bool(said["source"]) and said["score"] > 0

        self.lab.wait_until(f"the copy on {node} is current", is_current)


def parse_lines(content: bytes) -> list[int]:
    """The numbers of a log. Half a line at its end is an error: the keeper writes whole ones."""
    assert not content or content.endswith(b"\n"), f"a line is not whole: {content[-20:]!r}"
    return [int(line) for line in content.splitlines()]
