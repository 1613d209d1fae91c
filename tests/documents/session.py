"""A page's commands as one session of bash, as its reader has it, and how each has ended."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.documents.comparing import find_difference
from tests.documents.not_run import NOT_RUN
from tests.documents.reading import Command, list_pages, read_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.documents.reading import Block

_ANSWER = re.compile(r"\n?\x01begin (\d+)\n(.*?)\n?\x01end \1 (\d+)\n", re.DOTALL)

_LONGEST = 900.0  # seconds: for commands that never end, not for a machine that is busy
_MOST = 4000  # characters of an output that a complaint shows


@dataclass(frozen=True)
class Session:
    """What is run in one shell: of one page, in one place."""

    page: str
    place: str
    blocks: tuple[Block, ...]

    def script(self) -> str:
        """The lines for bash: each command between two marks, the second with its code."""
        lines = ["exec 2>&1 </dev/null"]
        for number, command in enumerate(self.steps()):
            lines += [f"printf '\\n\\001begin {number}\\n'", command.text]
            lines += [f"printf '\\n\\001end {number} %s\\n' $?"]
        return "\n".join(lines) + "\n"

    def steps(self) -> list[Command]:
        """The commands that are run, those that the reader is not shown among them."""
        found: list[Command] = []
        for block in self.blocks:
            found += [Command(text, (), block.line) for text in block.before]
            found += [one for one in block.commands if not is_not_run(block.page, one)]
        return found

    def complaints(self, printed: str) -> list[str]:
        """What is not as the page says, one text a command; `printed` is all that bash wrote."""
        answers = {int(found[1]): found for found in _ANSWER.finditer(printed)}
        found = []
        for number, command in enumerate(self.steps()):
            where = f"{self.page}:{command.line}: {command.text}"
            answer = answers.get(number)
            if answer is None:
                found.append(f"{where}\nwas not reached:\n{printed[-_MOST:]}")
                break
            output = answer[2].splitlines()
            if int(answer[3]) != command.code:
                said = "\n".join(output)[-_MOST:]
                found.append(f"{where}\nended with {answer[3]}, not {command.code}:\n{said}")
            elif command.output and (difference := find_difference(command.output, output)):
                found.append(f"{where}\n{difference}")
        return found


def run_session(argv: Sequence[str]) -> str:
    """All that a session's shell has written; one that does not end in time says so."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST,
            check=False,
        )
        printed = done.stdout
    except subprocess.TimeoutExpired as late:
        printed = (late.stdout or b"") + b"\nthe session did not end in time"
    return printed.decode(errors="replace")


def list_sessions(place: str) -> list[Session]:
    """The sessions of every page for that place."""
    found = []
    for path in list_pages():
        blocks = tuple(block for block in read_blocks(path) if block.place == place)
        session = Session(blocks[0].page, place, blocks) if blocks else None
        if session is not None and session.steps():
            found.append(session)
    return found


def not_run_key(command: Command) -> str:
    """What the table of what is not run calls a command: its first line, without its comment."""
    return command.text.partition("\n")[0].partition("  #")[0].rstrip(" \\")


def is_not_run(page: str, command: Command) -> bool:
    """Whether that table has it."""
    return not_run_key(command) in NOT_RUN.get(page, {})
