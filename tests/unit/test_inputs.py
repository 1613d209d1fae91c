"""What `validate`, `migrate` and `doctor` are given: pipes, devices, folders, misspelt names."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from pathlib import Path

CIB = """<resources>
  <primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">
    <instance_attributes id="a"><nvpair id="i" name="ip" value="192.0.2.1"/></instance_attributes>
  </primitive>
</resources>
"""


@pytest.mark.parametrize("word", ["-", "/dev/stdin"])
def test_standard_input_is_judged_as_the_file_would_be(tmp_path: Path, word: str) -> None:
    file = tmp_path / "cib.xml"
    file.write_text(CIB)
    options = ("--ocf-root", tmp_path)
    by_name = run_cli("validate", file, *options)
    piped = run_cli("validate", word, *options, stdin=CIB)
    assert (piped.returncode, piped.stderr) == (1, "")
    assert piped.stdout == by_name.stdout.replace(str(file), word)
    assert f"{word}:2: error: vip: no agent ocf:heartbeat:IPaddr2" in piped.stdout


def test_a_pipe_with_a_name_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(CIB,), daemon=True)
    writer.start()
    done = run_cli("validate", pipe, "--ocf-root", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{pipe}:2: error: vip" in done.stdout


def test_standard_input_is_migrated_and_looked_at_and_never_written_to() -> None:
    done = run_cli("migrate", "-", stdin=CIB)
    assert done.returncode == 0
    assert '+  <primitive id="vip" class="ocf" provider="ocfpy" type="IPaddr">' in done.stdout
    done = run_cli("doctor", "-", stdin=f"<configuration>{CIB}</configuration>")
    assert done.stdout.startswith("looked at the resources of -\n")
    done = run_cli("migrate", "-", "--write", stdin=CIB)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ocf-py: -: is no name of a regular file; ")


@pytest.mark.parametrize("command", ["validate", "migrate", "doctor"])
def test_what_is_no_file_is_called_what_it_is(tmp_path: Path, command: str) -> None:
    place = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
    for word, kind in (("/dev/null", "a device"), (str(tmp_path), "a folder"), (place, "a socket")):
        done = run_cli(command, word)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert f" is {kind}" in line


def test_no_input_and_what_is_no_xml_say_so() -> None:
    for text, complaint in (("", "- is empty"), ("vip\n", "- holds no XML")):
        done = run_cli("validate", "-", stdin=text)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"ocf-py: {complaint}; give it a metadata document or a CIB\n"


def test_a_misspelt_file_is_no_misspelt_agent(tmp_path: Path) -> None:
    done = run_cli("validate", "nope.xml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ocf-py: nope.xml: there is no such file, and no agent of that")


def test_a_refusal_of_the_system_to_look_is_one_line_and_2(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for word in ("loop", "./loop"):
        done = run_cli("validate", word, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert f"{word}: Too many levels of symbolic links" in line
