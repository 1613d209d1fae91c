"""Has the switch's kernel finish its own frames: a guest's wire takes them as they are.

A virtual interface leaves checksums and segmentation to the hardware behind it, and frames between
namespaces never meet any. A guest would throw the unfinished ones away.
"""

from __future__ import annotations

import array
import fcntl
import socket
import struct

# include/uapi/linux/sockios.h, ethtool.h
_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM, _ETHTOOL_SGSO = 0x17, 0x24


def finish_frames(interface: str) -> None:
    """Turn an interface's checksum and segmentation offloads off; OSError if it refuses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for feature in (_ETHTOOL_SGSO, _ETHTOOL_STXCSUM):
            value = array.array("B", struct.pack("=II", feature, 0))  # struct ethtool_value
            address, _ = value.buffer_info()
            request = struct.pack("16sP", interface.encode(), address)
            fcntl.ioctl(handle, _SIOCETHTOOL, request)
