"""What crashed actions have left in the run directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.doctor.leftovers import check_run_directory
from ocf_py.drbd.marks import BEGINNING as FENCE_MARKS
from ocf_py.mirror.status import folder_of
from ocf_py.start_record import StartRecord
from tests.unit.doctor.nodes import FakeNode, ours, told

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.doctor.resources import Resource

_NOW = 1_000_000.0


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    made = FakeNode(tmp_path)
    made.write("/proc/sys/kernel/random/boot_id", "this\n")
    return made


def owned(node: FakeNode, mode: int = 0o700) -> None:
    node.path("/run/ocfpy").mkdir(parents=True, exist_ok=True)
    node.path("/run/ocfpy").chmod(mode)


def record(node: FakeNode, name: str, boot: str = "this") -> None:
    node.write(f"/run/ocfpy/{name}", StartRecord({"ip": "192.0.2.1"}).dump(boot), 0o600)
    owned(node)


def look(node: FakeNode, resources: list[Resource] | None) -> list[tuple[str, str]]:
    return told(check_run_directory(node, resources, _NOW))


def test_what_a_handler_of_drbd_has_left_for_the_monitor_is_no_record(node: FakeNode) -> None:
    record(node, "IPaddr.one")
    node.write(f"/run/ocfpy/{FENCE_MARKS}r0", "told\n", 0o600)
    (found,) = check_run_directory(node, None, _NOW)
    assert found.message == "1 start record, none left by a crash"


def test_a_number_and_its_verb_agree(node: FakeNode) -> None:
    record(node, "IPaddr.one")
    for name, count in (("IPaddr.one", "1 resource was "), ("IPaddr.two", "2 resources were ")):
        record(node, name)
        (found,) = check_run_directory(node, None, _NOW, is_attended=False)
        assert found.message.startswith(count)


def test_without_the_directory_nothing_was_started(node: FakeNode) -> None:
    assert look(node, []) == [("fine", "/run/ocfpy")]


@pytest.mark.parametrize(
    ("name", "resource", "is_known"),
    [
        ("IPaddr.vip", ours("IPaddr", "vip"), True),
        ("IPaddr.vip%3A0", ours("IPaddr", "vip"), True),
        ("IPaddr.vip2", ours("IPaddr", "vip"), False),
        ("Service.vip", ours("IPaddr", "vip"), False),
        ("IPaddr.a%2Fb", ours("IPaddr", "a/b"), True),
    ],
)
def test_a_record_of_a_resource_that_the_cib_lacks_is_found(
    node: FakeNode, name: str, resource: Resource, is_known: bool
) -> None:
    record(node, name)
    expected = ("fine", "/run/ocfpy") if is_known else ("warning", f"/run/ocfpy/{name}")
    assert look(node, [resource]) == [expected]
    assert look(node, None) == [("fine", "/run/ocfpy")]


def test_what_was_started_where_no_cluster_runs_any_more_is_one_line(node: FakeNode) -> None:
    record(node, "IPaddr.vip")
    record(node, "Service.web")
    found = list(check_run_directory(node, None, _NOW, is_attended=False))
    assert told(found) == [("warning", "/run/ocfpy/IPaddr.vip")]
    assert "2 resources" in found[0].message


def test_a_record_of_an_earlier_boot_is_found(node: FakeNode) -> None:
    record(node, "IPaddr.vip", boot="before")
    assert look(node, [ours("IPaddr", "vip")]) == [("warning", "/run/ocfpy/IPaddr.vip")]


@pytest.mark.parametrize("content", [b"", b"\xff\0", b"ocfpy-record 1\nboot this\n"])
def test_a_record_that_cannot_be_read_is_a_problem(node: FakeNode, content: bytes) -> None:
    node.write("/run/ocfpy/IPaddr.vip", content)
    owned(node)
    assert look(node, [ours("IPaddr", "vip")]) == [("problem", "/run/ocfpy/IPaddr.vip")]


def test_what_is_no_file_in_the_place_of_a_record_is_a_problem(node: FakeNode) -> None:
    owned(node)
    node.path("/run/ocfpy/IPaddr.vip").mkdir()
    assert look(node, None) == [("problem", "/run/ocfpy/IPaddr.vip")]


def test_half_of_a_file_is_left_over_once_its_writer_must_be_dead(node: FakeNode) -> None:
    node.write("/run/ocfpy/.IPaddr.vip.123")
    owned(node)
    half = node.path("/run/ocfpy/.IPaddr.vip.123")
    os.utime(half, (_NOW - 1, _NOW - 1))
    assert look(node, []) == [("fine", "/run/ocfpy")]
    os.utime(half, (_NOW - 3600, _NOW - 3600))
    assert look(node, []) == [("warning", "/run/ocfpy/.IPaddr.vip.123")]


def test_the_folder_of_a_mirror_that_the_cib_lacks_is_found(node: FakeNode) -> None:
    owned(node)
    folder = folder_of("/srv/site")
    node.path(folder).mkdir(parents=True)
    assert look(node, [ours("MirrorSync", "site", directory="/srv/site/")]) == [
        ("fine", "/run/ocfpy")
    ]
    assert look(node, []) == [("warning", folder)]


@pytest.mark.parametrize(
    ("mode", "verdict"),
    [(0o700, "fine"), (0o755, "warning"), (0o770, "problem"), (0o777, "problem")],
)
def test_others_may_neither_write_nor_look(node: FakeNode, mode: int, verdict: str) -> None:
    owned(node, mode)
    if os.geteuid() != 0:  # whoever runs the tests owns the directory, and is not root
        verdict = "problem"
    assert look(node, [])[0] == (verdict, "/run/ocfpy")


def test_something_else_in_its_place_is_a_problem(node: FakeNode) -> None:
    node.write("/run/ocfpy")
    assert look(node, []) == [("problem", "/run/ocfpy")]
