"""The socket on which a service says that it is ready: sd_notify(3)."""

from __future__ import annotations

import _socket
from _struct import Struct

_CREDENTIALS = Struct("=iII")  # struct ucred of unix(7): pid, uid, gid
_LONGEST = 4096
_ROOT = 0


class NotifySocket:
    """Bound to an abstract address, and heard only from the service's user and from root."""

    def __init__(self, uid: int) -> None:
        import posix

        self._users = (uid, _ROOT)
        name = b"ocfpy-notify-" + posix.urandom(16).hex().encode()
        self._socket = _socket.socket(
            _socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC | _socket.SOCK_NONBLOCK
        )
        self._socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_PASSCRED, 1)
        self._socket.bind(b"\0" + name)
        self.address = "@" + name.decode()
        self.is_ready = False
        self.main_pid = 0
        self.status = ""

    def hear(self) -> None:
        """Take in all that has come: READY, MAINPID and STATUS are kept."""
        while True:
            try:
                data, extra, _, _ = self._socket.recvmsg(
                    _LONGEST, _socket.CMSG_SPACE(_CREDENTIALS.size)
                )
            except BlockingIOError:
                return
            if any(
                kind == _socket.SCM_CREDENTIALS and _CREDENTIALS.unpack(content)[1] in self._users
                for _, kind, content in extra
            ):
                self._read(data.decode("utf-8", "replace"))

    def _read(self, text: str) -> None:
        for line in text.split("\n"):
            name, _, value = line.partition("=")
            if name == "READY" and value == "1":
                self.is_ready = True
            elif name == "MAINPID" and value.isdecimal() and value.isascii():
                self.main_pid = int(value)
            elif name == "STATUS":
                self.status = " ".join(value.split())

    def close(self) -> None:
        """Hear no more; what the service still says finds nobody."""
        self._socket.close()
