"""A node has Python and nothing else: what an install puts there needs the standard library alone.

Asked of the node's own interpreter, isolated and without site as the launchers start it: whatever
it finds is of the standard library or of the private one.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Also the imports that only one path needs, which stand in functions: all of them are looked up,
# but for those that a type checker alone reads.
_EXAMINE = """
import ast, importlib, importlib.util, json, os, sys

library = sys.argv[1]
sys.path.insert(0, library)

def parts(path):
    folders, name = os.path.split(os.path.relpath(path, library)[:-3])
    folders = folders.split("/")
    return folders if name == "__init__" else [*folders, name]

def imports(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            for other in child.orelse:
                yield from imports(ast.Module([other], []))
        else:
            yield from imports(child)

def wanted(statement, package):
    if isinstance(statement, ast.Import):
        return [(alias.name, "") for alias in statement.names]
    above = package[: len(package) - statement.level + 1] if statement.level else []
    module = ".".join([*above, *filter(None, [statement.module])])
    return [(module, alias.name) for alias in statement.names]

def lacks(module, name):
    try:
        found = importlib.import_module(module)
        if name and not hasattr(found, name):
            importlib.import_module(module + "." + name)
    except ImportError as error:
        return str(error)

seen, faults = [], []
for folder, _, names in os.walk(library):
    for path in sorted(os.path.join(folder, name) for name in names if name.endswith(".py")):
        module = parts(path)
        seen.append(".".join(module))
        package = module if path.endswith("/__init__.py") else module[:-1]
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
        for statement in imports(tree):
            for needed, name in wanted(statement, package):
                reason = lacks(needed, name)
                if reason:
                    faults.append(f"{seen[-1]}: {reason}")
        # Two are programs, read by Python as files: to import them would run them.
        if seen[-1] not in ("ocf_py.launch", "ocf_py.system.detached"):
            reason = lacks(seen[-1], "")
            if reason:
                faults.append(f"{seen[-1]}: {reason}")
json.dump({"seen": seen, "faults": faults, "path": sys.path[1:]}, sys.stdout)
"""


def examine(library: Path, python: str) -> tuple[set[str], list[str]]:
    """The library's modules, and what they want that `python` has not."""
    done = subprocess.run(
        [python, "-ISB", "-c", _EXAMINE, library],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert not [path for path in answer["path"] if path.endswith("-packages")]
    return set(answer["seen"]), answer["faults"]


def test_the_library_of_a_node_imports_nothing_but_itself_and_the_standard_library(
    installed_agents: Path, agents_python: str
) -> None:
    (library,) = installed_agents.glob("../../lib/ocfpy/*-*/")
    seen, faults = examine(library, agents_python)
    assert faults == []
    assert {
        "ocf_py.launch",
        "ocf_py.runner",
        "ocf_py.system.netlink",
        "ocf_py.service.supervision",
        "ocf_py.mirror.worker",
        "ocf_py.drbd.picture",
        "ocfpy_agents.ipaddr",
    } <= seen


def test_a_package_of_others_is_found_out_wherever_its_import_stands(
    tmp_path: Path, agents_python: str
) -> None:
    (tmp_path / "lamps").mkdir()
    (tmp_path / "lamps/__init__.py").write_text("")
    (tmp_path / "lamps/first.py").write_text("import os\nimport lxml.etree\n")
    (tmp_path / "lamps/second.py").write_text(
        "def shine() -> None:\n    from . import first, third\n    from psutil import pids\n"
    )
    (tmp_path / "lamps/typed.py").write_text(
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import click\nelse:\n    import pyroute2\n"
    )
    seen, faults = examine(tmp_path, agents_python)
    assert seen == {"lamps", "lamps.first", "lamps.second", "lamps.typed"}
    assert set(faults) == {
        "lamps.first: No module named 'lxml'",
        "lamps.second: No module named 'lxml'",
        "lamps.second: No module named 'lamps.third'",
        "lamps.second: No module named 'psutil'",
        "lamps.typed: No module named 'pyroute2'",
    }
