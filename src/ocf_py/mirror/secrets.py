"""The secrets by which peers know each other, in the form of rsyncd.conf(5): NAME:SECRET lines.

All lines are accepted, the first is presented. So a secret is changed without a gap: the new one is
added behind the old on every node, then put before it on every node, then the old one is removed.
"""

from __future__ import annotations

import os
import stat

_LONGEST = 1 << 16  # bytes
_SHORTEST_SECRET = 16  # characters: rsync hashes it with a challenge that others can see
_MODE_OF_OTHERS = 0o077


class SecretsUnusable(ValueError):  # noqa: N818 - says what is
    """The file cannot be used; the message says why, and holds no part of a secret."""


def read_secrets(path: str) -> list[tuple[str, str]]:
    """Return (name, secret) of each line, the one to present first. SecretsUnusable."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SecretsUnusable(f"{path}: {error.strerror}") from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise SecretsUnusable(f"{path} is no regular file")
        if found.st_uid != os.geteuid() or found.st_mode & _MODE_OF_OTHERS:
            raise SecretsUnusable(f"others can read {path}: chown root, chmod 0600")
        content = os.read(handle, _LONGEST)
    finally:
        os.close(handle)
    lines = content.decode("utf-8", "replace").splitlines()
    pairs = [
        _parse(path, number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]
    if not pairs:
        raise SecretsUnusable(f"{path} holds no secret: a line NAME:SECRET is wanted")
    if len({name for name, _ in pairs}) < len(pairs):
        raise SecretsUnusable(f"{path} has a name twice: each secret needs its own")
    return pairs


def _parse(path: str, number: int, line: str) -> tuple[str, str]:
    name, colon, secret = line.partition(":")
    if not colon or not (name.isascii() and name.replace("-", "").isalnum()):
        raise SecretsUnusable(f"line {number} of {path} is not NAME:SECRET")
    if len(secret) < _SHORTEST_SECRET or secret != secret.strip():
        raise SecretsUnusable(
            f"the secret in line {number} of {path} has fewer than {_SHORTEST_SECRET} characters, "
            "or blanks at its ends"
        )
    return name, secret
