"""The host's side of the control socket."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.naming import command_for, title

if TYPE_CHECKING:
    from typing import Any

    from ocf_py.lab.settings import Settings

PATIENCE = 60.0  # seconds; switching off a node that hangs in the kernel takes the daemon 15


def send_request(
    settings: Settings, operation: str, *, patience: float = PATIENCE, **details: object
) -> dict[str, Any]:
    """Ask the lab's daemon for one operation; LabError when it refuses or is not there."""
    request = json.dumps({"operation": operation, **details}).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience)
            connection.connect(str(settings.control_socket))
            connection.sendall(request)
            with connection.makefile() as lines:
                line = lines.readline()
    except (FileNotFoundError, ConnectionError):
        raise LabError(
            f"{title(settings)} is not up",
            hint=f"`{command_for(settings, 'up')}` brings it up",
        ) from None
    except PermissionError:
        raise LabError(f"{title(settings)} belongs to root", hint="become root") from None
    except OSError as error:
        raise LabError(
            f"{title(settings)}: its daemon does not answer to {operation!r}: {error}",
            hint=f"`{command_for(settings, 'down')}` ends it all the same",
        ) from None
    answer: dict[str, Any] = json.loads(line or '{"error": "the daemon ended meanwhile"}')
    if "error" in answer:
        raise LabError(f"{title(settings)}: {answer['error']}; see {settings.daemon_log}")
    return answer


def daemon_pid(settings: Settings) -> int | None:
    """Who listens on the control socket, by the kernel's word; None when nobody does."""
    size = struct.calcsize("3i")
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(str(settings.control_socket))
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    except OSError:
        return None
    pid: int = struct.unpack("3i", credentials)[0]
    return pid or None
