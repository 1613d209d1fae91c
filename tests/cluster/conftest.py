"""One lab for all experiments, made calm before each; how the leak tests look at the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.lab.settings import LOG_HOME

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

DISK_MIB = 512
INFINITY = 1_000_000  # Pacemaker's
EXAMPLES = Path(__file__).parents[2] / "examples/cib"
SEEN_LABS: list[Lab] = []


def name_lab(purpose: str) -> str:
    """A name that no other test run on this machine gives to a lab."""
    return f"test-{os.getpid()}-{purpose}"


def pytest_sessionfinish(exitstatus: int) -> None:
    """Labs leave their logs; those of a run without a failure are of no use."""
    if exitstatus == pytest.ExitCode.OK:
        for logs in LOG_HOME.glob(name_lab("*")):
            shutil.rmtree(logs)


@pytest.fixture(scope="session")
def shared_lab() -> Iterator[Lab]:
    """The lab that most experiments share; building one takes seconds."""
    with Lab.up(name_lab("shared"), disk_mib=DISK_MIB) as lab:
        SEEN_LABS.append(lab)
        yield lab


@pytest.fixture
def lab(shared_lab: Lab) -> Lab:
    """The shared lab: all faults mended, all nodes online, nothing failed."""
    return calm(shared_lab)


def calm(lab: Lab) -> Lab:
    """Undo what an experiment has left."""
    lab.heal()
    for node in lab.nodes:
        lab.start(node.name)
    lab.await_online()
    lab.running_nodes()[0].run(["crm_resource", "--cleanup"])
    return lab


def settle(lab: Lab, node: str | None = None) -> None:
    """Wait until Pacemaker has nothing more to do."""
    asked = lab.node(node) if node else lab.running_nodes()[0]
    asked.run(["crm_resource", "--wait", "--timeout=240s"], timeout=300)


def fail_count(lab: Lab, resource: str, node: str) -> int:
    """How often a resource has failed on a node, as Pacemaker counts."""
    query = ["crm_failcount", "--query", "--resource", resource, "--node", node, "-Q"]
    said = lab.node(node).run(query).stdout.strip()
    return INFINITY if said == "INFINITY" else int(said)


def other_node(lab: Lab, name: str) -> str:
    """The other one of two nodes."""
    return next(node.name for node in lab.nodes if node.name != name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with each failure where the logs are."""
    report = yield
    if report.failed:
        places = "\n".join(str(lab.settings.logs) for lab in SEEN_LABS)
        report.sections.append(("logs of the labs", places))
    return report
