"""What there is to install: the library's own modules and the agents, in a checkout or a wheel."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ocf_py
from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Iterable

# Sub-packages that an action may import. Toolkit, conformance and lab never reach a node's tree.
_PACKAGES = ("system", "service", "mirror", "drbd")
# A real package: a namespace package costs more at every import.
_AGENTS_PACKAGE = b'"""The installed agents."""\n'


@dataclass(frozen=True)
class AgentSource:
    """One agent's file and the OCF type it declares."""

    path: Path
    type: str

    @property
    def module(self) -> str:
        """Its dotted name in the installed tree."""
        return f"ocfpy_agents.{self.path.stem}"

    @property
    def metadata(self) -> str:
        """Its metadata document's path in the installed library, made when it is installed."""
        return f"ocfpy_agents/{self.path.stem}.xml"


@dataclass(frozen=True)
class Sources:
    """Every source file by its path in the installed library, and the agents among them."""

    files: dict[str, bytes]
    agents: tuple[AgentSource, ...]


def find_sources(*, with_examples: bool, also: Iterable[Path] = ()) -> Sources:
    """Reads all that is to be installed; `also` are the files of agents of the user's own.

    Raises:
        ToolkitError: An agent file holds no agent, or several; two agents share a type; a file's
            name cannot be a module's.
    """
    package = _package_folder()
    folders = [_agents_folder(package, "_agents", "agents")]
    if with_examples:
        folders.append(_agents_folder(package, "_examples", "examples/agents"))
    paths = [path for folder in folders for path in sorted(folder.glob("[!_]*.py"))]
    for path in also:
        if not path.stem.isidentifier() or path.suffix != ".py":
            raise ToolkitError(f"{path}: not the name of a Python module, such as lamp.py")
        paths.append(path)
    agents = tuple(AgentSource(path, read_agent_type(path)) for path in paths)
    _refuse_duplicates(agents)
    files = {
        f"ocf_py/{path.relative_to(package)}": path.read_bytes() for path in _library_files(package)
    }
    files["ocfpy_agents/__init__.py"] = _AGENTS_PACKAGE
    files.update({f"ocfpy_agents/{agent.path.name}": agent.path.read_bytes() for agent in agents})
    return Sources(files, agents)


def read_agent_type(path: Path) -> str:
    """The OCF type that an agent's file declares: the name of its one class deriving from Agent.

    Read from the syntax tree: an agent is not run in order to be installed.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise ToolkitError(f"{path}: {error.strerror}") from error
    except (SyntaxError, ValueError) as error:
        raise ToolkitError(f"{path}: not Python: {error}") from error
    types = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(_names_agent(base) for base in node.bases)
    ]
    if len(types) != 1:
        found = f"{len(types)} ({', '.join(types)})" if types else "none"
        raise ToolkitError(
            f"{path}: an agent's file holds one class that derives from ocf_py.Agent, found {found}"
        )
    return types[0]


def _names_agent(base: ast.expr) -> bool:
    return (isinstance(base, ast.Name) and base.id == "Agent") or (
        isinstance(base, ast.Attribute) and base.attr == "Agent"
    )


def _package_folder() -> Path:
    return Path(ocf_py.__file__).resolve().parent


def _agents_folder(package: Path, in_wheel: str, in_checkout: str) -> Path:
    for folder in (package / in_wheel, package.parent.parent / in_checkout):
        if folder.is_dir():
            return folder
    raise ToolkitError(
        f"no agents beside {package}", hint="install the wheel again, or run from a checkout"
    )


def _library_files(package: Path) -> list[Path]:
    found = list(package.glob("*.py"))
    for name in _PACKAGES:
        found += (package / name).rglob("*.py")
    return sorted(found)


def _refuse_duplicates(agents: tuple[AgentSource, ...]) -> None:
    for kind in ("type", "module"):
        seen: dict[str, Path] = {}
        for agent in agents:
            name = getattr(agent, kind)
            if name in seen:
                raise ToolkitError(f"{agent.path}: {kind} {name} is already that of {seen[name]}")
            seen[name] = agent.path
