"""The states of DRBD in tests/data: what it printed in each, and which there are."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
#: Captured on real DRBD 8.4.11, drbd-utils 9.22.
CAPTURED = sorted((DATA / "drbd-8.4").glob("*.txt"))
#: Written by drbdsetup(8) of DRBD 9: never run on a live module.
WRITTEN = sorted((DATA / "drbd-9").glob("*.txt"))


def read(path: Path, command: str) -> str:
    """What a command printed, in one file of captures."""
    parts = ("\n" + path.read_text()).split("\n$ ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}[command]


def events(name: str) -> str:
    """What events2 printed, in the one capture whose name begins so."""
    (path,) = (one for one in CAPTURED if one.name.startswith(name))
    return read(path, "drbdsetup events2 --now --statistics r0")


def events_of_nine(name: str) -> str:
    """The same of a state of DRBD 9."""
    return read(DATA / "drbd-9" / f"{name}.txt", "drbdsetup events2 --now --statistics data")
