"""`ocf-py import-heartbeat` as it is used: codes, JSON, what it writes, what it refuses."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.heartbeat.importing import HA_CF, HARESOURCES
from tests.unit.installing import list_tree, run_cli

_EXAMPLES = Path(__file__).parents[3] / "examples/heartbeat"
_ADDRESSES = ("--address", "n1=192.0.2.1", "--address", "n2=192.0.2.2")


@pytest.fixture
def given(tmp_path: Path) -> list[Path]:
    paths = []
    for name, text in (
        ("ha.cf", HA_CF),
        ("haresources", HARESOURCES),
        ("authkeys", "auth 1\n1 sha1 mysecret\n"),
    ):
        (tmp_path / name).write_text(text)
        paths.append(tmp_path / name)
    return paths


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_cli("import-heartbeat", *arguments)


def test_the_files_are_written_together_and_the_key_is_roots_alone(
    given: list[Path], tmp_path: Path
) -> None:
    output = tmp_path / "deep" / "new"
    done = run(*given, *_ADDRESSES, "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in output.iterdir()) == [
        "authkey",
        "cib.xml",
        "corosync.conf",
        "report.txt",
    ]
    key = (output / "authkey").read_bytes()
    assert len(key) == 256
    assert (output / "authkey").stat().st_mode & 0o7777 == 0o400
    assert output.stat().st_mode & 0o077 == 0
    said = done.stdout.encode() + (output / "report.txt").read_bytes()
    assert b"mysecret" not in said
    assert key not in said
    assert [path.name for path in output.parent.iterdir()] == ["new"]


def test_without_output_it_prints_and_writes_nothing(given: list[Path], tmp_path: Path) -> None:
    before = list_tree(tmp_path)
    done = run(*given)
    assert done.returncode == 0
    for word in ("totem {", "<configuration>", "ha.cf:1: translated: node n1"):
        assert word in done.stdout
    assert "mysecret" not in done.stdout
    assert "\x1b" not in done.stdout
    assert list_tree(tmp_path) == before


def test_json_holds_everything_but_a_key(given: list[Path]) -> None:
    done = run(*given, "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == {"corosync_conf", "cib", "account", "output"}
    assert answer["account"][0] == {
        "file": str(given[0]),
        "line": 1,
        "what": "node n1",
        "outcome": "translated",
        "remark": "nodelist: nodeid 1",
    }
    assert "mysecret" not in done.stdout


def test_what_is_open_is_status_1(given: list[Path]) -> None:
    given[0].write_text(HA_CF + "serial /dev/ttyS0\n")
    done = run(*given)
    assert done.returncode == 1
    assert done.stdout.endswith("1 open: each needs a decision of yours\n")


def test_the_example_translates_wholly() -> None:
    done = run(
        *(_EXAMPLES / name for name in ("ha.cf", "haresources", "authkeys")),
        *("--address", "n1=192.0.2.1,192.0.3.1", "--address", "n2=192.0.2.2,192.0.3.2"),
        "--json",
    )
    # Its own addresses are the lab's: only these are not found among the ones given here.
    opened = [one for one in json.loads(done.stdout)["account"] if one["outcome"] == "open"]
    assert {one["what"] for one in opened} == {"ucast eth0"}


@pytest.mark.parametrize("place", ["file", "full", "link", "folder/below-a-file"])
def test_an_output_that_cannot_be_taken_is_refused_and_stays(
    given: list[Path], tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    (tmp_path / "link").symlink_to("full")
    before = list_tree(tmp_path)
    done = run(*given, "--output", tmp_path / place)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ocf-py: --output {tmp_path / place}: ")
    assert "nothing was written" in line
    assert list_tree(tmp_path) == before


def test_an_empty_directory_is_taken_as_it_is(given: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    before = (tmp_path / "empty").stat()
    assert run(*given, "--output", tmp_path / "empty").returncode == 0
    assert (tmp_path / "empty/cib.xml").exists()
    after = (tmp_path / "empty").stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_a_disk_that_is_full_leaves_nothing(given: list[Path], tmp_path: Path) -> None:
    code = "from ocf_py.toolkit import main; main()"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, "import-heartbeat", *given, "--output", tmp_path / "o"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"ocf-py: --output {tmp_path}/o: File too large; nothing was written\n"
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("kind", ["absent", "directory", "empty", "binary", "endless"])
def test_a_file_that_is_none_of_heartbeats_is_status_2_and_one_line(
    given: list[Path], number: int, kind: str
) -> None:
    given[number].unlink()
    if kind == "directory":
        given[number].mkdir()
    elif kind == "endless":
        given[number].symlink_to("/dev/zero")
    elif kind != "absent":
        given[number].write_bytes(os.urandom(300) + b"\0" if kind == "binary" else b"")
    done = run(*given)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ocf-py: {given[number]}: ")
