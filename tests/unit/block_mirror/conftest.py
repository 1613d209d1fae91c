"""The pair of nodes that the agent's tests play with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.block_mirror.world import World, build

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["8.4.11", "9.2.8"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return build(tmp_path, monkeypatch, request.param, "dont-care")


@pytest.fixture
def fencing_eight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return build(tmp_path, monkeypatch, "8.4.11", "resource-and-stonith")


@pytest.fixture
def fencing_nine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return build(tmp_path, monkeypatch, "9.2.8", "resource-and-stonith")


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posix.access", lambda *_: True)
