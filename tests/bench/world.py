"""A network and a disk of its own for the agents to work on, gone with the process."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

POINT = "/run/bench"
LINK = "bench0"
_QUORUMTOOL = """#!/bin/sh
cat <<END
Quorum information
------------------
Nodes:            1
Node ID:          1
Ring ID:          1.8
Quorate:          Yes

Votequorum information
----------------------
Flags:            Quorate

Membership information
----------------------
    Nodeid      Votes Name
         1          1 $(hostname) (local)
END
sleep 1000
"""
_INSIDE = "OCF_PY_BENCH_INSIDE"


def enter() -> None:
    """Starts this program again in fresh network and mount namespaces, then sets them up.

    Needs root. The link is one end of a veth, its other end up: what is announced goes somewhere.
    """
    if os.geteuid() != 0:
        sys.exit("bench: needs root, for a network namespace of its own")
    if _INSIDE not in os.environ:
        unshare = shutil.which("unshare")
        if unshare is None:
            sys.exit("bench: unshare is missing; run: make setup")
        fresh = [unshare, "--net", "--mount", "--propagation", "private"]
        program = [sys.executable, "-m", "tests.bench", *sys.argv[1:]]
        os.execve(unshare, [*fresh, *program], {**os.environ, _INSIDE: "1"})
    for command in (
        "mount -t tmpfs -o mode=755 tmpfs /run",
        f"ip link add {LINK} type veth peer name bench1",
        "ip link set lo up",
        "ip link set bench1 up",
        f"ip link set {LINK} up",
        f"ip address add 192.0.2.1/24 dev {LINK}",
        f"ip address add 2001:db8::1/64 dev {LINK} nodad",
    ):
        subprocess.run(command.split(), check=True)
    Path("/run/resource-agents").mkdir(mode=0o1755)  # as resource-agents' tmpfiles.d has it


def stand_in_for_cluster() -> None:
    """Lets the tools of Corosync and Pacemaker answer at once, as those of a healthy cluster do.

    For this program and what it starts alone: a worker tells the cluster its score by itself, so
    that its monitor has nothing to tell.
    """
    for tool, script in (("corosync-quorumtool", _QUORUMTOOL), ("crm_attribute", "#!/bin/sh\n")):
        path = shutil.which(tool, path="/usr/sbin:/usr/bin")
        if path is None:
            sys.exit(f"bench: {tool} is missing; run: make setup")
        stub = Path("/run", tool)
        stub.write_text(script)
        stub.chmod(0o755)
        subprocess.run(["mount", "--bind", stub, path], check=True)


@contextlib.contextmanager
def attach_disk(folder: Path, size: str, files: int = 0) -> Iterator[str]:
    """A loop device with ext4 on it; detached again in the end.

    Its image is in `folder`; it has room for so many `files`, where that is given.
    """
    image = folder / "bench.img"
    inodes = ["-N", str(files)] if files else []
    subprocess.run(["truncate", "-s", size, str(image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", *inodes, str(image)], check=True)
    attach = ["losetup", "--find", "--show", str(image)]
    device = subprocess.run(attach, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)
