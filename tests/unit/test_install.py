"""What an install writes, repairs, keeps and refuses."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from ocf_py.doctor.diagnosis import Verdict
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer import tree as tree_module
from ocf_py.toolkit.installer.inspection import inspect
from ocf_py.toolkit.installer.installation import install, preview_install, uninstall
from ocf_py.toolkit.installer.interpreter import Interpreter, find_interpreter
from ocf_py.toolkit.installer.place import Place
from tests.unit.installing import UNPRIVILEGED, list_tree, make_sources, run_cli, run_launcher

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def python(agents_python: str) -> Interpreter:
    return find_interpreter(agents_python)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def place(root: Path) -> Place:
    return Place(root)


@pytest.fixture
def launchers(root: Path) -> Path:
    return root / "usr/lib/ocf/resource.d/ocfpy"


@pytest.fixture
def library(root: Path) -> Path:
    return root / "usr/lib/ocf/lib/ocfpy"


def generations(library: Path) -> set[Path]:
    return {path for path in library.iterdir() if path.is_dir()}


# --- what is written


def test_an_installed_launcher_hands_over_to_the_library_beside_it(
    place: Place, python: Interpreter, launchers: Path
) -> None:
    install(place, make_sources(), python)
    assert run_launcher(launchers / "Lamp", "monitor", "x") == "Lamp first first monitor x"


def test_a_real_agent_answers_meta_data_as_nobody(installed_agents: Path) -> None:
    xml = run_launcher(installed_agents / "Dummy", "meta-data", user=UNPRIVILEGED)
    assert '<resource-agent name="Dummy"' in xml


def test_what_only_the_toolkit_needs_stays_out(installed_agents: Path) -> None:
    (generation,) = generations(installed_agents.parents[1] / "lib/ocfpy")
    there = {path.name for path in (generation / "ocf_py").iterdir()}
    assert {"runner.py", "system", "__pycache__"} <= there
    assert not there & {"toolkit", "conformance", "lab", "_agents", "_examples"}


@pytest.mark.parametrize("absolute", [True, False])
def test_a_launcher_is_found_through_links_to_it_and_to_its_folder(
    place: Place, python: Interpreter, launchers: Path, tmp_path: Path, *, absolute: bool
) -> None:
    install(place, make_sources(), python)
    links = tmp_path / "links"
    links.mkdir()
    target = str(launchers) if absolute else os.path.relpath(launchers, links)
    (links / "folder").symlink_to(target)
    (links / "Lamp").symlink_to(f"{target}/Lamp")
    (links / "again").symlink_to("Lamp")
    for path in (links / "folder/Lamp", links / "Lamp", links / "again"):
        assert run_launcher(path) == "Lamp first first"


def test_a_launcher_without_its_library_says_so_in_one_line(
    place: Place, python: Interpreter, launchers: Path, library: Path
) -> None:
    install(place, make_sources(), python)
    (generation,) = generations(library)
    shutil.rmtree(generation)
    done = subprocess.run([launchers / "Lamp", "stop"], capture_output=True, text=True, check=False)
    assert done.returncode == 1  # whether it is stopped cannot be known
    lost = f"{launchers}/../../lib/ocfpy/{generation.name}/ocf_py/launch.py"
    assert done.stderr == f"ocf-exit-reason:cannot read {lost}: install the agents again\n"


def test_a_library_that_cannot_be_loaded_is_one_line(
    place: Place, python: Interpreter, launchers: Path, library: Path
) -> None:
    install(place, make_sources(), python)
    (generation,) = generations(library)
    shutil.rmtree(generation / "ocf_py/__pycache__")
    (generation / "ocf_py/runner.py").unlink()
    done = subprocess.run([launchers / "Lamp", "stop"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("ocf-exit-reason:cannot load ")
    assert done.stderr.endswith("(No module named 'ocf_py.runner'): install the agents again\n")


def test_metadata_is_there_without_an_interpreter_and_the_rest_says_what_is_missing(
    place: Place, launchers: Path, tmp_path: Path
) -> None:
    path = tmp_path / "with blank 'n quote" / "python"
    path.parent.mkdir()
    path.symlink_to("/usr/bin/python3")
    install(place, make_sources(), find_interpreter(str(path)))
    assert run_launcher(launchers / "Lamp", "stop") == "Lamp first first stop"
    said = run_launcher(launchers / "Lamp", "meta-data")
    assert said.startswith("Lamp first first meta-data")
    path.unlink()
    assert run_launcher(launchers / "Lamp", "meta-data") == said
    for action, interval, code in (
        ("start", "0", 5),
        ("validate-all", "", 5),
        ("monitor", "", 7),  # a probe, where nothing was started
        ("monitor", "10000", 1),
        ("stop", "0", 1),
    ):
        done = subprocess.run(
            [launchers / "Lamp", action],
            env={"PATH": "/usr/bin:/bin", "OCF_RESKEY_CRM_meta_interval": interval},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert done.stderr == f"ocf-exit-reason:cannot read {path}: install the agents again\n"


def test_metadata_that_is_lost_is_made_anew(
    place: Place, python: Interpreter, launchers: Path, library: Path
) -> None:
    install(place, make_sources(), python)
    (generation,) = generations(library)
    (generation / "ocfpy_agents/lamp.xml").unlink()
    assert run_launcher(launchers / "Lamp", "meta-data") == "Lamp first first meta-data"


def test_modes_are_the_same_under_any_umask(
    place: Place, python: Interpreter, root: Path, launchers: Path
) -> None:
    former = os.umask(0o077)
    try:
        install(place, make_sources(), python)
    finally:
        os.umask(former)
    for path in (root, *root.rglob("*")):
        executable = path.is_dir() or path.parent == launchers
        assert path.stat().st_mode & 0o7777 == (0o755 if executable else 0o644), path


def test_byte_code_is_never_checked_against_its_source_and_names_the_final_path(
    place: Place, library: Path
) -> None:
    install(place, make_sources(), find_interpreter("/usr/bin/python3"))
    (generation,) = generations(library)
    (compiled,) = (generation / "ocf_py/__pycache__").glob("runner.*.pyc")
    content = compiled.read_bytes()
    assert int.from_bytes(content[4:8], "little") == 0b01  # PEP 552: hash-based, unchecked
    shown = f"/usr/lib/ocf/lib/ocfpy/{generation.name}/ocf_py/runner.py"
    assert shown.encode() in content


def test_running_an_agent_writes_nothing(
    place: Place, python: Interpreter, root: Path, launchers: Path
) -> None:
    install(place, make_sources(), python)
    before = list_tree(root)
    run_launcher(launchers / "Lamp")
    assert list_tree(root) == before


def test_a_prefix_is_put_below_the_root(root: Path, python: Interpreter) -> None:
    install(Place(root, "/opt/ha"), make_sources(), python)
    assert run_launcher(root / "opt/ha/lib/ocf/resource.d/ocfpy/Lamp") == "Lamp first first"


# --- again, and again with something else


def test_the_same_again_touches_nothing(place: Place, python: Interpreter, root: Path) -> None:
    install(place, make_sources(), python)
    before = list_tree(root)
    assert "already" in install(place, make_sources(), python)[-1]
    assert list_tree(root) == before


def test_the_same_again_restores_what_is_missing(
    place: Place, python: Interpreter, root: Path, library: Path, launchers: Path
) -> None:
    install(place, make_sources(), python)
    before = list_tree(root)
    (generation,) = generations(library)
    lost = [launchers / "Lamp", generation / "ocf_py/runner.py"]
    lost += (generation / "ocfpy_agents/__pycache__").glob("lamp.*")
    for path in lost:
        path.unlink()
    install(place, make_sources(), python)
    after = list_tree(root)
    assert after.keys() == before.keys()
    assert run_launcher(launchers / "Lamp") == "Lamp first first"
    files = {name for name, (mode, _, _) in before.items() if mode.startswith("-")}
    rewritten = {name for name in files if after[name][1] != before[name][1]}
    assert rewritten == {
        *(str(path.relative_to(root)) for path in lost),
        "usr/lib/ocf/lib/ocfpy/manifest.json",
    }


def test_the_same_again_restores_a_mode(place: Place, python: Interpreter, launchers: Path) -> None:
    install(place, make_sources(), python)
    (launchers / "Lamp").chmod(0o600)
    install(place, make_sources(), python)
    assert run_launcher(launchers / "Lamp") == "Lamp first first"


def test_an_upgrade_keeps_the_generation_before_and_no_older_one(
    place: Place, python: Interpreter, library: Path, launchers: Path
) -> None:
    seen: list[Path] = []
    for text in ("first", "second", "third"):
        install(place, make_sources(text), python)
        assert run_launcher(launchers / "Lamp") == f"Lamp {text} {text}"
        seen.append((generations(library) - set(seen)).pop())
    assert generations(library) == set(seen[1:])


def test_the_same_again_keeps_the_generation_before(
    place: Place, python: Interpreter, library: Path
) -> None:
    install(place, make_sources("first"), python)
    install(place, make_sources("second"), python)
    both = generations(library)
    assert len(both) == 2
    install(place, make_sources("second"), python)
    assert generations(library) == both


def test_going_back_to_the_generation_before_works(
    place: Place, python: Interpreter, launchers: Path
) -> None:
    for text in ("first", "second", "first"):
        install(place, make_sources(text), python)
    assert run_launcher(launchers / "Lamp") == "Lamp first first"


def test_a_type_that_is_no_longer_shipped_goes(
    place: Place, python: Interpreter, launchers: Path
) -> None:
    install(place, make_sources(types=("Lamp", "Bell")), python)
    install(place, make_sources(types=("Bell",)), python)
    assert [path.name for path in launchers.iterdir()] == ["Bell"]


def test_another_interpreter_makes_another_generation(
    place: Place, python: Interpreter, library: Path, tmp_path: Path, launchers: Path
) -> None:
    other = tmp_path / "python"
    other.symlink_to(python.path)
    install(place, make_sources(), python)
    install(place, make_sources(), find_interpreter(str(other)))
    assert len(generations(library)) == 2
    assert run_launcher(launchers / "Lamp") == "Lamp first first"


# --- what is not ours


@pytest.mark.parametrize("kind", ["file", "symlink", "dangling symlink", "folder", "pipe"])
def test_what_is_not_ours_is_refused_and_nothing_changes(
    place: Place, python: Interpreter, launchers: Path, root: Path, tmp_path: Path, kind: str
) -> None:
    launchers.mkdir(parents=True)
    target = tmp_path / "precious"
    path = launchers / "Lamp"
    if kind == "file":
        path.write_text("theirs")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
        if kind == "symlink":
            target.write_text("precious")
    before = list_tree(tmp_path)
    with pytest.raises(ToolkitError, match=r"/Lamp: not written by ocf-py.*move it away"):
        install(place, make_sources(), python)
    assert list_tree(tmp_path) == before
    assert root.exists()


@pytest.mark.parametrize("which", ["resource.d/ocfpy/Lamp", "lib/ocfpy/*/ocf_py/runner.py"])
def test_what_was_changed_since_is_refused_and_nothing_changes(
    place: Place, python: Interpreter, root: Path, which: str
) -> None:
    install(place, make_sources(), python)
    (path,) = (root / "usr/lib/ocf").glob(which)
    path.write_text(path.read_text() + "# mine\n")
    before = list_tree(root)
    with pytest.raises(ToolkitError, match=f"{path}: .*changed since"):
        install(place, make_sources(), python)
    assert list_tree(root) == before


def test_a_backup_over_another_version_is_replaced_where_that_is_asked_for(
    place: Place, python: Interpreter, root: Path, tmp_path: Path
) -> None:
    """What the remedy of mixed versions has to mend, down to the same files as a fresh install."""
    install(place, make_sources("first"), python)
    shutil.copytree(root, tmp_path / "backup")
    install(place, make_sources("second"), python)
    whole = {path: (mode, content) for path, (mode, _, content) in list_tree(root).items()}
    shutil.copytree(tmp_path / "backup", root, dirs_exist_ok=True)
    with pytest.raises(ToolkitError, match="--replace"):
        install(place, make_sources("second"), python)
    install(place, make_sources("second"), python, replace=True)
    assert [one.verdict for one in inspect(place)] == [Verdict.FINE]
    after = {path: (mode, content) for path, (mode, _, content) in list_tree(root).items()}
    assert after == whole
    uninstall(place)
    assert not (root / "usr/lib/ocf").exists()


@pytest.mark.parametrize("kind", ["file", "symlink"])
def test_what_is_not_ours_is_replaced_where_that_is_asked_for(
    place: Place, python: Interpreter, launchers: Path, tmp_path: Path, kind: str
) -> None:
    launchers.mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    if kind == "file":
        (launchers / "Lamp").write_text("theirs")
    else:
        (launchers / "Lamp").symlink_to(precious)
    install(place, make_sources(), python, replace=True)
    assert [one.verdict for one in inspect(place)] == [Verdict.FINE]
    assert precious.read_text() == "precious"


def test_a_folder_under_the_name_of_a_launcher_is_never_replaced(
    place: Place, python: Interpreter, launchers: Path
) -> None:
    (launchers / "Lamp").mkdir(parents=True)
    (launchers / "Lamp/theirs").write_text("theirs")
    with pytest.raises(ToolkitError, match="Lamp"):
        install(place, make_sources(), python, replace=True)
    assert (launchers / "Lamp/theirs").read_text() == "theirs"


@pytest.mark.parametrize("where", ["lib/ocfpy", "resource.d/ocfpy", "lib"])
def test_a_symlink_in_place_of_a_folder_of_ours_is_not_followed(
    place: Place, python: Interpreter, root: Path, tmp_path: Path, where: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    planted = root / "usr/lib/ocf" / where
    planted.parent.mkdir(parents=True)
    planted.symlink_to(outside)
    with pytest.raises(ToolkitError, match="symlink"):
        install(place, make_sources(), python)
    assert not list(outside.iterdir())


def test_a_linked_lib_folder_is_the_machines_own_matter(
    place: Place, python: Interpreter, root: Path
) -> None:
    (root / "usr").mkdir(parents=True)
    (root / "lib64").mkdir()
    (root / "usr/lib").symlink_to("../lib64")
    install(place, make_sources(), python)
    assert run_launcher(root / "usr/lib/ocf/resource.d/ocfpy/Lamp") == "Lamp first first"


@pytest.mark.parametrize(
    ("linked", "target"),
    [
        ("usr", "{machine}"),
        ("usr", "../machine"),
        ("usr/lib", "{machine}/lib"),
        ("usr/lib", "../../machine/lib"),
        ("usr/lib", "../../missing"),
    ],
)
def test_a_symlink_out_of_the_root_is_refused_and_nothing_changes(
    place: Place, python: Interpreter, root: Path, tmp_path: Path, linked: str, target: str
) -> None:
    machine = tmp_path / "machine"
    install(Place(machine, "/"), make_sources(), python)
    (root / linked).parent.mkdir(parents=True)
    (root / linked).symlink_to(target.format(machine=machine))
    before = list_tree(tmp_path)
    for act in (install, preview_install):
        with pytest.raises(ToolkitError, match=f"{root}/usr/lib: a symlink leads out of {root}"):
            act(place, make_sources(), python)
    for dry_run in (False, True):
        with pytest.raises(ToolkitError, match=f"{root}/usr/lib: a symlink leads out of {root}"):
            uninstall(place, dry_run=dry_run)
    assert list_tree(tmp_path) == before


def test_the_root_itself_may_be_reached_through_a_symlink(
    python: Interpreter, root: Path, launchers: Path, tmp_path: Path
) -> None:
    root.mkdir()
    (tmp_path / "linked").symlink_to(root)
    install(Place(tmp_path / "linked"), make_sources(), python)
    assert run_launcher(launchers / "Lamp") == "Lamp first first"
    uninstall(Place(tmp_path / "linked"))
    assert set(list_tree(root)) == {"usr", "usr/lib"}


def test_a_dangling_symlink_where_a_folder_belongs_is_one_line(
    place: Place, python: Interpreter, root: Path
) -> None:
    (root / "usr").mkdir(parents=True)
    (root / "usr/lib").symlink_to("../lib64")
    before = list_tree(root)
    complaint = f"^{root}/usr/lib: leads to ../lib64, which is no folder; remove it, or make"
    with pytest.raises(ToolkitError, match=complaint):
        install(place, make_sources(), python)
    assert list_tree(root) == before


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"format": 2}',
        '{"format": 1, "files": {"ocf/lib/ocfpy/../../../etc/passwd": []}}',
    ],
)
def test_a_damaged_manifest_is_one_line(
    place: Place, python: Interpreter, library: Path, text: str
) -> None:
    library.mkdir(parents=True)
    (library / "manifest.json").write_text(text)
    with pytest.raises(ToolkitError, match=r"manifest\.json: unreadable manifest"):
        install(place, make_sources(), python)
    with pytest.raises(ToolkitError, match=r"manifest\.json: unreadable manifest"):
        uninstall(place)


# --- gone again


def test_uninstall_leaves_nothing_of_ours(place: Place, python: Interpreter, root: Path) -> None:
    for text in ("first", "second"):
        install(place, make_sources(text), python)
    assert "uninstalled" in uninstall(place)[-1]
    assert set(list_tree(root)) == {"usr", "usr/lib"}


def test_uninstall_leaves_what_others_have_there(
    place: Place, python: Interpreter, root: Path, launchers: Path
) -> None:
    heartbeat = root / "usr/lib/ocf/resource.d/heartbeat/Dummy"
    heartbeat.parent.mkdir(parents=True)
    heartbeat.write_text("theirs")
    (root / "usr/lib/ocf/lib").mkdir()
    before = set(list_tree(root))
    install(place, make_sources(), python)
    (launchers / "Custom").write_text("theirs")
    uninstall(place)
    ours = {"usr/lib/ocf/resource.d/ocfpy", "usr/lib/ocf/resource.d/ocfpy/Custom"}
    assert set(list_tree(root)) == before | ours
    assert heartbeat.read_text() == (launchers / "Custom").read_text() == "theirs"


def test_uninstall_leaves_what_was_changed_and_says_so(
    place: Place, python: Interpreter, launchers: Path
) -> None:
    install(place, make_sources(), python)
    (launchers / "Lamp").write_text("mine now")
    with pytest.raises(ToolkitError, match=r"uninstalled .*/Lamp, changed by .* remove by hand"):
        uninstall(place)
    assert (launchers / "Lamp").read_text() == "mine now"
    assert [path.name for path in launchers.iterdir()] == ["Lamp"]


def test_uninstall_where_nothing_is_says_so(place: Place, root: Path) -> None:
    assert "nothing of ocf-py" in uninstall(place)[0]
    assert not root.exists()


def test_a_dry_run_names_every_file_and_touches_none(
    place: Place, python: Interpreter, root: Path, launchers: Path
) -> None:
    would = preview_install(place, make_sources(), python)
    assert not root.exists()
    install(place, make_sources(), python)
    written = {str(path) for path in root.rglob("*") if path.is_file()}
    announced = {line.rpartition(" ")[2] for line in would}
    assert written - announced == {str(root / "usr/lib/ocf/lib/ocfpy/manifest.json")}
    assert announced <= written
    before = list_tree(root)
    gone = uninstall(place, dry_run=True)
    assert f"would remove {launchers / 'Lamp'}" in gone
    assert list_tree(root) == before


# --- the way in


def test_without_permission_it_is_one_line(open_folder: Path) -> None:
    denied = open_folder / "denied"
    denied.mkdir(mode=0o555)
    done = run_cli("install", "--root", denied, user=UNPRIVILEGED)
    assert done.returncode == 1
    reason = f"{denied}/usr/lib/ocf/lib/ocfpy: Permission denied"
    assert done.stderr == f"ocf-py: {reason}; run as root, or choose another --root\n"


def test_a_lock_that_another_install_holds_is_waited_for_but_not_for_ever(
    place: Place, python: Interpreter, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_module, "_LOCK_PATIENCE", 0.1)
    library.mkdir(parents=True)
    held = os.open(library, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(ToolkitError, match="another install or uninstall holds it"):
        install(place, make_sources(), python)
    os.close(held)
    install(place, make_sources(), python)


def test_a_lock_on_a_folder_that_was_removed_meanwhile_is_taken_anew(
    place: Place, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    lock = tree_module._lock

    def announce(at: int, limit: float, shown: Path) -> None:
        opened.set()
        lock(at, limit, shown)

    monkeypatch.setattr(tree_module, "_lock", announce)
    library.mkdir(parents=True)
    former = os.open(library, os.O_RDONLY)
    fcntl.flock(former, fcntl.LOCK_EX)

    def remove_and_release() -> None:
        opened.wait(10)
        library.rmdir()
        os.close(former)

    uninstaller = threading.Thread(target=remove_and_release)
    uninstaller.start()
    with place.tree.locked("ocf/lib/ocfpy", create=True):
        now = os.open(library, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(now, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(now)
    uninstaller.join()


def run_make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make` in this checkout, with nothing but `variables` in its environment."""
    return subprocess.run(
        ["make", "-s", "-C", str(CHECKOUT), *arguments],
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["plain", 'it\'s "here" `false` & there'])
@pytest.mark.parametrize("by_environment", [True, False])
def test_make_installs_from_a_bare_tree_with_the_system_interpreter(
    tmp_path: Path, name: str, by_environment: bool
) -> None:
    root = tmp_path / name
    variables = {"DESTDIR": str(root), "PREFIX": "/opt/ha"}
    words = [] if by_environment else [f"{name}={text}" for name, text in variables.items()]
    environment = variables if by_environment else {}
    done = run_make("install", *words, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    manifest = json.loads((root / "opt/ha/lib/ocf/lib/ocfpy/manifest.json").read_text())
    assert manifest["generation"]
    done = run_make("uninstall", *words, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(list_tree(root)) == {"opt", "opt/ha", "opt/ha/lib"}


@pytest.mark.parametrize("target", ["install", "uninstall", "stage"])
def test_make_without_an_interpreter_says_so(tmp_path: Path, target: str) -> None:
    done = run_make(target, f"DESTDIR={tmp_path}", "PYTHON=/nonexist")
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert said[0] == "no interpreter at /nonexist; name another: make PYTHON=..."
    assert len(said) == 2  # make's own word that it ends
    assert not list(tmp_path.iterdir())


def test_the_command_line_installs_and_uninstalls(tmp_path: Path, agents_python: str) -> None:
    began = time.time()
    options = ("--root", tmp_path, "--python", agents_python)
    done = run_cli("install", *options, "--with-examples")
    assert (done.returncode, done.stderr) == (0, "")
    dummy = tmp_path / "usr/lib/ocf/resource.d/ocfpy/Dummy"
    assert dummy.stat().st_mtime >= began - 1
    assert "<resource-agent" in run_launcher(dummy, "meta-data")
    assert run_cli("uninstall", "--root", tmp_path).returncode == 0
    assert not dummy.exists()
