"""Which processes are a program's: by its words, or by its file where it wrote over its words."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from ocf_py.rehearsal.inside.processes import descend, find

if TYPE_CHECKING:
    from pathlib import Path

# A copy of itself waits below it, as a server's workers do; both say that they are there.
_SERVER = "import os, time; os.fork(); os.write(1, b'.'); time.sleep(120)"


def test_the_topmost_process_with_these_words_is_found_and_no_other() -> None:
    program = [sys.executable, "-c", _SERVER]
    started = [
        subprocess.Popen([*program, number], stdout=subprocess.PIPE, start_new_session=True)
        for number in ("1", "2")
    ]
    try:
        for one in started:
            assert one.stdout is not None
            assert one.stdout.read(2) == b".."
        assert [find(program[0], [*program[1:], number]) for number in ("1", "2")] == [
            [one.pid] for one in started
        ]
        assert find(program[0], program[1:]) == []
        assert [len(descend(one.pid)) for one in started] == [2, 2]
    finally:
        for one in started:
            os.killpg(one.pid, signal.SIGKILL)
            one.communicate()


def test_one_that_wrote_a_title_over_its_words_is_known_by_its_file(tmp_path: Path) -> None:
    program = tmp_path / "server"
    shutil.copy(shutil.which("cat") or "", program)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ["server: waits"], executable=program, stdin=pipe, stdout=pipe, bufsize=0
    ) as retitled:
        assert retitled.stdin is not None
        assert retitled.stdout is not None
        retitled.stdin.write(b".")
        assert retitled.stdout.read(1) == b"."  # it runs
        assert find(str(program), ["--listen", "80"]) == [retitled.pid]
        assert find(str(tmp_path / "other"), ["--listen", "80"]) == []
        retitled.stdin.close()
