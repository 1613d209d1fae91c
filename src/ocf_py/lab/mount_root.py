"""The root of a mount namespace: its mounts kept apart, and another tree made its root."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ocf_py.lab import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST_PATH = 4096  # directories between a chroot and the real root: PATH_MAX / 1


@contextlib.contextmanager
def at_namespace_root() -> Iterator[None]:
    """Leave a chroot for a moment, as mount propagation can only be set at the real root.

    A chroot need not be a mount point, and then mount(2) refuses to make it private. A process
    whose working directory lies outside its root may climb: that is how chroot(2) is defined.
    """
    home = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        climb_to_namespace_root()
        yield
    finally:
        os.fchdir(home)
        os.chroot(".")
        os.fchdir(here)
        os.close(home)
        os.close(here)


def climb_to_namespace_root() -> None:
    """Make the mount namespace's own root the root and working directory of this process."""
    os.chdir("/")
    os.chroot("/proc")  # any directory below: now "." is outside the root
    for _ in range(_DEEPEST_PATH):
        below = os.stat(".")
        os.chdir("..")
        if os.path.samestat(below, os.stat(".")):
            break
    os.chroot(".")


def isolate_mounts() -> None:
    """Enter a new mount namespace of which nothing ever shows outside."""
    kernel.unshare(kernel.CLONE_NEWNS)
    with at_namespace_root():
        kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)


def change_root(new_root: str) -> None:
    """Make a mounted tree the root of this mount namespace and let go of all else in it."""
    target = os.open(new_root, os.O_RDONLY | os.O_DIRECTORY)
    climb_to_namespace_root()
    os.fchdir(target)
    os.close(target)
    if kernel.pivot_root():
        kernel.detach(".")  # the old root now lies on top of the new one
    else:  # the machine runs from its initramfs, which cannot be pivoted away: cover it
        kernel.mount(".", "/", None, kernel.MS_MOVE)
        os.chroot(".")
    os.chdir("/")
