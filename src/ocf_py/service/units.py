"""The seam to systemd's units: asked by systemctl(1), which needs no message bus for it.

A library that speaks D-Bus takes 31 ms of CPU to import (jeepney), and systemctl 4 ms in all. As
root it goes to systemd's own socket: it still answers when the bus has gone down.
"""

from __future__ import annotations

import errno
import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_DROP_IN = "50-ocfpy.conf"
_FOLDER = "/run/systemd/system"
_SECONDS = 10.0
_PROPERTIES = (
    "LoadState", "ActiveState", "SubState", "Result", "UnitFileState", "Job", "ControlGroup",
    "NeedDaemonReload", "DropInPaths", "TriggeredBy", "InvocationID",
)  # fmt: skip


class State:
    """What systemd says of a unit: systemctl(1), "show".

    ``group`` is its control group, which outlives its end where processes are left behind;
    ``is_unread`` says that its files are not those that systemd has read. ``triggers`` are the
    units that start it by themselves, and ``invocation`` marks what its last run has logged.
    """

    __slots__ = (
        "active", "enabled", "group", "has_job", "invocation", "is_unread", "load", "result", "sub",
        "triggers",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - a value, its fields by their names
        self,
        load: str,
        active: str,
        sub: str = "",
        result: str = "",
        enabled: str = "",
        group: str = "",
        *,
        has_job: bool = False,
        is_unread: bool = False,
        triggers: Sequence[str] = (),
        invocation: str = "",
    ) -> None:
        self.load = load
        self.active = active
        self.sub = sub
        self.result = result
        self.enabled = enabled
        self.group = group
        self.has_job = has_job
        self.is_unread = is_unread
        self.triggers = triggers
        self.invocation = invocation


