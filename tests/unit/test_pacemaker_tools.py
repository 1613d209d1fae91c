"""What stands for Pacemaker's tools keeps attributes, as they do, and tells what it was asked."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.tools import PacemakerTools

if TYPE_CHECKING:
    from pathlib import Path

_TOLD = 'name="a" host="node1" value="5"'
_SCOPED = "scope=status  name=a value=5"


def ask(folder: Path, line: str) -> tuple[int, str]:
    tool, *words = line.split()
    done = subprocess.run(
        [folder / tool, *words], env={}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("update", "query", "answer"),
    [
        ("attrd_updater -n a -U 5 -d 5s", "attrd_updater -n a -Q", _TOLD),
        ("attrd_updater -n a -B 5 -p", "attrd_updater -Q -n a", _TOLD),
        ("crm_attribute -N n1 -n a -v 5 -l reboot", "crm_attribute -N n1 -n a -G -q", "5"),
        ("crm_attribute --node=n1 --name=a --update=5", "crm_attribute -n a --query --quiet", "5"),
        ("crm_attribute -t crm_config -n a -s x -v 5", "crm_attribute -n a -G", _SCOPED),
        ("crm_attribute --promotion -N n1 -v 10", "crm_attribute --promotion -G -q", "10"),
        ("crm_master -l reboot -v 7", "crm_master -G -q", "7"),
        ("crm_master -v 7", "crm_attribute -n b -G -q -d 3", "3"),
    ],
)  # fmt: skip
def test_an_attribute_is_kept_until_it_is_deleted(
    tmp_path: Path, update: str, query: str, answer: str
) -> None:
    PacemakerTools(tmp_path, str(tmp_path)).obey()
    assert ask(tmp_path, update) == (0, "")
    assert ask(tmp_path, query) == (0, f"{answer}\n")


def test_one_that_nobody_has_set_or_that_was_deleted_is_an_error_to_ask_for(tmp_path: Path) -> None:
    tools = PacemakerTools(tmp_path, str(tmp_path))
    tools.obey()
    assert ask(tmp_path, "crm_master -G -q") == (105, "")
    assert ask(tmp_path, "crm_master -v 5") == (0, "")
    assert ask(tmp_path, "crm_master -D") == (0, "")
    assert ask(tmp_path, "crm_master -G -q") == (105, "")
    assert tools.take_scores() == ["5", "deleted"]
