"""What is to be mounted: every spelling of a device, and how to know it in the mount table."""

from __future__ import annotations

from .mounts import SERVED, normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .mounts import Mount, MountTable
    from .storage import Storage

#: What a server, or all nodes together, let several nodes write to at once.
_NETWORK_TYPES = SERVED | {"fuse.ceph", "fuse.glusterfs", "fuse.sshfs"}
_CLUSTER_TYPES = _NETWORK_TYPES | {"gfs2", "ocfs2", "gpfs", "cvfs"}
_LOCAL_TYPES = frozenset(
    ("ext2", "ext3", "ext4", "xfs", "btrfs", "jfs", "reiserfs", "f2fs", "vfat", "ocfs2", "gfs2")
)
_ALWAYS_READ_ONLY = frozenset(("iso9660", "squashfs", "erofs", "cramfs", "romfs"))
_TAGS = {
    "UUID": "uuid",
    "LABEL": "label",
    "PARTUUID": "partuuid",
    "PARTLABEL": "partlabel",
    "ID": "id",
}
_HEXADECIMAL = ("UUID", "PARTUUID")
_HEX = frozenset("0123456789abcdefABCDEF")
_NTFS_DIGITS, _FAT_DIGITS = 16, 8
_FLAGS = {"-U": "UUID", "--uuid": "UUID", "-L": "LABEL", "--label": "LABEL"}
_BIND = ("bind", "rbind")
# What udev leaves as it is in the names below /dev/disk (udev's libudev-util.c).
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#+-.:=@_")

TAG, BIND, NETWORK, PATH, NAME = "tag", "bind", "network", "path", "name"


class Source:
    """What the parameters ask to be mounted; looks at nothing until it is asked to.

    ``kind`` is TAG (``UUID=x``, ``-U x``, ...), BIND (a directory), NETWORK (``host:/export``,
    ``//host/share``), PATH (a block device or an image) or NAME (tmpfs, a ZFS data set). The
    constructor raises ValueError with what is wrong, to follow the text.
    """

    __slots__ = ("fstype", "kind", "name", "options", "tag")

    def __init__(self, device: str, fstype: str, options: list[str]) -> None:
        self.fstype = fstype
        self.options = options
        self.tag, self.name = _read_tag(device)
        if "\0" in device or "\n" in fstype:
            raise ValueError("is no name of a device")
        if self.tag:
            self.kind = TAG
        elif any(word in _BIND for word in options):
            self.kind = BIND
            if not device.startswith("/"):
                raise ValueError("is no absolute path, which a bind mount takes")
        elif fstype in _NETWORK_TYPES or device.startswith("//") or _is_export(device):
            self.kind = NETWORK
        elif device.startswith("/"):
            self.kind = PATH
        elif fstype in _LOCAL_TYPES:
            raise ValueError("is neither an absolute path nor a tag such as UUID=")
        else:
            self.kind = NAME
        if self.kind in (NETWORK, NAME) and device.startswith("-"):
            raise ValueError("is none of -U UUID and -L LABEL")

    @property
    def is_cluster_type(self) -> bool:
        """Whether several nodes may have it mounted for writing."""
        return self.fstype in _CLUSTER_TYPES or self.kind in (NETWORK, NAME)

    @property
    def is_on_a_device(self) -> bool:
        """Whether it is on a block device, or an image."""
        return self.kind in (PATH, TAG)

    @property
    def has_one_writer(self) -> bool:
        """Whether it is destroyed when it is mounted for writing twice."""
        return self.is_on_a_device and not self.is_cluster_type

    @property
    def wants_read_only(self) -> bool:
        """Whether it is to be mounted read-only: the last word of the options counts."""
        words = [word for word in self.options if word in ("ro", "rw")]
        return words[-1:] == ["ro"]

    @property
    def words(self) -> str:
        """What mount(8) takes for it."""
        return f"{self.tag}={self.name}" if self.tag else self.name

    @property
    def node(self) -> str:
        """The path that udev gives the device, or its own."""
        if not self.tag:
            return self.name
        return f"/dev/disk/by-{_TAGS[self.tag]}/{_encode(self.name)}"

    def find_node(self, storage: Storage) -> str:
        """Where it is on this node; "" where it is not."""
        if self.kind in (NETWORK, NAME):
            return self.name
        if self.kind == BIND:
            is_there = storage.is_folder(self.name) or storage.is_file(self.name)
            return self.name if is_there else ""
        if storage.find_number(self.node) or storage.is_file(self.node):
            return self.node
        return storage.ask_blkid(self.tag, self.name) if self.tag else ""

    def find_flaw(self, mount: Mount, storage: Storage) -> str:
        """Say what is wrong with our own mount; "" where it is as it should be."""
        where = f"{mount.source} on {mount.point}"
        if mount.is_shut_down:
            return f"{where} has shut down after an error: see the kernel's log"
        if not mount.is_anonymous and not storage.is_present(mount.device):
            return f"{where}: the device has gone"
        if mount.is_read_only and self._wants_writing(mount):
            return f"{where} is read-only: see the kernel's log, or ask for ro"
        if self.wants_read_only and not mount.is_read_only:
            return f"{where} can be written to, and ro was asked for"
        return ""

    def _wants_writing(self, mount: Mount) -> bool:
        if self.wants_read_only or mount.fstype in _ALWAYS_READ_ONLY:
            return False
        is_overlay = mount.fstype == "overlay"
        return not is_overlay or any(word.startswith("upperdir=") for word in self.options)

    def matches(self, mount: Mount, table: MountTable, storage: Storage) -> bool | None:
        """Whether ``mount`` is of this; None where it cannot be told.

        A block device is known by its number, a bind by the file system and the folder in it,
        whatever they are called; what has no number by its name and type.
        """
        if self.kind == BIND:
            return (mount.device, mount.root) == find_folder(self.name, table)
        if self.kind in (NETWORK, NAME):
            return _same_type(self.fstype, mount.fstype) and _same_export(self.name, mount.source)
        number = storage.find_number(self.node)
        if number is not None:
            return number == mount.device or self._is_member(number, mount, storage)
        return self._is_known(mount, table, storage)

    def _is_known(self, mount: Mount, table: MountTable, storage: Storage) -> bool | None:
        """Judge by what else there is where no device has our name: it is an image, or gone."""
        if self.kind == PATH:
            device = storage.find_number(mount.source) if mount.is_anonymous else mount.device
            if device and storage.is_image(table.resolve(self.name), device, self.offset):
                return True
        if mount.source in (self.name, self.words):
            return True  # nothing else ever had this name here
        if self.kind == TAG and not storage.exists(self.node.rpartition("/")[0]):
            return None if _same_type(self.fstype, mount.fstype) else False
        return False

    def _is_member(self, number: str, mount: Mount, storage: Storage) -> bool:
        """Whether a file system that has a number of its own, such as btrfs, lies on our device."""
        if not mount.is_anonymous:
            return False
        if self.subvolume and self.subvolume != normalize(mount.root):
            return False
        theirs = storage.find_number(mount.source)
        return theirs is not None and (theirs == number or storage.are_siblings(number, theirs))

    @property
    def offset(self) -> int:
        """Where in an image the file system begins, in bytes; -1 where that cannot be told."""
        found = [word[7:] for word in self.options if word.startswith("offset=")]
        return _read_size(found[-1]) if found else 0

    @property
    def subvolume(self) -> str:
        """The subvolume that btrfs is asked for; "" for its default."""
        found = [word[7:] for word in self.options if word.startswith("subvol=")]
        return normalize(found[-1]) if found else ""


