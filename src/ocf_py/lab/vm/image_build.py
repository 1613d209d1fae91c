"""Makes a guests' image: root file system, kernel, initrd. A minute, and only once a recipe."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.vm.guest_kernel import fetch_kernel
from ocf_py.lab.vm.recipe import BOOT_MODULES
from ocf_py.lab.vm.tools import run_tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.lab.progress import Progress
    from ocf_py.lab.vm.recipe import Recipe

_APT = Path("/etc/apt")
_BUSYBOX = Path("/bin/busybox")
_NOT_NEEDED = ("doc", "man", "locale", "info")  # below /usr/share
# The server that PostgreSQL's package sets up, though nobody asked: the guests' are on their disks.
_UNASKED = ("var/lib/postgresql", "etc/postgresql")
_MEBIBYTE = 1 << 20
_SPARE = 64 * _MEBIBYTE  # of the file system's own tables


def build_image(recipe: Recipe, folder: Path, progress: Progress) -> None:
    """Make `root.img`, `kernel` and `initrd` in `folder`, in which all is temporary but these."""
    kernel = fetch_kernel(recipe.kernel, folder / "package")
    progress.step(f"kernel {kernel.version} is fetched; next are the guests' packages")
    root = folder / "root"
    _install_packages(recipe, root)
    progress.step("the guests' packages are installed")
    kernel.copy_modules(kernel.find_modules(recipe.modules), root)
    kernel.write_image(folder / "kernel")
    _write_initrd(recipe, kernel.find_modules(BOOT_MODULES), folder)
    _write_file_system(root, folder / "root.img")
    for tree in (root, folder / "package", folder / "early"):
        shutil.rmtree(tree)


def find_sources() -> list[str]:
    """The machine's own lists of package sources; LabError when it has none."""
    files = [_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*"))]
    found = [
        str(file)
        for file in files
        if file.suffix in {".list", ".sources"} and file.is_file() and file.stat().st_size
    ]
    if not found:
        raise LabError("apt knows no source of packages here", hint="see sources.list(5)")
    return found


def _install_packages(recipe: Recipe, root: Path) -> None:
    excluded = (*(f"/usr/share/{name}/*" for name in _NOT_NEEDED), *recipe.excluded)
    run_tool(
        [
            "mmdebstrap",
            "--variant=minbase",
            "--mode=root",
            "--aptopt=APT::Install-Recommends false",
            *(f"--dpkgopt=path-exclude={path}" for path in excluded),
            f"--include={','.join(recipe.packages)}",
            recipe.suite,
            str(root),
            *find_sources(),
        ],
        apart=True,
    )
    for leftover in (
        "var/cache/apt",
        "var/lib/apt/lists",
        *(f"usr/share/{n}" for n in _NOT_NEEDED),
        *(str(server.relative_to(root)) for home in _UNASKED for server in (root / home).glob("*")),
    ):
        shutil.rmtree(root / leftover, ignore_errors=True)
    (root / "lab").mkdir()


def _write_initrd(recipe: Recipe, modules: Sequence[Path], folder: Path) -> None:
    tree = folder / "early"
    for name in ("bin", "proc", "sys", "dev", "image", "own", "root", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy(_BUSYBOX, tree / "bin/busybox")
    for number, module in enumerate(modules):
        shutil.copyfile(module, tree / "modules" / f"{number:02}-{module.name}")
    (tree / "init").write_text(recipe.initrd_script)
    (tree / "init").chmod(0o755)
    names = [os.path.relpath(path, tree) for path in sorted(tree.rglob("*"))]
    pack = ["cpio", "--quiet", "--create", "--format=newc", f"--file={folder / 'initrd'}"]
    run_tool(pack, cwd=tree, stdin="\n".join(names).encode())


def _write_file_system(root: Path, image: Path) -> None:
    used = sum(path.lstat().st_blocks * 512 for path in root.rglob("*"))
    size = (used + used // 8 + _SPARE) // _MEBIBYTE
    # It is only ever read, by all guests together: a journal would have nothing to do.
    options = ["-q", "-t", "ext4", "-O", "^has_journal,^metadata_csum", "-m", "0"]
    run_tool(["mke2fs", *options, "-d", str(root), str(image), f"{size}M"])
