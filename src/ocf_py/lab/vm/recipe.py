"""What the guests' root image is made of; its hash names the image in the cache."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ocf_py.lab.errors import LabError

INITRD_SCRIPT = Path(__file__).with_name("inside") / "initrd.sh"
OS_RELEASE = Path("/etc/os-release")
KERNEL = "linux-image-amd64"  # not the cloud kernel, which has no DRBD
ARCHITECTURE = "x86_64"
# Raised when the steps that make an image change without anything below changing.
_FORMAT = 1
_PACKAGES = (
    *("pacemaker", "pacemaker-cli-utils", "corosync", "resource-agents", "drbd-utils"),
    "libxml2-utils",  # whose xmllint ocf-tester asks
    *("python3", "iproute2", "iputils-ping", "kmod", "procps", "psmisc", "util-linux"),
    *("rsync", "e2fsprogs", "xfsprogs", "mdadm", "dmsetup", "nbd-client", "nbd-server"),
    *("python3-click", "python3-lxml", "python3-psutil"),  # of `ocf-py`, which DRBD calls
    "postgresql",
)
# PostgreSQL's compiler of queries: a third of the whole image, and it does without.
_EXCLUDED = (
    "/usr/lib/*/libLLVM*",
    "/usr/lib/postgresql/*/lib/llvmjit*",
    "/usr/lib/postgresql/*/lib/bitcode/*",
)
# What the initrd loads, in this order, each after what it depends on.
BOOT_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4", "overlay")
_MODULES = (
    *BOOT_MODULES,
    *("virtio_console", "virtio_net", "virtio_rng", "virtio_scsi", "sd_mod", "9p", "9pnet_virtio"),
    *("drbd", "dm_mod", "dm_flakey", "dm_delay", "raid1", "nbd", "loop", "xfs", "softdog", "dummy"),
)


@dataclass(frozen=True)
class Recipe:
    """The ingredients; two that are equal make images of which either will do.

    Versions are not among them: an image stays as it was made until it is removed.
    """

    suite: str
    packages: tuple[str, ...] = _PACKAGES
    excluded: tuple[str, ...] = _EXCLUDED  # files of packages, as dpkg(1) names them: path-exclude
    modules: tuple[str, ...] = _MODULES
    kernel: str = KERNEL
    initrd_script: str = field(default_factory=INITRD_SCRIPT.read_text)
    made_by: int = _FORMAT

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that differ when anything differs."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def recipe_for_this_machine() -> Recipe:
    """The recipe whose packages are those of this machine's distribution; LabError without one."""
    if platform.machine() != ARCHITECTURE:
        raise LabError(f"the VM lab's guests are {ARCHITECTURE}, this is {platform.machine()}")
    words = dict(line.partition("=")[::2] for line in OS_RELEASE.read_text().splitlines())
    suite = words.get("VERSION_CODENAME", "").strip('"')
    kin = {words.get("ID", "").strip('"'), *words.get("ID_LIKE", "").strip('"').split()}
    if "debian" not in kin or not suite:
        raise LabError(
            "the VM lab builds its guests from Debian's packages, and this is no Debian",
            hint="use the namespace lab: leave --vm away",
        )
    return Recipe(suite)
