"""Runs as a program: a FUSE file system that takes every request and answers none.

Its arguments are MOUNTPOINT SOURCE TYPE. Who asks it waits until this program ends, and once it is
killed, waits uninterruptibly. It writes a line as soon as it is mounted.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

# linux/fuse.h
_INIT = 26
_IN_HEADER = struct.Struct("=IIQQIIIHH")
_OUT_HEADER = struct.Struct("=IiQ")
_INIT_OUT = struct.Struct("=IIIIHHIIHHI28x")

libc = ctypes.CDLL(None, use_errno=True)
point, source, kind = sys.argv[1:]
handle = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={handle},rootmode=40000,user_id=0,group_id=0"
if libc.mount(source.encode(), point.encode(), kind.encode(), 0, options.encode()) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
os.write(1, b"mounted\n")
while True:
    request = os.read(handle, 1 << 20)
    _, opcode, unique, *_ = _IN_HEADER.unpack_from(request)
    if opcode == _INIT:
        answer = _INIT_OUT.pack(7, 31, 65536, 0, 12, 10, 4096, 1, 1, 0, 0)
        os.write(handle, _OUT_HEADER.pack(_OUT_HEADER.size + len(answer), 0, unique) + answer)
