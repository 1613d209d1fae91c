"""One run of rsync(1) against a peer's daemon."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ocf_py.system import commands

from .listing import FORMAT
from .tied import TIED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocf_py.system.commands import Completed

    from .order import Order

# What rsync(1) says under EXIT VALUES, in the words of what it means here.
_MEANINGS = {
    1: "rsync does not understand what it was told",
    2: "the peer's rsync is too old",
    3: "rsync cannot use the folder",
    5: "the peer does not let us in: it does not know our address, or serves nothing now",
    10: "the peer cannot be reached",
    11: "the disk refused: it may be full",
    12: "the connection broke",
    20: "rsync was interrupted",
    23: "some files could not be copied",
    30: "the peer stopped answering",
    35: "the peer did not answer",
}
_VANISHED, _PARTIAL = 24, 23
# A file that vanishes after it was listed, before its attributes are read, is a plain error to
# rsync, after which it deletes nothing either. It is soon over.
_VANISHED_AMID = re.compile(r"rsync: \[sender\] .*: No such file or directory \(2\)")
_TIMES = 5
_SILENCE_SECONDS = 30  # without a byte; the peer's rsync speaks while it works
_CONNECT_SECONDS = 5
# By itself rsync takes two files for the same that were changed in the same second; -1 asks for
# the nanoseconds too.
_KEEP_EVERYTHING = ("-aHAXS", "--numeric-ids", "--modify-window=-1")
_STATISTICS = ("--info=stats1", "--no-human-readable")
_LIST = ("--dry-run", f"--out-format={FORMAT}")
#: Bytes of a list, above which all is copied anew instead.
LONGEST_LIST = 1 << 28


# What the kernel says of a full disk, in rsync's words: strerror(3) of ENOSPC and EDQUOT.
_FULL = ("No space left on device", "Disk quota exceeded")
_REFUSED = "@ERROR: auth failed"  # rsync's daemon, of a wrong secret and of an unknown name
_NOT_OURS = "the peer refuses our secret: secrets_file has to be the same on all nodes"
_RECEIVED = re.compile(r"received (\d+) bytes")


class TransferFailed(Exception):  # noqa: N818 - says what is
    """rsync did not make a complete copy; the message says why.

    ``is_full`` says that there was no room for it here, ``is_refused`` that the secret is not the
    peer's; ``said`` is all of rsync's own words.
    """

    def __init__(
        self, reason: str, *, is_full: bool = False, is_refused: bool = False, said: str = ""
    ) -> None:
        super().__init__(reason)
        self.is_full = is_full
        self.is_refused = is_refused
        self.said = said


@dataclass(frozen=True)
class Pulled:
    """What came of a copy: whether files vanished meanwhile, and the bytes that came from afar."""

    vanished: bool
    bytes: int


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
            "--sockopts=TCP_NODELAY",  # a short run waits twice for 40 ms without it
        ]

    def pull_tree(
        self, module: str, target: str, like: str, order: Order, *, share: bool = True
    ) -> Pulled:
        """Copy all of a module into ``target``.

        What is the same in ``like`` comes from there: as a hard link, or where not ``share``, as a
        copy. TransferFailed, ToolMissing.
        """
        argv = [*_KEEP_EVERYTHING, *_STATISTICS, _use(like, share=share), *_wishes(order)]
        return self._pull([*argv, f"{self._place}/{module}/", f"{target}/"], order)

    def pull_some(
        self, module: str, paths: str, target: str, like: str, order: Order, *, share: bool = True
    ) -> Pulled:
        """Copy as `pull_tree` does, but only what the file ``paths`` lists; see `write_paths`.

        Of a folder, that is itself and not what is in it. What is not there is passed over.
        """
        argv = [*_KEEP_EVERYTHING, *_STATISTICS, _use(like, share=share), *_wishes(order)]
        argv += [*_only(paths), f"{self._place}/{module}/", f"{target}/"]
        return self._pull(argv, order)

    def pull_top(self, module: str, target: str, order: Order) -> Pulled:
        """Give ``target`` the attributes of the module's own folder, and copy nothing in it."""
        argv = [*_KEEP_EVERYTHING, *_STATISTICS, "--no-recursive", "--dirs", "--exclude=/*"]
        return self._pull([*argv, f"{self._place}/{module}/", f"{target}/"], order)

    def list_changes(
        self, module: str, target: str, order: Order, *, by_checksum: bool = False
    ) -> tuple[str, bool]:
        """List what would make ``target`` the module, in `listing.FORMAT`, and change nothing.

        A file is taken for unchanged by its size and its time, or ``by_checksum``.

        Also says whether files vanished meanwhile. A list of `LONGEST_LIST` bytes is one cut off.
        """
        argv = [*_LIST, *_KEEP_EVERYTHING, "--delete", "--delete-excluded", *_wishes(order)]
        if by_checksum:
            argv.append("--checksum")
        argv += [f"{self._place}/{module}/", f"{target}/"]
        done = self._run(argv, order.seconds, LONGEST_LIST)
        return done.stdout, done.status == _VANISHED

    def list_some(self, module: str, paths: str, empty: str, order: Order) -> str:
        """List what the file ``paths`` names, as new in an ``empty`` folder: `listing.FORMAT`."""
        argv = [*_LIST, *_KEEP_EVERYTHING, *_only(paths), f"{self._place}/{module}/", f"{empty}/"]
        return self._run(argv, order.seconds, LONGEST_LIST).stdout

    def list_kinds(self, module: str, paths: str, empty: str, order: Order) -> str:
        """List what the file ``paths`` names as ls(1) does."""
        argv = ["--list-only", *_KEEP_EVERYTHING, *_only(paths)]
        argv += [f"{self._place}/{module}/", f"{empty}/"]
        return self._run(argv, order.seconds, LONGEST_LIST).stdout

    def pull_file(self, module: str, name: str, target: str, seconds: float) -> None:
        """Copy one file of a module to ``target``. TransferFailed, ToolMissing.

        Whatever it looks like: one that was changed twice in a second has the size and the time of
        the one before.
        """
        self._run(["--ignore-times", f"{self._place}/{module}/{name}", target], seconds)

    def _pull(self, arguments: Sequence[str], order: Order) -> Pulled:
        done = self._run(arguments, order.seconds)
        received = _RECEIVED.search(done.stdout)
        return Pulled(done.status == _VANISHED, int(received.group(1)) if received else 0)

    def _run(self, arguments: Sequence[str], seconds: float, limit: int = 1 << 16) -> Completed:
        argv = [*TIED, "rsync", *self._options, *arguments]
        try:
            for _ in range(_TIMES):
                done = commands.run(argv, seconds, limit=limit)
                if done.status != _PARTIAL or not _has_only_vanished(done.stderr):
                    break
        except OSError as error:
            raise TransferFailed(str(error.strerror)) from error
        if done.status not in (0, _VANISHED):
            is_refused = _REFUSED in done.stderr
            meaning = _NOT_OURS if is_refused else _MEANINGS.get(done.status, "rsync failed")
            said = done.stderr.strip().partition("\n")[0]
            raise TransferFailed(
                f"{meaning} (rsync {done.status}: {said})",
                is_full=any(one in done.stderr for one in _FULL),
                is_refused=is_refused,
                said=done.stderr,
            )
        return done


def write_paths(file: str, paths: Iterable[bytes]) -> None:
    """Write what `Source.pull_some` copies: paths from the module's top, which itself is none."""
    with open(file, "wb") as stream:
        # With the dot in front, the top's attributes are copied too, and no name is an option.
        stream.writelines(b"./%b\0" % path for path in paths)


def _has_only_vanished(said: str) -> bool:
    errors = [line for line in said.splitlines() if line.startswith("rsync: ")]
    return bool(errors) and all(_VANISHED_AMID.fullmatch(line) for line in errors)


def _only(paths: str) -> tuple[str, ...]:
    return ("--from0", f"--files-from={paths}", "--ignore-missing-args", "--force")


def _use(like: str, *, share: bool) -> str:
    return f"--link-dest={like}" if share else f"--copy-dest={like}"


def _wishes(order: Order) -> list[str]:
    """What the order asks for of the transfer itself."""
    wishes = [f"--exclude={pattern}" for pattern in order.exclude]
    if order.bwlimit:
        wishes.append(f"--bwlimit={order.bwlimit}")
    if order.compress:
        wishes.append("--compress")
    return wishes


def _bracket(address: str) -> str:
    return f"[{address}]" if ":" in address else address
