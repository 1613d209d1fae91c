"""An application in a node: appends each number it is given to a file, and says when it is safe.

``keeper.py DIRECTORY mounted|plain``. Where the directory has to be a mount and is none, or the
write fails, the answer is a dash.
"""

import os
import sys

NAME = ".ocfpy-rehearsal"


def keep(directory: str, number: bytes, *, mounted: bool) -> None:
    """Return when the number would survive a power loss; OSError."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Looked at through what is open: what is mounted or unmounted meanwhile changes nothing.
        if mounted and os.fstat(folder).st_dev == os.stat(os.path.dirname(directory)).st_dev:
            raise OSError
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        file = os.open(NAME, flags, 0o644, dir_fd=folder)
        try:
            os.write(file, number)
            os.fsync(file)
        finally:
            os.close(file)
    finally:
        os.close(folder)


def main() -> None:
    """Answer every line until there are no more."""
    directory, kind = sys.argv[1:]
    for line in sys.stdin.buffer:
        try:
            keep(directory.rstrip("/"), line, mounted=kind == "mounted")
            answer = line
        except OSError:
            answer = b"-\n"
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
