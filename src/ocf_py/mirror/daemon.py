"""The rsync daemon of one node: it lets the peers read the tree and the record, and nothing else.

Source of every setting: rsyncd.conf(5).
"""

from __future__ import annotations

import os
from types import MappingProxyType

from ocf_py.system.durable import replace_durably

from .transfer import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TREE, STATE = "tree", "state"
_CONFIGURATION, _SECRETS, _PRESENTED = "rsyncd.conf", "secrets", "presented"
_LOG, _LONGEST_LOG = "rsyncd.log", 1 << 18  # bytes
_STARTING, _AFTER_START = "starting, listening on", 4  # what it says then, and how many lines
_READERS = 20  # at once: four copies, each with a look at the record beside its pass


class Daemon:
    """What one instance's daemon is told, in a folder of root's alone below /run."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    @property
    def argv(self) -> list[str]:
        """How it is run: nothing on its command line is a secret."""
        path = f"{self._folder}/{_CONFIGURATION}"
        return ["rsync", "--daemon", "--no-detach", f"--config={path}"]

    def configure(
        self,
        directory: str,
        store: str,
        address: str,
        port: int,
        peers: Sequence[str],
        secrets: Sequence[tuple[str, str]],
        moments: Mapping[int, str] = MappingProxyType({}),
        *,
        is_open: bool = True,
    ) -> None:
        """Write what the daemon reads anew at every connection: the secrets, and what it serves.

        ``moments`` are the paths of snapshots of the directory. Nothing is served unless it
        ``is_open``.
        """
        os.makedirs(self._folder, 0o700, exist_ok=True)
        paths = {TREE: directory, **{module_of(one): path for one, path in moments.items()}}
        names = [name for name, _ in secrets]
        if not is_open:
            paths = {}
        text = _configuration(paths, store, address, port, peers, names, self._folder)
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            # The secrets first: a name that may come in needs the secret it is checked by.
            every = "".join(f"{name}:{secret}\n" for name, secret in secrets)
            replace_durably(handle, _SECRETS, every.encode())
            replace_durably(handle, _PRESENTED, f"{secrets[0][1]}\n".encode())
            replace_durably(handle, _CONFIGURATION, text.encode())
            if not os.path.lexists(f"{self._folder}/{_LOG}"):
                replace_durably(handle, _LOG, b"")  # made here, so that it is root's alone
        finally:
            os.close(handle)

    def last_words(self) -> str:
        """What its log says of its end: the last line, or the first after a start that failed."""
        try:
            with open(f"{self._folder}/{_LOG}", encoding="utf-8", errors="replace") as log:
                # DATE TIME [PID] TEXT
                words = [line.partition("] ")[2] for line in log.read().splitlines()]
        except FileNotFoundError:
            return ""
        said = words[-_AFTER_START:]
        for number, text in enumerate(said[:-1]):
            if _STARTING in text:
                return said[number + 1]
        return said[-1] if said else ""

    def trim_log(self) -> None:
        """Begin the log anew before it fills what lies below /run."""
        path = f"{self._folder}/{_LOG}"
        try:
            if os.stat(path).st_size > _LONGEST_LOG:
                os.truncate(path, 0)
        except FileNotFoundError:
            pass

    def reach(self, address: str, port: int, name: str) -> Source:
        """A peer's daemon, presented the first of the secrets under its ``name``."""
        return Source(address, port, name, presented_file(self._folder))


def presented_file(folder: str) -> str:
    """Where the secret that is presented to the peers lies: root's alone, and read by rsync."""
    return f"{folder}/{_PRESENTED}"


def module_of(moment: int) -> str:
    """The module that serves a moment which is held."""
    return f"moment-{moment}"


def _configuration(
    trees: Mapping[str, str],
    store: str,
    address: str,
    port: int,
    peers: Sequence[str],
    names: Sequence[str],
    folder: str,
) -> str:
    common = {
        "read only": "yes",
        "list": "no",
        "use chroot": "yes",
        "uid": "0",
        "gid": "0",
        "numeric ids": "yes",
        "munge symlinks": "no",  # inside the chroot they lead nowhere else
        "auth users": " ".join(names),
        "secrets file": f"{folder}/{_SECRETS}",
        "strict modes": "yes",
        "hosts allow": " ".join(peers),
        "hosts deny": "*",
        "max connections": str(_READERS),
        "lock file": f"{folder}/lock",
        "timeout": "60",
        "transfer logging": "no",
    }
    everywhere = {
        "address": address,
        "port": str(port),
        "reverse lookup": "no",
        "log file": f"{folder}/{_LOG}",  # several lines for every look of every peer: not syslog
        "socket options": "TCP_NODELAY",  # a short transfer waits twice for 40 ms without it
    }
    if not trees:
        return _section("", everywhere)
    state = {"path": store, "include": "/record", "exclude": "*"}
    return (
        _section("", everywhere)
        + "".join(_section(name, {"path": path, **common}) for name, path in trees.items())
        + _section(STATE, {**state, **common})
    )


def _section(name: str, settings: dict[str, str]) -> str:
    head = f"[{name}]\n" if name else ""
    return head + "".join(f"{key} = {_escape(value)}\n" for key, value in settings.items()) + "\n"


def _escape(value: str) -> str:
    """Keep a value what it is: %VAR% would be looked up in the daemon's environment."""
    if "\n" in value or "\r" in value or value.endswith("\\") or value != value.strip():
        raise ValueError(f"{value!r} cannot be written to rsyncd.conf")
    return value.replace("%", "%%")
