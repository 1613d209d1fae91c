"""Changes a directory tree at random, in every way that its owner may."""

from __future__ import annotations

import os
import shutil
import stat
import time
from typing import TYPE_CHECKING

from tests.kernel.mirror_trees import ACL, acl

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

NAMES = (
    *(
        b"a",
        b"b",
        b"c",
        b"d",
        b"e",
        b"f",
        b"-n",
        b"#x",
        b";y",
        b" sp ",
        b"*",
        b"[q]?",
        b"..d",
        b"%s",
    ),
    *(b"new\nline", b"back\\#123", b"a\\#12", b"\xff\xfe", b"a => b", b"a -> b", b".a.XXXXXX"),
    *("caf\u00e9".encode(), b"\x1b[1m", b"\r", b"n" * 255),
)
DEEPEST = 4  # folders


class Gardener:
    """Grows what is below `top`; all it does follows from `chance`."""

    def __init__(self, top: bytes, chance: random.Random) -> None:
        self.top = top
        self.chance = chance
        self.version = 0

    def work(self, count: int) -> None:
        """Does so many random changes."""
        for _ in range(count):
            self.chance.choice(self._works)()

    @property
    def _works(self) -> tuple[Callable[[], None], ...]:
        many = (self.create, self.rewrite, self.append, self.replace, self.mkdir)
        return (
            *many,
            *many,
            self.change_mode,
            self.change_owner,
            self.change_time,
            self.change_attribute,
            self.change_access,
            self.remove,
            self.rename,
            self.link,
            self.link,
            self.split,
            self.join,
            self.change_kind,
            self.make_symlink,
            self.make_odd,
            self.make_sparse,
        )

    # ------------------------------------------------------------ what there is

    def entries(self, *kinds: int) -> list[bytes]:
        found = []
        for folder, folders, files in os.walk(self.top):
            for name in sorted((*folders, *files)):
                path = os.path.join(folder, name)
                if not kinds or stat.S_IFMT(os.lstat(path).st_mode) in kinds:
                    found.append(path)
        return sorted(found)

    def pick(self, *kinds: int) -> bytes | None:
        found = [path for path in self.entries(*kinds) if os.path.basename(path) != ANCHOR]
        return self.chance.choice(found) if found else None

    def fresh(self) -> bytes:
        """A path at which nothing is yet."""
        deepest = self.top.count(b"/") + DEEPEST
        folders = [path for path in self.entries(stat.S_IFDIR) if path.count(b"/") < deepest]
        while True:
            folder = self.chance.choice([self.top, *folders])
            path = os.path.join(folder, self.chance.choice(NAMES))
            if self.chance.random() < 0.3:
                path += b"%d" % self.chance.randrange(100)
            if len(os.path.basename(path)) < 256 and not os.path.lexists(path):
                return path

    def text(self) -> bytes:
        self.version += 1
        return b"version %d\n" % self.version * self.chance.choice((1, 2, 30, 2000))

    def write(self, path: bytes) -> None:
        with open(path, "wb") as file:
            file.write(self.text())

    # ------------------------------------------------------------ what is done

    def create(self) -> None:
        self.write(self.fresh())

    def rewrite(self) -> None:
        if path := self.pick(stat.S_IFREG):
            self.write(path)

    def append(self) -> None:
        if path := self.pick(stat.S_IFREG):
            with open(path, "ab") as file:
                file.write(self.text())

    def replace(self) -> None:
        if path := self.pick(stat.S_IFREG):
            fresh = self.fresh()
            self.write(fresh)
            os.rename(fresh, path)

    def mkdir(self) -> None:
        os.mkdir(self.fresh(), self.chance.choice((0o755, 0o700, 0o2770, 0o1777)))

    def change_mode(self) -> None:
        if path := self.pick(stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO):
            os.chmod(path, self.chance.choice((0o600, 0o755, 0o4711, 0o000, 0o1777)))

    def change_owner(self) -> None:
        if path := self.pick():
            os.lchown(path, self.chance.choice((0, 1234, 65534)), self.chance.choice((0, 4321)))

    def change_time(self) -> None:
        """Back, and into the future: what sets a clock may."""
        if path := self.pick():
            offset = self.chance.choice((-(10**18), -1, 10**15, 10**18)) + self.chance.randrange(99)
            instant = time.time_ns() + offset
            os.utime(path, ns=(instant, instant), follow_symlinks=False)

    def change_attribute(self) -> None:
        if path := self.pick(stat.S_IFREG, stat.S_IFDIR):
            name = f"user.{self.chance.choice('xyz')}"
            if name in os.listxattr(path) and self.chance.random() < 0.4:
                os.removexattr(path, name)
            else:
                os.setxattr(path, name, self.text()[:100])

    def change_access(self) -> None:
        if path := self.pick(stat.S_IFREG, stat.S_IFDIR):
            if ACL in os.listxattr(path) and self.chance.random() < 0.4:
                os.removexattr(path, ACL)
            else:
                os.setxattr(path, ACL, acl(self.chance.randrange(8), self.chance.randrange(2000)))

    def remove(self) -> None:
        if path := self.pick():
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)

    def rename(self) -> None:
        path, fresh = self.pick(), self.fresh()
        if path and not fresh.startswith(path + b"/"):
            os.rename(path, fresh)

    def link(self) -> None:
        if path := self.pick(stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR):
            os.link(path, self.fresh(), follow_symlinks=False)

    def split(self) -> None:
        """A second name becomes a second file, the same in all but that."""
        linked = [path for path in self.entries(stat.S_IFREG) if os.lstat(path).st_nlink > 1]
        if linked:
            path, fresh = self.chance.choice(linked), self.fresh()
            shutil.copy2(path, fresh)
            found = os.lstat(path)
            os.chown(fresh, found.st_uid, found.st_gid)
            os.chmod(fresh, found.st_mode & 0o7777)
            os.utime(fresh, ns=(found.st_atime_ns, found.st_mtime_ns))
            os.rename(fresh, path)

    def join(self) -> None:
        one, other = self.pick(stat.S_IFREG), self.pick(stat.S_IFREG)
        if one and other and not os.path.samefile(one, other):
            os.unlink(other)
            os.link(one, other)

    def change_kind(self) -> None:
        if path := self.pick():
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
            kind = self.chance.randrange(5)
            if kind == 0:
                self.write(path)
            elif kind == 1:
                os.mkdir(path)
                self.write(os.path.join(path, b"in it"))
            elif kind == 2:
                os.symlink(self.chance.choice((b"..", b"/etc", b"a")), path)
            elif kind == 3:
                os.mkfifo(path)
            else:
                os.mknod(path, stat.S_IFSOCK | 0o755)

    def make_symlink(self) -> None:
        os.symlink(self.chance.choice((b".", b"/etc", b"no => such", b"x//y", b"a")), self.fresh())

    def make_odd(self) -> None:
        kind, number = self.chance.choice(
            (
                (stat.S_IFIFO, 0),
                (stat.S_IFSOCK, 0),
                (stat.S_IFCHR, os.makedev(1, 3)),
                (stat.S_IFBLK, os.makedev(7, 99)),
            )
        )
        os.mknod(self.fresh(), kind | 0o640, number)

    def make_sparse(self) -> None:
        with open(self.fresh(), "wb") as file:
            file.seek(self.chance.randrange(1 << 20))
            file.write(self.text())


#: A name that is never touched: a tree that is empty is another story.
ANCHOR = b"anchor"
