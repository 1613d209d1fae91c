"""An install that is killed anywhere, and several at once."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.installation import install, uninstall
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import Place
from tests.unit.installing import list_tree, make_sources, run_launcher

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parents[2]

# Installs, and dies by SIGKILL just before the given one of its changes to the file system.
_DRIVER = """
import os, signal, sys
sys.path[:0] = {path!r}
from pathlib import Path
from ocf_py.toolkit.installer.installation import install, uninstall
from ocf_py.toolkit.installer.interpreter import Interpreter
from ocf_py.toolkit.installer.place import Place
from tests.unit.installing import make_sources

left = int(sys.argv[3])

def counted(change):
    def wrapped(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*args, **kwargs)
    return wrapped

place = Place(Path(sys.argv[1]))
python = Interpreter(*{python!r})
for name in ("rename", "unlink", "mkdir", "rmdir", "fchmod"):
    setattr(os, name, counted(getattr(os, name)))
if sys.argv[2] == "uninstall":
    uninstall(place)
else:
    install(place, make_sources(sys.argv[2], tuple(sys.argv[4:])), python)
"""

BOTH = ("Lamp", "Bell")


class Driver:
    """Starts installs in processes of their own, to be killed at a step."""

    def __init__(self, root: Path, python: str) -> None:
        self.root = root
        self.python = find_interpreter(python)
        self.place = Place(root)
        self.launchers = root / "usr/lib/ocf/resource.d/ocfpy"
        probe = (self.python.path, self.python.cache_tag, self.python.magic)
        self._code = _DRIVER.format(path=[str(CHECKOUT), str(CHECKOUT / "src")], python=probe)

    def start(
        self, what: str, types: tuple[str, ...] = BOTH, *, die_at: int = 0
    ) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-B", "-c", self._code, str(self.root), what, str(die_at)]
        return subprocess.Popen([*arguments, *types])

    def install(
        self, text: str, types: tuple[str, ...] = BOTH, added: tuple[str, ...] = ()
    ) -> None:
        install(self.place, make_sources(text, types, added), self.python)

    def says(self) -> set[str]:
        return {run_launcher(path) for path in self.launchers.glob("[!.]*")}

    def leftovers(self) -> list[str]:
        return [name for name in list_tree(self.root) if ".ocf-py-new" in name]


@pytest.fixture
def driver(tmp_path: Path, agents_python: str) -> Driver:
    return Driver(tmp_path, agents_python)


def answers(text: str) -> set[str]:
    return {f"Lamp {text} {text}", f"Bell {text} {text}"}


def test_an_upgrade_killed_at_any_step_leaves_working_agents_and_the_next_one_ends_it(
    driver: Driver,
) -> None:
    """The user's own, which only the first install is told of, is among them all the time."""

    def after(text: str) -> set[str]:  # the user's own is as it was, in another library
        return {f"Lamp {text} {text}", f"Bell first {text}"}

    step = 0
    killed = 0
    while True:
        step += 1
        driver.install("first", ("Lamp",), added=("Bell",))
        code = driver.start("second", ("Lamp",), die_at=step).wait()
        said = driver.says()
        assert len(said) == 2
        assert said <= after("first") | after("second")
        if code == 0:
            break
        assert code == -9
        killed += 1
        text = "third" if step % 2 else "second"  # the next install may be of something else again
        driver.install(text, ("Lamp",))
        assert driver.says() == after(text)
        assert not driver.leftovers()
        uninstall(driver.place)
        assert set(list_tree(driver.root)) == {"usr", "usr/lib"}, f"after step {step}"
    assert killed > 10
    assert said == after("second")


def test_a_first_install_killed_at_any_step_is_ended_by_the_next(driver: Driver) -> None:
    step = 0
    while True:
        step += 1
        code = driver.start("first", die_at=step).wait()
        if code == 0:
            break
        assert code == -9
        assert driver.says() <= answers("first")
        driver.install("first")
        assert driver.says() == answers("first")
        assert not driver.leftovers()
        uninstall(driver.place)
        assert not list((driver.root / "usr/lib/ocf").rglob("ocfpy")), f"after step {step}"
    assert step > 10


