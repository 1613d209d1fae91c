"""Agents are judged by how they answer, and every installed one is; the judges beside us agree."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from lxml import etree

from ocf_py.catalogue.calling import LIMIT
from ocf_py.catalogue.description import parse_document, read_document
from ocf_py.catalogue.places import InstalledAgent, list_agents
from ocf_py.catalogue.schema import load_schema
from ocf_py.conformance.sandbox import Sandbox
from ocf_py.validation.agents.check import CHECKS
from ocf_py.validation.agents.judge import judge_agent
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CORPUS = Path(__file__).parents[1] / "data/metadata-broken"
WHOLE = CORPUS / "none.xml"
# What an agent does instead of printing WHOLE, or beside it; $1 is the action.
BODIES = {
    "metadata-fails": f"cat {WHOLE}; exit 1",
    "metadata-fails-by-signal": "kill -9 $$",
    "metadata-fails-mute": "exit 0",
    "metadata-hangs": "sleep 600",
    "metadata-needs-root": f'[ "$(id -u)" = 0 ] || exit 4; cat {WHOLE}',
    "metadata-needs-root-differs": f'cat {WHOLE}; [ "$(id -u)" = 0 ] || echo "<!-- x -->"',
    "metadata-needs-environment": f"env | grep -q ^PATH=/usr/sbin || exit 1; cat {WHOLE}",
    "metadata-noise": f"cat {WHOLE}; echo deprecated >&2",
    "metadata-too-long": f"cat {WHOLE}; exec head -c {LIMIT} /dev/zero",
    "metadata-leaves-process": f"cat {WHOLE}; sleep 30 & exit 0",
    "not-executable": None,
}


def write_agent(folder: Path, name: str, body: str | None) -> InstalledAgent:
    path = folder / name
    interpreter = "/bin/sh" if body else "/no/such/interpreter"
    path.write_text(f"#!{interpreter}\n{body}\n")
    path.chmod(0o755)
    return InstalledAgent(path)


@pytest.fixture(scope="module")
def provider(open_folder: Path) -> Path:
    """A provider that pcs adds the trace parameters to, whose agents every user can read."""
    folder = open_folder / "validate/resource.d/pacemaker"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", BODIES)
def test_how_an_agent_takes_being_asked_is_found(provider: Path, name: str) -> None:
    agent = write_agent(provider, name, BODIES[name])
    # The document is of a Lamp: that the file is called otherwise is not what this is about.
    found = judge_agent(agent, name, timeout=2 if name == "metadata-hangs" else 20)
    checks = [one.check for one in found if one.check != "name-differs"]
    assert len(checks) == 1
    assert name.startswith(checks[0])
    agent.path.unlink()


def test_what_metadata_leaves_is_named_and_ended_in_whatever_session(provider: Path) -> None:
    body = f"cat {WHOLE}; (sleep 47 & setsid -f sleep 48); exit 0"
    agent = write_agent(provider, "leaves", body)
    (found,) = (one for one in judge_agent(agent, "Lamp") if one.check == "metadata-leaves-process")
    for command in ("sleep 47", "sleep 48"):
        assert f"({command})" in found.message
    commands = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert ["sleep", "47"] not in commands
    assert ["sleep", "48"] not in commands
    agent.path.unlink()


def test_an_agent_that_answers_as_it_should_has_no_finding(provider: Path) -> None:
    agent = write_agent(provider, "Lamp", f"cat {WHOLE}")
    assert judge_agent(agent, "Lamp") == []


def test_ours_hold_no_error_and_no_warning(installed_agents: Path) -> None:
    agents = sorted(installed_agents.iterdir())
    done = run_cli("validate", *agents, "--json")
    found = json.loads(done.stdout)
    assert found["judged"] == [str(agent) for agent in agents]
    assert [one for one in found["findings"] if one["severity"] != "note"] == []
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def installed() -> Mapping[str, tuple[bytes, etree._Element]]:
    """Every agent of this machine: its document, as it is and as elements."""
    raw = {one.name: read_document(one.path) for one in list_agents()}
    return {name: (text, parse_document(text)) for name, text in raw.items()}


def test_every_installed_agent_is_judged_and_most_hold_no_error() -> None:
    agents = [one.name for one in list_agents()]
    assert {name.split(":")[1] for name in agents} >= {"heartbeat", "pacemaker", "linbit"}
    done = run_cli("validate", *agents, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert found["judged"] == agents
    bad = {one["file"] for one in found["findings"] if one["severity"] != "note"}
    assert len(bad) < len(agents) / 10
    by_check = {(one["check"], one["file"]) for one in found["findings"]}
    assert {
        ("schema", "ocf:linbit:drbd"),
        ("timeout-missing", "ocf:linbit:drbd"),
        ("encoding-declared", "ocf:heartbeat:AoEtarget"),
        ("reload-never-called", "ocf:pacemaker:attribute"),
    } <= by_check
    for one in found["findings"]:
        of_a_call = one["check"] in ("metadata-noise", "metadata-needs-environment")
        assert (one["line"] == 0) == of_a_call


def test_the_schemas_beside_ours_say_the_same_of_every_installed_agent(
    installed: Mapping[str, tuple[bytes, etree._Element]],
) -> None:
    shared = Path("/usr/share/resource-agents")
    heartbeats = etree.RelaxNG(etree.parse(shared / "metadata.rng"))
    dtd = etree.DTD(str(shared / "ra-api-1.dtd"))
    for name, (_, root) in installed.items():
        schema = load_schema(root.findtext("version", ""))
        is_valid = not schema.find_faults(root)
        pcs = etree.RelaxNG(etree.parse(f"/usr/share/pcs/data/ocf-{schema.version}.rng"))
        assert pcs.validate(root), name  # it reads what agents of twenty years have written
        if schema.version == "1.0":
            assert heartbeats.validate(root) == is_valid, name
            # The DTD has a list of actions, and an agent may have more.
            is_valid_by_dtd = dtd.validate(root)
            log = str(dtd.error_log).splitlines()
            is_by_list = all("for attribute name of action" in line for line in log)
            assert is_valid_by_dtd == is_valid or is_by_list, name
        else:
            # Both are older than OCF 1.1, and know neither its attributes nor reload-agent.
            assert not heartbeats.validate(root), name
            assert not dtd.validate(root), name


def test_pacemaker_shows_of_every_installed_agent_what_metadata_prints(
    installed: Mapping[str, tuple[bytes, etree._Element]],
) -> None:
    for name in [*installed][::10]:
        done = subprocess.run(
            ["crm_resource", "--show-metadata", name], capture_output=True, check=True
        )
        # Pacemaker asks with the agent's own name as that of the resource; without one, the agents
        # show where a name would be.
        expected = installed[name][0].replace(b"RESOURCE_ID", name.split(":")[2].encode())
        assert done.stdout.strip() == expected.strip()


class Tools:
    """pcs, crmsh and Pacemaker, that find one document as ocf:pacemaker:Lamp."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._run("mount", "--bind", folder, "/usr/lib/ocf/resource.d/pacemaker")

    def show(self, name: str) -> None:
        """Lets the agent print this document of the corpus."""
        write_agent(self._folder, "Lamp", f"cat {CORPUS / name}.xml")

    def reads(self, *command: str) -> bool:
        """Whether the tool ends well, and says that it has found the agent."""
        code, said = self._run(*command)
        return code == 0 and "A lamp" in said

    def _run(self, *command: str | Path) -> tuple[int, str]:
        process = self._sandbox.popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said


