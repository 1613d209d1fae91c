"""Calls an agent the way Pacemaker does, and reads its answer the way Pacemaker does."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ocf_py.conformance.quoting import join
from ocf_py.conformance.tools import PacemakerTools

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ocf_py.conformance.places import Host
    from ocf_py.conformance.sandbox import Sandbox
    from ocf_py.conformance.subject import Command, Subject

_SPAWNER = Path(__file__).with_name("spawner.py")
_LIBRARY = Path(__file__).parents[2]
_REASON = "ocf-exit-reason:"
_COMMAND_TIMEOUT = 20.0  # seconds
NOBODY = 65534  # the user, on Debian and Fedora alike

#: Where stand-ins for Pacemaker's own tools lie, ahead of the real ones.
TOOLS = "/dev/pacemaker-tools"

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

#: What an agent inherits from pacemaker-execd under Pacemaker 2.1 (protocol facts P1 and P2).
INHERITED = {
    "PATH": f"{TOOLS}:{PATH}",
    "LC_ALL": "C",
    "LANG": "C.UTF-8",
    "HA_LOGFACILITY": "daemon",
    "HA_logfacility": "daemon",
    "HA_debug": "0",
    "HA_use_logd": "off",
    "HA_mcp": "true",
    "HA_cluster_type": "corosync",
    "HA_quorum_type": "corosync",
    "PCMK_logfacility": "daemon",
    "PCMK_debug": "0",
    "PCMK_mcp": "true",
    "PCMK_cluster_type": "corosync",
    "PCMK_quorum_type": "corosync",
    "PCMK_service": "pacemaker-execd",
    "OCF_ROOT": "/usr/lib/ocf",
}


def read_reason(stderr: str) -> str:
    """What stands behind the last mark on stderr, up to the end of its line."""
    _, mark, rest = stderr.rpartition(_REASON)
    return rest.split("\n", 1)[0].strip() if mark else ""


def make_environment(
    agent: tuple[str, str],
    parameters: Mapping[str, str],
    *,
    instance: str,
    interval_ms: int,
    timeout: float,
    level: str,
    action: str = "",
    inherited: Mapping[str, str] = INHERITED,
) -> dict[str, str]:
    """The whole environment of one call of the agent (provider, type); `timeout` in seconds."""
    provider, type_ = agent
    variables = {
        **inherited,
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "1",
        "OCF_EXIT_REASON_PREFIX": _REASON,
        "OCF_RESOURCE_INSTANCE": instance,
        "OCF_RESOURCE_TYPE": type_,
        "OCF_RESOURCE_PROVIDER": provider,
        "OCF_RESKEY_crm_feature_set": "3.16.2",
        "OCF_RESKEY_CRM_meta_timeout": f"{timeout * 1000:.0f}",
        "OCF_RESKEY_CRM_meta_on_node": "node1",
        "OCF_RESKEY_CRM_meta_on_node_uuid": "1",
        **{f"OCF_RESKEY_{name}": text for name, text in parameters.items()},
    }
    if action == "monitor":
        variables["OCF_RESKEY_CRM_meta_interval"] = str(interval_ms)
        variables["OCF_RESKEY_CRM_meta_name"] = "monitor"
    if level:
        variables["OCF_CHECK_LEVEL"] = level
    return variables


@dataclass(frozen=True)
class Hold:
    """Where to stop a process in its tracks (see `holding.hold`), and for how many seconds.

    `seconds` of None kills it there. `further` system calls are let through behind the moment.
    """

    until: str
    seconds: float | None = None
    further: int = 0


@dataclass(frozen=True)
class Surroundings:
    """What an agent finds itself in, beside its environment; by default what Pacemaker gives it.

    `hide` puts empty read-only folders over some, `read_only` makes folders unwritable, both for
    this call alone. `open_files` is RLIMIT_NOFILE, 0 for no change; `close` the standard
    descriptors that are closed; `stray_handles` more that are inherited; `user` a uid, 0 for root.
    """

    hide: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    no_network: bool = False
    open_files: int = 0
    close: tuple[int, ...] = ()
    stray_handles: tuple[int, ...] = ()
    umask: int | None = None
    blocked_signals: tuple[int, ...] = ()
    oom_score_adj: int | None = None
    user: int = 0
    hold: Hold | None = None


ORDINARY = Surroundings()


@dataclass(frozen=True)
class Answer:
    """What came of one call.

    `pid` was the agent's inside the sandbox. `code` is the exit code, None if a signal ended it;
    `timed_out` says whether that was the caller's own SIGKILL; `left` names the processes that
    live on; `kept_open` is true if one of them kept the agent's output open; `held` if the
    moment of a `Hold` came.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    surroundings: Surroundings
    pid: int
    code: int | None
    signal: int
    timed_out: bool
    kept_open: bool
    held: bool
    stdout: str
    stderr: str
    left: tuple[int, ...]

    @property
    def reason(self) -> str:
        """The exit reason as Pacemaker reads it; "" if the agent did not end by itself."""
        return read_reason(self.stderr) if self.code is not None else ""

    @property
    def action(self) -> str:
        """The action asked for."""
        return self.argv[1] if self.argv[1:] else ""

    @property
    def outcome(self) -> str:
        """The code, or what ended it, in words."""
        if self.code is not None:
            return f"{self.code} ({self.reason})" if self.reason else str(self.code)
        return "no end before its timeout" if self.timed_out else f"death by signal {self.signal}"

    @property
    def repeat(self) -> str:
        """A command line that makes the very same call."""
        return self._write(self.environment)

    @property
    def by_hand(self) -> str:
        """A command line for an administrator: without what only says that Pacemaker calls."""
        variables = {
            name: value
            for name, value in self.environment.items()
            if name in ("PATH", "OCF_ROOT") or INHERITED.get(name) != value
        }
        if variables.get("PATH", "").endswith(f":{PATH}"):
            variables["PATH"] = PATH  # the stand-ins ahead of it are the test's
        return self._write(variables)

    def _write(self, variables: Mapping[str, str]) -> str:
        words = [f"{name}={value}" for name, value in sorted(variables.items())]
        line = join(["env", "-i", *words, *self.argv])
        unusual = [
            f"{name}={value!r}"
            for name, value in vars(self.surroundings).items()
            if value != getattr(ORDINARY, name)
        ]
        return f"{line}   # under {', '.join(unusual)}" if unusual else line


