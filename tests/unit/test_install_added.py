"""Agents of the user's own: added by one install, they outlive the next ones until given up."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.installer import installation
from ocf_py.toolkit.installer.installation import install, preview_install, uninstall
from ocf_py.toolkit.installer.interpreter import Interpreter, find_interpreter
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.plan import make_plan
from ocf_py.toolkit.installer.sources import find_sources
from tests.unit.installing import list_tree, make_sources, run_cli, run_launcher

if TYPE_CHECKING:
    from typing import Any, Callable

    from ocf_py.toolkit.installer.plan import Plan

CHECKOUT = Path(__file__).parents[2]
LAUNCHERS = "usr/lib/ocf/resource.d/ocfpy"
OWN = '''\
"""An agent of the user's."""
import ocf_py as ocf


class Beacon(ocf.Agent):
    """{text}"""

    lamp = ocf.String("Which lamp", default="x")

    @ocf.action(timeout=20, interval=10, depth=0)
    def monitor(self):
        return ocf.STOPPED

    @ocf.action(timeout=20)
    def start(self):
        pass

    @ocf.action(timeout=20)
    def stop(self):
        pass
'''


@pytest.fixture(scope="module")
def python(agents_python: str) -> Interpreter:
    return find_interpreter(agents_python)


@pytest.fixture
def place(tmp_path: Path, python: Interpreter) -> Place:
    """Where Lamp is installed, which is shipped, and Bell, which was added."""
    place = Place(tmp_path / "root")
    install(place, make_sources("first", added=("Bell",)), python)
    return place


def says(place: Place, type_: str) -> str:
    return run_launcher(place.tree.base / "ocf/resource.d/ocfpy" / type_)


def types(place: Place) -> set[str]:
    return {path.name for path in (place.tree.base / "ocf/resource.d/ocfpy").iterdir()}


def manifest_of(place: Place) -> Path:
    return place.tree.base / "ocf/lib/ocfpy/manifest.json"


def source_of(place: Place, type_: str) -> Path:
    """Its module in the generation that is in use."""
    known = json.loads(manifest_of(place).read_text())
    folder = manifest_of(place).with_name(known["generation"])
    return folder / "ocfpy_agents" / str(known["added"][type_])


# --- what stays


def test_what_was_added_is_carried_over_as_it_was_with_every_later_library(
    place: Place, python: Interpreter
) -> None:
    for text in ("second", "third", "fourth"):
        said = install(place, make_sources(text), python)
        assert f"{place}: kept Bell, which an earlier install added" in said
        assert says(place, "Bell") == f"Bell first {text}"
        assert says(place, "Lamp") == f"Lamp {text} {text}"


def test_the_same_install_without_its_file_touches_nothing(
    place: Place, python: Interpreter, tmp_path: Path
) -> None:
    before = list_tree(tmp_path)
    assert "already" in install(place, make_sources("first"), python)[-1]
    assert preview_install(place, make_sources("first"), python) == [f"{place}: nothing to do"]
    assert list_tree(tmp_path) == before


def test_what_is_added_again_takes_the_place_of_the_former(
    place: Place, python: Interpreter
) -> None:
    install(place, make_sources("second", added=("Bell",)), python)
    assert says(place, "Bell") == "Bell second second"
    install(place, make_sources("third"), python)
    assert says(place, "Bell") == "Bell second third"


def test_another_is_added_beside_it(place: Place, python: Interpreter) -> None:
    install(place, make_sources("first", added=("Horn",)), python)
    assert types(place) == {"Lamp", "Bell", "Horn"}
    install(place, make_sources("second"), python)
    assert [says(place, own) for own in ("Bell", "Horn")] == [
        "Bell first second",
        "Horn first second",
    ]


def test_one_that_is_added_while_another_install_waits_stays(
    place: Place, python: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = make_plan
    plans: list[Plan] = []

    def add_between(*given: Any, **more: Any) -> Plan:
        plans.append(make(*given, **more))
        if len(plans) == 1:  # what the install saw without the lock
            install(place, make_sources("first", added=("Horn",)), python)
        return plans[-1]

    monkeypatch.setattr(installation, "make_plan", add_between)
    install(place, make_sources("second"), python)
    assert len(plans) == 4
    assert [says(place, own) for own in ("Bell", "Horn")] == [
        "Bell first second",
        "Horn first second",
    ]


def test_a_manifest_from_before_goes_on_working(
    place: Place, python: Interpreter, tmp_path: Path
) -> None:
    known = json.loads(manifest_of(place).read_text())
    assert known.pop("added") == {"Bell": "bell.py"}
    manifest_of(place).write_text(json.dumps(known))
    # The same again writes no agent, but that it was added is known from now on.
    install(place, make_sources("first", added=("Bell",)), python)
    install(place, make_sources("second"), python)
    assert says(place, "Bell") == "Bell first second"
    known = json.loads(manifest_of(place).read_text())
    del known["added"]
    manifest_of(place).write_text(json.dumps(known))
    assert "uninstalled" in uninstall(place)[-1]
    assert set(list_tree(tmp_path)) == {"root", "root/usr", "root/usr/lib"}


@pytest.mark.parametrize(
    "added", ['{"../Bell": "bell.py"}', '{"Bell": "../bell.py"}', '{"Bell": 1}', '["Bell"]']
)
def test_a_manifest_that_leads_elsewhere_is_damaged(
    place: Place, python: Interpreter, added: str
) -> None:
    known = json.loads(manifest_of(place).read_text())
    manifest_of(place).write_text(json.dumps({**known, "added": json.loads(added)}))
    with pytest.raises(ToolkitError, match=r"manifest\.json: unreadable manifest"):
        install(place, make_sources("second"), python)


def test_examples_stay_until_they_are_given_up(tmp_path: Path, python: Interpreter) -> None:
    place = Place(tmp_path / "root")
    install(place, find_sources(with_examples=True), python)
    plain = find_sources(with_examples=False)
    install(place, plain, python)
    assert types(place) >= {"Dummy", "Stateful", "IPaddr"}
    install(place, plain, python, without=["Dummy"])
    assert "Dummy" not in types(place)
    assert "Stateful" in types(place)


# --- what is given up


def test_what_is_given_up_goes_and_stays_away(place: Place, python: Interpreter) -> None:
    assert any(
        line.endswith("/ocfpy/Bell") and "would remove" in line
        for line in preview_install(place, make_sources("first"), python, without=["Bell"])
    )
    install(place, make_sources("first"), python, without=["Bell"])
    assert types(place) == {"Lamp"}
    install(place, make_sources("second"), python)
    assert types(place) == {"Lamp"}


def test_uninstall_gives_up_all_that_was_added(
    place: Place, python: Interpreter, tmp_path: Path
) -> None:
    uninstall(place)
    assert set(list_tree(tmp_path)) == {"root", "root/usr", "root/usr/lib"}
    install(place, make_sources("second"), python)
    assert types(place) == {"Lamp"}


@pytest.mark.parametrize(
    ("added", "without", "complaint"),
    [
        ((), "Horn", "--without Horn: no such agent was added; .*--with has added Bell$"),
        ((), "", "--without : no such agent was added"),
        ((), "Lamp", "--without Lamp: is an agent of ocf-py itself; nothing was changed"),
        (("Bell",), "Bell", "--without Bell: --with adds it, or --with-examples; nothing"),
    ],
)
def test_what_cannot_be_given_up_is_refused_and_nothing_changes(
    place: Place,
    python: Interpreter,
    tmp_path: Path,
    added: tuple[str, ...],
    without: str,
    complaint: str,
) -> None:
    before = list_tree(tmp_path)
    for act in (preview_install, install):
        with pytest.raises(UnusableInput, match=complaint):
            act(place, make_sources("second", added=added), python, without=["Bell", without])
    assert list_tree(tmp_path) == before


# --- what stands in the way


@pytest.mark.parametrize("loss", ["is missing", "was changed since it was installed"])
def test_a_source_that_is_not_as_it_was_installed_is_named_with_the_remedies(
    place: Place, python: Interpreter, tmp_path: Path, loss: str
) -> None:
    source = source_of(place, "Bell")
    if loss == "is missing":
        source.unlink()
    else:
        source.write_text("# mine\n")
    before = list_tree(tmp_path)
    complaint = f"^{source}: the source of Bell {loss}; .*--with, or give it up by --without Bell$"
    with pytest.raises(ToolkitError, match=complaint):
        install(place, make_sources("second"), python)
    assert list_tree(tmp_path) == before
    install(place, make_sources("second", added=("Bell",)), python)
    assert says(place, "Bell") == "Bell second second"
    source_of(place, "Bell").unlink()
    install(place, make_sources("third"), python, without=["Bell"])
    assert types(place) == {"Lamp"}


def test_an_agent_of_ours_that_comes_by_the_same_name_is_refused_until_one_is_given_up(
    place: Place, python: Interpreter, tmp_path: Path
) -> None:
    before = list_tree(tmp_path)
    ours = make_sources("second", ("Lamp", "Bell"))
    with pytest.raises(ToolkitError, match=r"type Bell is that of Bell, which an .*--without Bell"):
        install(place, ours, python)
    assert list_tree(tmp_path) == before
    install(place, ours, python, without=["Bell"])
    assert says(place, "Bell") == "Bell second second"
    install(place, make_sources("third"), python)
    assert types(place) == {"Lamp"}  # ours now: what is no longer shipped goes


def test_a_class_that_was_renamed_in_its_file_is_refused_until_the_former_is_given_up(
    place: Place, python: Interpreter
) -> None:
    renamed = make_sources("second", added=("Horn",))
    (lamp, horn) = renamed.agents
    renamed = replace(renamed, agents=(lamp, replace(horn, path=Path("bell.py"))))
    renamed.files["ocfpy_agents/bell.py"] = renamed.files.pop("ocfpy_agents/horn.py")
    with pytest.raises(ToolkitError, match=r"^bell\.py: module ocfpy_agents\.bell is that of Bell"):
        install(place, renamed, python)
    install(place, renamed, python, without=["Bell"])
    assert types(place) == {"Lamp", "Horn"}
    assert source_of(place, "Horn").name == "bell.py"


# --- with the real library, and by the commands


def installer(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The installer for packagers, as `make install` starts it."""
    return subprocess.run(
        [sys.executable, "-SBm", "ocf_py.toolkit.installer", *arguments],
        env={"PYTHONPATH": str(CHECKOUT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


REMEDY = (
    "; nothing was changed; mend it and name its file by --with, or give it up by --without Beacon"
)


def test_an_agent_that_does_not_work_with_the_new_library_refuses_the_install(
    tmp_path: Path, python: Interpreter
) -> None:
    own = tmp_path / "beacon.py"
    own.write_text(OWN.format(text="Lights") + "\n\nfrom ocf_py.fleeting import word\n")
    place = Place(tmp_path / "root")
    former = find_sources(with_examples=False, also=[own])
    former.files["ocf_py/fleeting.py"] = b"word = 'gone with the next version'\n"
    install(place, former, python)
    before = list_tree(tmp_path)
    with pytest.raises(ToolkitError) as refused:
        install(place, find_sources(with_examples=False), python)
    assert str(refused.value) == (
        f"{source_of(place, 'Beacon')}: Beacon cannot be loaded by {python.path}: "
        f"ModuleNotFoundError: No module named 'ocf_py.fleeting'{REMEDY}"
    )
    assert list_tree(tmp_path) == before


def test_an_agent_that_is_not_of_the_new_python_refuses_the_install(
    tmp_path: Path, python: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path / "root")
    install(place, make_sources("first", added=("Beacon",)), python)
    source = source_of(place, "Beacon")
    before = list_tree(tmp_path)
    compile_all = Interpreter.compile

    def lack_syntax(self: Interpreter, sources: dict[str, bytes], shown: str) -> dict[str, bytes]:
        later = {**sources, "ocfpy_agents/beacon.py": b"yield = 1\n"}
        return compile_all(self, later, shown)

    monkeypatch.setattr(Interpreter, "compile", lack_syntax)
    with pytest.raises(ToolkitError) as refused:
        install(place, make_sources("second"), python)
    said = str(refused.value)
    assert said.startswith(f"{source}: Beacon is not for {python.path}: ")
    assert said.endswith(f"(beacon.py, line 1){REMEDY}")
    assert list_tree(tmp_path) == before


@pytest.mark.parametrize("start", [run_cli, installer], ids=["ocf-py", "make install"])
def test_both_ways_in_add_keep_replace_and_give_up(
    tmp_path: Path, agents_python: str, start: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    own = tmp_path / "beacon.py"
    own.write_text(OWN.format(text="Lights one"))
    root = tmp_path / "root"
    words = ("install", "--root", root, "--python", agents_python)
    launcher = root / LAUNCHERS / "Beacon"
    for options, shown in (
        (("--with", own), "Lights one"),
        (("--with-examples",), "Lights one"),
        (("--with", own), "Lights two"),
        ((), "Lights two"),
    ):
        done = start(*words, *options)
        assert (done.returncode, done.stderr) == (0, "")
        assert f'<shortdesc lang="en">{shown}' in run_launcher(launcher, "meta-data")
        own.write_text(OWN.format(text="Lights two"))
    for refused in (("--without", "IPaddr"), ("--without", "Bacon")):
        done = start(*words, *refused)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"ocf-py: --without {refused[1]}: ")
    done = start(*words, "--without", "Beacon")
    assert (done.returncode, done.stderr) == (0, "")
    assert not launcher.exists()
