"""DRBD's tools on one node of a fake pair."""

from __future__ import annotations

from ocf_py.drbd.tools import Drbd, read_version
from ocf_py.system.commands import Completed
from tests.fakes.drbd_nodes import NAME, FakeNode


class FakeDrbd(Drbd):
    """The tools on one node of a pair."""

    __slots__ = ("node",)

    def __init__(self, node: FakeNode) -> None:
        super().__init__(NAME, "/etc/drbd.conf", lambda: 10.0)
        self.node = node

    def is_loaded(self) -> bool:
        return self.node.is_loaded

    def version(self) -> tuple[int, ...]:
        return read_version(self.node.version) if self.node.is_loaded else ()

    def has_tool(self, tool: str) -> bool:
        return True

    def find_openers(self, minors: list[int]) -> list[str]:
        assert minors == [0]
        return self.node.openers

    def _run(self, argv: list[str]) -> Completed:
        status, stdout, stderr = self.node.run(argv)
        return Completed(argv, status, stdout, stderr)
