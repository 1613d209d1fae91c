"""Where agents are installed, and which one a word on the command line means."""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ocf_py.catalogue.kinds import FILE, name_kind

OCF_ROOT = Path("/usr/lib/ocf")


class NoSuchAgent(Exception):  # noqa: N818 - says what is
    """No agent, or more than one, goes by that name; the message says what there is instead."""


@dataclass(frozen=True)
class InstalledAgent:
    """An agent's executable; provider and type are the names of its folder and of itself."""

    path: Path

    @property
    def provider(self) -> str:
        """Whose it is: heartbeat, pacemaker, ocfpy."""
        return self.path.parent.name

    @property
    def type(self) -> str:
        """What it is of: Filesystem, IPaddr."""
        return self.path.name

    @property
    def name(self) -> str:
        """As the cluster's shells write it: ocf:ocfpy:IPaddr."""
        return f"ocf:{self.provider}:{self.type}"


def list_agents(ocf_root: Path = OCF_ROOT) -> list[InstalledAgent]:
    """Every agent that Pacemaker would list: executable files, hidden ones left out (OCF 3.2)."""
    providers = _listed(ocf_root / "resource.d")
    files = (path for provider in providers for path in _listed(provider))
    return [InstalledAgent(path) for path in files if _is_executable(path)]


def find_agent(word: str, ocf_root: Path = OCF_ROOT) -> InstalledAgent:
    """The agent that `word` means: a path, ocf:PROVIDER:TYPE, PROVIDER:TYPE or a TYPE alone."""
    if "/" in word:
        path = Path(word).absolute()
        try:
            kind = name_kind(path)
        except OSError as error:
            raise NoSuchAgent(f"{word}: {error.strerror}") from error
        if not kind:
            raise NoSuchAgent(f"{word}: there is no such file")
        if kind != FILE:
            raise NoSuchAgent(f"{word}: is {kind}, and no agent")
        if not _is_executable(path):
            raise NoSuchAgent(f"{word}: is not executable, so that Pacemaker does not see it")
        return InstalledAgent(path)
    agents = list_agents(ocf_root)
    wanted = word.split(":")
    found = [one for one in agents if one.name.split(":")[-len(wanted) :] == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(one.name for one in found)
        raise NoSuchAgent(f"{word}: there is more than one of that type: say {names}")
    near = difflib.get_close_matches(wanted[-1], {one.type for one in agents}, n=3)
    names = " or ".join(one.name for one in agents if one.type in near)
    raise NoSuchAgent(
        f"{word}: there is no such agent below {ocf_root / 'resource.d'}"
        + (f"; there is {names}" if names else "; `ocf-py list` shows what there is")
    )


def _listed(folder: Path) -> list[Path]:
    try:
        entries = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / entry for entry in sorted(entries) if not entry.startswith(".")]


def _is_executable(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # a link that leads nowhere
        return False
    return stat.S_ISREG(mode) and bool(mode & 0o111)
