"""The few lines that Pacemaker runs: they find the library beside them and hand over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.toolkit.installer.interpreter import Interpreter
    from ocf_py.toolkit.installer.sources import AgentSource

# `posix` and not `os`: to import `os` costs a sixth of a bare interpreter's whole life.
_TEXT = '''\
{shebang}
"""ocf:ocfpy:{type}, written by `ocf-py install` {version}."""
import sys
from posix import readlink

path = __file__
try:
    while True:  # reached through a symlink, the library lies beside what it leads to
        link = readlink(path)
        path = link if link[0] == "/" else path[: path.rindex("/") + 1] + link
except OSError:
    pass
library = path[: path.rindex("/")] + "/../../lib/ocfpy/{generation}"
sys.path.insert(0, library)
try:
    from ocf_py.runner import main
except Exception as error:
    sys.exit(f"ocf-exit-reason:cannot load {{library}} ({{error}}): run `ocf-py install` again")
main("{module}", "{type}")
'''


def write_launcher(
    agent: AgentSource, interpreter: Interpreter, *, version: str, generation: str
) -> bytes:
    """The launcher of `agent`, importing from the library folder named `generation`."""
    text = _TEXT.format(
        shebang=interpreter.shebang,
        type=agent.type,
        module=agent.module,
        version=version,
        generation=generation,
    )
    return text.encode()
