"""Takes memory and keeps writing to it, or takes time: ``hog.py MEBIBYTES SECONDS``, 0 for none.

It takes half of what is available at the most, so that nobody is killed for want of memory.
"""

import os
import sys
import time

PAGE = 4096


def available() -> int:
    """Bytes that a program can have without any other losing them, proc_meminfo(5)."""
    with open("/proc/meminfo", encoding="ascii") as file:
        found = next(line for line in file if line.startswith("MemAvailable:"))
    return int(found.split()[1]) << 10


def main() -> None:
    """Do so until the time is over; whoever needs the memory takes it from this one first."""
    size, seconds = min(int(sys.argv[1]) << 20, available() // 2), float(sys.argv[2])
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")
    taken = bytearray(size)
    end = time.monotonic() + seconds
    os.nice(5)
    while time.monotonic() < end:
        for place in range(0, size, PAGE):
            taken[place] ^= 1
        if not size:
            sum(range(10000))


if __name__ == "__main__":
    main()