class Units:
    """The units of this machine."""

    def is_there(self) -> bool:
        """Whether systemd runs here at all."""
        from .scope import is_systemd_running

        return is_systemd_running()

    def show(self, name: str) -> State:
        """What systemd says of a unit, one that does not exist included; OSError if it does not."""
        said = self._ask("show", f"--property={','.join(_PROPERTIES)}", "--", name)
        found = dict(line.partition("=")[::2] for line in said.split("\n"))
        return State(
            found.get("LoadState", ""),
            found.get("ActiveState", ""),
            found.get("SubState", ""),
            found.get("Result", ""),
            found.get("UnitFileState", ""),
            found.get("ControlGroup", ""),
            has_job=found.get("Job", "") not in ("", "0"),
            # What systemd has not looked for yet is nothing that it needs to reload.
            is_unread=found.get("NeedDaemonReload") == "yes"
            or f"/{name}.d/{_DROP_IN}" not in found.get("DropInPaths", ""),
            triggers=found.get("TriggeredBy", "").split(),
            invocation=found.get("InvocationID", ""),
        )

    def start(self, name: str) -> None:
        """Queue a start, and do not wait for it; OSError if systemd refuses."""
        self._ask("start", "--no-block", "--", name)

    def stop(self, name: str) -> None:
        """Queue a stop, and do not wait for it; OSError if systemd refuses."""
        self._ask("stop", "--no-block", "--", name)

    def reload(self, name: str) -> None:
        """Queue a reload, and do not wait for it; OSError if systemd refuses."""
        self._ask("reload", "--no-block", "--", name)

    def kill(self, name: str, signal: str) -> None:
        """Send a signal to all processes of a unit; OSError if systemd refuses."""
        self._ask("kill", f"--signal={signal}", "--", name)

    def members(self, state: State) -> list[str]:
        """Whoever lives in the control group of a unit, named for the operator."""
        from .cgroup import find_root
        from .tree import CGROUP, describe, members

        root = find_root()
        if not root or state.group in ("", "/"):
            return []
        return [describe(one) for one in members(f"{CGROUP} {root}{state.group}", ())]

    def reset_failed(self, name: str) -> None:
        """Forget that the unit has failed; OSError if systemd refuses."""
        self._ask("reset-failed", "--", name)

    def journal(self, name: str, invocation: str) -> str:
        """The last line of the unit's journal, of this one of its runs if it has run.

        "" where it cannot be had.
        """
        from ocf_py.system import commands

        options = ["--boot", "--lines=20", "--output=json", "--no-pager", "--quiet"]
        try:
            # What the service said last may still be on its way to the journal.
            commands.run(["journalctl", "--sync"], _SECONDS)
            answer = commands.run(["journalctl", *options, f"--unit={name}"], _SECONDS)
        except (OSError, LookupError):
            return ""
        lines = _lines_of_run(answer.stdout, invocation)
        # What systemd itself says of the end is in the result; what the service said is the cause.
        own = [line for line in lines if not line.startswith((name, "Start", "Stop", "Fail"))]
        return (own or lines or [""])[-1]

    def write_drop_in(self, name: str, content: str, *, is_unread: bool) -> None:
        """Lay a setting of this boot over the unit; OSError if that cannot be done.

        systemd reads it if it has changed, or has not been read (`State.is_unread`) since it was.
        """
        from ocf_py.system.drop_ins import lay_drop_in

        path = _drop_in_of(name)
        if _read(path) != content:
            lay_drop_in(path, content.encode())
        elif not is_unread:
            return
        self._ask("daemon-reload")

    def lift_drop_in(self, name: str, mark: str) -> None:
        """Take the setting off the unit, and leave a mark of it where there is room for that."""
        from ocf_py.system.drop_ins import lay_drop_in

        path = _drop_in_of(name)
        if _read(path) in ("", mark):
            return
        try:
            lay_drop_in(path, mark.encode())
        except OSError:  # /run is full
            posix.unlink(path)
        self._ask("daemon-reload")

    def find_drop_ins(self, beginning: str) -> list[str]:
        """The units over which a setting was laid that begins so."""
        try:
            folders = posix.listdir(_FOLDER)
        except OSError:
            return []
        return [
            folder.removesuffix(".d")
            for folder in sorted(folders)
            if folder.endswith(".d")
            and _read(f"{_FOLDER}/{folder}/{_DROP_IN}").startswith(beginning)
        ]

    def _ask(self, *words: str) -> str:
        from ocf_py.system import commands

        try:
            answer = commands.run(["systemctl", *words], _SECONDS)
        except commands.ToolMissing as missing:
            raise OSError(errno.ENOENT, str(missing)) from missing
        if answer.status != 0:
            raise OSError(0, _first_line(answer.stderr) or f"systemctl {words[0]} fails")
        return answer.stdout


def _lines_of_run(entries: str, invocation: str) -> list[str]:
    """The messages of one run, in journal-export's JSON; of every run where it is "".

    What systemd says of a run names it, as does what the service says, unless that had ended
    before the journal looked at it: then it stands behind the line that tells of the run's start.
    """
    import json

    messages: list[str] = []
    is_begun = False
    for entry in map(json.loads, filter(None, entries.split("\n"))):
        run = entry.get("INVOCATION_ID") or entry.get("_SYSTEMD_INVOCATION_ID")
        is_begun = is_begun or run == invocation
        text = entry.get("MESSAGE") or ""
        if not isinstance(text, str):  # bytes that are no UTF-8
            text = bytes(text).decode(errors="replace")
        if text.strip() and (not invocation or (is_begun and run in (None, invocation))):
            messages.append(text.strip())
    return messages


def _drop_in_of(name: str) -> str:
    return f"{_FOLDER}/{name}.d/{_DROP_IN}"


def _first_line(text: str) -> str:
    lines: Sequence[str] = [line.strip() for line in text.split("\n") if line.strip()]
    return lines[0] if lines else ""


def _read(path: str) -> str:
    from ocf_py.system import read_file

    try:
        return read_file(path).decode("utf-8", "replace")
    except OSError:
        return ""