class SpawnerDied(RuntimeError):  # noqa: N818 - says what is
    """The process that stands for pacemaker-execd is gone, with all that it was told to do."""


class Caller:
    """A spawner inside a sandbox, or on the machine itself, and one agent to call with it.

    `role` is what the spawner is told to be; `tools` where stand-ins for Pacemaker's tools lie.
    """

    def __init__(
        self,
        sandbox: Sandbox | Host,
        subject: Subject,
        *,
        role: str = "devices",
        tools: str = TOOLS,
    ) -> None:
        self.sandbox = sandbox
        self.tools = PacemakerTools(sandbox.root / tools.lstrip("/"), tools)
        self._inherited = {**INHERITED, "PATH": f"{tools}:{PATH}", **subject.environment}
        self._subject = subject
        self._spawner: subprocess.Popen[str] = sandbox.popen(
            [sys.executable, "-ISB", str(_SPAWNER), str(_LIBRARY), role],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        #: Its own pid inside the sandbox: what stands for pacemaker-execd there.
        self.pid = int(self._read_line())
        self.tools.obey()

    def close(self) -> None:
        """Ends the spawner."""
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._spawner.stdin).close()
        self._spawner.wait()
        _pipe(self._spawner.stdout).close()

    def environment(
        self,
        parameters: Mapping[str, str],
        *,
        instance: str,
        interval_ms: int,
        timeout: float,
        level: str,
        action: str = "",
    ) -> dict[str, str]:
        """`make_environment` for the subject, with the meta attributes that it is given."""
        meta = {f"OCF_RESKEY_CRM_meta_{name}": text for name, text in self._subject.meta.items()}
        return meta | make_environment(
            (self._subject.provider, self._subject.type),
            parameters,
            instance=instance,
            interval_ms=interval_ms,
            timeout=timeout,
            level=level,
            action=action,
            inherited=self._inherited,
        )

    def call(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        timeout: float,
        surroundings: Surroundings = ORDINARY,
    ) -> Answer:
        """Calls the agent; after `timeout` seconds its process group gets SIGKILL."""
        argv = (str(self._subject.executable), *arguments)
        return self.spawn(argv, environment, timeout=timeout, surroundings=surroundings)

    def run(self, command: Command, *, expect: Collection[int | None] | None) -> Answer:
        """Runs a command of the system; RuntimeError unless it ends as expected."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        answer = self.spawn(("/usr/bin/env", *command), environment, timeout=_COMMAND_TIMEOUT)
        if expect is not None and answer.code not in expect:
            raise RuntimeError(f"{answer.repeat}: {answer.outcome}: {answer.stderr.strip()}")
        return answer

    def spawn(
        self,
        argv: tuple[str, ...],
        environment: Mapping[str, str],
        *,
        timeout: float,
        surroundings: Surroundings = ORDINARY,
    ) -> Answer:
        """Runs any program by its absolute path, as `call` runs the agent."""
        job: dict[str, Any] = {
            "argv": argv,
            "env": dict(environment),
            "timeout": timeout,
            **asdict(surroundings),
        }
        try:
            _pipe(self._spawner.stdin).write(json.dumps(job) + "\n")
            _pipe(self._spawner.stdin).flush()
        except BrokenPipeError as error:
            raise SpawnerDied("the agent's parent has ended") from error
        told = json.loads(self._read_line())
        told["left"] = tuple(told["left"])
        return Answer(argv, dict(environment), surroundings, **told)

    def _read_line(self) -> str:
        line = _pipe(self._spawner.stdout).readline()
        if not line:
            raise SpawnerDied(f"the agent's parent ended with {self._spawner.wait()}")
        return line


def _pipe(end: IO[str] | None) -> IO[str]:
    assert end is not None  # noqa: S101 - made with PIPE above
    return end
