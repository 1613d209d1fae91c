"""Every command helps: with examples, a manual page, and completion."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import click
import pytest

from ocf_py.catalogue.description import parse_description
from ocf_py.metadata import document
from ocf_py.toolkit.agent_page import render_agent
from ocf_py.toolkit.command import ocf_py
from ocf_py.toolkit.command_page import split_help
from ocf_py.toolkit.man import walk
from ocf_py.toolkit.our_agents import load_agents
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {" ".join(words): one for words, one in walk(ocf_py, ("ocf-py",))}
LEAVES = {name: one for name, one in COMMANDS.items() if not isinstance(one, click.Group)}


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_examples_that_call_it_and_show_its_json(name: str) -> None:
    command = LEAVES[name]
    _, examples = split_help(command)
    assert examples
    assert all(one.startswith(f"{name} ") or one == name for one in examples)
    answers = any("--json" in one.opts for one in command.params)
    assert answers == any("--json" in one for one in examples)
    shown = command.get_help(click.Context(command, info_name=name))
    assert "\\b" not in shown
    for one in examples:  # each on a line of its own
        assert f"  {one}\n" in shown + "\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_one_line_what_it_does(name: str) -> None:
    paragraphs, _ = split_help(COMMANDS[name])
    assert paragraphs
    assert COMMANDS[name].get_short_help_str(limit=200)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    done = run_cli("man", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert {one.name for one in (folder / "man8").iterdir()} == {
        f"{name.replace(' ', '-')}.8" for name in COMMANDS
    }
    assert {one.name for one in (folder / "man7").iterdir()} == {
        f"ocf_ocfpy_{agent}.7" for agent in load_agents()
    }
    assert sorted(done.stdout.split()) == sorted(str(one) for one in folder.glob("man?/*"))
    return folder


def test_every_page_is_clean_for_mandoc_and_for_man(pages: Path) -> None:
    for page in pages.glob("man?/*"):
        lint = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False
        )
        assert (lint.returncode, lint.stdout) == (0, "")
        shown = subprocess.run(
            ["man", "--warnings", "-l", page],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "MANPAGER": "/bin/cat", "LC_ALL": "C.UTF-8"},
        )
        assert shown.stderr == ""


def _show(page: Path) -> str:
    """The page as man(1) shows it, its lines as long as its paragraphs."""
    words = ["mandoc", "-Tutf8", "-Owidth=400", str(page)]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    flat = subprocess.run(["col", "-bx"], input=text, capture_output=True, text=True, check=True)
    return str(flat.stdout)


def test_a_page_holds_what_the_command_says_and_takes(pages: Path) -> None:
    shown = _show(pages / "man8/ocf-py-run.8")
    for part in (
        "ocf-py-run - run ACTION of AGENT once",
        "ocf-py run [OPTIONS] AGENT ACTION",
        "--options-from FILE",
        "EXIT STATUS",
        "EXAMPLES\n     ",
        "ocf-py run ocf:ocfpy:IPaddr monitor -o ip=192.0.2.10",
        "ocf-py(8)",
    ):
        assert part in shown


@pytest.mark.parametrize("agent", load_agents())
def test_an_agents_page_holds_all_that_its_metadata_says(pages: Path, agent: str) -> None:
    description = parse_description(document(load_agents()[agent]).encode())
    shown = " ".join(_show(pages / f"man7/ocf_ocfpy_{agent}.7").split())
    texts = [description.shortdesc[1:], *description.longdesc.split("\n\n")]
    for parameter in description.parameters:
        texts += [f"{parameter.name} (", *parameter.longdesc.split("\n\n"), parameter.default]
    texts += [f"{one.name} timeout {one.timeout}" for one in description.actions]
    for text in texts:
        assert " ".join(text.split()) in shown


def test_an_agent_without_an_example_of_ours_is_shown_with_what_it_requires() -> None:
    document = b"""<resource-agent name="Lamp"><version>1.1</version><parameters>
        <parameter name="socket" required="1"><content type="string"/></parameter>
        <parameter name="colour"><content type="string"/></parameter>
        </parameters><actions><action name="start" timeout="20s"/></actions></resource-agent>"""
    page = render_agent("acme", parse_description(document), "0")
    assert "pcs resource create lamp ocf:acme:Lamp socket=SOCKET\n" in page


def test_the_date_of_a_page_is_that_of_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert run_cli("man", tmp_path / "a").returncode == 0
    assert '8 "1970-01-02"' in (tmp_path / "a/man8/ocf-py.8").read_text()


@pytest.mark.parametrize("given", ["yesterday", "1e30", "9" * 30])
def test_a_date_that_is_none_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    done = run_cli("man", tmp_path / "a")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ocf-py: SOURCE_DATE_EPOCH={given}: is no time; give seconds since 1970, or unset it\n"
    )


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run_cli("man", tmp_path / "file")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"ocf-py: cannot write to {tmp_path}/file/man8: Not a directory; name another directory\n"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(shell: str) -> None:
    done = run_cli("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_OCF_PY_COMPLETE" in done.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ocf-py li", ["list"]),
        ("ocf-py info --j", ["--json"]),
        ("ocf-py run --role P", ["Promoted"]),
        ("ocf-py completion z", ["zsh"]),
        ("ocf-py run --ocf-root ROOT La", ["Lamp"]),
        ("ocf-py run --ocf-root ROOT ocf:a", ["ocf:acme:Lamp"]),
        ("ocf-py run --ocf-root ROOT Lamp rel", ["reload-agent"]),
        ("ocf-py run --ocf-root ROOT Lamp start -o col", ["colour="]),
        ("ocf-py run --ocf-root ROOT None rel", []),
        ("ocf-py list --ocf-root ROOT --provider a", ["acme"]),
        ("ocf-py test ROOT/resource.d/acme/Lamp -o col", ["colour="]),
        ("ocf-py test --rule stop-is-", ["stop-is-idempotent"]),
    ],
)
def test_words_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, expected: list[str]
) -> None:
    from tests.unit.test_agent_checks import FOLDER

    agent = tmp_path / "resource.d/acme/Lamp"
    agent.parent.mkdir(parents=True)
    agent.write_text(f"#!/bin/sh\ncat {FOLDER}/none.xml\n")
    agent.chmod(0o755)
    line = words.replace("ROOT", str(tmp_path))
    monkeypatch.setenv("_OCF_PY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    done = run_cli()
    assert [one.partition(",")[2] for one in done.stdout.split()] == expected
