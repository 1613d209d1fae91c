"""Makes passes until it is killed: FOLDER RUN ADDRESS PORT NAME."""

from __future__ import annotations

import sys
from pathlib import Path

from ocf_py.mirror.daemon import STATE, Daemon
from ocf_py.mirror.passes import Place
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.record_text import load
from tests.kernel.mirror_pass import make_pass, order_from, run_child

folder, run, address, port, name = sys.argv[1:]
source = Daemon(f"{run}/here").reach(address, int(port), name)
order = order_from(Path(folder), Path(run), address, int(port), name)
place = Place(f"{folder}/data", RecordFile(f"{folder}/store", "here"))

while True:
    source.pull_file(STATE, "record", f"{run}/seen", 20)
    make_pass(place, load(Path(f"{run}/seen").read_bytes()), order, run_child)
