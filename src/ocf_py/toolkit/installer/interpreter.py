"""The Python that will run the agents: checked, and asked to byte-compile for itself."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OLDEST = (3, 9)

_PROBE = """
import importlib.util, json, sys
magic = importlib.util.MAGIC_NUMBER.hex()
print(json.dumps([list(sys.version_info[:2]), sys.implementation.cache_tag, magic]))
"""

# Byte code as PEP 552 lays it out, hash-based and unchecked: no import asks the file system whether
# the source has changed. Through pipes alone: one that is killed leaves nothing lying about.
_COMPILE = """
import base64, importlib.util, json, marshal, sys
compiled = {}
for shown, source in json.load(sys.stdin).items():
    source = base64.b64decode(source)
    try:
        code = marshal.dumps(compile(source, shown, "exec", dont_inherit=True))
    except (SyntaxError, ValueError) as error:
        sys.exit(f"{shown}: {error}")
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    header += importlib.util.source_hash(source)
    compiled[shown] = base64.b64encode(header + code).decode()
json.dump(compiled, sys.stdout)
"""


@dataclass(frozen=True)
class Interpreter:
    """One Python executable, by the absolute path that the launchers will name."""

    path: str
    cache_tag: str
    magic: str

    #: How it runs an agent: isolated, without site, writing no byte code beside the agents.
    FLAGS: ClassVar[str] = "-ISB"

    def compile(self, sources: Mapping[str, bytes], shown_under: str) -> dict[str, bytes]:
        """Byte code of `sources`, keyed by its path in the tree as `sources` is by theirs.

        `shown_under` is the folder that tracebacks will name.

        Raises:
            ToolkitError: A source is not of this interpreter's Python.
        """
        given = {
            f"{shown_under}/{name}": base64.b64encode(source).decode()
            for name, source in sources.items()
        }
        got = json.loads(_run([self.path, "-IS", "-c", _COMPILE], json.dumps(given)))
        return {
            self.compiled_name(name): base64.b64decode(got[f"{shown_under}/{name}"])
            for name in sources
        }

    def compiled_name(self, name: str) -> str:
        """Where this interpreter looks for the byte code of the module at `name`."""
        folder, _, file = name.rpartition("/")
        return f"{folder}/__pycache__/{file[: -len('.py')]}.{self.cache_tag}.pyc"


def find_interpreter(path: str) -> Interpreter:
    """Checks the executable at `path` and what it says of itself.

    Raises:
        ToolkitError: It is missing, or too old.
    """
    hint = "choose another with --python"
    if not path.startswith("/"):
        raise ToolkitError(f"--python {path}: not an absolute path", hint=hint)
    if not os.access(path, os.X_OK) or not Path(path).is_file():
        raise ToolkitError(f"--python {path}: no executable file is there", hint=hint)
    try:
        version, cache_tag, magic = json.loads(_run([path, "-IS", "-c", _PROBE]))
    except (ValueError, TypeError, ToolkitError) as error:
        raise ToolkitError(f"--python {path}: not a Python 3.9 or later", hint=hint) from error
    if tuple(version) < _OLDEST:
        found = ".".join(map(str, version))
        raise ToolkitError(f"--python {path}: Python {found}, older than 3.9", hint=hint)
    return Interpreter(path, cache_tag, magic)


def _run(arguments: Sequence[str], given: str = "") -> str:
    done = subprocess.run(
        arguments, input=given, capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ToolkitError(said[-1] if said else f"{arguments[0]}: status {done.returncode}")
    return done.stdout
