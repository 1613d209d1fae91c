"""What there is to install: the library's own modules and the agents, in a checkout or a wheel."""

from __future__ import annotations

import ast
import enum
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import ocf_py
from ocf_py.toolkit.errors import ToolkitError, UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable

# Sub-packages that an action may import. Toolkit, conformance and lab never reach a node's tree.
_PACKAGES = ("system", "service", "mirror", "drbd")
# DRBD calls its handlers through `ocf-py drbd`: they are the toolkit's, and run on its packages.
_OF_THE_TOOLKIT = frozenset({"drbd/cluster.py", "drbd/fencing.py"})
AGENTS_FOLDER = "ocfpy_agents"  # in the installed library
# A real package: a namespace package costs more at every import.
_AGENTS_PACKAGE = b'"""The installed agents."""\n'


class Origin(enum.Enum):
    """Why an agent is among what is to be installed."""

    #: ocf-py ships it, for every install.
    SHIPPED = "shipped"
    #: This install was told to add it: one of the user's own, or an example.
    ADDED = "added"
    #: An earlier install added it, and nobody has given it up.
    KEPT = "kept"


@dataclass(frozen=True)
class AgentSource:
    """One agent's file and the OCF type it declares."""

    path: Path
    type: str
    origin: Origin = Origin.SHIPPED

    @property
    def module(self) -> str:
        """Its dotted name in the installed tree."""
        return f"{AGENTS_FOLDER}.{self.path.stem}"

    @property
    def installed(self) -> str:
        """Its source's path in the installed library."""
        return f"{AGENTS_FOLDER}/{self.path.name}"

    @property
    def metadata(self) -> str:
        """Its metadata document's path in the installed library, made when it is installed."""
        return f"{AGENTS_FOLDER}/{self.path.stem}.xml"

    @property
    def remedy(self) -> str:
        """What to do where it cannot be installed."""
        if self.origin is not Origin.KEPT:
            return "nothing was changed"
        return (
            f"nothing was changed; mend it and name its file by --with, or give it up by "
            f"--without {self.type}"
        )


@dataclass(frozen=True)
class Sources:
    """Every source file by its path in the installed library, and the agents among them."""

    files: dict[str, bytes]
    agents: tuple[AgentSource, ...]


def find_sources(*, with_examples: bool, also: Iterable[Path] = ()) -> Sources:
    """Reads all that is to be installed; `also` are the files of agents of the user's own.

    Raises:
        UnusableInput: An agent file holds no agent, or several; a file's name cannot be a
            module's.
        ToolkitError: Two agents share a type or a module.
    """
    package = _package_folder()
    agents = _read_folder(_agents_folder(package, "_agents", "agents"), Origin.SHIPPED)
    if with_examples:  # as if each were named: resources may run on them when others are upgraded
        examples = _agents_folder(package, "_examples", "examples/agents")
        agents += _read_folder(examples, Origin.ADDED)
    for path in also:
        if not is_module(path.name):
            raise UnusableInput(f"{path}: not the name of a Python module, such as lamp.py")
        agents.append(AgentSource(path, read_agent_type(path), Origin.ADDED))
    _refuse_duplicates(agents)
    files = {
        f"ocf_py/{path.relative_to(package)}": path.read_bytes() for path in _library_files(package)
    }
    files[f"{AGENTS_FOLDER}/__init__.py"] = _AGENTS_PACKAGE
    files.update({agent.installed: agent.path.read_bytes() for agent in agents})
    return Sources(files, tuple(agents))


def mark(sources: Sources, generation: str) -> Sources:
    """`sources` whose two packages tell the generation that they are of: the runner compares."""
    line = f'\n__generation__ = "{generation}"\n'.encode()
    packages = ("ocf_py/__init__.py", f"{AGENTS_FOLDER}/__init__.py")
    marked = {name: sources.files[name] + line for name in packages}
    return replace(sources, files={**sources.files, **marked})


def is_module(name: str) -> bool:
    """Whether a file of this name can be an agent's module."""
    return name.endswith(".py") and name[0] != "_" and name[: -len(".py")].isidentifier()


def read_agent_type(path: Path) -> str:
    """The OCF type that an agent's file declares: the name of its one class deriving from Agent.

    Read from the syntax tree: an agent is not run in order to be installed.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or "nested too deep"
        raise UnusableInput(f"{path}: not Python: {reason}") from error
    types = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(_names_agent(base) for base in node.bases)
    ]
    if len(types) != 1:
        found = f"{len(types)} ({', '.join(types)})" if types else "none"
        raise UnusableInput(
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


def _read_folder(folder: Path, origin: Origin) -> list[AgentSource]:
    paths = sorted(folder.glob("[!_]*.py"))
    return [AgentSource(path, read_agent_type(path), origin) for path in paths]


def _library_files(package: Path) -> list[Path]:
    found = list(package.glob("*.py"))
    for name in _PACKAGES:
        found += (package / name).rglob("*.py")
    return sorted(path for path in found if str(path.relative_to(package)) not in _OF_THE_TOOLKIT)


def _refuse_duplicates(agents: Iterable[AgentSource]) -> None:
    for kind in ("type", "module"):
        seen: dict[str, Path] = {}
        for agent in agents:
            name = getattr(agent, kind)
            if name in seen:
                raise ToolkitError(f"{agent.path}: {kind} {name} is already that of {seen[name]}")
            seen[name] = agent.path
