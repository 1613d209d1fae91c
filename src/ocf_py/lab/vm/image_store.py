"""The cache of images: each is made once, appears whole or not at all, and is only ever read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.lock import check_private
from ocf_py.lab.vm.image_build import build_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab.progress import Progress
    from ocf_py.lab.vm.recipe import Recipe

# Not with the labs' state: /run is memory, and forgotten at each boot.
IMAGE_HOME = Path("/var/cache/ocfpy-lab")
_FORGOTTEN = 30 * 86400.0  # seconds without a lab made of it: half a GB for nothing


@dataclass(frozen=True)
class Image:
    """What the guests boot from."""

    folder: Path

    @property
    def root(self) -> Path:
        """The root file system, ext4, for all guests together and read-only."""
        return self.folder / "root.img"

    @property
    def kernel(self) -> Path:
        """What QEMU's -kernel takes."""
        return self.folder / "kernel"

    @property
    def initrd(self) -> Path:
        """What QEMU's -initrd takes."""
        return self.folder / "initrd"


def image_of(recipe: Recipe, home: Path = IMAGE_HOME) -> Image:
    """Where the recipe's image is, or would be."""
    return Image(home / recipe.digest)


def obtain_image(recipe: Recipe, progress: Progress, home: Path = IMAGE_HOME) -> Image:
    """The recipe's image; made now if there is none. LabError when that fails, with the reason."""
    image = image_of(recipe, home)
    home.mkdir(parents=True, exist_ok=True, mode=0o755)
    check_private(home)  # what lies in there is booted, and removed by root
    if image.folder.is_dir():
        os.utime(image.folder)
        return image
    with _be_the_only_one(home / f"{recipe.digest}.lock", progress):
        if image.folder.is_dir():
            return image
        for left in home.glob(f"{recipe.digest}-*"):  # of one that was killed
            shutil.rmtree(left)
        workshop = Path(tempfile.mkdtemp(prefix=f"{recipe.digest}-", dir=home))
        try:
            progress.step("making the guests' image: about a minute, only this once")
            build_image(recipe, workshop, progress)
            workshop.rename(image.folder)
        except BaseException:
            shutil.rmtree(workshop, ignore_errors=True)
            raise
        progress.step(f"the guests' image is made: {image.folder}")
    _forget_others(image, progress)
    return image


def _forget_others(image: Image, progress: Progress) -> None:
    """Remove the images of recipes that no lab has come from for a month."""
    for folder in image.folder.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # somebody else does the same
            is_old = time.time() - folder.lstat().st_mtime > _FORGOTTEN
            if is_old and folder.is_dir() and folder != image.folder:
                progress.step(f"removing an image that no lab has used for a month: {folder}")
                shutil.rmtree(folder)


@contextlib.contextmanager
def _be_the_only_one(path: Path, progress: Progress) -> Iterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.step("somebody else is making the guests' image: waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
