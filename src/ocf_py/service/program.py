"""What is to be executed, as whom and in which surroundings: one value, complete before the fork.

`Program.become` turns a forked child into it.
"""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_STDOUT, _STDERR = 1, 2
_LOG_FLAGS = (
    posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_NONBLOCK
    | posix.O_NOCTTY | posix.O_CLOEXEC
)  # fmt: skip
_LOG_MODE = 0o640
_FILE_TYPE, _REGULAR = 0o170000, 0o100000  # inode(7)
_TAIL = 1000  # bytes


class Wrong(ValueError):  # noqa: N818 - says what is
    """Something that the program needs is not there; the message says what, `hint` the remedy."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Owner:
    """The user that a program runs as: the numbers, and what its environment says of it."""

    __slots__ = ("gid", "groups", "home", "name", "shell", "uid")

    def __init__(self, user: str, group: str | None) -> None:
        """Look the names up; Wrong where one is not known here."""
        import pwd

        try:
            found = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
        except (KeyError, OverflowError):
            raise Wrong(f"user {user!r} is not known here", "create the user") from None
        self.name, self.uid, self.gid = found.pw_name, found.pw_uid, found.pw_gid
        self.home, self.shell = found.pw_dir, found.pw_shell or "/bin/sh"
        if group is not None:
            self.gid = _find_group(group)
        self.groups = posix.getgrouplist(self.name, self.gid)

    def become(self) -> None:
        """Take on the identity for good; OSError where that is not permitted."""
        posix.setgroups(self.groups)
        posix.setresgid(self.gid, self.gid, self.gid)
        posix.setresuid(self.uid, self.uid, self.uid)


class Program:
    """``argv[0]`` is the path that is executed. ``limits`` holds (RLIMIT_*, soft, hard)."""

    def __init__(
        self,
        argv: Sequence[str],
        owner: Owner,
        *,
        environment: Mapping[str, str] | None = None,
        workdir: str = "/",
        umask: int = 0o022,
        limits: Sequence[tuple[int, int, int]] = (),
        logfile: str | None = None,
        errlogfile: str | None = None,
    ) -> None:
        self.argv = list(argv)
        self.owner = owner
        self.environment = {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "HOME": owner.home,
            "USER": owner.name,
            "LOGNAME": owner.name,
            "SHELL": owner.shell,
            **(environment or {}),
        }
        self.workdir = workdir
        self.umask = umask
        self.limits = limits
        self.logfile = logfile
        self.errlogfile = errlogfile

    def running(self, argv: Sequence[str]) -> Program:
        """Return another command in the same surroundings, whose output is its caller's to read."""
        return Program(
            argv,
            self.owner,
            environment=self.environment,
            workdir=self.workdir,
            umask=self.umask,
            limits=self.limits,
        )

    def become(self, more: Mapping[str, str]) -> None:
        """Execute it in place of this process, which has cut its ties; OSError says what failed.

        ``more`` joins the environment.
        """
        step = "limits"
        try:
            if self.limits:
                import resource

                for kind, soft, hard in self.limits:
                    resource.setrlimit(kind, (soft, hard))
            posix.umask(self.umask)
            step = f"user {self.owner.name}"
            self.owner.become()
            step = f"workdir {self.workdir}"
            posix.chdir(self.workdir)
            # As the user, who thereby can be led to no file but his own.
            if self.logfile is not None:
                step = f"logfile {self.logfile}"
                self._log_to(self.logfile, _STDOUT)
                if self.errlogfile is None:
                    posix.dup2(_STDOUT, _STDERR)
            if self.errlogfile is not None:
                step = f"errlogfile {self.errlogfile}"
                self._log_to(self.errlogfile, _STDERR)
            step = self.argv[0]
            posix.execve(self.argv[0], self.argv, {**self.environment, **more})
        except (OSError, ValueError) as error:
            raise OSError(getattr(error, "errno", 0) or 0, f"{step}: {_say(error)}") from error

    def last_words(self, since: float, seconds: float) -> str:
        """The last line of its log of errors, if that is a file of its own user's; else "".

        "" as well if nothing has been written since then (seconds since the epoch), or if its
        storage does not answer in time.
        """
        path = self.errlogfile or self.logfile
        if path is None:
            return ""
        from ocf_py.system.probing import Hung, look

        try:
            words: str = look(lambda: self._read_last_line(path, since), seconds)
        except (OSError, Hung):
            return ""
        return words

    def _read_last_line(self, path: str, since: float) -> str:
        try:
            flags = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
            handle = posix.open(path, flags)
        except OSError:
            return ""
        try:
            status = posix.fstat(handle)
            is_its_own = status.st_mode & _FILE_TYPE == _REGULAR and status.st_uid == self.owner.uid
            if not is_its_own or status.st_mtime < since:
                return ""
            tail = posix.pread(handle, _TAIL, max(0, status.st_size - _TAIL))
        except OSError:
            return ""
        finally:
            posix.close(handle)
        return tail.decode("utf-8", "replace").rstrip().rpartition("\n")[2].strip()

    def _log_to(self, path: str, handle: int) -> None:
        log = posix.open(path, _LOG_FLAGS, _LOG_MODE)
        posix.set_blocking(log, True)
        posix.dup2(log, handle)


def _say(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _find_group(group: str) -> int:
    import grp

    try:
        found = grp.getgrgid(int(group)) if group.isdecimal() else grp.getgrnam(group)
    except (KeyError, OverflowError):
        raise Wrong(f"group {group!r} is not known here", "create the group") from None
    return found.gr_gid


def parse_limits(text: str) -> list[tuple[int, int, int]]:
    """Read ``nofile=65536 core=unlimited nproc=100:200`` (soft:hard) as for setrlimit(2).

    ValueError, as a phrase that follows the text, for what is none.
    """
    import resource

    limits = []
    for word in text.replace(",", " ").split():
        name, _, values = word.partition("=")
        kind = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if kind is None:
            raise ValueError(f"names {name!r}, which is no limit of setrlimit(2)")
        soft, colon, hard = values.partition(":")
        numbers = [_read_limit(word, one) for one in ((soft, hard) if colon else (soft, soft))]
        if numbers[1] != resource.RLIM_INFINITY and (
            numbers[0] == resource.RLIM_INFINITY or numbers[0] > numbers[1]
        ):
            raise ValueError(f"has {word!r}, whose soft limit is above the hard one")
        limits.append((kind, numbers[0], numbers[1]))
    return limits


def _read_limit(word: str, text: str) -> int:
    import resource

    if text in ("unlimited", "infinity"):
        return resource.RLIM_INFINITY
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004 - of a rlim_t
        raise ValueError(f"has {word!r}, which is not NAME=NUMBER or NAME=SOFT:HARD")
    return int(text)


def parse_umask(text: str) -> int:
    """Read three or four octal digits; ValueError, as a phrase that follows the text, if not."""
    if not (1 <= len(text) <= 4 and all(digit in "01234567" for digit in text)):  # noqa: PLR2004
        raise ValueError("is not of octal digits, such as 022")
    value = int(text, 8)
    if value > 0o777:  # noqa: PLR2004 - umask(2) takes no more
        raise ValueError("is above 777")
    return value
