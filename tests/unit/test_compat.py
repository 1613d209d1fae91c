"""Which interpreter a name means to `make compat`."""

from __future__ import annotations

from pathlib import Path

import pytest

import compat


@pytest.fixture(autouse=True)
def _bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)


def make_executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


def test_a_version_is_found_on_path(tmp_path: Path) -> None:
    python = make_executable(tmp_path / "bin/python3.9")
    assert compat.find_interpreter("3.9") == python


def test_a_version_is_found_below_pyenv_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_executable(tmp_path / "bin/python3.9")
    python = make_executable(tmp_path / "pyenv/versions/3.9.18/bin/python")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert compat.find_interpreter("3.9") == python


def test_a_path_means_itself(tmp_path: Path) -> None:
    python = make_executable(tmp_path / "else/python")
    assert compat.find_interpreter(str(python)) == python
    assert compat.find_interpreter(f"{python}9") is None


@pytest.mark.parametrize("names", [["3.9"], ["3"], []])
def test_what_is_missing_is_named_before_anything_runs(names: list[str]) -> None:
    with pytest.raises(SystemExit, match=f"no Python {names[0] if names else 'named'} on PATH"):
        compat.main(names)


def test_an_interpreter_in_a_closed_folder_is_refused_with_the_folder(tmp_path: Path) -> None:
    python = make_executable(tmp_path / "closed/bin/python3.9")
    (tmp_path / "closed").chmod(0o700)
    assert compat.closed_to_others(python) == tmp_path / "closed"
    assert compat.closed_to_others(Path("/usr/bin/python3")) is None
