"""What a lab of guests needs before its daemon starts: tools, image, accelerator."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.requirements import check_root
from ocf_py.lab.vm.accelerator import choose_accelerator
from ocf_py.lab.vm.image_store import obtain_image
from ocf_py.lab.vm.recipe import recipe_for_this_machine

if TYPE_CHECKING:
    from ocf_py.lab.progress import Progress
    from ocf_py.lab.settings import Settings

# Each command's package.
COMMANDS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "cpio": "cpio",
    "busybox": "busybox-static",
    "depmod": "kmod",
}


def prepare_guests(settings: Settings, progress: Progress) -> Settings:
    """Make the image, if need be; returns the settings with it. LabError says what is missing."""
    check_root()
    for command, package in COMMANDS.items():
        if shutil.which(command) is None:
            raise LabError(
                f"{command} is not installed, which the VM lab needs",
                hint=f"`apt-get install --no-install-recommends {package}`",
            )
    image = obtain_image(recipe_for_this_machine(), progress)
    accelerator = choose_accelerator(image)
    progress.step(f"guests boot by {accelerator.upper()} from {image.folder}")
    return replace(settings, image=image.folder, accelerator=accelerator)
