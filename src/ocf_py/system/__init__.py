"""The seams through which an agent reaches the machine: network, processes, commands."""

import posix

#: What must not outlive a boot: the start records. Root's alone; made by the first that writes.
RUN_DIRECTORY = "/run/ocfpy"
_PIECE = 1 << 20


def read_file(path: str) -> bytes:
    """Return what a small file of the kernel's holds, at most 4096 bytes; OSError as it says."""
    handle = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        return posix.read(handle, 4096)
    finally:
        posix.close(handle)


def read_whole(path: str) -> bytes:
    """Return what a file of any size holds; OSError as the kernel says it."""
    handle = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        pieces: list[bytes] = []
        while True:
            piece = posix.read(handle, _PIECE)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
    finally:
        posix.close(handle)


def write_file(path: str, content: bytes) -> None:
    """Write to a file of the kernel's that exists; OSError as it says."""
    handle = posix.open(path, posix.O_WRONLY | posix.O_CLOEXEC)
    try:
        posix.write(handle, content)
    finally:
        posix.close(handle)