PACEMAKER = ("crm_resource", "--show-metadata", "ocf:pacemaker:Lamp")
PCS = ("pcs", "resource", "describe", "ocf:pacemaker:Lamp")
CRMSH = ("crm", "ra", "info", "ocf:pacemaker:Lamp")


def test_what_is_said_of_pacemaker_pcs_and_crmsh_is_what_they_do(open_folder: Path) -> None:
    folder = open_folder / "tools"
    folder.mkdir()
    # A document of the corpus → whether pcs and crmsh can use the agent, None where it is not
    # worth the second that it takes; Pacemaker always can.
    table: Sequence[tuple[str, bool, bool | None]] = (
        ("none", True, True),
        ("schema-order", True, True),
        ("schema-type-time", True, None),
        ("private-attribute", False, True),
        ("needs-version-1-1", False, None),
        ("version-missing", True, None),
        ("version-unknown-words", False, None),
        ("role-unknown-in-1-0", False, None),
        ("encoding-declared", True, False),
    )
    with Sandbox() as sandbox:
        tools = Tools(sandbox, folder)
        for name, pcs, crmsh in table:
            tools.show(name)
            assert tools.reads(*PACEMAKER), name
            assert tools.reads(*PCS) == pcs, name
            assert crmsh is None or tools.reads(*CRMSH) == crmsh, name
        tools.show("monitor-interval-twice")
        assert "changing a monitor operation interval" in tools._run(*PCS)[1]


