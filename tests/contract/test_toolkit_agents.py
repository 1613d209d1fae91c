"""`ocf-py list`, `info`, `metadata` and `run`, on shell agents and on ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from typing import Any

DOCUMENT = Path(__file__).parents[1] / "data/metadata-broken/none.xml"
# What an agent does for an action that stands in its own name; `env` shows what it was given.
LAMP = f"""#!/bin/sh
case "$1" in
meta-data) cat {DOCUMENT};;
start) env; echo "ocf-exit-reason:first" >&2; echo "ocf-exit-reason:no bulb" >&2; exit 5;;
stop) echo "a line of the log" >> "$HA_LOGFILE"; exit 0;;
monitor) exit 7;;
demote) kill -TERM $$;;
leave) (trap '' HUP; exec setsid sleep 47) >/dev/null 2>&1 & exit 0;;
hang) sleep 600 & sleep 600;;
flood) head -c 11000000 /dev/zero;;
trace) [ "$OCF_TRACE_RA" = 1 ] && echo traced > "$OCF_TRACE_FILE";;
*) printf 'what\\377' >&2; exit 3;;
esac
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OCF root with a provider of whole, mute, dying and broken agents."""
    root = tmp_path_factory.mktemp("ocf")
    provider = root / "resource.d/acme"
    provider.mkdir(parents=True)
    agents = {
        "Lamp": LAMP,
        "Mute": "#!/bin/sh\nexit 0\n",
        "Dies": "#!/bin/sh\nkill -9 $$\n",
        "Fails": "#!/bin/sh\necho no lamp here >&2; exit 1\n",
        "Odd": "#!/bin/sh\nprintf 'l\\344mp'\n",
        "Bad": "#!/no/such/interpreter\n",
        "Endless": "#!/bin/sh\nexec cat /dev/zero\n",
        "Other": "#!/bin/sh\necho '<html/>'\n",
        ".hidden": LAMP,
    }
    for name, text in agents.items():
        (provider / name).write_text(text)
        (provider / name).chmod(0o755)
    (provider / "library.sh").write_text(LAMP)  # not executable: no agent
    return root


def run(root: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return run_cli("run", "--ocf-root", root, *words)


def answer(root: Path, *words: str | Path) -> Any:
    done = run(root, *words, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["success"] else 1)
    return found


def test_the_list_holds_every_agent_and_why_one_does_not_describe_itself(root: Path) -> None:
    done = run_cli("list", "--ocf-root", root, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["type"]: row for row in json.loads(done.stdout)}
    assert [*rows] == ["Bad", "Dies", "Endless", "Fails", "Lamp", "Mute", "Odd", "Other"]
    assert rows["Lamp"] == {
        "name": "ocf:acme:Lamp",
        "provider": "acme",
        "type": "Lamp",
        "path": f"{root}/resource.d/acme/Lamp",
        "ocf_version": "1.1",
        "shortdesc": "A lamp",
        "error": "",
    }
    for name, part in (
        ("Bad", "No such file or directory"),
        ("Dies", "died of signal 9"),
        ("Endless", "writes more than"),
        ("Fails", "ended with 1: no lamp here"),
        ("Mute", "no XML"),
        ("Odd", "no XML"),
        ("Other", "of <html>"),
    ):
        assert part in rows[name]["error"]
    text = run_cli("list", "--ocf-root", root).stdout
    assert text.startswith("ocf:acme (8)\n")
    assert "  Lamp     A lamp\n" in text
    assert "\x1b" not in text


def test_a_list_of_nothing_and_an_unknown_provider_say_so(root: Path, tmp_path: Path) -> None:
    done = run_cli("list", "--ocf-root", tmp_path)
    assert (done.returncode, done.stdout) == (
        0,
        f"no agent is installed below {tmp_path}/resource.d\n",
    )
    done = run_cli("list", "--ocf-root", root, "--provider", "acne")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ocf-py: --provider acne: it has no agent below {root}/resource.d; there is acme\n"
    )


def test_info_shows_what_an_agent_takes_and_does(root: Path) -> None:
    done = run_cli("info", "--ocf-root", root, "Lamp")
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "ocf:acme:Lamp: A lamp\n",
        "OCF version 1.1",
        "reload-agent applies them",
        "  lamp (string, required, unique)\n      Which lamp.\n",
        "  colour (select, default red, one of red, green, reloadable)\n",
        "  watts (integer, default 60)\n",
        "  monitor       20s      10s       0\n",
    ):
        assert part in done.stdout, part
    found = json.loads(run_cli("info", "--ocf-root", root, "Lamp", "--json").stdout)
    assert [one["name"] for one in found["parameters"]] == ["lamp", "colour", "watts", "dimmed"]
    assert found["actions"][2]["interval"] == "10s"
    assert (found["agent"], found["version"], found["promotable"]) == (
        "ocf:acme:Lamp",
        "1.1",
        False,
    )


def test_metadata_is_printed_as_it_is(root: Path) -> None:
    done = run_cli("metadata", "--ocf-root", root, "acme:Lamp")
    assert (done.returncode, done.stdout, done.stderr) == (0, DOCUMENT.read_text(), "")


@pytest.mark.parametrize("command", ["info", "metadata"])
@pytest.mark.parametrize("name", ["Mute", "Dies", "Fails", "Bad", "Endless"])
def test_an_agent_that_says_nothing_of_itself_is_one_line_and_1(
    root: Path, command: str, name: str
) -> None:
    done = run_cli(command, "--ocf-root", root, name)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"ocf-py: {root}/resource.d/acme/{name}" if name != "Mute" else "ocf-py: "
    )


@pytest.mark.parametrize("command", ["info", "metadata", "run", "validate"])
def test_an_agent_that_is_not_there_is_one_line_and_2(root: Path, command: str) -> None:
    more = ["monitor"] if command == "run" else []
    for word in (
        "",
        "Lampe",
        "ocf:heartbeat:Lamp",
        "./no",
        str(root),
        f"{root}/resource.d/acme/library.sh",
    ):
        done = run_cli(command, "--ocf-root", root, word, *more)
        assert (done.returncode, done.stdout) == (2, ""), word
        (line,) = done.stderr.splitlines()
        assert line.startswith("ocf-py: ")


def test_an_action_gets_the_environment_of_pacemaker_and_nothing_of_ours(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "1")
    found = answer(
        root, "Lamp", "start", "-o", "lamp=desk", "-o", "colour=a=b c", "-m", "clone-max=2"
    )
    given = dict(line.split("=", 1) for line in found["stdout"].splitlines())
    for name, text in {
        "OCF_RESKEY_lamp": "desk",
        "OCF_RESKEY_colour": "a=b c",
        "OCF_RESKEY_CRM_meta_clone_max": "2",
        "OCF_RESKEY_CRM_meta_timeout": "20000",
        "OCF_RESKEY_CRM_meta_on_node": os.uname().nodename,
        "OCF_RESOURCE_INSTANCE": "test",
        "OCF_RESOURCE_TYPE": "Lamp",
        "OCF_RESOURCE_PROVIDER": "acme",
        "OCF_RA_VERSION_MAJOR": "1",
        "PWD": "/",
    }.items():
        assert given[name] == text
    assert "OF_THE_CALLER" not in given
    assert (found["code"], found["name"], found["kind"]) == (5, "OCF_ERR_INSTALLED", "once")
    assert (found["reason"], found["meaning"]) == (
        "no bulb",
        "the resource is banned from this node",
    )


def test_a_monitor_is_a_probe_without_an_interval(root: Path) -> None:
    found = answer(root, "Lamp", "monitor")
    assert (found["kind"], found["code"], found["success"]) == ("probe", 7, True)
    found = answer(root, "Lamp", "monitor", "--interval", "10s", "--role", "Promoted")
    assert (found["kind"], found["code"], found["success"]) == ("recurring", 7, False)


def test_what_an_agent_logs_is_shown(root: Path) -> None:
    assert answer(root, "Lamp", "stop")["log"] == ["a line of the log"]


def test_an_agent_without_end_is_killed_with_its_children(root: Path) -> None:
    found = answer(root, "Lamp", "hang", "--timeout", "300ms")
    assert (found["code"], found["timed_out"], found["left"]) == (None, True, [])
    assert (found["reason"], found["timeout_seconds"]) == ("", 0.3)


def test_what_an_agent_leaves_behind_is_named_and_lives_on(root: Path) -> None:
    found = answer(root, "Lamp", "leave")
    (left,) = found["left"]
    assert left["command"] == "sleep 47"
    psutil.Process(left["pid"]).kill()


def test_a_death_by_signal_odd_bytes_and_too_much_output_are_shown(root: Path) -> None:
    found = answer(root, "Lamp", "demote")
    assert (found["code"], found["signal"]) == (None, signal.SIGTERM)
    assert "ended by SIGTERM" in run(root, "Lamp", "demote").stdout
    assert answer(root, "Lamp", "nonsense")["stderr"] == "what\ufffd"
    found = answer(root, "Lamp", "flood")
    assert found["output_cut"]
    assert len(found["stdout"]) == 10 * 1024 * 1024


def test_a_trace_is_asked_for_as_crm_resource_does(root: Path) -> None:
    assert answer(root, "Lamp", "trace", "--trace")["stderr"] == "traced\n"


def test_what_the_agent_does_not_know_is_said_and_called_all_the_same(root: Path) -> None:
    done = run(root, "Lamp", "polish", "-o", "color=red")
    assert done.stderr.splitlines() == [
        "note: Lamp does not advertise polish",
        "note: Lamp has no parameter color; there is colour",
    ]
    assert "answer     3 (OCF_ERR_UNIMPLEMENTED)" in done.stdout


def test_parameters_come_from_a_file_and_the_command_line_wins(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "options"
    file.write_text("# kept out of the list of processes\n\nlamp=desk\ncolour=red\n")
    words = ("Lamp", "start", "--options-from", file, "-o", "colour=green")
    given = answer(root, *words)["stdout"].splitlines()
    assert {"OCF_RESKEY_lamp=desk", "OCF_RESKEY_colour=green"} <= {*given}
    file.write_text("lamp\n")
    done = run(root, *words)
    assert (done.returncode, done.stderr) == (2, f"ocf-py: {file}:1: is no NAME=VALUE line\n")


@pytest.mark.parametrize(
    "words",
    [
        ("Lamp",),
        ("Lamp", ""),
        ("Lamp", "start", "-o", "lamp"),
        ("Lamp", "start", "-o", "=x"),
        ("Lamp", "start", "--interval", "5s"),
        ("Lamp", "monitor", "--role", "Promoted"),
        ("Lamp", "monitor", "--timeout", "0"),
        ("Lamp", "monitor", "--timeout", "soon"),
        ("Lamp", "monitor", "--timeout", "9" * 30),
        ("Lamp", "monitor", "--instance", ""),
        ("Lamp", "monitor", "--options-from", "/no/such/file"),
    ],
)
def test_a_call_that_makes_no_sense_is_2_and_calls_nothing(
    root: Path, words: tuple[str, ...]
) -> None:
    done = run(root, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_an_agent_that_cannot_be_executed_is_what_pacemaker_takes_it_for(root: Path) -> None:
    done = run(root, "Bad", "start")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"ocf-py: {root}/resource.d/acme/Bad cannot be executed: No such file or directory; "
        "Pacemaker takes that for the code 5\n"
    )


def test_an_interrupt_ends_the_agent_too(root: Path, tmp_path: Path) -> None:
    agent, fifo = tmp_path / "Waits", tmp_path / "fifo"
    os.mkfifo(fifo)
    agent.write_text(f"#!/bin/sh\n[ $1 = start ] || exit 0\necho $$ > {fifo}\nexec sleep 600\n")
    agent.chmod(0o755)
    code = "from ocf_py.toolkit import main; main()"
    with subprocess.Popen([sys.executable, "-c", code, "run", agent, "start"]) as process:
        pid = int(fifo.read_text())
        process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=20)


def test_ours_answer_a_probe_as_pacemaker_would_have_it(installed_agents: Path) -> None:
    found = answer(Path("/usr/lib/ocf"), installed_agents / "Dummy", "monitor")
    assert (found["code"], found["success"], found["left"]) == (7, True, [])
    assert run_cli("info", installed_agents / "IPaddr").returncode == 0


def test_a_reader_that_leaves_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    code = "from ocf_py.toolkit import main; main()"
    for words in (["list"], ["info", "IPaddr2"], ["metadata", "IPaddr2"], ["validate", "drbd"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (1, "")
    os.close(writing)
