"""What systemd has to do with a mount that is the cluster's: not at boot, and last at shutdown.

Sources: systemd.unit(5), systemd.mount(5), systemd-escape(1).
"""

from __future__ import annotations

import posix

from . import read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FSTAB = "/etc/fstab"
_RUNTIME = "/run/systemd/system"
_UNITS = ("/etc/systemd/system", _RUNTIME)
_TARGET = "resource-agents-deps.target"
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.")
_RELOAD_SECONDS = 20.0
_TOLD = 0o444  # the mode of a drop-in of ours once systemd has read it
_POINT, _OPTIONS = 1, 3  # fields of fstab(5)


class SystemdMounts:
    """The host's systemd, as far as it is there. ``root`` is put before its paths, for a test."""

    def __init__(self, seconds: Callable[[], float], root: str = "") -> None:
        self._seconds = seconds
        self._root = root

    def find_boot_mount(self, point: str) -> str:
        """Say what mounts ``point`` at boot, beside the cluster; "" where nothing does."""
        for fields in self._read_fstab():
            options = fields[_OPTIONS].split(",") if len(fields) > _OPTIONS else []
            if fields[_POINT].rstrip("/") == point and "noauto" not in options:
                return f"{_FSTAB} mounts {point} at boot: add noauto to its line"
        name = f"{escape_path(point)}.mount"
        for folder in _UNITS:
            for wants in self._list(folder):
                if wants.endswith((".wants", ".requires")) and name in self._list(
                    f"{folder}/{wants}"
                ):
                    return f"{name} is enabled and mounts {point} at boot: disable it"
        return ""

    def order_shutdown(self, point: str, *, needs_network: bool) -> bool:
        """Let a shutdown stop the cluster before it unmounts ``point``; whether that was new.

        Pacemaker's unit stands behind resource-agents-deps.target, which learns here what it needs.
        Nothing is done where no systemd runs. That systemd has read the file is kept in its mode:
        an agent that was killed before, or a reload that failed, leaves it to the next start.
        OSError.
        """
        if not self._exists(_RUNTIME):
            return False
        unit = escape_path(point)
        after = [f"{unit}.mount"]
        if needs_network:
            after += ["remote-fs.target", "network-online.target"]
        content = f"# Written by ocf:ocfpy:Filesystem\n[Unit]\nAfter={' '.join(after)}\n".encode()
        path = f"{self._root}{_RUNTIME}/{_TARGET}.d/50-ocfpy-{_shorten(unit)}.conf"
        if _read(path) == content and _mode(path) == _TOLD:
            return False
        from .drop_ins import lay_drop_in

        lay_drop_in(path, content)
        self._reload()
        posix.chmod(path, _TOLD)
        return True

    def _reload(self) -> None:
        from .commands import ToolMissing, run

        try:
            done = run(["systemctl", "daemon-reload"], min(_RELOAD_SECONDS, self._seconds()))
        except ToolMissing as missing:
            raise OSError(0, str(missing)) from missing
        if done.status:
            raise OSError(0, f"systemctl daemon-reload: {done.stderr.strip()}")

    def _read_fstab(self) -> Iterator[list[str]]:
        from .mounts import unescape

        for line in _read(self._root + _FSTAB).split(b"\n"):
            fields = line.split()
            if len(fields) > _POINT and not line.lstrip().startswith(b"#"):
                yield [_unescape_or_keep(field, unescape) for field in fields]

    def _exists(self, path: str) -> bool:
        try:
            posix.stat(self._root + path)
        except OSError:
            return False
        return True

    def _list(self, path: str) -> list[str]:
        try:
            return posix.listdir(self._root + path)
        except OSError:
            return []


def escape_path(path: str) -> str:
    """Write a path as the name of a unit, as systemd-escape --path does."""
    inner = "/".join(part for part in path.split("/") if part)
    if not inner:
        return "-"
    letters = []
    for place, byte in enumerate(inner.encode("utf-8", "surrogateescape")):
        letter = chr(byte)
        if letter == "/":
            letters.append("-")
        elif letter in _PLAIN and (place or letter != "."):
            letters.append(letter)
        else:
            letters.append(f"\\x{byte:02x}")
    return "".join(letters)


def _unescape_or_keep(field: bytes, unescape: Callable[[bytes], str]) -> str:
    try:
        return unescape(field)
    except ValueError:  # a backslash that escapes nothing
        return field.decode("utf-8", "surrogateescape")


def _shorten(unit: str) -> str:
    """Fit a name into a file's (NAME_MAX), and let no other name become the same."""
    if len(unit) <= 200:  # noqa: PLR2004 - of 255, with room for what stands around it
        return unit
    from hashlib import sha256

    return f"{unit[:130]}-{sha256(unit.encode()).hexdigest()}"


def _read(path: str) -> bytes:
    try:
        return read_whole(path)
    except OSError:
        return b""


def _mode(path: str) -> int:
    return posix.stat(path).st_mode & 0o7777
