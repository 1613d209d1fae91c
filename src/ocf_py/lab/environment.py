"""The clean environment of everything that runs in a node."""

from __future__ import annotations

import os

# Without /usr/local: pcs, crm and the agents shall find the machine's own Python and tools.
NODE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def node_environment() -> dict[str, str]:
    """Variables for a command in a node; nothing of the caller's but its terminal type."""
    return {
        "PATH": NODE_PATH,
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": os.environ.get("TERM", "dumb"),
    }
