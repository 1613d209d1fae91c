"""Whose the root of a mounted file system is, and who may enter it."""

from __future__ import annotations

import posix

_MODE_BITS = 0o7777
_KEPT = -1  # chown(2): leave it as it is


def find_user(text: str) -> int:
    """The number of a user, by name or number; LookupError if there is none of this name."""
    if text.isascii() and text.isdigit():
        return int(text)
    import pwd

    return pwd.getpwnam(text).pw_uid


def find_group(text: str) -> int:
    """The number of a group, by name or number; LookupError if there is none of this name."""
    if text.isascii() and text.isdigit():
        return int(text)
    import grp

    return grp.getgrnam(text).gr_gid


def parse_mode(text: str) -> int:
    """Read permissions in octal, such as 0750; ValueError if they are none."""
    if not text or len(text) > 5 or any(digit not in "01234567" for digit in text):  # noqa: PLR2004 - 07777
        raise ValueError("is no mode such as 0750")
    mode = int(text, 8)
    if mode > _MODE_BITS:
        raise ValueError("is no mode such as 0750")
    return mode


def apply(path: str, user: int | None, group: int | None, mode: int | None) -> bool:
    """Set what is given, where it is not so already; whether anything was changed. OSError."""
    handle = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        status = posix.fstat(handle)
        wanted = (
            _KEPT if user in (None, status.st_uid) else user,
            _KEPT if group in (None, status.st_gid) else group,
        )
        changes = wanted != (_KEPT, _KEPT)
        if changes:
            posix.chown(handle, wanted[0] or 0, wanted[1] or 0)
        if mode is not None and (changes or status.st_mode & _MODE_BITS != mode):
            posix.chmod(handle, mode)  # a chown may take bits away: so it comes last
            changes = True
        return changes
    finally:
        posix.close(handle)
