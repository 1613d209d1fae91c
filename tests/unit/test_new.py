"""`ocf-py new`: which names it takes, what it refuses, and that what it writes is clean."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.installing import list_tree, run_cli, run_launcher


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("webCache", "begin with a capital letter"),
        ("Web-Cache", "begin with a capital letter"),
        ("../Web", "begin with a capital letter"),
        ("", "begin with a capital letter"),
        ("True", "True is a word of Python's own"),
        ("None", "None is a word of Python's own"),
        ("Class", "class is a word of Python's own"),
        ("Import", "import is a word of Python's own"),
        ("Lambda", "lambda is a word of Python's own"),
        ("Agent", "the class that every agent derives from"),
        ("Wéb", "begin with a capital letter"),
        ("W" * 61, "begin with a capital letter"),
        ("FileSystem", "ocf:ocfpy:Filesystem exists"),
        ("Dummy", "ocf:ocfpy:Dummy exists"),
        ("Json", "hide Python's module"),
    ],
)
def test_a_name_that_cannot_be_used_is_status_2_and_one_line(
    tmp_path: Path, name: str, complaint: str
) -> None:
    done = run_cli("new", "--directory", tmp_path / "new", "--", name)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert complaint in line
    assert not (tmp_path / "new").exists()


def test_nothing_that_exists_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ocf_ocfpy_WebCache.7").symlink_to("nowhere")
    before = list_tree(tmp_path)
    done = run_cli("new", "WebCache", "--directory", tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        f"ocf-py: {tmp_path}/ocf_ocfpy_WebCache.7 exists; "
        "nothing was written; choose another --directory\n"
    )
    assert list_tree(tmp_path) == before


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run_cli("new", "WebCache", "--directory", tmp_path / "file" / "below")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("Not a directory; nothing was written")


def begin(folder: Path, kind: list[str]) -> list[str]:
    """The files of an agent that `ocf-py new` begins there."""
    done = run_cli("new", "WebCache", "--directory", folder, "--json", *kind)
    assert done.returncode == 0, done.stderr
    files: list[str] = json.loads(done.stdout)["files"]
    return files


_KINDS = pytest.mark.parametrize("kind", [[], ["--promotable"]], ids=["plain", "promotable"])


@pytest.mark.development
@_KINDS
def test_what_is_written_is_clean(tmp_path: Path, kind: list[str]) -> None:
    begin(tmp_path, kind)
    ruff = [sys.executable, "-m", "ruff"]
    for check in (
        ["check", "--isolated", "--line-length=100", "--select=E,F,W,I,B,UP,TC,N,PT,RUF,ARG,RET"],
        ["format", "--check", "--isolated", "--line-length=100"],
    ):
        linted = subprocess.run(
            [*ruff, *check, "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert linted.returncode == 0, linted.stdout


@_KINDS
def test_what_is_written_is_installable_and_listed(tmp_path: Path, kind: list[str]) -> None:
    folder = tmp_path / "new"
    assert begin(folder, kind) == [
        f"{folder}/{name}"
        for name in (
            "webcache.py",
            "test_webcache.py",
            "test_webcache_contract.py",
            "ocf_ocfpy_WebCache.7",
        )
    ]
    root = tmp_path / "root"
    done = run_cli("install", "--root", root, "--with", folder / "webcache.py")
    assert done.returncode == 0, done.stderr
    xml = run_launcher(root / "usr/lib/ocf/resource.d/ocfpy/WebCache", "meta-data")
    assert '<resource-agent name="WebCache"' in xml
    assert ('<action name="promote"' in xml) == bool(kind)
    assert "/run/ocfpy-webcache-INSTANCE.state" in xml


@pytest.mark.parametrize("name", ["web-cache.py", "agent.txt", "__init__.py"])
def test_a_file_that_is_no_module_is_not_installed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("class A(ocf.Agent): pass\n")
    done = run_cli("install", "--root", tmp_path / "root", "--with", tmp_path / name)
    assert done.returncode == 2
    assert done.stderr == (
        f"ocf-py: {tmp_path / name}: not the name of a Python module, such as lamp.py\n"
    )


def test_the_folder_that_agents_are_installed_from_gets_no_tests() -> None:
    folder = Path(__file__).parents[2] / "agents"
    before = sorted(folder.iterdir())
    done = run_cli("new", "WebCache", "--directory", folder)
    assert done.returncode == 2
    assert "write it elsewhere" in done.stderr
    assert sorted(folder.iterdir()) == before
