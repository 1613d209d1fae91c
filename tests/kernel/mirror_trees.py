"""Directory trees with everything in them, and what must be the same of a copy."""

from __future__ import annotations

import os
import stat
from pathlib import Path

LINKS = b"/links"  # no path: the groups of names that are one file each


def describe(top: Path) -> dict[bytes, tuple[object, ...]]:
    """Every entry but the sockets with what must be kept of it, read without the mirror's code."""
    found: dict[bytes, tuple[object, ...]] = {}
    groups: dict[int, list[bytes]] = {}
    root = os.fsencode(top)
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files, b"."):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISSOCK(status.st_mode):
                continue
            short = os.path.relpath(path, root)
            content: object = None
            if stat.S_ISREG(status.st_mode):
                content = Path(os.fsdecode(path)).read_bytes()
            elif stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                content = status.st_rdev
            if not stat.S_ISDIR(status.st_mode):
                groups.setdefault(status.st_ino, []).append(short)
            attributes = {
                name: os.getxattr(path, name, follow_symlinks=False)
                for name in os.listxattr(path, follow_symlinks=False)
            }
            owner = (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns)
            found[short] = (*owner, content, tuple(sorted(attributes.items())))
    linked = [tuple(sorted(group)) for group in groups.values() if len(group) > 1]
    found[LINKS] = tuple(sorted(linked))
    return found


def differences(one: Path, other: Path) -> list[str]:
    """What differs between two trees, in lines for people; empty where nothing does."""
    return compare(describe(one), describe(other))


def compare(
    ours: dict[bytes, tuple[object, ...]], theirs: dict[bytes, tuple[object, ...]]
) -> list[str]:
    """The same of two descriptions."""
    return [
        f"{path!r}: {str(ours.get(path))[:300]} | {str(theirs.get(path))[:300]}"
        for path in sorted({*ours, *theirs})
        if ours.get(path) != theirs.get(path)
    ]


def fill(top: Path) -> None:
    """One of everything that a tree may hold."""
    (top / "folder/deeper").mkdir(parents=True)
    (top / "folder/empty").mkdir(mode=0o2750)
    (top / "plain").write_text("text\n")
    (top / "owned").write_text("nobody's\n")
    os.chown(top / "owned", 65534, 65534)
    (top / "owned").chmod(0o4751)
    os.link(top / "plain", top / "folder/linked")
    (top / "symlink").symlink_to("folder/deeper")
    (top / "dangling").symlink_to("/no/such\nplace")
    os.lchown(top / "symlink", 65534, 65534)
    Path(os.fsdecode(os.fsencode(top) + b"/\xff\xfe name\nwith \\everything*?[")).write_text("x")
    with (top / "sparse").open("wb") as file:
        file.seek(64 << 20)
        file.write(b"end")
    os.mkfifo(top / "fifo")
    os.setxattr(top / "plain", "user.colour", b"\0red\xff")
    os.setxattr(top / "folder", ACL, acl(7, 1234))


ACL = "system.posix_acl_access"


def acl(permissions: int, user: int) -> bytes:
    """An access list that has one more user: POSIX_ACL_XATTR_VERSION, then tag, permissions, id."""
    entries = ((1, 6, -1), (2, permissions, user), (4, 4, -1), (16, 7, -1), (32, 4, -1))
    return bytes.fromhex("02000000") + b"".join(
        tag.to_bytes(2, "little")
        + allowed.to_bytes(2, "little")
        + number.to_bytes(4, "little", signed=True)
        for tag, allowed, number in entries
    )
