"""Running other programs: limits, leftovers and the environment they get."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.system.commands import CommandTimedOut, ToolMissing, find, run
from tests.kernel.inside import inside

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox


def _run(sandbox: Sandbox, *argv: str, seconds: float = 20) -> tuple[int, str, str]:
    def body() -> tuple[int, str, str]:
        handles = os.listdir("/proc/self/fd")
        done = run(argv, seconds)
        assert os.listdir("/proc/self/fd") == handles, "no descriptor is left"
        return done.status, done.stdout, done.stderr

    return inside(sandbox, body)


def test_status_output_and_errors_are_told_apart(sandbox: Sandbox) -> None:
    assert _run(sandbox, "sh", "-c", "echo out; echo err >&2; exit 3") == (3, "out\n", "err\n")


def test_a_signal_is_a_negative_status(sandbox: Sandbox) -> None:
    assert _run(sandbox, "sh", "-c", "kill -9 $$")[0] == -9


def test_standard_input_is_empty(sandbox: Sandbox) -> None:
    assert _run(sandbox, "cat") == (0, "", "")


def test_output_is_cut_and_the_writer_never_blocks(sandbox: Sandbox) -> None:
    status, output, _ = _run(sandbox, "head", "-c", "3000000", "/dev/zero")
    assert (status, len(output)) == (0, 1 << 20)


def test_bytes_that_are_no_text_do_not_hurt(sandbox: Sandbox) -> None:
    assert _run(sandbox, "printf", r"a\377b") == (0, "a\ufffdb", "")


def test_what_it_leaves_behind_is_not_waited_for(sandbox: Sandbox) -> None:
    assert _run(sandbox, "sh", "-c", "echo first; sleep 60 & exit 0", seconds=20)[1] == "first\n"


def test_it_is_killed_with_its_group_when_the_time_is_up(sandbox: Sandbox) -> None:
    def body() -> None:
        with pytest.raises(CommandTimedOut, match=r"sh -c .* did not end within 0.3 s") as caught:
            run(["sh", "-c", "sleep 60 & sleep 61"], 0.3)
        assert caught.value.errno == errno.ETIMEDOUT
        assert not caught.value.abandoned
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    inside(sandbox, body)
    end = time.monotonic() + 10
    while "sleep" in sandbox.run(["ps", "-eo", "args"]).stdout:
        assert time.monotonic() < end, "the group is still there"


def test_one_that_cannot_be_reaped_is_abandoned(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uninterruptible sleep cannot be made at will; a kill that has no effect looks the same."""

    def body() -> None:
        from ocf_py.system import commands

        class Deaf:
            SIGKILL, SIGPIPE, SIGXFSZ = 0, 13, 25  # signal 0 reaches nobody

        monkeypatch.setattr(commands, "_signal", Deaf)
        began = time.monotonic()
        with pytest.raises(CommandTimedOut, match="and cannot be killed") as caught:
            run(["sleep", "60"], 0.2)
        assert caught.value.abandoned
        assert time.monotonic() - began < 30, "it was not waited for"

    inside(sandbox, body)


def test_the_environment_is_what_was_given(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body() -> str:
        os.environ["OCF_RESKEY_IP"] = "x"
        os.environ["PATH"] = "relative::/usr/local/bin:."
        return run(["env"], 10, environment={"PCMK_given": "1"}).stdout

    lines = set(inside(sandbox, body).splitlines())
    path = "PATH=/usr/local/bin:/usr/sbin:/sbin:/usr/bin:/bin"
    assert lines == {path, "LC_ALL=C", "PCMK_given=1"}


def test_a_tool_that_is_missing_is_named(sandbox: Sandbox) -> None:
    def body() -> None:
        with pytest.raises(ToolMissing, match="nonesuch is not installed") as caught:
            run(["nonesuch"], 10)
        assert caught.value.tool == "nonesuch"

    inside(sandbox, body)


def test_the_current_directory_and_what_is_no_program_are_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text("#!/bin/sh\necho caught\n")
    trap.chmod(0o755)
    (tmp_path / "folder").mkdir()
    plain = tmp_path / "plain"
    plain.touch()
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for name in ("trap", "./trap", "folder", str(tmp_path / "folder"), str(plain), ""):
            with pytest.raises(ToolMissing):
                find(name)
    finally:
        os.chdir(here)
    assert find(str(trap)) == str(trap)
    assert os.path.isabs(find("ps"))
