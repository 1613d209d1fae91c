"""How a script is run on a machine of its own: see enclosure.sh."""

from __future__ import annotations

import sys
from pathlib import Path

import ocf_py
from tests.documents.reading import CHECKOUT

_COMMAND = """\
#!{0} -B
import sys

sys.path.insert(0, {1!r})
from ocf_py.toolkit import main

main()
"""
_NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")


def enclose(installed: Path, script: Path) -> list[str]:
    """The command that runs `script`; `installed` is a root that `ocf-py install` has filled.

    `ocf-py` is the one that is tested, be it a checkout's, a wheel's or a package's in its build.
    """
    enclosure = CHECKOUT / "tests/documents/enclosure.sh"
    command = script.parent / "commands/ocf-py"
    command.parent.mkdir()
    command.write_text(_COMMAND.format(sys.executable, str(Path(ocf_py.__file__).parents[1])))
    command.chmod(0o755)
    tools = f"{command.parent}:{Path(sys.executable).parent}"
    words = ["unshare", *_NAMESPACES, "bash", enclosure, CHECKOUT, tools, installed, script]
    return [str(word) for word in words]
