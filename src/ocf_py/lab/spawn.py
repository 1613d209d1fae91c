"""How the lab starts Python processes of its own, wherever the package lies."""

from __future__ import annotations

import json
import sys

# The caller's search path goes along, whatever made it (virtual environment, pytest, editable
# install); a working directory never gets in.
_BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from importlib import import_module; import_module(sys.argv.pop(1)).main()"
)


def python_command(module: str, *arguments: str) -> list[str]:
    """The command line that calls `module.main()` with `arguments` in a fresh interpreter."""
    path = json.dumps([entry for entry in sys.path if entry])
    return [sys.executable, "-ISB", "-c", _BOOTSTRAP, path, module, *arguments]
