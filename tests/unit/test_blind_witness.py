"""What the tester itself cannot do is no fault of the agent."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance import examination
from ocf_py.conformance.fuzz.witness import Witness, WitnessDied
from ocf_py.conformance.sandbox import SandboxUnavailable
from ocf_py.toolkit import test as command
from ocf_py.toolkit.errors import ToolkitError
from tests.contract.broken_agents import AGENTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class FakeSandbox:
    """Whatever is to run in it is this script."""

    def __init__(self, script: str) -> None:
        self._script = script

    def popen(self, _: object, **__: object) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        argv = ["/bin/sh", "-c", self._script]
        return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def make_witness(script: str) -> Witness:
    sandbox: Any = FakeSandbox(script)
    return Witness(sandbox)


def test_a_witness_that_never_sees_anything_means_that_there_is_no_sandbox() -> None:
    with (
        contextlib.closing(make_witness("echo no ip here >&2; exit 3")) as witness,
        pytest.raises(SandboxUnavailable, match="it is dark: 3: no ip here"),
    ):
        witness.look()


def test_one_that_dies_later_was_ended_by_somebody() -> None:
    script = """read x; echo '[{"path /run": "folder"}, [], []]'; read x; exit 3"""
    with contextlib.closing(make_witness(script)) as witness:
        witness.look()
        with pytest.raises(WitnessDied):
            witness.look()


def test_a_sandbox_that_cannot_be_made_in_the_middle_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SandboxUnavailable("the kernel has no free loop device")

    monkeypatch.setattr(examination, "examine", fail)
    run: Callable[..., object] = command.test.main
    state = f"state={tmp_path}/state"
    with pytest.raises(ToolkitError, match="cannot go on: the kernel has no free loop device"):
        run([str(AGENTS / "sound"), "-o", state, "--rule", "life"], standalone_mode=False)
