"""The command line: one line an error, and nothing imported that is not asked for."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ocf_py._version import __version__
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from pathlib import Path


def test_help_lists_the_subcommands_and_imports_none() -> None:
    code = (
        "import sys\nsys.argv = ['ocf-py', '--help']\n"
        "from ocf_py.toolkit import main\n"
        "try: main()\n"
        "finally: print(*sorted(name for name in sys.modules if 'ocf_py' in name), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("install", "uninstall", "list", "info", "metadata", "validate", "run", "lab"):
        assert f"\n  {name}" in done.stdout
    assert done.stderr.split() == [
        "ocf_py",
        "ocf_py._version",
        "ocf_py.toolkit",
        "ocf_py.toolkit.command",
        "ocf_py.toolkit.errors",
        "ocf_py.toolkit.standard_output",
    ]


def test_the_version_is_the_packages() -> None:
    assert run_cli("--version").stdout.split()[-1] == __version__


@pytest.mark.parametrize(
    ("arguments", "said", "what"),
    [
        (("nothing",), "no such command", "'nothing'"),
        (("install", "--bogus"), "install: no such option", "--bogus"),
        (("list", "--provider"), "list: option", "'--provider' requires an argument"),
        (("mirror", "statu"), "mirror: no such command", "'statu'"),
        (("info",), "info: missing argument", "'AGENT'"),
    ],
)
def test_misuse_is_status_2_and_one_line_with_the_remedy(
    arguments: tuple[str, ...], said: str, what: str
) -> None:
    done = run_cli(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    # Between what and remedy, later versions of Click ask whether another word was meant.
    words = said.partition(":")[0] if ":" in said else ""
    remedy = f"`{' '.join(filter(None, ('ocf-py', words)))} --help` shows what there is"
    assert re.fullmatch(
        rf"ocf-py: {said}:? '?{re.escape(what)}'?(;|\. Did you mean '\w+'\?) {re.escape(remedy)}\n",
        done.stderr,
    )


def test_a_failure_is_status_1_and_one_line(tmp_path: Path) -> None:
    done = run_cli("install", "--root", tmp_path, "--python", "python3")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "ocf-py: --python python3: not an absolute path; choose another with --python\n"
    )


def test_a_missing_extra_is_one_line_with_the_remedy() -> None:
    code = (
        "import sys\nsys.modules['ocf_py.toolkit.lab'] = None\nsys.argv = ['ocf-py', 'lab']\n"
        "import importlib\n"
        "def missing(name): raise ModuleNotFoundError(name='pyroute2.netlink')\n"
        "importlib.import_module = missing\n"
        "from ocf_py.toolkit import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "ocf-py: lab: the Python package pyroute2.netlink is missing; pip install 'ocf-py[lab]', "
        "or install the package ocf-py-lab\n"
    )


def test_an_interrupt_is_status_130_and_quiet(tmp_path: Path) -> None:
    waiting = tmp_path / "python"
    fifo = tmp_path / "began"
    os.mkfifo(fifo)
    waiting.write_text(f"#!/bin/sh\necho began >{fifo}\nexec sleep 60\n")
    waiting.chmod(0o755)
    code = "from ocf_py.toolkit import main; main()"
    arguments = ["install", "--root", str(tmp_path), "--python", str(waiting)]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True
    ) as process:
        fifo.read_text()  # opens when the interpreter is asked
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, said) == (130, "\n")  # Click moves off the line of the ^C


def test_an_error_that_nobody_expected_of_the_system_is_one_line() -> None:
    code = (
        "import os, sys\nsys.argv = ['ocf-py', 'install']\n"
        "from ocf_py.toolkit import install, main\n"
        "def refuse(**_): raise OSError(24, 'Too many open files')\n"
        "install.find_sources = refuse\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "ocf-py: Too many open files\n"


def test_a_reader_that_leaves_changes_neither_the_answer_nor_the_code(tmp_path: Path) -> None:
    code = "from ocf_py.toolkit import main; main()"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code, "install", "--dry-run", "--root", str(tmp_path)],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_answer_that_cannot_be_written_says_so(tmp_path: Path, options: list[str]) -> None:
    code = "from ocf_py.toolkit import main; main()"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "list", "--ocf-root", str(tmp_path), *options],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == (
        "ocf-py: cannot write the answer to standard output: No space left on device; "
        "send it somewhere else, or make room there\n"
    )


def test_a_closed_standard_output_is_no_traceback(tmp_path: Path) -> None:
    code = "from ocf_py.toolkit import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "list", "--ocf-root", str(tmp_path)],
        preexec_fn=lambda: os.close(1),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_refusal_of_the_system_is_one_line(tmp_path: Path) -> None:
    code = "from ocf_py.toolkit import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "install", "--root", str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line == f"ocf-py: {tmp_path}/usr/lib/ocf/lib/ocfpy/manifest.json: File too large"
