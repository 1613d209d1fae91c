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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Source: mount(2), unshare(2) and the kernel's headers of the same names.
_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_PR_CAPBSET_DROP = 24  # linux/prctl.h
#: What no namespace confines, capabilities(7): raw I/O, a restart, the clock, devices, the audit,
#: two of security modules, the kernel's log and alarms that wake the machine.
_UNCONFINED = (17, 22, 25, 27, 30, 32, 33, 34, 35)
_EXEC_FAILED = 127
_OUTPUT = 10 << 20  # bytes: what Pacemaker keeps of an agent's output; the rest is read and lost
_GRACE = 1.0  # seconds a process may take to close what its parent's exit left open

_libc = ctypes.CDLL(None, use_errno=True)


def serve(role: str) -> None:
    """Does what its role asks for, tells its pid, and answers jobs until the input ends."""
    if role == "devices":
        make_devices()
    if role == "machine":
        adopt_orphans()
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
            number = error.errno if isinstance(error, OSError) else None
            why = repr(error) if number is None else os.strerror(number)
            os.write(2, f"{job['argv'][0]} cannot be executed: {why}\n".encode(errors="replace"))
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
    _limit(job)
    if job["hold"]:
        let_trace()
    os.execve(argv[0], argv, env)


def _limit(job: dict[str, Any]) -> None:
    """Keeps from what is executed next descriptors, and what reaches out of its namespaces."""
    if job["open_files"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (job["open_files"], job["open_files"]))
    for capability in _UNCONFINED if job["confined"] else ():
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for nobody, who has none


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
    texts = {out: bytearray(), err: bytearray()}
    open_ends = {out, err}
    ended = os.pidfd_open(pid)
    poll = select.poll()
    news = get_news()
    for handle in (out, err, ended, *news):
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
            if handle in news:
                reap_orphans(pid)
                continue
            texts[handle] += part[: max(0, _OUTPUT - len(texts[handle]))]
            if not part:
                poll.unregister(handle)
                open_ends.discard(handle)
    timed_out = _end_silently(pid, ended, limit) or timed_out
    _, status = os.waitpid(pid, 0)
    for handle in (out, err, ended):
        os.close(handle)
    return {
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "timed_out": timed_out,
        "kept_open": bool(open_ends),
        "stdout": os.fsdecode(bytes(texts[out])),
        "stderr": os.fsdecode(bytes(texts[err])),
    }


def _end_silently(pid: int, ended: int, limit: float) -> bool:
    """Waits for a process that has closed its output; whether it had to be killed at the limit."""
    if select.select([ended], [], [], max(0.0, limit - time.monotonic()))[0]:
        return False
    os.killpg(pid, signal.SIGKILL)
    return True


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    from ocf_py.conformance.holding import hold, let_trace
    from ocf_py.conformance.offspring import (
        adopt_orphans,
        get_news,
        list_descendants,
        list_processes,
        reap_orphans,
    )

    serve(sys.argv[2])
