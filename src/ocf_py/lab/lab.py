"""A lab from the host's side: bring it up, hurt it, look at it, take it down."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ocf_py.lab.cluster_state import ClusterState
from ocf_py.lab.errors import LabError
from ocf_py.lab.events import Event, read_events
from ocf_py.lab.life import begin, bring_down
from ocf_py.lab.load import load_cib
from ocf_py.lab.lock import check_private
from ocf_py.lab.naming import command_for, title
from ocf_py.lab.networks import CABLES
from ocf_py.lab.node import Node
from ocf_py.lab.progress import Progress, Silence
from ocf_py.lab.requests import send_request
from ocf_py.lab.settings import DEFAULT_NAME, Settings
from ocf_py.lab.troubles import find_trouble, init_runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typing_extensions import Self

    from ocf_py.lab.life import Lease

_Found = TypeVar("_Found")

_POLL_SECONDS = 0.2
_ONLINE_SECONDS = 90.0
_BOOT_SECONDS = 30.0


class Lab:
    """One lab. `with Lab.up(...) as lab:` holds it as long as the block, and not longer."""

    def __init__(self, settings: Settings, lease: Lease | None = None) -> None:
        self.settings = settings
        self.nodes = [Node(settings, name) for name in settings.node_names]
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
        progress: Progress | None = None,
    ) -> Lab:
        """Make a lab, and wait until all of its nodes are online with quorum.

        The lab ends with this process unless `keep` is called. LabError says what is missing, or
        which daemon failed and where its log is; then nothing is left of the lab but its logs.
        """
        settings = Settings.build(
            name, state, nodes=nodes, init=init, provider_trees=provider_trees
        )
        progress = progress or Silence()
        lease = begin(settings, progress)
        lab = cls(settings, lease)
        try:
            for node in lab.nodes:
                send_request(settings, "on", node=node.name)
                progress.step(f"{node.name} is powered on ({init} init)")
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

    def node(self, name: str) -> Node:
        """One node by its name."""
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(self.settings.node_names)
        raise LabError(f"{title(self.settings)} has no node {name}; it has {names}")

    def describe(self) -> dict[str, Any]:
        """What the daemon knows of itself and of every node."""
        return send_request(self.settings, "list")

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
            time.sleep(_POLL_SECONDS)

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
        timeout: float = _ONLINE_SECONDS,
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

        self.wait_until(f"{', '.join(names)} online", all_online, timeout=timeout)

    def load(self, path: Path, *, provider: str | None = None) -> list[str]:
        """Replace the configuration by an example's, keeping the lab's fencing and properties.

        Returns a line for each part of the example that the lab's own part displaced.
        """
        return load_cib(self.running_nodes()[0], path, provider)

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

    def kill(self, node: str) -> None:
        """Power loss."""
        send_request(self.settings, "off", node=self.node(node).name)

    def start(self, node: str) -> None:
        """Power on; returns when the node's init runs. LabError says why it does not boot."""
        name = self.node(node).name
        send_request(self.settings, "on", node=name)
        self.wait_until(
            f"{name}: its init runs",
            lambda: init_runs(self.settings, name),
            timeout=_BOOT_SECONDS,
        )

    def shut_down(self, node: str) -> None:
        """Ask for an orderly shutdown; the node's power goes off when it is done."""
        send_request(self.settings, "shutdown", node=self.node(node).name)

    def freeze(self, node: str) -> None:
        """Stop every process of a node at once; its kernel answers on."""
        send_request(self.settings, "freeze", node=self.node(node).name)

    def thaw(self, node: str) -> None:
        """Let a frozen node run on."""
        send_request(self.settings, "thaw", node=self.node(node).name)

    def cut(self, node: str, cable: str, mode: str = "drop") -> None:
        """Cut a node's cables (a key of CABLES): `drop` loses frames, `down` the carrier too."""
        self._set_cables(node, cable, mode)

    def mend(self, node: str, cable: str = "all") -> None:
        """Make cut cables whole again."""
        self._set_cables(node, cable, None)

    def _set_cables(self, node: str, cable: str, mode: str | None) -> None:
        if cable not in CABLES:
            raise LabError(f"unknown cable {cable!r}: choose one of {', '.join(CABLES)}")
        name = self.node(node).name
        send_request(self.settings, "cable", node=name, networks=CABLES[cable], mode=mode)

    def break_power_switch(self, *, broken: bool = True) -> None:
        """Let every fencing fail, or work again."""
        send_request(self.settings, "power-switch", broken=broken)

    def heal(self) -> None:
        """Undo every fault that lasts: cables, frozen nodes, the power switch. Starts no node."""
        self.break_power_switch(broken=False)
        for name, described in self.describe()["nodes"].items():
            self.mend(name)
            if described["frozen"]:
                self.thaw(name)

    def note(self, what: str, node: str | None = None) -> float:
        """Write a finding into the lab's journal; returns its time, CLOCK_MONOTONIC."""
        return float(send_request(self.settings, "note", what=what, node=node)["at"])

    def events(self, since: float = 0.0) -> Iterator[Event]:
        """The journal from a time on."""
        yield from read_events(self.settings.event_log, since)
