"""What users see of each agent changes only on purpose: its metadata stands in tests/data."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from ocf_py.metadata import document

GOLDEN = Path(__file__).parents[1] / "data" / "metadata"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ipaddr", "IPaddr"),
        ("filesystem", "Filesystem"),
        ("service", "Service"),
        ("mirrorsync", "MirrorSync"),
        ("drbd", "Drbd"),
        ("dummy", "Dummy"),
        ("stateful", "Stateful"),
    ],
)
def test_the_metadata_is_as_it_was_last_agreed(module: str, name: str, tmp_path: Path) -> None:
    golden = GOLDEN / f"{name}.xml"
    now = document(getattr(importlib.import_module(module), name))
    written = tmp_path / f"{name}.xml"
    written.write_text(now)
    assert now == golden.read_text(), f"if the change is meant: cp {written} {golden}"
