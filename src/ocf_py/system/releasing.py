"""What a stop proves once nothing is mounted any more: that the device is free.

Another node may write to it as soon as a stop returns. A file system lives on without a name where
somebody has detached it (umount -l), or where another mount namespace has it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.deadline import Deadline

    from .block_devices import BlockDevice
    from .storage import Storage


class Release:
    """The release of ``device``, whose file system was mounted on ``point``."""

    __slots__ = ("_deadline", "_device", "_point", "_storage")

    def __init__(
        self, storage: Storage, device: BlockDevice, point: str, deadline: Deadline
    ) -> None:
        self._storage = storage
        self._device = device
        self._point = point
        self._deadline = deadline

    @property
    def number(self) -> str:
        """The device's number, "MAJOR:MINOR"."""
        return self._device.number

    @property
    def words(self) -> str:
        """What this is about."""
        return f"{self._device.path}, which is mounted no more,"

    def find_complaint(self) -> str:
        """Say that the kernel has the device in use; "" once it is free, or has gone.

        A mount of it that can be seen was there before ours: it is somebody else's, and no concern
        here.
        """
        storage = self._storage
        path = storage.find_path(self._device)
        if not path:
            return ""
        numbers = {
            number
            for one in storage.read_table()
            for number in (one.device, storage.find_number(one.source))
        }
        if self.number in numbers:
            return ""
        from .probing import Hung

        try:
            is_claimed = storage.look(
                lambda: storage.is_claimed(path), self._deadline.remaining / 2
            )
        except Hung as hung:
            return f"whether {self.words} is in use cannot be told: {hung}"
        return f"{self.words} is in use" if is_claimed else ""

    def find_users(self) -> str:
        """Say who uses it, where that is no process with a file of it."""
        return self._storage.find_users(self.number, self._point)
