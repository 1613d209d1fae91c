"""How the lab starts Python processes of its own, wherever the package lies."""

from __future__ import annotations

import sys

# The caller's search path goes along, whatever made it (virtual environment, pytest, editable
# install); a working directory never gets in. An import of json would take longer than Python.
_BOOTSTRAP = (
    "import sys; end = int(sys.argv.pop(1)) + 1; sys.path[:] = sys.argv[1:end]; "
    "del sys.argv[1:end]; __import__(sys.argv.pop(1), fromlist=['main']).main()"
)


def python_command(module: str, *arguments: str) -> list[str]:
    """The command line that calls `module.main()` with `arguments` in a fresh interpreter."""
    path = [entry for entry in sys.path if entry]
    return [sys.executable, "-ISB", "-c", _BOOTSTRAP, str(len(path)), *path, module, *arguments]
