"""Runs inside the sandbox and spawns one process at a time, the way Pacemaker's executor does.

Started by its path, isolated, with the folder of this package as its argument. It reads a job, one
line of JSON, from its standard input and answers it with one line. Texts that are no UTF-8 travel
as lone surrogates. With the further argument "devices" it makes /dev the sandbox's own; with
"machine" it runs on the machine itself, where only its own descendants are its business.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import stat
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Source: mount(2), unshare(2) and the kernel's headers of the same names.
_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_EXEC_FAILED = 127
_GRACE = 1.0  # seconds a process may take to close what its parent's exit left open

_libc = ctypes.CDLL(None, use_errno=True)


def serve(role: str) -> None:
    """Does what its role asks for, tells its pid, and answers jobs until the input ends."""
    if role == "devices":
        make_devices()
    if role == "machine" and _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    list_own = list_descendants if role == "machine" else list_processes
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        job = json.loads(line)
        sys.stdout.write(json.dumps(spawn(job, list_own)) + "\n")
        sys.stdout.flush()


def make_devices() -> None:
    """Puts a /dev in place where a test may listen at /dev/log; null(4), zero(4), random(4)."""
    nodes = {name: os.stat(f"/dev/{name}").st_rdev for name in _DEVICES}
    _mount("tmpfs", "/dev", "tmpfs", 0)
    os.chmod("/dev", 0o755)  # noqa: S103 - as everywhere
    for name, device in nodes.items():
        os.mknod(f"/dev/{name}", 0o600 | stat.S_IFCHR, device)
        os.chmod(f"/dev/{name}", 0o666)  # noqa: S103 - the same
    os.symlink("/proc/self/fd", "/dev/fd")
    for handle, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{handle}", f"/dev/{name}")


def spawn(job: dict[str, Any], list_own: Callable[[], list[int]]) -> dict[str, Any]:
    """Runs `job` to its end or its timeout; see `caller.Surroundings` for what it may hold."""
    before = set(list_own())
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            _become(job, out_end, err_end)
        except BaseException as error:  # noqa: BLE001 - must not run on as a second spawner
            os.write(2, f"spawner: {error!r}\n".encode())
        finally:
            os._exit(_EXEC_FAILED)
    os.close(out_end)
    os.close(err_end)
    limit = began + job["timeout"]
    held = hold(pid, job["hold"], limit) if job["hold"] else False
    answer = _collect(pid, out, err, limit)
    answer["pid"] = pid
    answer["held"] = held
    answer["left"] = sorted(set(list_own()) - before - {pid})
    return answer


def list_processes() -> list[int]:
    """The processes of this namespace, without those that are dead and only not yet reaped."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if _read_state(pid)[0] not in "ZX"]


def list_descendants() -> list[int]:
    """What this process has started, directly or not: as a subreaper it gets every orphan back."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    parents = {pid: _read_state(pid)[1] for pid in list_processes()}
    found = {os.getpid()}
    more = found
    while more:
        more = {pid for pid, parent in parents.items() if parent in more}
        found |= more
    return sorted(found - {os.getpid()})


def _read_state(pid: int) -> tuple[str, int]:
    """The state's letter and the parent's pid; X for what has gone (proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return "X", 0
    return state, int(parent)


# ---------------------------------------------------------------------------- in the child


def _become(job: dict[str, Any], out: int, err: int) -> None:
    """Turns this process into the job's; never returns."""
    os.setpgid(0, 0)
    null = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((null, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    _change_mounts(job)
    if job["oom_score_adj"] is not None:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write(str(job["oom_score_adj"]))
    for path in job["hide"]:
        _mount("tmpfs", path, "tmpfs", _MS_RDONLY)
    if job["umask"] is not None:
        os.umask(job["umask"])
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores these two, and exec keeps that
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, job["blocked_signals"])
    for handle in job["stray_handles"]:  # an inherited descriptor without close-on-exec
        os.dup2(out, handle)
    env = {os.fsencode(name): os.fsencode(value) for name, value in job["env"].items()}
    argv = [os.fsencode(word) for word in job["argv"]]
    if job["user"]:
        os.setgroups([])
        os.setgid(job["user"])
        os.setuid(job["user"])
    for handle in job["close"]:
        os.close(handle)
    if job["open_files"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (job["open_files"], job["open_files"]))
    if job["hold"]:
        let_trace()
    os.execve(argv[0], argv, env)


def _change_mounts(job: dict[str, Any]) -> None:
    flags = _CLONE_NEWNS if job["hide"] or job["read_only"] else 0
    if job["no_network"]:
        flags |= _CLONE_NEWNET
    if flags and _libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if flags & _CLONE_NEWNS:
        _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    for path in job["read_only"]:
        _mount(path, path, "", _MS_BIND | _MS_REC)
        _mount("none", path, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    texts = [text.encode() if text else None for text in (source, target, kind)]
    if _libc.mount(*texts, ctypes.c_ulong(flags), None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


# ---------------------------------------------------------------------------- in the parent


def _collect(pid: int, out: int, err: int, limit: float) -> dict[str, Any]:
    """Reads both pipes until the process has ended; at the limit, kills its whole group."""
    texts = {out: b"", err: b""}
    open_ends = {out, err}
    ended = os.pidfd_open(pid)
    poll = select.poll()
    for handle in (out, err, ended):
        os.set_blocking(handle, False)
        poll.register(handle, select.POLLIN)
    timed_out = False
    grace = 0.0  # when the process ended, until when somebody else may keep its output open
    while open_ends:
        now = time.monotonic()
        if not timed_out and not grace and now >= limit:
            # It may not lead its group yet: then the next turn kills it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
                timed_out = True
        if grace and now >= grace:
            break
        wait = (grace or (now + 1 if timed_out else limit)) - now
        for handle, _ in poll.poll(max(1, wait * 1000)):
            if handle == ended:
                poll.unregister(ended)
                grace = time.monotonic() + _GRACE
                continue
            part = os.read(handle, 65536)
            texts[handle] += part
            if not part:
                poll.unregister(handle)
                open_ends.discard(handle)
    if not grace and not select.select([ended], [], [], max(0.0, limit - time.monotonic()))[0]:
        timed_out = True
        os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    for handle in (out, err, ended):
        os.close(handle)
    return {
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "timed_out": timed_out,
        "kept_open": bool(open_ends),
        "stdout": os.fsdecode(texts[out]),
        "stderr": os.fsdecode(texts[err]),
    }


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    from ocf_py.conformance.holding import hold, let_trace

    serve(sys.argv[2])
