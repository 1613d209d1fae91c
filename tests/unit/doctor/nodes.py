"""A node made of a folder, and of programs that answer what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.doctor.node import Node
from ocf_py.doctor.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ocf_py.doctor.diagnosis import Diagnosis


class FakeNode(Node):
    """`programs` are the installed ones; `answers` what a command line prints, with its status."""

    def __init__(
        self,
        root: Path,
        programs: Iterable[str] = (),
        answers: Mapping[str, tuple[int, str]] | None = None,
        processes: Iterable[tuple[int, list[str]]] = (),
    ) -> None:
        super().__init__(root)
        self._answers = dict(answers or {})
        self._programs = {*programs, *(line.split()[0] for line in self._answers)}
        self._processes = list(processes)

    def find(self, tool: str) -> str | None:
        return f"/usr/bin/{tool}" if tool in self._programs else None

    def ask(self, argv: Sequence[str]) -> tuple[int, str] | None:
        if argv[0] not in self._programs:
            return None
        return self._answers.get(" ".join(argv), (1, ""))

    def processes(self) -> Iterator[tuple[int, list[str]]]:
        yield from self._processes

    def write(self, path: str, content: str | bytes = "", mode: int = 0o644) -> None:
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        file.chmod(mode)


def ours(type_: str, id_: str = "it", **parameters: str) -> Resource:
    """A resource of one of our agents."""
    return Resource(id_, "ocf", "ocfpy", type_, parameters)


def told(found: Iterable[Diagnosis]) -> list[tuple[str, str]]:
    """Verdict and subject of each line; whatever is not fine has to say what to do."""
    lines = list(found)
    for one in lines:
        assert bool(one.remedy) == bool(one.consequence) == (one.verdict.value != "fine"), one
    return [(one.verdict.value, one.subject) for one in lines]
