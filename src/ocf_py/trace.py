"""A trace of one call: every line of the agent and of this library as it runs, and every log line.

Values of variables are not in it, so no secret is. Files go where the shell agents put theirs:
below /var/lib/heartbeat/trace_ra/<type>, or to one file that is named.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .environment import Environment
    from .log import Log

DIRECTORY = "/var/lib/heartbeat/trace_ra"
#: As the launcher put it on sys.path, dots and all: so it stands in every frame.
_LIBRARY = __file__.rsplit("/", 2)[0]


def trace_call(agent: str, environment: Environment, action: str, log: Log) -> None:
    """Trace this process from now on; where no file can be opened, a log line says so."""
    path = environment.trace_file or environment.parameters.get("trace_file", "")
    try:
        if not path:
            stamp = time.strftime("%Y-%m-%d.%H:%M:%S")
            folder = os.path.join(DIRECTORY, agent)
            os.makedirs(folder, mode=0o755, exist_ok=True)
            name = environment.instance.replace("/", "%2F")
            path = os.path.join(folder, f"{name}.{action}.{stamp}.{os.getpid()}")
        handle = _open(path)
    except OSError as error:
        log.warning(f"cannot trace to {path}: {error.strerror}")
        return
    Tracer(handle, log)


def _open(path: str) -> int:
    """Open the file, never waiting for it; OSError for what is neither a file nor a terminal."""
    if path == "/dev/stderr":  # where crm_resource -VV wants it
        return os.dup(2)
    if not path.startswith("/"):
        raise OSError(errno.EINVAL, "not an absolute path")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    handle = os.open(path, flags, 0o600)
    if not (stat.S_ISREG(os.fstat(handle).st_mode) or os.isatty(handle)):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a file")
    return handle


class Tracer:
    """Writes what happens to an open file until the process ends."""

    def __init__(self, handle: int, log: Log) -> None:
        self._handle = handle
        log.trace = self.write
        sys.settrace(self._enter)

    def write(self, text: str) -> None:
        """Write one line, with the time of day to the ms."""
        now = time.time()
        stamp = f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now % 1 * 1000):03d}"
        line = f"{stamp} {' '.join(text.split())}\n".encode("utf-8", "backslashreplace")
        try:
            os.write(self._handle, line)
        except OSError:  # a full disk does not stop the action
            sys.settrace(None)

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        path = frame.f_code.co_filename
        if not path.startswith(_LIBRARY) or path == __file__:
            return None
        self.write(f"{_place(frame)}: {frame.f_code.co_name}()")
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            import linecache

            source = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
            self.write(f"{_place(frame)}: + {source}")
        elif event == "exception":
            self.write(f"{_place(frame)}: raises {argument[0].__name__}")
        return self._line


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename[len(_LIBRARY) + 1 :]}:{frame.f_lineno}"
