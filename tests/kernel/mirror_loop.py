"""Makes passes until it is killed: FOLDER RUN ADDRESS PORT NAME."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from ocf_py.mirror import trees
from ocf_py.mirror.daemon import STATE, TREE, Daemon
from ocf_py.mirror.decisions import follow
from ocf_py.mirror.passes import Guards, Place, make_pass
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.record_text import load

if TYPE_CHECKING:
    from ocf_py.mirror.record import Record

folder, run, address, port, name = sys.argv[1:]
source = Daemon(f"{run}/here").reach(address, int(port), name)


def look() -> Record:
    source.pull_file(STATE, "record", f"{run}/seen", 20)
    return load(Path(f"{run}/seen").read_bytes())


while True:
    place = Place(f"{folder}/data", RecordFile(f"{folder}/store", "here"))
    record, theirs = place.recover(), look()
    make_pass(
        place,
        record,
        theirs,
        follow(record, theirs, is_empty=trees.is_empty(place.directory)),
        lambda target, like: source.pull_tree(TREE, target, like, [], 60),
        look,
        Guards(),
    )
