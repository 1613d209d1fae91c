"""What blkid(8) finds on a device: asked for a remedy once mount(8) or fsck(8) has refused it."""

from __future__ import annotations

_NOTHING_FOUND = 2  # blkid(8), "EXIT STATUS"
_FILE_SYSTEM = "filesystem"
# What drivers take beside their own, by blkid's name for what is there.
_TAKEN_BY = {
    "ext2": ("ext4",),
    "ext3": ("ext4",),
    "vfat": ("msdos",),
    "ntfs": ("ntfs3", "ntfs-3g", "fuseblk"),
}


class Contents:
    """What is on a device: ``fstype`` with its ``usage``, or a ``partitions`` table; else ""."""

    __slots__ = ("fstype", "partitions", "usage")

    def __init__(self, fstype: str = "", usage: str = "", partitions: str = "") -> None:
        self.fstype = fstype
        self.usage = usage
        self.partitions = partitions

    def explain(self, words: str, fstype: str) -> tuple[str, str]:
        """Say why ``words`` is not mounted as ``fstype``, and the remedy.

        ("", "") where what it holds is no reason.
        """
        if not self.fstype and self.partitions:
            return f"{words} holds partitions, no file system", "name one of them"
        if not self.fstype:
            return (
                f"{words} holds no file system that blkid knows",
                "mkfs first, if it is new and the right one",
            )
        if self.usage != _FILE_SYSTEM:
            return f"{words} holds {self.fstype}, which is no file system", "see lsblk -f"
        if fstype not in ("auto", self.fstype, *_TAKEN_BY.get(self.fstype, ())):
            return f"{words} holds {self.fstype}, not {fstype}", f"set fstype={self.fstype}"
        return "", ""


def read_contents(path: str, seconds: float) -> Contents | None:
    """Ask blkid(8) to look at the device itself; None where it cannot tell."""
    from .commands import ToolMissing, run

    try:
        done = run(["blkid", "-p", "-o", "export", path], seconds)
    except (ToolMissing, OSError):
        return None
    if done.status == _NOTHING_FOUND:
        return Contents()
    if done.status:
        return None  # such as for traces of several at once
    found = dict(line.partition("=")[::2] for line in done.stdout.split("\n"))
    return Contents(found.get("TYPE", ""), found.get("USAGE", ""), found.get("PTTYPE", ""))
