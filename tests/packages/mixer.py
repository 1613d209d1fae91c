"""Compares what it imports, slowly: an upgrade finds it in the midst of that."""

from __future__ import annotations

import ocf_py as ocf

_VERSION = "told by the line that is put behind this file's last one"


class Mixer(ocf.Agent):
    """Imports the library piece by piece"""

    @ocf.action(timeout=60, interval=10, depth=0)
    def monitor(self) -> ocf.Status:
        import os
        import time

        home = ocf.__file__.rsplit("/", 1)[0]
        for folder, _, files in sorted(os.walk(home)):
            for file in sorted(files):
                if not file.endswith(".py") or file in ("launch.py", "detached.py"):
                    continue
                path = f"ocf_py{folder[len(home) :]}/{file[:-3]}"
                name = path.replace("/", ".").replace(".__init__", "")
                stamp = __import__(name, fromlist=["__stamp__"]).__stamp__
                if stamp != _VERSION:
                    raise ocf.Failure(f"{name} is of {stamp}, the agent of {_VERSION}")
                time.sleep(0.01)
        return ocf.RUNNING

    @ocf.action(timeout=60)
    def start(self) -> None:
        pass

    @ocf.action(timeout=60)
    def stop(self) -> None:
        pass
