"""Dummy: a resource that is nothing but a file; copy it to begin an agent of your own."""

from __future__ import annotations

import os

import ocf_py as ocf


class Dummy(ocf.Agent):
    """Keeps a file while it runs, and does nothing else

    A resource to rehearse a cluster with: it runs where its file is.
    """

    state = ocf.Path("The file that says it runs", unique_group="state")

    def _default_state(self) -> str:
        """/run/ocfpy-dummy-INSTANCE.state"""
        return f"/run/ocfpy-dummy-{self.call.instance.replace('/', '%2F')}.state"

    @ocf.action(timeout=20)
    def start(self) -> None:
        try:
            # Exclusive and without following a link: whatever lies there is not overwritten.
            os.close(
                os.open(self.state, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            )
        except FileExistsError:
            pass  # started before: monitor judges whether that is ours
        except OSError as error:
            raise ocf.Failure(
                f"cannot create {self.state}: {error.strerror}", hint="name a folder that exists"
            ) from error

    @ocf.action(timeout=20)
    def stop(self) -> None:
        if self.monitor() == ocf.RUNNING:
            try:
                os.unlink(self.state)
            except FileNotFoundError:
                pass  # somebody else was faster

    @ocf.action(timeout=20, interval=10, depth=0)
    def monitor(self) -> ocf.Status:
        # A folder or a link there is somebody else's: stop must not take it away.
        is_ours = os.path.isfile(self.state) and not os.path.islink(self.state)
        return ocf.RUNNING if is_ours else ocf.STOPPED