def test_findings_are_printed_with_place_consequence_and_remedy(provider: Path) -> None:
    path = CORPUS / "action-missing-stop.xml"
    done = run_cli("validate", path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        f"{path}:31: error: action stop: not advertised, and mandatory [action-missing]",
        "    so: pcs and crmsh configure no operation for it, and OCF asks for it",
        "    do: implement and advertise it",
        "1 error",
    ]
    lamp = write_agent(provider, "Lamp", f"cat {WHOLE}")
    done = run_cli("validate", lamp.path)
    assert (done.returncode, done.stdout) == (0, f"{lamp.path}: nothing found\n")


def test_a_configuration_goes_to_its_own_judge(tmp_path: Path) -> None:
    cib = tmp_path / "part.xml"
    cib.write_text('<resources><primitive id="a" class="ocf" provider="no" type="No"/></resources>')
    done = run_cli("validate", cib, "--json")
    assert [one["check"] for one in json.loads(done.stdout)["findings"]] == [
        "missing-monitor",
        "unknown-agent",
    ]
    assert done.returncode == 1


def test_what_cannot_be_judged_is_one_line_and_2(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("binary", b"\0\xff\n"), ("text.xml", b"hello")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "html.xml").write_text("<html/>")
    words: list[str | Path] = ["", "nope", "drbdd", tmp_path, tmp_path / "no", *tmp_path.iterdir()]
    for word in words:
        done = run_cli("validate", word)
        assert (done.returncode, done.stdout) == (2, ""), (word, done)
        (line,) = done.stderr.splitlines()
        assert line.startswith("ocf-py: ")
    assert run_cli("validate").stderr == "ocf-py: nothing to judge; name an agent or a file\n"


def test_a_name_of_any_bytes_is_shown_and_is_whole_in_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    path = tmp_path / os.fsdecode(b"l\xe4mp.xml")
    path.write_bytes(WHOLE.read_bytes())
    done = run_cli("validate", path)
    assert (done.returncode, done.stdout) == (
        0,
        f"{tmp_path}/l\\udce4mp.xml: nothing found\n",
    )
    assert json.loads(run_cli("validate", path, "--json").stdout)["judged"] == [str(path)]


def test_the_checks_of_both_kinds_are_listed_by_their_ids() -> None:
    listed = json.loads(run_cli("validate", "--checks", "--json").stdout)
    assert listed["agents"]["encoding-declared"] == CHECKS["encoding-declared"].sentence
    assert listed["agents"].keys() == CHECKS.keys()
    assert "no-fencing" in listed["configurations"]
    text = run_cli("validate", "--checks").stdout
    assert all(f"  {name}\n" in text for part in listed.values() for name in part)
