"""Standard output that is nobody's to take: a reader that has left, a disk that is full."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from typing import Any


class _Output(io.FileIO):
    """The descriptor of standard output, which is tried no more once it has refused."""

    def write(self, data: Any) -> int:
        """Writes, to nowhere where the reader has left; ToolkitError for any other refusal.

        Whether a configuration is sound does not depend on who reads the report to its end: with
        `| head -1` a command goes on, and ends with the code that it would have had.
        """
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            self._give_up()
        except OSError as error:
            self._give_up()
            raise ToolkitError(
                f"cannot write the answer to standard output: {error.strerror}",
                hint="send it somewhere else, or make room there",
            ) from error
        return memoryview(data).nbytes

    def _give_up(self) -> None:
        """What buffers still hold would be written, and refused, once more at exit."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def open_output() -> None:
    """Puts it in the place of this process's standard output, for names of any bytes."""
    stream = sys.stdout
    if stream is None:  # closed by who called: nobody reads
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", closefd=False)
        return
    if not isinstance(stream, io.TextIOWrapper):  # a test's
        return
    stream.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
    )