def find_folder(path: str, table: MountTable) -> tuple[str, str]:
    """Where a folder is: (device of its file system, its path in there); ("", "") for nowhere."""
    real = table.resolve(path)
    above = table.look(real).above
    if above is None:
        return "", ""
    inside = real[len(above.point) :] if above.point != "/" else real
    return above.device, normalize(f"{above.root}/{inside}")


def _read_tag(device: str) -> tuple[str, str]:
    """(tag, value) of a device that is named by one, else ("", device)."""
    for flag, tag in _FLAGS.items():
        rest = device[len(flag) :]
        if device.startswith(flag) and (rest[:1] in ("", " ", "=") or len(flag) == 2):  # noqa: PLR2004 - -Ux
            return tag, _value(tag, rest[1:] if rest[:1] == "=" else rest)
    tag, equals, value = device.partition("=")
    if equals and tag.upper() in _TAGS:
        return tag.upper(), _value(tag.upper(), value)
    return "", device


def _value(tag: str, text: str) -> str:
    value = text.strip()
    for quote in ('"', "'"):
        if len(value) > 1 and value[0] == value[-1] == quote:
            value = value[1:-1]
    if not value:
        raise ValueError("names nothing")
    return _spell(value) if tag in _HEXADECIMAL else value


def _spell(uuid: str) -> str:
    """Write a UUID in the letters that udev and blkid(8) write it in.

    The short ones, which are serial numbers of FAT and NTFS, are in capitals.
    """
    digits = uuid.replace("-", "")
    if not digits or any(letter not in _HEX for letter in digits):
        return uuid
    is_serial = len(digits) == len(uuid) == _NTFS_DIGITS or (
        len(digits) == _FAT_DIGITS and uuid[4:5] == "-"
    )
    return uuid.upper() if is_serial else uuid.lower()


def _read_size(text: str) -> int:
    """Read a size as mount(8) does: 1048576, 1024K, 1MiB, and 1MB, which is a million; or -1."""
    digits = text.rstrip("KMGTPEiB")
    unit = text[len(digits) :]
    power = "_KMGTPE".find(unit[:1] or "_")
    if not (digits.isascii() and digits.isdecimal()) or unit[1:] not in ("", "iB", "B"):
        return -1
    return int(digits) * int((1000 if unit[1:] == "B" else 1024) ** power) if power >= 0 else -1


def _is_export(device: str) -> bool:
    return not device.startswith("/") and ":/" in device


def _same_export(asked: str, shown: str) -> bool:
    return asked == shown or (asked.rstrip("/") == shown.rstrip("/") != "")


def _same_type(asked: str, shown: str) -> bool:
    """By their families: nfs is shown as nfs4, and a helper's own as fuse.NAME."""
    families = {"nfs4": "nfs", "smb3": "cifs", "smbfs": "cifs"}
    one, other = (
        families.get(name.removeprefix("fuse."), name.removeprefix("fuse."))
        for name in (asked, shown)
    )
    return one == other or "auto" in (one, other) or asked == "none"


def _encode(name: str) -> str:
    """Write a label as udev does in a path: other bytes than plain ones by their number."""
    return "".join(
        letter if letter in _PLAIN or letter > "\x7f" else f"\\x{ord(letter):02x}"
        for letter in name
    )
