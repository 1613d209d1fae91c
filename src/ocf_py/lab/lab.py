"""A lab from the host's side: bring it up, look at it, work with it, take it down."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Callable, TypeVar

from ocf_py.lab.cluster_state import ClusterState
from ocf_py.lab.controls import Controls
from ocf_py.lab.errors import LabError
from ocf_py.lab.events import Event, read_events
from ocf_py.lab.life import begin, bring_down
from ocf_py.lab.load import load_cib, load_configuration
from ocf_py.lab.lock import check_private
from ocf_py.lab.naming import command_for, title
from ocf_py.lab.progress import Progress, Silence
from ocf_py.lab.requests import send_request
from ocf_py.lab.settings import DEFAULT_NAME, Settings
from ocf_py.lab.troubles import find_trouble, init_runs, show_console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml import etree
    from typing_extensions import Self

    from ocf_py.lab.life import Lease
    from ocf_py.lab.node import Node

_Found = TypeVar("_Found")

# A question to Pacemaker costs a guest a second of its CPU.
_POLL_SECONDS = {"namespaces": 0.2, "vm": 1.0}
# A guest computes about ten times slower than its host.
_ONLINE_SECONDS = {"namespaces": 90.0, "vm": 240.0}
_BOOT_SECONDS = {"namespaces": 30.0, "vm": 120.0}


class Lab(Controls):
    """One lab. `with Lab.up(...) as lab:` holds it as long as the block, and not longer."""

    def __init__(self, settings: Settings, lease: Lease | None = None) -> None:
        super().__init__(settings)
        self._lease = lease

    @classmethod
    def up(
        cls,
        name: str = DEFAULT_NAME,
        state: Path | None = None,
        *,
        nodes: int = 2,
        init: str = "mini",
        provider_trees: tuple[Path, ...] = (),
        disk_mib: int = 0,
        vm: bool = False,
        progress: Progress | None = None,
    ) -> Lab:
        """Make a lab, and wait until all of its nodes are online with quorum.

        Its nodes are sets of namespaces or, with `vm`, QEMU guests; all else reads the same.
        The lab ends with this process unless `keep` is called. LabError says what is missing, or
        which daemon failed and where its log is; then nothing is left of the lab but its logs.
        """
        settings = Settings.build(
            name,
            state,
            nodes=nodes,
            init=init,
            provider_trees=provider_trees,
            disk_mib=disk_mib,
            kind="vm" if vm else "namespaces",
        )
        progress = progress or Silence()
        if vm:
            from ocf_py.lab.vm.preparation import prepare_guests

            settings = prepare_guests(settings, progress)
        lease = begin(settings, progress)
        lab = cls(settings, lease)
        try:
            for node in lab.nodes:
                send_request(settings, "on", node=node.name)
                progress.step(f"{node.name} is powered on ({init} init)")
            if vm:  # it takes its time
                for node in lab.nodes:
                    lab.await_init(node.name)
                    progress.step(f"{node.name} has booted")
            lab.await_online(progress=progress)
        except BaseException:
            progress.step("taking the lab down")
            lab.down()
            raise
        return lab

    @classmethod
    def find(cls, name: str = DEFAULT_NAME, state: Path | None = None) -> Lab:
        """Return a lab that is up, to work with from another process."""
        meant = Settings.build(name, state)
        try:
            check_private(meant.state)
            return cls(Settings.load(meant.state))
        except PermissionError:
            raise LabError(f"{title(meant)} belongs to root", hint="become root") from None
        except ValueError:
            raise LabError(
                f"{meant.settings_file} is damaged or of another version of ocf-py",
                hint=f"`{command_for(meant, 'down')}` removes what is left of that lab",
            ) from None
        except OSError:
            raise LabError(
                f"{title(meant)} is not up", hint=f"`{command_for(meant, 'up')}` brings it up"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def keep(self) -> None:
        """Let the lab outlive this process."""
        if self._lease is not None:
            self._lease.keep()

    def down(self) -> None:
        """Take everything away but the logs."""
        bring_down(self.settings, self._lease)
        self._lease = None

    def state(self, seen_from: str | None = None) -> ClusterState | None:
        """Pacemaker's view from a node, or from the first that answers; None when none does."""
        for node in self.nodes if seen_from is None else [self.node(seen_from)]:
            with contextlib.suppress(LabError, ValueError):
                shown = node.run(["crm_mon", "-1", "--output-as=xml"], timeout=15.0)
                return ClusterState.from_xml(shown.stdout.encode())
        return None

    def wait_until(
        self,
        what: str,
        condition: Callable[[], _Found | None],
        *,
        timeout: float = 60.0,
    ) -> _Found:
        """Ask again and again until the answer is true, and return it.

        LabError names `what` did not come about, and where the logs are.
        """
        deadline = time.monotonic() + timeout
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise LabError(
                    f"{title(self.settings)}: not within {timeout:g} s: {what}; "
                    f"logs in {self.settings.logs}"
                )
            time.sleep(_POLL_SECONDS[self.settings.kind])

    def wait_for_place(
        self,
        resource: str,
        node: str | None = None,
        *,
        role: str | None = None,
        seen_from: str | None = None,
        timeout: float = 60.0,
    ) -> str:
        """Wait until a resource runs on one node (a given one, if given); returns its name."""

        def place() -> str | None:
            state = self.state(seen_from)
            found = state.node_of(resource, role) if state else None
            return found if node in (None, found) else None

        there = f" on {node}" if node else ""
        return self.wait_until(f"{resource} {role or 'runs'}{there}", place, timeout=timeout)

    def await_online(
        self,
        names: list[str] | None = None,
        *,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Wait until every node sees all of them online with a coordinator and quorum."""
        names = names or self.settings.node_names
        waiting = list(names)

        def all_online() -> bool:
            trouble = find_trouble(self.settings, names)
            if trouble is not None:
                raise LabError(trouble)
            for name in list(waiting):
                state = self.state(name)
                if state is None or not state.is_complete(names):
                    break
                waiting.remove(name)
                if progress is not None:
                    progress.step(f"{name} sees {', '.join(names)} online, with quorum")
            return not waiting

        timeout = _ONLINE_SECONDS[self.settings.kind] if timeout is None else timeout
        self.wait_until(f"{', '.join(names)} online", all_online, timeout=timeout)

    def load(self, path: Path, *, provider: str | None = None) -> list[str]:
        """Replace the configuration by an example's, keeping the lab's fencing and properties.

        Returns a line for each part of the example that the lab's own part displaced.
        """
        return load_cib(self.running_nodes()[0], path, provider)

    def load_configuration(self, name: str, example: etree._Element, remedy: str) -> list[str]:
        """The same for an example that is in no file: messages call it `name`.

        `remedy` is what to do about an agent that no node has.
        """
        return load_configuration(self.running_nodes()[0], name, example, remedy)

    def running_nodes(self) -> list[Node]:
        """Nodes that are on; LabError when none is."""
        described = self.describe()["nodes"]
        running = [node for node in self.nodes if described[node.name]["pid"] is not None]
        if not running:
            raise LabError(
                f"every node of {title(self.settings)} is off",
                hint=f"`{command_for(self.settings, 'start', 'n1')}` switches one on",
            )
        return running

    def start(self, node: str) -> None:
        """Power on; returns when the node's init runs. LabError says why it does not boot."""
        name = self.node(node).name
        send_request(self.settings, "on", node=name)
        self.await_init(name)

    def await_init(self, name: str) -> None:
        """Wait until the init of a node that is on runs; LabError shows where the boot stands."""
        try:
            self.wait_until(
                f"{name}: its init runs",
                lambda: init_runs(self.settings, name),
                timeout=_BOOT_SECONDS[self.settings.kind],
            )
        except LabError as error:
            raise LabError(f"{error}{show_console(self.settings, name)}") from None

    def note(self, what: str, node: str | None = None) -> float:
        """Write a finding into the lab's journal; returns its time, CLOCK_MONOTONIC."""
        return float(send_request(self.settings, "note", what=what, node=node)["at"])

    def events(self, since: float = 0.0) -> Iterator[Event]:
        """The journal from a time on."""
        yield from read_events(self.settings.event_log, since)

    def fenced_since(self, since: float) -> list[str]:
        """Nodes whose fencing was confirmed from a time on, each as often as it was."""
        events = self.events(since)
        return [one.node for one in events if one.what == "fencing confirmed" and one.node]
