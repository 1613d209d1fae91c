"""The way in for the peers: the rsync daemon, kept running, and the secret as it changes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from ocf_py.system import commands

from .daemon import Daemon
from .refusals import describe
from .secrets import SecretsUnusable, read_secrets
from .tied import TIED_ALONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.log import Log

    from .settings import Settings
    from .transfer import Source

_TAKEN = "Address already in use"  # strerror(3) of EADDRINUSE
_PAUSE = 2.0  # seconds before a daemon that has ended is started again


class Door:
    """One instance's daemon. SecretsUnusable, OSError where it cannot be made."""

    def __init__(self, settings: Settings, folder: str, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._daemon = Daemon(folder)
        self._stamp = _stamp(settings.secrets_file)
        self._secrets = read_secrets(settings.secrets_file)
        self._trouble = ""
        self._trouble_with_secrets = ""
        self._moments: dict[int, str] = {}
        self._is_withheld = False
        self._configure()

    @property
    def trouble(self) -> str:
        """What keeps the peers out, or will; "" where all is well."""
        return self._trouble or self._trouble_with_secrets

    @property
    def user(self) -> str:
        """The name of the secret that is presented to the peers."""
        return self._secrets[0][0]

    def ways(self) -> dict[str, Source]:
        """The daemons of the peers, by node."""
        settings = self._settings
        return {
            node: self._daemon.reach(address, settings.port, self.user)
            for node, address in settings.peers.items()
        }

    async def keep_open(self) -> None:
        """Run the daemon, and run it again when it has ended."""
        while True:
            try:
                self._trouble = await self._run()
            except (OSError, commands.ToolMissing) as error:
                self._trouble = f"rsync --daemon cannot be run: {describe(error)}"
            self._log.warning(self._trouble)
            await asyncio.sleep(_PAUSE)

    async def _run(self) -> str:
        """Run the daemon once, and say how it ended; OSError, ToolMissing."""
        argv = [*TIED_ALONE, *self._daemon.argv]
        process = await asyncio.create_subprocess_exec(
            commands.find(argv[0]),
            *argv[1:],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._trouble = ""
            await process.wait()
        finally:
            # Those of it that serve a peer go along; they only read.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        settings, said = self._settings, self._daemon.last_words()
        where = f"rsync --daemon on {settings.address}, port {settings.port},"
        hint = " (set port to one that is free on all nodes)" if _TAKEN in said else ""
        return f"{where} ended with {process.returncode}: {said}{hint}"

    def keep_up(self) -> bool:
        """Take over a secret that has changed, and keep the log short; whether one has changed.

        OSError where what the daemon reads cannot be written.
        """
        self._daemon.trim_log()
        stamp = _stamp(self._settings.secrets_file)
        if stamp == self._stamp:
            return False
        try:
            self._secrets = read_secrets(self._settings.secrets_file)
        except SecretsUnusable as error:
            self._trouble_with_secrets = f"the secrets before are kept: {error}"
            return False
        self._trouble_with_secrets = ""
        self._configure()
        self._stamp = stamp  # not before: what was refused is tried again
        return True

    def show(self, moments: dict[int, str]) -> None:
        """Serve these moments of the directory, too: where the snapshot of each is; OSError."""
        self._moments = moments
        self._configure()

    def withhold(self, is_withheld: bool) -> None:  # noqa: FBT001 - see Serving
        """Serve nothing, or all again; OSError. A pass that is under way is refused in the end."""
        self._is_withheld = is_withheld
        self._configure()

    def _configure(self) -> None:
        settings = self._settings
        self._daemon.configure(
            settings.directory,
            settings.store,
            settings.address,
            settings.port,
            list(settings.peers.values()),
            self._secrets,
            self._moments,
            is_open=not self._is_withheld,
        )


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
