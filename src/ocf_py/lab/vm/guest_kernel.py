"""The guests' kernel: the distribution's package, unpacked and not installed."""

from __future__ import annotations

import lzma
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.vm.tools import run_tool

if TYPE_CHECKING:
    from collections.abc import Sequence

# Documentation/arch/x86/boot.rst, the header of a bzImage
_SETUP_SECTORS, _MAGIC_AT, _MAGIC = 0x1F1, 0x202, b"HdrS"
_PAYLOAD_AT = 0x248
_SECTOR = 512
_XZ = b"\xfd7zXZ\0"
_ABOUT_A_TREE = ("modules.builtin", "modules.builtin.modinfo", "modules.order")


@dataclass(frozen=True)
class GuestKernel:
    """A kernel package's files below `tree`."""

    tree: Path
    version: str

    @property
    def modules(self) -> Path:
        """All of its modules."""
        return self.tree / "lib/modules" / self.version

    def write_image(self, target: Path) -> None:
        """Write what QEMU boots, uncompressed where that can be: a guest is slow to unpack it."""
        packed = (self.tree / "boot" / f"vmlinuz-{self.version}").read_bytes()
        target.write_bytes(unpack_kernel(packed))

    def find_modules(self, names: Sequence[str]) -> list[Path]:
        """The named modules' files, each after those it depends on; LabError for one it lacks."""
        run_tool(["depmod", "--basedir", str(self.tree), self.version])
        where = ["--dirname", str(self.tree), "--set-version", self.version]
        show = ["modprobe", *where, "--show-depends", "--all", *names]
        lines = [line.split() for line in run_tool(show).splitlines()]
        return list({Path(line[1]): None for line in lines if line[0] == "insmod"})  # each but once

    def copy_modules(self, files: Sequence[Path], root: Path) -> None:
        """Copy modules into a guest's root, so that modprobe finds them there."""
        home = root / "lib/modules" / self.version
        for file in files:
            target = home / file.relative_to(self.modules)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        for name in _ABOUT_A_TREE:
            shutil.copyfile(self.modules / name, home / name)
        run_tool(["depmod", "--basedir", str(root), self.version])


def fetch_kernel(package: str, folder: Path) -> GuestKernel:
    """Download the newest kernel that the package stands for, and unpack it below `folder`."""
    folder.mkdir()
    depends = run_tool(["apt-cache", "depends", package]).splitlines()
    names = [line.split()[-1] for line in depends if "Depends: linux-image-" in line]
    if not names:
        raise LabError(f"no source of packages offers {package}", hint="run `apt-get update`")
    run_tool(["apt-get", "download", names[0]], cwd=folder, apart=True)
    (archive,) = folder.glob("*.deb")
    tree = folder / "tree"
    run_tool(["dpkg", "--extract", str(archive), str(tree)], apart=True)
    (modules,) = (tree / "lib/modules").iterdir()
    return GuestKernel(tree, modules.name)


def unpack_kernel(image: bytes) -> bytes:
    """The ELF kernel in a bzImage that is packed by xz; any other image as it is."""
    if image[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] != _MAGIC:
        return image
    begin = ((image[_SETUP_SECTORS] or 4) + 1) * _SECTOR
    offset, length = struct.unpack_from("<II", image, _PAYLOAD_AT)
    payload = image[begin + offset : begin + offset + length]
    return lzma.LZMADecompressor().decompress(payload) if payload.startswith(_XZ) else image
