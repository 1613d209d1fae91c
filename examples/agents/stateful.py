"""Stateful: a promotable resource that is nothing but a file holding its role; copy it to begin."""

from __future__ import annotations

import os

import ocf_py as ocf


class Stateful(ocf.Agent):
    """Keeps its role in a file, and does nothing else

    A promotable resource to rehearse a cluster with: one instance is promoted, the others stand by.
    """

    state = ocf.Path("The file that holds the role", unique_group="state")

    def _default_state(self) -> str:
        """/run/ocfpy-stateful-INSTANCE.state"""
        return f"/run/ocfpy-stateful-{self.call.instance.replace('/', '%2F')}.state"

    @ocf.action(timeout=20)
    def start(self) -> None:
        self._write("unpromoted")

    @ocf.action(timeout=20)
    def stop(self) -> None:
        # And what a start has begun that was cut off before it was whole.
        for path in (self.state, self._beside):
            if self._is_ours(path):
                try:
                    os.unlink(path)
                except FileNotFoundError:
                    pass  # somebody else was faster

    # Two monitors of one resource must not share an interval: Pacemaker tells them apart by it.
    @ocf.action(timeout=20, interval=10, depth=0, role="Promoted")
    @ocf.action(timeout=20, interval=11, depth=0, role="Unpromoted")
    def monitor(self) -> ocf.Status:
        role = self._read()
        if role == "promoted":
            return ocf.PROMOTED
        return ocf.RUNNING if role else ocf.STOPPED

    @ocf.action(timeout=20)
    def promote(self) -> None:
        self._write("promoted")

    @ocf.action(timeout=20)
    def demote(self) -> None:
        self._write("unpromoted")

    @ocf.action(timeout=20)
    def notify(self) -> None:
        told = self.call.cluster.notification
        self.call.log.info(f"{told.kind}-{told.operation}: {' '.join(told.nodes(told.operation))}")

    def promotion_score(self, status: ocf.Status) -> int:
        """Prefer to stay where it is promoted."""
        return 10 if status.is_promoted else 5

    def _read(self) -> str:
        if not self._is_ours(self.state):
            return ""
        with open(self.state, encoding="ascii") as file:
            return file.read().strip()

    @property
    def _beside(self) -> str:
        return f"{self.state}.new"

    def _is_ours(self, path: str) -> bool:
        """Whether a file of ours is there: a folder or a link in its place is somebody else's."""
        return os.path.isfile(path) and not os.path.islink(path)

    def _write(self, role: str) -> None:
        # A file beside it takes its place in one step: no reader ever sees half a role.
        beside = self._beside
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ocf.Failure(
                f"cannot create {beside}: {error.strerror}", hint="name a folder that exists"
            ) from error
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(role + "\n")
        try:
            os.replace(beside, self.state)
        except OSError as error:
            os.unlink(beside)
            raise ocf.Failure(
                f"cannot create {self.state}: {error.strerror}", hint="something else is there"
            ) from error
