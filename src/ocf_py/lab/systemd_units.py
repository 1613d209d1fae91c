"""Which of the machine's systemd units start in a node: the named ones, and no other."""

from __future__ import annotations

import shutil
from pathlib import Path

_ETC = Path("/etc/systemd/system")
_HOMES = (_ETC, Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))
BINARIES = (Path("/usr/lib/systemd/systemd"), Path("/lib/systemd/systemd"))
# They want hardware, consoles or kernel file systems that a node does not have.
_MASKED = (
    "console-getty.service",
    "dev-hugepages.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-firstboot.service",
    "systemd-journald-audit.socket",
    "systemd-logind.service",
    "systemd-udevd.service",
)


def find_systemd() -> Path | None:
    """The machine's systemd, if it has one."""
    return next((binary for binary in BINARIES if binary.exists()), None)


def enable_units(units: list[str]) -> None:
    """Forget all that is enabled on the machine, and enable `units`; the root is the node's."""
    for wanted in (*_ETC.glob("*.wants"), *_ETC.glob("*.requires")):
        shutil.rmtree(wanted)
    for level in "S2345":  # init scripts, which systemd starts too
        for script in Path("/etc", f"rc{level}.d").glob("S*"):
            script.unlink()
    _link(_ETC / "default.target", _find("multi-user.target"))
    for unit in _MASKED:
        _link(_ETC / unit, Path("/dev/null"))
    wants = _ETC / "multi-user.target.wants"
    wants.mkdir()
    for unit in units:
        _link(wants / unit, _find(unit))


def _find(unit: str) -> Path:
    for home in _HOMES:
        if (home / unit).exists():
            return home / unit
    raise FileNotFoundError(f"the machine has no systemd unit {unit}")


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
