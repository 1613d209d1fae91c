"""Each agent loads and describes itself before any of it is in place.

What it says of itself is installed: Pacemaker asks for it before every start.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocf_py.toolkit.installer.interpreter import Interpreter
    from ocf_py.toolkit.installer.sources import AgentSource, Sources

_PATIENCE = 30.0  # seconds that an agent may take to describe itself; a whole one takes 0.03

# Does what a launcher does, with the byte code that the launcher would find: from a pipe, because
# a trial that is killed must leave nothing lying about.
_TRIAL = """
import base64, json, marshal, sys
from importlib.machinery import ModuleSpec

given, shown_under = json.load(sys.stdin)

class Staged:
    @staticmethod
    def find_spec(name, path=None, target=None):
        path = name.replace(".", "/")
        for file in (path + "/__init__.py", path + ".py"):
            if file in given:
                is_package = file != path + ".py"
                spec = ModuleSpec(name, Staged, is_package=is_package)
                spec.origin, spec.has_location = shown_under + "/" + file, True  # for __file__
                spec.loader_state = file
                return spec

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        header_and_code = base64.b64decode(given[module.__spec__.loader_state])
        exec(marshal.loads(header_and_code[16:]), module.__dict__)

sys.meta_path.insert(0, Staged)
module, name = sys.argv[2:]
try:
    getattr(__import__(module, fromlist=[name]), name)
    from ocf_py.runner import main
except BaseException as error:
    sys.exit(f"{type(error).__name__}: {error}")
main(module, name)
"""


class _NoAnswerError(Exception):
    """Why an agent fails to describe itself."""


def describe_agents(
    sources: Sources, compiled: Mapping[str, bytes], interpreter: Interpreter, shown_under: str
) -> dict[str, bytes]:
    """Runs `meta-data` of every agent on `interpreter`; its documents by their installed path.

    `compiled` is what `interpreter` made of `sources`, `shown_under` the folder it named.

    Raises:
        ToolkitError: An agent cannot be loaded, or fails to describe itself.
    """
    byte_code = {
        name: base64.b64encode(compiled[interpreter.compiled_name(name)]).decode()
        for name in sources.files
    }
    given = json.dumps([byte_code, shown_under])
    return {agent.metadata: _describe(agent, given, interpreter) for agent in sources.agents}


def _describe(agent: AgentSource, given: str, interpreter: Interpreter) -> bytes:
    """The agent's document, in UTF-8 as its XML says by naming no encoding."""
    try:
        return _ask(agent, given, interpreter)
    except _NoAnswerError as error:
        raise ToolkitError(
            f"{agent.path}: {agent.type} cannot be loaded by {interpreter.path}: {error}",
            hint=agent.remedy,
        ) from None


def _ask(agent: AgentSource, given: str, interpreter: Interpreter) -> bytes:
    flags = ["-ISB", "-X", "utf8"]
    arguments = [interpreter.path, *flags, "-c", _TRIAL, "meta-data", agent.module, agent.type]
    try:
        done = subprocess.run(
            arguments,
            input=given.encode(),
            env={**os.environ, "HA_LOGFACILITY": "none"},
            capture_output=True,
            check=False,
            cwd="/",
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise _NoAnswerError(f"no answer to meta-data within {_PATIENCE:g} s") from None
    if done.returncode == 0 and done.stdout.strip():
        return done.stdout
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if not said:
        raise _NoAnswerError(f"no answer to meta-data, status {done.returncode}")
    raise _NoAnswerError(said[-1].replace("ocf-exit-reason:", "", 1))
