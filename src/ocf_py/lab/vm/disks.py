"""The disks of a lab's guests. They outlive a power loss, and go with the lab.

They lie on the lab's tmpfs. What a guest has written to its disk survives the end of its QEMU;
what it still had in its own memory is lost, as with a real machine.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import ocf_py.lab
from ocf_py.lab.environment import node_environment
from ocf_py.lab.networks import NETWORKS, PREFIX_LENGTH, PREFIX_LENGTH6, SERVICE
from ocf_py.lab.node_files import describe_node_files
from ocf_py.lab.vm.tools import run_tool

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings

_MEBIBYTE = 1 << 20
_ROOT_MIB = 2048  # sparse: it costs what is written
_PACKAGE = Path(ocf_py.lab.__file__).parent
# The modules that run in a guest; they import nothing but each other.
_INSIDE = ("inside/init.py", "inside/address_news.py", "vm/inside")

# What a guest has compiled of it goes to the guest's own disk: the seed is read-only.
_TOOLKIT = """\
#!/usr/bin/python3 -I
import sys

sys.pycache_prefix = "/var/cache/ocf-py"
sys.path.insert(0, "/lab/toolkit")
from ocf_py.toolkit import main

main()
"""


def seed_disk(settings: Settings) -> Path:
    """What the guests are told: their files, the lab's scripts, agents, `ocf-py`. Read-only."""
    return settings.disks / "seed.img"


def root_disk(settings: Settings, node: str) -> Path:
    """What a node writes anywhere in its root."""
    return settings.disks / f"{node}-root.img"


def own_disks(settings: Settings, node: str) -> list[Path]:
    """Its empty disks, /dev/vdb and so on."""
    count = len(settings.own_disks_mib)
    return [settings.disks / f"{node}-{letter}.img" for letter in "bcdefgh"[:count]]


def shared_disk(settings: Settings) -> Path | None:
    """The disk that all guests see as /dev/sda."""
    return settings.disks / "shared.img" if settings.disk_mib else None


def make_disks(settings: Settings) -> None:
    """Make all of them, once in a lab's life."""
    _make_seed(settings)
    for node in settings.node_names:
        options = ["-q", "-t", "ext4", "-m", "0"]
        run_tool(["mke2fs", *options, str(root_disk(settings, node)), f"{_ROOT_MIB}M"])
        for disk, size in zip(own_disks(settings, node), settings.own_disks_mib):
            _make_empty(disk, size)
    shared = shared_disk(settings)
    if shared is not None:
        _make_empty(shared, settings.disk_mib)


def _make_empty(disk: Path, mebibytes: int) -> None:
    with disk.open("xb") as made:
        made.truncate(mebibytes * _MEBIBYTE)


def _make_seed(settings: Settings) -> None:
    folder = settings.disks / "seed"
    for part in _INSIDE:
        source, target = _PACKAGE / part, folder / "ocf_py/lab" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    for directory in {file.parent for file in (folder / "ocf_py").rglob("*.py")} | {
        folder / "ocf_py",
        folder / "ocf_py/lab",
        folder / "ocf_py/lab/vm",
    }:
        (directory / "__init__.py").write_text("")
    for tree in (settings.agent_tree, *settings.provider_trees):
        _copy_providers(tree, folder / "tree")
    _copy_toolkit(folder / "toolkit")
    for node in settings.node_names:
        (folder / f"{node}.json").write_text(json.dumps(_describe(settings, node)))
    used = sum(path.lstat().st_size for path in folder.rglob("*"))
    size = used // _MEBIBYTE * 2 + 8
    options = ["-q", "-t", "ext4", "-O", "^has_journal", "-m", "0"]
    run_tool(["mke2fs", *options, "-d", str(folder), str(seed_disk(settings)), f"{size}M"])
    shutil.rmtree(folder)


def _copy_providers(tree: Path, target: Path) -> None:
    """The OCF providers of an installed root, and their libraries."""
    for kind in ("resource.d", "lib"):
        home = tree / "usr/lib/ocf" / kind
        for provider in sorted(home.iterdir()) if home.is_dir() else ():
            copy = target / "usr/lib/ocf" / kind / provider.name
            shutil.copytree(provider, copy, symlinks=True, dirs_exist_ok=True)


def _copy_toolkit(target: Path) -> None:
    """`ocf-py` as it is here, for the guest's own Python and packages."""
    shutil.copytree(
        _PACKAGE.parent, target / "ocf_py", ignore=shutil.ignore_patterns("__pycache__")
    )
    command = target / "ocf-py"
    command.write_text(_TOOLKIT)
    command.chmod(0o755)


def _describe(settings: Settings, node: str) -> dict[str, object]:
    """What the guest's pid 1 makes of itself."""
    return {
        "name": node,
        "environment": node_environment(),
        "network": "\n".join(_network_commands(settings.number_of(node))) + "\n",
        "files": [
            {
                "path": file.path,
                "content": None if file.content is None else file.content.hex(),
                "mode": file.mode,
                "owner": file.owner,
                "group": file.group,
            }
            for file in describe_node_files(settings, node)
        ],
    }


def _network_commands(number: int) -> list[str]:
    """Lines for `ip -batch`: what `configure_node` does to a node that is namespaces."""
    lines = ["link set lo up"]
    for network in NETWORKS:
        device = network.interface
        lines.append(f"address add {network.address(number)}/{PREFIX_LENGTH} dev {device}")
        if network is SERVICE:
            address6 = f"{network.address6(number)}/{PREFIX_LENGTH6}"
            lines.append(f"address add {address6} dev {device} nodad")
        else:
            lines.append(f"link set {device} addrgenmode none")
        lines.append(f"link set {device} up")
    return [*lines, f"route add default via {SERVICE.client_address}"]
