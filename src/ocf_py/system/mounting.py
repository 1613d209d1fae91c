"""Bringing a file system to its directory: who may not be there, fsck(8), and mount(8)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.log import Log

    from .devices import Source
    from .mounts import MountTable
    from .storage import Storage

# These repair themselves when they are mounted, or have nothing that fsck(8) could look at.
_NEED_NO_FSCK = frozenset(
    (
        *("ext3", "ext4", "xfs", "btrfs", "jfs", "reiserfs", "reiser4", "f2fs", "zfs", "nilfs2"),
        *("ocfs2", "gfs2", "iso9660", "udf", "squashfs", "erofs", "vfat", "msdos", "exfat"),
    )
)
_UNCORRECTED = 4  # fsck(8): this exit status and all above
#: The helpers of mount(8) without which it says little, and the packages that they come in.
HELPERS = {
    "nfs": ("mount.nfs", "nfs-common or nfs-utils"),
    "nfs4": ("mount.nfs4", "nfs-common or nfs-utils"),
    "cifs": ("mount.cifs", "cifs-utils"),
    "glusterfs": ("mount.glusterfs", "glusterfs-client"),
    "ceph": ("mount.ceph", "ceph-common"),
}


class CannotMount(Exception):  # noqa: N818 - says what is
    """It cannot be brought up; the message says why, ``hint`` the remedy."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ToolLacking(CannotMount):
    """A program that was asked for is not installed."""


class CannotMake(CannotMount):
    """The mount point is not there, and cannot be made."""


class Mounting:
    """One start's work: ``node`` is where the device was found, the directory is ``point``.

    ``mark`` is what the programs that it runs are known by.
    """

    def __init__(
        self, storage: Storage, source: Source, node: str, point: str, mark: str, log: Log
    ) -> None:
        self._storage = storage
        self._source = source
        self._node = node or source.words
        self._point = point
        self._mark = mark
        self._log = log

    def refuse_others(self, table: MountTable) -> None:
        """Refuse a directory that is taken, and a second writer to what has one writer only."""
        stack = table.look(self._point).stack
        if stack:
            raise CannotMount(f"{stack[-1].source} is mounted on {self._point}", "unmount it first")
        source = self._source
        if not source.has_one_writer or source.wants_read_only:
            return
        root = source.subvolume or "/"
        for one in table:
            if one.is_read_only or one.root != root:
                continue
            if source.matches(one, table, self._storage):
                raise CannotMount(
                    f"{source.words} is mounted on {one.point}", "unmount it there first"
                )

    def check(self, policy: str) -> None:
        """Run fsck(8) where ``policy`` is "force", or "auto" and the type is in need of it."""
        source = self._source
        is_due = policy == "force" or (policy == "auto" and source.fstype not in _NEED_NO_FSCK)
        if not is_due or not source.is_on_a_device:
            return
        for tool in ("fsck", f"fsck.{source.fstype}"):
            if not self._storage.has_tool(tool):
                if policy == "force":
                    raise ToolLacking(f"{tool} is not installed", "or set run_fsck=no")
                self._log.warning(f"{tool} is not installed: {source.words} is not checked")
                return
        try:
            status, said = self._storage.check(self._node, source.fstype, mark=self._mark)
        except OSError as error:
            raise CannotMount(f"fsck of {source.words}: {error.strerror}") from error
        if status >= _UNCORRECTED:
            raise self._explain(f"fsck of {source.words} ended with {status}: {said}", by_fsck=True)
        self._log.info(f"fsck of {source.words} ended with {status}")

    def mount(self, options: str) -> None:
        """Mount it, on a directory that is made where it is absent."""
        is_new = False
        try:
            is_new = self._storage.make_folder(self._point)
        except OSError as error:
            if self._source.kind != "bind" or not self._storage.is_file(self._point):
                raise CannotMake(f"{self._point} cannot be made: {error.strerror}") from error
        try:
            self._run(options)
        except CannotMount:
            if is_new:
                self._storage.remove_folder(self._point)
            raise
        self._log.info(f"{self._source.words} mounted on {self._point}")

    def remount(self, options: str) -> None:
        """Change how it is mounted."""
        self._run(f"remount,{options}")

    def _run(self, options: str) -> None:
        source = self._source
        try:
            said = self._storage.mount(
                self._node, self._point, source.fstype, options, mark=self._mark
            )
        except OSError as error:
            raise CannotMount(f"{source.words} cannot be mounted: {error.strerror}") from error
        except LookupError as missing:
            raise ToolLacking(str(missing), "it comes with util-linux") from missing
        if said:
            raise self._explain(said)

    def _explain(self, said: str, *, by_fsck: bool = False) -> CannotMount:
        """Say why it is refused in better words than a program's, where the device tells.

        What fsck(8) looked at may have held its file system once: nobody is to make a new one.
        """
        source, storage = self._source, self._storage
        if not source.is_on_a_device:
            return CannotMount(said)
        number = storage.find_number(self._node)
        if number and storage.look_at_claim(self._node):
            return CannotMount(said, f"it is in use by {storage.find_users(number, self._point)}")
        contents = storage.read_contents(self._node)
        if contents is None or (by_fsck and not contents.fstype):
            return CannotMount(said)
        problem, remedy = contents.explain(source.words, source.fstype)
        if problem:
            return CannotMount(problem, remedy)
        return CannotMount(said, f"it holds {contents.fstype}: see options and the kernel's log")
