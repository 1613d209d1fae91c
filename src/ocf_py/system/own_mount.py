"""Which mount is ours: by what start has left in the record, and by what it is."""

from __future__ import annotations

import posix

from ocf_py.outcomes import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.call import Facts

    from .block_devices import BlockDevice
    from .devices import Source
    from .mounts import Mount, MountTable, Place
    from .storage import Storage

# What start leaves for stop: the directory without symbolic links, the very mount, its device,
# whether nobody had that in use before, and what the programs that start runs are known by.
_PLACE, _MOUNT, _DEVICE, _FREE, _MARK = "place", "mount", "device", "free", "mark"


class OwnMount:
    """The mount of ``source``, which is asked for, on ``directory``.

    ``facts()`` are the record's. What there is no record for is known as long as this object is.
    """

    __slots__ = ("_directory", "_facts", "_seen", "_storage", "source")

    def __init__(
        self, source: Source, directory: str, storage: Storage, facts: Callable[[], Facts]
    ) -> None:
        self.source = source
        self._directory = directory
        self._storage = storage
        self._facts = facts
        self._seen: dict[str, str] = {}

    # ------------------------------------------------------------------ where it is

    def locate(self, table: MountTable) -> str:
        """The directory, without symbolic links: as start found it, or as they lead now."""
        known = self._recall(_PLACE)
        if known:
            return known
        from .mounts import normalize

        path = normalize(self._directory)
        place = table.look(path)
        return path if place.stack or place.buried else table.resolve(path)

    def find(self, table: MountTable) -> list[Mount]:
        """Our mounts on the directory, the topmost last; Failure where it cannot be told."""
        return self.pick(table.look(self.locate(table)), table)

    def pick(self, place: Place, table: MountTable) -> list[Mount]:
        """Those of them that are in ``place``, the directory.

        The one that start made is ours wherever somebody has moved it, or a directory above it, as
        far as its number proves it: what has no device may have left its own to a stranger.
        """
        ours = [one for one in (*place.buried, *place.stack) if self._is_ours(one, table)]
        if self.source.has_one_writer and not any(self._is_the_one(mount) for mount in ours):
            moved = [one for one in table if self._is_the_one(one)]
            ours = [one for one in moved if self._is_on_our_device(one, table)] + ours
        return ours

    def _is_the_one(self, mount: Mount) -> bool:
        """Whether it is the very mount that the record tells of."""
        return self._recall(_MOUNT) == mount.signature and not self._is_of_a_successor(mount)

    def _is_of_a_successor(self, mount: Mount) -> bool:
        """Whether our device has gone, and another has its number by now: the kernel counts both.

        Asked by every monitor, so the record's text is taken apart in here.
        """
        number, _, rest = self._recall(_DEVICE).partition(" ")
        counted = rest.partition(" ")[0]
        if not counted.isdecimal() or (number != mount.device and not mount.is_anonymous):
            return False
        return self._storage.find_sequence(number) not in ("", counted)

    def _is_ours(self, mount: Mount, table: MountTable) -> bool:
        if self._is_the_one(mount):
            return True
        verdict = self.source.matches(mount, table, self._storage)
        if verdict:
            return True
        device = self.device
        if device and device.number == mount.device and self._has_lost_its_name(device):
            return True
        if verdict is None:
            raise Failure(
                f"cannot tell whether {mount.source} on {mount.point} is {self.source.words}",
                hint="/dev/disk, which udev keeps, is missing",
            )
        return False

    def _is_on_our_device(self, mount: Mount, table: MountTable) -> bool:
        has_number = not mount.is_anonymous
        return has_number or bool(self.source.matches(mount, table, self._storage))

    def _has_lost_its_name(self, device: BlockDevice) -> bool:
        """Whether nothing but the name of the device has gone: no other has its number by now."""
        if self._storage.find_number(self.source.node) is not None or not device.sequence:
            return False
        return self._storage.find_sequence(device.number) == device.sequence

    def find_flaw(self, mount: Mount) -> str:
        """Say what is wrong with our own mount; "" where it is as it should be.

        A successor that is in use is no flaw: an administrator has mounted it there anew.
        """
        if not mount.is_anonymous and self._is_of_a_successor(mount):
            node = self._storage.find_node(mount.device, mount.source)
            if node and not self._storage.look_at_claim(node):
                where = f"{mount.source} on {mount.point}"
                return f"{where}: the device has gone, and another has its number"
        return self.source.find_flaw(mount, self._storage)

    # ------------------------------------------------------------------ what is known of it

    @property
    def device(self) -> BlockDevice | None:
        """The device that it is or was on, as far as it has one and that is known."""
        text = self._recall(_DEVICE)
        if not text:
            return None
        from .block_devices import BlockDevice

        return BlockDevice.parse(text)

    @property
    def mount_id(self) -> int:
        """The id of the mount that start made, or that was found; 0 where there was none."""
        return int(self._recall(_MOUNT).partition(" ")[0] or 0)

    @property
    def mark(self) -> str:
        """What the programs that a start ran bear, which nobody can guess; "" where none did."""
        return self._recall(_MARK)

    def settle(self, point: str) -> None:
        """Know the directory by where the links lead now, and what start runs by a mark."""
        self._keep(_PLACE, point)
        self._keep(_MARK, self.mark or posix.urandom(16).hex())

    def unsettle(self) -> None:
        """Forget where the links led: a start finds out anew."""
        self._forget(_PLACE)

    def learn(self, table: MountTable) -> None:
        """Know what is there now, for when it is there no more."""
        ours = self.find(table)
        if ours:
            self.remember(ours[-1])

    def remember(self, mount: Mount) -> None:
        """Know a mount again, and its device, whatever becomes of their names."""
        if self._is_the_one(mount):
            return
        self._keep(_MOUNT, mount.signature)
        if self.source.is_on_a_device:
            device = self._storage.identify(mount.source)
            if device and (device.number == mount.device or mount.is_anonymous):
                self._remember_device(device)

    def claim(self, node: str, table: MountTable) -> None:
        """Know the device again before anything is done with it, which is how stop proves its end.

        Not so if it is in use already: that is not for us to end.
        """
        device = self._storage.identify(node)
        if device:
            is_free = not self._storage.look_at_claim(node)
        else:  # an image, whose loop device comes with the mount
            is_free = not any(self.source.matches(one, table, self._storage) for one in table)
        if not is_free:
            self._forget(_FREE)
            return
        if device:
            self._remember_device(device)
        self._keep(_FREE, "yes")

    @property
    def was_free(self) -> bool:
        """Whether start found the device free: whatever is a mount of it by now came later.

        Not so where the kernel does not tell the device from another with its number.
        """
        device = self.device
        if not device or not device.sequence or not self._recall(_FREE):
            return False
        return self._storage.find_sequence(device.number) == device.sequence

    def _remember_device(self, device: BlockDevice) -> None:
        if not device.sequence and self._storage.is_file(self.source.node):
            return  # another image's by now, for all that can be told
        known = self.device
        if known and (known.number, known.sequence) != (device.number, device.sequence):
            self._forget(_FREE)
        self._keep(_DEVICE, str(device))

    def _recall(self, name: str) -> str:
        return self._seen.get(name) or self._facts().recall(name)

    def _keep(self, name: str, text: str) -> None:
        self._seen[name] = text
        facts = self._facts()
        if facts.record is not None and facts.recall(name) != text:
            facts.remember(name, text)

    def _forget(self, name: str) -> None:
        self._seen.pop(name, None)
        self._facts().forget(name)