class Fault:
    """A disk that is full just at the given one of an install's changes, and has room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        for name in ("rename", "mkdir", "fchmod", "fsync"):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, change: Callable[..., object]) -> Callable[..., object]:
        def refuse_once(*args: object, **kwargs: object) -> object:
            self.left -= 1
            if self.left == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return change(*args, **kwargs)

        return refuse_once


@pytest.mark.parametrize("before", ["", "first"])
def test_an_install_that_fails_at_any_step_leaves_what_was_there_and_nothing_half_made(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    fault = Fault(monkeypatch)
    failed = 0
    for step in range(1, 1000):
        if before:
            driver.install(before)
        fault.left = step
        try:
            driver.install("second")
            break
        except ToolkitError as error:
            assert "No space left on device; make room" in str(error)  # noqa: PT017
        finally:
            fault.left = 0
        failed += 1
        assert not driver.leftovers()
        if before:
            assert driver.says() <= answers("first") | answers("second")
            assert len(driver.says()) == 2
            uninstall(driver.place)
        else:
            assert not list(driver.root.rglob("ocfpy/*")), f"after step {step}"
            assert "nothing of ocf-py" in uninstall(driver.place)[0]
    assert failed > 20


def test_an_install_without_room_leaves_nothing(driver: Driver) -> None:
    sources = make_sources("first", ("Lamp",))
    sources.files["ocf_py/long.py"] = b"#" * 100_000  # more than the limit, unlike the manifest
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(ToolkitError, match="File too large"):
            install(driver.place, sources, driver.python)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert set(list_tree(driver.root)) == {"usr", "usr/lib"}


def test_what_a_killed_first_install_left_is_not_called_a_version(driver: Driver) -> None:
    step = 1
    while not list(driver.root.rglob("ocfpy/manifest.json")):
        assert driver.start("first", die_at=step).wait() == -9
        step += 1
    place = driver.place
    assert uninstall(place) == [f"{place}: uninstalled what an unfinished install left"]
    assert not list(driver.root.rglob("ocfpy"))


def test_an_uninstall_killed_at_any_step_is_ended_by_the_next(driver: Driver) -> None:
    step = 0
    while True:
        step += 1
        driver.install("first")
        code = driver.start("uninstall", die_at=step).wait()
        assert driver.says() <= answers("first")  # what is still there still runs
        uninstall(driver.place)
        assert not list((driver.root / "usr/lib/ocf").rglob("ocfpy/*")), f"after step {step}"
        if code == 0:
            break
        assert code == -9
    assert step > 10


def test_installs_at_the_same_time_follow_one_another(driver: Driver) -> None:
    running = [driver.start(text) for text in ("first", "second", "first", "second")]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert driver.says() in (answers("first"), answers("second"))
    assert not driver.leftovers()
    uninstall(driver.place)
    assert not (driver.root / "usr/lib/ocf/lib/ocfpy").exists()


def test_agents_can_be_called_at_every_moment_of_an_upgrade(driver: Driver) -> None:
    driver.install("first")
    upgrade = driver.start("second")
    while upgrade.poll() is None:
        assert driver.says() <= answers("first") | answers("second")
    assert upgrade.returncode == 0
    assert driver.says() == answers("second")


def test_an_action_that_runs_across_an_upgrade_ends_with_the_library_it_began_with(
    driver: Driver,
) -> None:
    sources = make_sources("first", ("Lamp",))
    late = "import ocf_py.late\nprint(ocf_py.late.text)\n"
    sources.files["ocf_py/late.py"] = b"text = 'first'"
    sources.files["ocf_py/runner.py"] = (
        b"import sys\ndef main(module, name):\n    sys.stdin.read()\n    "
        + late.replace("\n", "\n    ").encode()
    )
    install(driver.place, sources, driver.python)
    with subprocess.Popen(
        [driver.launchers / "Lamp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as action:
        driver.install("second")
        said, _ = action.communicate("go on")
    assert said == "first\n"
    assert os.listdir(driver.launchers)
