"""What keeps a program from running on this node: looked for as its user, before anything is done.

In a child of its own: what the program lies on, and what it writes to, may hang.
"""

from __future__ import annotations

import posix

from ocf_py.outcomes import Failure, NotInstalled, UnusableHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .program import Owner, Program

    #: An exit code, what is wrong, and the remedy.
    Problem = tuple[int, str, str]
    #: A parameter, its path, and as what it is looked at.
    Place = tuple[str, str, str]

_FILE_TYPE, _FOLDER, _LINK = 0o170000, 0o040000, 0o120000  # inode(7)
_WRITE, _EXECUTE = 2, 1  # access(2)
_PROGRAM, _WORKDIR, _LOG, _PID = "program", "workdir", "log", "pid"
_NAMING_SECONDS = 1.0  # for each place, to find the one that hangs
_ELSEWHERE = "or mount what it is on"


def refuse_what_is_missing(
    program: Program, pidfile: str | None, commands: Mapping[str, str], seconds: float
) -> None:
    """Raise NotInstalled or UnusableHere for what is not here, or not as the program needs it.

    ``commands`` are what is executed, by the parameter that names it. Failure where a place does
    not answer within ``seconds``.
    """
    from ocf_py.system.probing import Hung, look

    places = [("pidfile", pidfile, _PID)] if pidfile else []
    places += [(name, path, _PROGRAM) for name, path in commands.items()]
    places.append(("workdir", program.workdir, _WORKDIR))
    logs = (("logfile", program.logfile), ("errlogfile", program.errlogfile))
    places += [(name, path, _LOG) for name, path in logs if path]

    def find(some: Sequence[Place]) -> Problem | None:
        found: Problem | None = look(lambda: _find_problem(some, program.owner), limit)
        return found

    limit = seconds
    try:
        problem = find(places)
    except Hung as hung:
        limit = _NAMING_SECONDS
        for place in places:
            try:
                find([place])
            except Hung:
                raise Failure(f"{place[0]}={place[1]!r}: what it is on does not answer") from hung
        raise Failure(f"what it needs on this node gives {hung}") from hung
    except OSError as error:
        raise Failure(f"what it needs cannot be looked at: {error.strerror}") from error
    if problem:
        code, message, hint = problem
        raise (NotInstalled if code == NotInstalled.code else UnusableHere)(message, hint=hint)


# ---------------------------------------------------------------------- in the child


def _find_problem(places: Sequence[Place], owner: Owner) -> Problem | None:
    is_root = True
    for name, path, kind in places:
        if is_root and kind != _PID and posix.geteuid() == 0:
            owner.become()
            is_root = False
        try:
            found = _LOOKS[kind](path)
        except OSError as error:
            problem = f"cannot be reached by user {owner.name}: {error.strerror}"
            found = UnusableHere.code, problem, "chmod the folders above it"
        if found:
            code, message, hint = found
            return code, f"{name}={path!r} {message}", hint
    return None


def _look_at_program(path: str) -> Problem | None:
    mode = _mode(path)
    if mode is None:
        first, *rest = path.split()
        if rest and _mode(first) is not None:
            return UnusableHere.code, "is no program, but its first word is", "args takes the rest"
        return NotInstalled.code, "is no program here", f"install it, {_ELSEWHERE}"
    if mode == _FOLDER:
        return UnusableHere.code, "is a folder", "name the program in it"
    if not posix.access(path, _EXECUTE, effective_ids=True):
        return UnusableHere.code, "is not executable for its user", f"chmod +x {path}"
    return None


def _look_at_workdir(path: str) -> Problem | None:
    if _mode(path) != _FOLDER:
        return UnusableHere.code, "is no folder here", f"make it, {_ELSEWHERE}"
    if not posix.access(path, _EXECUTE, effective_ids=True):
        return UnusableHere.code, "cannot be entered by its user", f"chmod +x {path}"
    return None


def _look_at_log(path: str) -> Problem | None:
    problem = _look_at_folder(path)
    if problem:
        return problem
    mode = _mode(path, follow=False)
    if mode == _LINK:
        return UnusableHere.code, "is a link, and none is followed", "name the file itself"
    if mode == _FOLDER:
        return UnusableHere.code, "is a folder", "name a file in it"
    written = path if mode is not None else _folder_of(path)
    if not posix.access(written, _WRITE, effective_ids=True):
        return UnusableHere.code, "cannot be written by its user", f"chown {written}"
    return None


def _look_at_pid(path: str) -> Problem | None:
    if _mode(path, follow=False) == _FOLDER:
        return UnusableHere.code, "is a folder", "name a file in it"
    return _look_at_folder(path)


def _look_at_folder(path: str) -> Problem | None:
    if _mode(_folder_of(path)) == _FOLDER:
        return None
    return UnusableHere.code, "is in no folder that is here", f"mkdir {_folder_of(path)}"


def _folder_of(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] or "/"


def _mode(path: str, *, follow: bool = True) -> int | None:
    """The type of a file; None where there is none, OSError where that cannot be told."""
    try:
        return posix.stat(path, follow_symlinks=follow).st_mode & _FILE_TYPE
    except (FileNotFoundError, NotADirectoryError):
        return None


_LOOKS = {
    _PROGRAM: _look_at_program,
    _WORKDIR: _look_at_workdir,
    _LOG: _look_at_log,
    _PID: _look_at_pid,
}
