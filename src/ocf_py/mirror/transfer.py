"""One run of rsync(1): from a peer's daemon into a new folder, or of one small file."""

from __future__ import annotations

from ocf_py.system import commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What rsync(1) says under EXIT VALUES, in the words of what it means here.
_MEANINGS = {
    1: "rsync does not understand what it was told",
    2: "the peer's rsync is too old",
    3: "rsync cannot use the folder",
    5: "the peer does not let us in: the secret, the address or the module is wrong",
    10: "the peer cannot be reached",
    11: "the disk refused: it may be full",
    12: "the connection broke",
    20: "rsync was interrupted",
    23: "some files could not be copied",
    30: "the peer stopped answering",
    35: "the peer did not answer",
}
_VANISHED = 24
_SILENCE_SECONDS = 30  # without a byte; the peer's rsync speaks while it works
_CONNECT_SECONDS = 5
# Whoever is killed takes its rsync along: an orphan would go on writing where the next pass begins.
# rsync is two processes, and the end of one does not end the other: only a pid namespace does.
_RSYNC = (
    *("setpriv", "--pdeathsig=KILL", "--"),
    *("unshare", "--pid", "--fork", "--kill-child=KILL", "--"),
    "rsync",
)
# By itself rsync takes two files for the same that were changed in the same second; -1 asks for
# the nanoseconds too.
_KEEP_EVERYTHING = ("-aHAXS", "--numeric-ids", "--modify-window=-1")


class TransferFailed(Exception):  # noqa: N818 - says what is
    """rsync did not make a complete copy; the message says why."""


class Source:
    """Where to pull from: a peer's rsync daemon.

    ``secret_file`` holds the secret alone, root's alone: rsync reads it itself, so that it is on no
    command line.
    """

    def __init__(self, address: str, port: int, user: str, secret_file: str) -> None:
        self._place = f"rsync://{user}@{_bracket(address)}:{port}"
        self._options = [
            f"--password-file={secret_file}",
            f"--contimeout={_CONNECT_SECONDS}",
            f"--timeout={_SILENCE_SECONDS}",
        ]

    def pull_tree(
        self, module: str, target: str, like: str, options: Sequence[str], seconds: float
    ) -> bool:
        """Copy all of a module into ``target``, hard-linked to ``like`` where it is the same there.

        True if files vanished meanwhile. TransferFailed, ToolMissing.
        """
        argv = [*_RSYNC, *_KEEP_EVERYTHING, f"--link-dest={like}", *options, *self._options]
        return self._run([*argv, f"{self._place}/{module}/", f"{target}/"], seconds)

    def pull_file(self, module: str, name: str, target: str, seconds: float) -> None:
        """Copy one file of a module to ``target``. TransferFailed, ToolMissing.

        Whatever it looks like: one that was changed twice in a second has the size and the time of
        the one before.
        """
        self._run(
            [*_RSYNC, "--ignore-times", *self._options, f"{self._place}/{module}/{name}", target],
            seconds,
        )

    def _run(self, argv: Sequence[str], seconds: float) -> bool:
        try:
            done = commands.run(argv, seconds, limit=1 << 16)
        except OSError as error:
            raise TransferFailed(str(error.strerror)) from error
        if done.status not in (0, _VANISHED):
            meaning = _MEANINGS.get(done.status, "rsync failed")
            said = done.stderr.strip().partition("\n")[0]
            raise TransferFailed(f"{meaning} (rsync {done.status}: {said})")
        return done.status == _VANISHED


def _bracket(address: str) -> str:
    return f"[{address}]" if ":" in address else address
