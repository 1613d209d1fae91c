"""Everybody who watches a play from outside: clients, writers, witnesses of addresses, mounts."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ocf_py.lab.witnesses import AddressesClient, AddressesWitness, DiskWitness
from ocf_py.rehearsal.asking import DoorClient, find_doors
from ocf_py.rehearsal.preparation import find_server
from ocf_py.rehearsal.record import HICCUP, LAG_MARGIN, SOMEBODY, Gap, Heard, Held, Stay, Written
from ocf_py.rehearsal.stage import pick_address
from ocf_py.rehearsal.watching_places import PlaceWitness
from ocf_py.rehearsal.writing import FileWriter, RowWriter, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from ocf_py.lab.witnesses import Answer, Holding
    from ocf_py.rehearsal.scene import Scene
    from ocf_py.rehearsal.stage import Part

_RECENT_SECONDS = 3.0  # the cluster's own word comes late
_LAST_WORD_SECONDS = 10.0  # and may be overdue when it is asked for the last time
# A holding is noted when the kernel tells it, and a guest's kernel tells it through a channel.
_RESOLUTION = {"namespaces": 0.002, "vm": 1.0}


class Audience:
    """Watches for as long as the `with` block lasts."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._lab, self._stage = scene.lab, scene.stage
        self._stack = contextlib.ExitStack()
        self._addresses: AddressesWitness | None = None
        self._client: AddressesClient | None = None
        self._disk: DiskWitness | None = None
        self._doors: list[DoorClient] = []
        self._place: PlaceWitness | None = None
        self._places: dict[str, PlaceWitness] = {}  # by the resource
        self._where: dict[str, Callable[[], str]] = {}
        self._parts: dict[str, Part] = {}
        self.writers: list[Writer] = []
        self._lags: dict[str, float | None] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._begin(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _begin(self, stack: contextlib.ExitStack) -> None:
        held = [one.address for one in self._stage.addresses]
        if held:
            self._addresses = stack.enter_context(AddressesWitness(self._lab, held))
            self._client = stack.enter_context(AddressesClient(self._lab, held))
        else:
            self._place = self._watch_place(stack, self._stage.anchor)
        if self._shared_mounts:
            self._disk = stack.enter_context(DiskWitness(self._lab))
        for door in find_doors(self._stage):
            self._doors.append(stack.enter_context(DoorClient(self._lab, door)))
        for part in (*self._stage.mounts, *self._stage.mirrors):
            self._where[part.id] = self._find_where(stack, part)
        for part, writer in self._make_writers():
            self._parts[writer.name] = part
            self.writers.append(stack.enter_context(writer))

    @property
    def _shared_mounts(self) -> list[Part]:
        return [] if self._stage.needs_guests else self._stage.mounts

    def _make_writers(self) -> Iterable[tuple[Part, Writer]]:
        """Each with the mount or the mirror that it writes to."""
        for mount in self._stage.mounts:
            server = find_server(self._stage, mount)
            asked = [] if server is None else self._stage.addresses_with(server)
            if asked:
                yield mount, RowWriter(self._lab, pick_address(asked))
            else:
                yield mount, self._write_to(mount, mounted=True)
        for mirror in self._stage.mirrors:
            yield mirror, self._write_to(mirror, mounted=False)

    def _write_to(self, part: Part, *, mounted: bool) -> FileWriter:
        where = self._where[part.id]
        return FileWriter(self._lab, part.get("directory"), mounted=mounted, where=where)

    def _find_where(self, stack: contextlib.ExitStack, part: Part) -> Callable[[], str]:
        """What tells where a mount or a mirror serves now, "" for nowhere.

        The kernels' word on an address that is always there comes first: it goes before what it
        goes with is stopped. Then theirs on the disk, then the cluster's.
        """
        addresses = self._stage.addresses_with(part)
        if addresses and self._addresses is not None:
            holdings = self._addresses.seen[addresses[0].address]
            return lambda: _only(holdings.holders())
        disk = self._disk
        if disk is not None and part in self._shared_mounts:
            return lambda: _only(disk.holders())
        anchor = self._stage.anchor
        told = anchor if anchor.company == part.company else part
        place = self._watch_place(stack, told)
        if part in self._stage.mirrors:
            return lambda: place.place
        return lambda: place.last_place  # who writes to a mount looks whether it is one

    def _watch_place(self, stack: contextlib.ExitStack, part: Part) -> PlaceWitness:
        """The cluster is asked once of each, whoever wants to know."""
        if part.id not in self._places:
            self._places[part.id] = stack.enter_context(PlaceWitness(self._lab, part.id))
        return self._places[part.id]

    @property
    def _clients(self) -> dict[str, list[Answer]]:
        found: dict[str, list[Answer]] = {}
        if self._client is not None:
            found.update(self._client.heard)
        if self._place is not None:
            found[f"{self._place.resource} by Pacemaker's word"] = self._place.answers
        for door in self._doors:
            found[door.door.name] = door.answers
        for writer in self.writers:  # whose writes hang is no better served than who hears nothing
            found[writer.name] = writer.answers
        return found

    def all_served(
        self, since: float, *, elsewhere_than: str = "", clients: Sequence[str] = ()
    ) -> bool:
        """Whether each client has an answer to a question of after `since`.

        With `elsewhere_than`, one that was answered by that node has it from another one, if it is
        one of `clients`, or there are none.
        """
        return not self.unserved(since, elsewhere_than=elsewhere_than, clients=clients)

    def unserved(
        self, since: float, *, elsewhere_than: str = "", clients: Sequence[str] = ()
    ) -> list[str]:
        """The clients that have no such answer."""
        self.check()
        found = []
        for name, answers in self._clients.items():
            late = [one for one in reversed(answers[-500:]) if one.asked >= since]
            before = next((one.node for one in reversed(answers) if one.asked < since), "")
            if before and before == elsewhere_than and (not clients or name in clients):
                late = [one for one in late if one.node != elsewhere_than]
            if not late:
                found.append(name)
        return found

    def all_write(self) -> bool:
        """Whether each writer had something acknowledged."""
        self.check()
        return all(writer.acknowledged for writer in self.writers)

    def note_lags(self) -> bool:
        """Note how old each mirror's copy is; whether every writer has written for longer.

        What is younger than its copy may be lost: one that has just begun would prove nothing.
        """
        mirrors = self._stage.mirrors
        self._lags = {
            name: self._scene.lag(part) for name, part in self._parts.items() if part in mirrors
        }
        now = time.monotonic()
        return all(
            now - min(writer.acknowledged.values(), default=now) > lag + LAG_MARGIN
            for writer in self.writers
            for lag in (self._lags.get(writer.name),)
            if lag is not None
        )

    def check(self) -> None:
        """Raise LabError for a witness that did not see."""
        for one in (self._addresses, self._client, self._disk, *self._places.values()):
            if one is not None:
                one.check()
        for some in (*self._doors, *self.writers):
            some.check()

    def hear(self, struck: float, repair: float, end: float) -> list[Heard]:
        """What each client has heard; times CLOCK_MONOTONIC."""
        return [
            _sum_up(name, list(answers), struck, repair, end)
            for name, answers in self._clients.items()
        ]

    def held(self, struck: float) -> list[Held]:
        """Who had what."""
        found, resolution = [], _RESOLUTION[self._lab.settings.kind]
        if self._addresses is not None:
            found += [
                Held("address", name, _stays(holdings.so_far(), struck), resolution)
                for name, holdings in self._addresses.seen.items()
            ]
        if self._disk is not None:
            places = ", ".join(one.get("directory") for one in self._shared_mounts)
            stays = _stays(self._disk.holdings, struck)
            found.append(Held("mount", places, stays, resolution))
        return found

    def count(self, struck: float) -> list[Written]:
        """What the writers wrote, and what of it is gone: they end here."""
        for writer in self.writers:
            writer.end()
        found, patience = [], _LAST_WORD_SECONDS * self._stage.pace
        for writer in self.writers:
            where = self._where[self._parts[writer.name].id]
            node = self._lab.wait_until(
                f"{writer.name}: a node has it at the end", where, timeout=patience
            )
            lost = [at - struck for at in writer.lost(node)]
            lag = self._lags.get(writer.name)
            found.append(Written(writer.name, writer.kind, len(writer.acknowledged), lost, lag))
        return found


def _only(nodes: list[str]) -> str:
    return nodes[0] if len(nodes) == 1 else ""


def _stays(holdings: list[Holding], struck: float) -> list[Stay]:
    return [
        Stay(one.node, one.since - struck, None if one.until is None else one.until - struck)
        for one in holdings
    ]


def _sum_up(name: str, answers: list[Answer], struck: float, repair: float, end: float) -> Heard:
    before = [one for one in answers if one.answered < struck]
    victim = before[-1].node if before else ""
    after = [one for one in answers if one.answered >= struck]
    elsewhere = next((one for one in after if one.node and one.node != victim), None)
    repaired = next((one for one in after if one.asked >= repair), None)
    return Heard(
        name,
        (victim or SOMEBODY) if before else "",
        _find_gaps([*before[-1:], *after], struck, end),
        (after[-1].node or SOMEBODY) if _is_recent(after, end) else "",
        None if elsewhere is None else elsewhere.answered - struck,
        None if repaired is None else repaired.answered - struck,
    )


def _is_recent(answers: list[Answer], end: float) -> bool:
    """Whether somebody answered to the end."""
    return bool(answers) and end - answers[-1].answered < _RECENT_SECONDS


def _find_gaps(answers: list[Answer], struck: float, end: float) -> list[Gap]:
    gaps = [
        Gap(one.answered - struck, other.answered - struck, other.node)
        for one, other in zip(answers, answers[1:])
        if not other.continues
    ]
    if answers and not _is_recent(answers, end):
        gaps.append(Gap(answers[-1].answered - struck, None))
    # The longest one is kept in any case.
    longest = max(gaps, key=lambda gap: gap.seconds(end - struck), default=None)
    return [gap for gap in gaps if gap is longest or gap.seconds(end - struck) > HICCUP]
