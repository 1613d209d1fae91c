"""Stand-ins for Pacemaker's own tools, which write down what an agent asks of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = ("crm_attribute", "crm_master", "attrd_updater")
_OBEYS = '#!/bin/sh\necho "${0##*/} $*" >>"%s/asked"\n'
_SCORE = re.compile(r"(?:^| )(?:-v|--update)[ =]?(\S+)")
_DELETES = re.compile(r"(?:^| )(?:-D|--delete)(?: |$)")


class PacemakerTools:
    """crm_attribute, crm_master and attrd_updater of one sandbox.

    `folder` is where they lie as seen from here, `inside` as the agent sees it.
    """

    names = _NAMES

    def __init__(self, folder: Path, inside: str) -> None:
        self._folder = folder
        self._obeys = _OBEYS % inside

    def obey(self) -> None:
        """From now on every tool succeeds."""
        self._write(self._obeys)

    def hang(self) -> None:
        """From now on every tool is asked in vain, and never returns."""
        self._write(self._obeys + "exec sleep 1000\n")

    def refuse(self) -> None:
        """From now on every tool fails, as they all do where no cluster runs."""
        self._write(self._obeys + "echo 'Could not connect: Connection refused' >&2\nexit 102\n")

    def read_asked(self) -> list[str]:
        """The command lines of all that was asked since `take_scores`, without folders."""
        asked = self._folder / "asked"
        return asked.read_text().splitlines() if asked.exists() else []

    def take_scores(self) -> list[str]:
        """The promotion scores set since the last time, in order; "deleted" where one was."""
        scores = []
        for line in self.read_asked():
            found = _SCORE.search(line)
            if found:
                scores.append(found[1])
            elif _DELETES.search(line):
                scores.append("deleted")
        (self._folder / "asked").unlink(missing_ok=True)
        return scores

    def _write(self, script: str) -> None:
        self._folder.mkdir(exist_ok=True)
        for name in _NAMES:
            path = self._folder / name
            path.write_text(script)  # in place: it may be mounted over the real one
            path.chmod(0o755)
