"""Which of QEMU's accelerators the guests run on: KVM where a boot has proven it, else TCG."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.kernel import end_with_parent
from ocf_py.lab.vm.qemu import KVM, TCG, bare_command

if TYPE_CHECKING:
    from ocf_py.lab.vm.image_store import Image

_DEVICE = Path("/dev/kvm")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# An initrd on a KVM that works is there in a second. One that only emulates takes minutes.
_PROOF_SECONDS = 6.0


def choose_accelerator(image: Image) -> str:
    """KVM or TCG; the proof is made once for each boot of the machine, and kept with the image."""
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return TCG
    known = image.folder / f"accelerator-{_BOOT_ID.read_text().strip()}"
    if not known.exists():
        for old in image.folder.glob("accelerator-*"):
            old.unlink(missing_ok=True)
        beside = known.with_name(f"{known.name}.{os.getpid()}")
        beside.write_text(KVM if _boots(image) else TCG)
        beside.replace(known)
    return KVM if known.read_text() == KVM else TCG


def _boots(image: Image) -> bool:
    """Whether a guest's initrd comes up on KVM and switches its machine off."""
    command = bare_command(image, KVM, "lab.probe")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROOF_SECONDS,
            check=False,
            preexec_fn=_be_proven,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _be_proven() -> None:
    """In the child: a QEMU whose KVM fails aborts, and nobody wants its core."""
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
