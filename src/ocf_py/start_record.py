"""What was started: written before the first effect of `start`, removed after a proven `stop`.

Pacemaker may call `stop` with no parameters at all, or with a placeholder in place of one
(protocol facts P6 and P7). The record says what to look for then; never whether it is there.
"""

from __future__ import annotations

import posix

from .outcomes import Failure, NotPermitted
from .system import RUN_DIRECTORY, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT = "ocfpy-record 1"
_LONGEST_NAME = 200  # of 255 bytes, NAME_MAX: room for the suffix of a temporary file
_FILE_TYPE, _REGULAR = 0o170000, 0o100000  # inode(7)
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")


class RecordUnreadable(Failure):
    """A record is there and cannot be understood or trusted; the message says why and where."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="make sure nothing of it runs, then remove the file")


class StartRecord:
    """The texts of the parameters of the last start, and the facts it left for its stop.

    `parameters` holds no secret. `facts` are the agent's own: a name without blanks → a text.
    """

    __slots__ = ("facts", "parameters")

    def __init__(
        self, parameters: Mapping[str, str], facts: Mapping[str, str] | None = None
    ) -> None:
        self.parameters = dict(parameters)
        self.facts = dict(facts or {})

    def dump(self, boot: str) -> bytes:
        """Write the record's text; one line a value, closed by an end mark."""
        lines = [_FORMAT, f"boot {boot}"]
        lines += [f"parameter {name}={_escape(text)}" for name, text in self.parameters.items()]
        lines += [f"fact {name}={_escape(text)}" for name, text in self.facts.items()]
        return ("\n".join(lines) + "\nend\n").encode("utf-8", "surrogateescape")

    @classmethod
    def load(cls, content: bytes) -> tuple[str, StartRecord]:
        """Read a record's text: (boot id, record). ValueError says what is wrong with it."""
        lines = content.decode("utf-8", "surrogateescape").split("\n")
        if lines[0] != _FORMAT:
            raise ValueError(f"begins with {lines[0][:40]!r}, not with {_FORMAT!r}")
        if lines[-2:] != ["end", ""] or not lines[1].startswith("boot "):
            raise ValueError("is not complete")
        record = cls({})
        for line in lines[2:-2]:
            kind, _, pair = line.partition(" ")
            name, equals, text = pair.partition("=")
            if not equals or kind not in ("parameter", "fact"):
                raise ValueError(f"has a line that means nothing: {line[:40]!r}")
            (record.parameters if kind == "parameter" else record.facts)[name] = _unescape(text)
        return lines[1][5:], record


class RecordFile:
    """One instance's record on disk: root's alone, replaced in one step."""

    __slots__ = ("_boot", "directory", "name")

    def __init__(
        self, agent: str, instance: str, directory: str = RUN_DIRECTORY, boot: str = ""
    ) -> None:
        self.directory = directory
        self.name = f"{agent}.{_quote(instance)}"
        self._boot = boot

    @property
    def path(self) -> str:
        """Where the record is, for messages."""
        return f"{self.directory}/{self.name}"

    def read(self) -> StartRecord | None:
        """Return the record, None where there is none of this boot.

        RecordUnreadable where it cannot be followed, NotPermitted where the caller may not look.
        """
        try:
            # Not waiting: what lies there may be no file at all.
            flags = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
            handle = posix.open(self.path, flags)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if isinstance(error, PermissionError) and posix.geteuid() != 0:
                raise NotPermitted(f"{self.path} is root's alone", hint="run it as root") from error
            raise RecordUnreadable(
                f"record {self.path} cannot be opened: {error.strerror}"
            ) from error
        try:
            status = posix.fstat(handle)
            if status.st_uid != posix.geteuid():
                raise RecordUnreadable(f"record {self.path} belongs to user {status.st_uid}")
            if status.st_mode & _FILE_TYPE != _REGULAR:
                raise RecordUnreadable(f"record {self.path} is no regular file")
            boot, record = StartRecord.load(_read_all(handle))
        except (ValueError, OSError) as error:
            raise RecordUnreadable(f"record {self.path} {error}") from error
        finally:
            posix.close(handle)
        try:
            # What another boot started did not survive it.
            return record if boot == self._boot_id() else None
        except OSError as error:
            raise RecordUnreadable(
                f"record {self.path} is of a boot that cannot be told: {error.strerror}"
            ) from error

    def write(self, record: StartRecord) -> None:
        """Put the record in place, durably, in one step; OSError if that cannot be done."""
        from .system.durable import replace_durably
        from .system.run_directory import open_run_directory

        directory = open_run_directory(self.directory)
        try:
            # The name of no record begins with a dot, as those of its temporary files do.
            replace_durably(directory, self.name, record.dump(self._boot_id()))
        finally:
            posix.close(directory)

    def remove(self) -> None:
        """Take the record away, or what lies in its place; nothing happens where there is none."""
        try:
            posix.unlink(self.path)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except IsADirectoryError:
            posix.rmdir(self.path)

    def _boot_id(self) -> str:
        if not self._boot:
            self._boot = read_file("/proc/sys/kernel/random/boot_id").decode().strip()
        return self._boot


def _quote(instance: str) -> str:
    """Make a file name that no other instance's name makes."""
    name = "".join(letter if letter in _PLAIN else _escape_letter(letter) for letter in instance)
    if len(name) <= _LONGEST_NAME:
        return name
    from hashlib import sha256

    digest = sha256(instance.encode("utf-8", "surrogateescape")).hexdigest()
    # "%%" stands in no quoted name: a long name never meets a short one.
    return f"{name[: _LONGEST_NAME - 66]}%%{digest}"


def _escape_letter(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _unescape(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _read_all(handle: int) -> bytes:
    content = b""
    while True:
        part = posix.read(handle, 65536)
        if not part:
            return content
        content += part
