"""What lies in a state directory is believed only if root wrote it, and one at a time holds it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab, LabError
from ocf_py.lab.life import bring_down
from ocf_py.lab.lock import LabIsUpError, lock_lab
from ocf_py.lab.settings import Settings
from ocf_py.lab.spawn import python_command
from tests.cluster.conftest import name_lab
from tests.cluster.footprint import cgroup_hierarchy

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a lab that has nothing yet but a private directory."""
    settings = Settings.build(name_lab("state"), tmp_path / "state")
    settings.state.mkdir(mode=0o700)
    return settings


@pytest.fixture
def victim(tmp_path: Path, settings: Settings) -> Path:
    """What a sweep would remove if it believed that the lab is there."""
    (tmp_path / "victim/shared").mkdir(parents=True)
    settings.save()
    written = json.loads(settings.settings_file.read_text())
    written["state"] = str(tmp_path / "victim")
    settings.settings_file.write_text(json.dumps(written))
    return tmp_path / "victim/shared"


@pytest.mark.parametrize(("owner", "mode"), [(NOBODY, 0o700), (0, 0o777), (0, 0o770)])
def test_a_directory_that_others_can_write_to_is_not_believed(
    settings: Settings, victim: Path, owner: int, mode: int
) -> None:
    os.chown(settings.state, owner, owner)
    settings.state.chmod(mode)
    for ask in (Lab.find, lambda *_: bring_down(settings)):
        with pytest.raises(LabError, match="only root can write to"):
            ask(settings.name, settings.state)
    sweep = python_command("ocf_py.lab.janitor", str(settings.state), "--sweep", settings.name)
    assert subprocess.run(sweep, capture_output=True, check=False).returncode != 0
    assert victim.exists()
    assert settings.settings_file.exists()


def test_a_sweep_is_of_the_directory_that_was_named(settings: Settings, victim: Path) -> None:
    assert bring_down(settings)
    assert victim.exists()
    assert not settings.state.exists()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "\0", '{"name": "x", "logs": 5}', '{"of": "another version"}', None],
)
def test_down_removes_a_lab_whose_settings_cannot_be_read(
    settings: Settings, content: str | None
) -> None:
    if content is None:  # one value of a wrong kind
        settings.save()
        content = settings.settings_file.read_text().replace('"nodes": 2', '"nodes": "2"')
    settings.settings_file.write_text(content)
    settings.shared.mkdir()
    cgroup = cgroup_hierarchy() / f"ocfpy-lab-{settings.name}-01234567"
    (cgroup / "n1").mkdir(parents=True)
    with pytest.raises(LabError, match="damaged or of another version"):
        Lab.find(settings.name, settings.state)
    assert bring_down(settings)
    assert not settings.state.exists()
    assert not cgroup.exists()


def test_up_waits_for_who_only_looks(settings: Settings) -> None:
    taken = threading.Event()

    def look() -> None:
        with lock_lab(settings):
            taken.set()
            time.sleep(0.2)

    looking = threading.Thread(target=look)
    looking.start()
    taken.wait()
    with lock_lab(settings):
        pass
    looking.join()


def test_up_refuses_a_second_lab(settings: Settings) -> None:
    with lock_lab(settings), pytest.raises(LabIsUpError), lock_lab(settings, 0.1):
        pass


def test_down_leaves_a_lab_alone_that_came_up_meanwhile(settings: Settings) -> None:
    settings.save()  # of a lab whose daemon and janitor were killed
    new = Settings.build(settings.name, settings.state)
    with lock_lab(new):
        up = threading.Timer(0.3, new.save)
        up.start()
        assert bring_down(settings)
        up.join()
        assert Settings.load(new.state) == new
        assert new.lock_file.exists()


def test_an_error_passes_through_the_lock(settings: Settings) -> None:
    with pytest.raises(FileNotFoundError, match="mine"), lock_lab(settings):
        raise FileNotFoundError("mine")
