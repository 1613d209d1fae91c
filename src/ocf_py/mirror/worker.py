"""The process behind one instance: it alone writes the record, and serves, follows and decides.

``main([FOLDER])``: the folder holds its settings, its status and its control socket. It runs from
the agent's start to its stop, and ends by itself when the folder is no longer its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import posix
from concurrent.futures import ThreadPoolExecutor

from ocf_py.cluster import Cluster
from ocf_py.deadline import Deadline
from ocf_py.environment import Environment
from ocf_py.log import Log
from ocf_py.system import commands
from ocf_py.system.processes import identify

from . import record as records
from . import trees
from .asides import Asides
from .beat import Beat
from .candidacy import Candidacy
from .clock import now
from .control import Refused, listen, serve
from .decisions import DIVERGED as OTHER_WAY
from .decisions import follow
from .door import Door
from .following import Following
from .ledger import Ledger
from .membership import watch
from .order import PassRefused
from .passes import Place
from .passing import Passing
from .peers import Peers
from .picture import draw
from .pokes import Pokes
from .record_file import RecordFile
from .record_text import RecordUnusable
from .refusals import describe
from .roles import Roles
from .secrets import SecretsUnusable
from .serving import Serving
from .settings import Settings
from .stack import mark
from .status import DIVERGED, PROMOTED, RUNNING, STARTING, TROUBLE, UNPROMOTED, Status, write_status
from .surroundings import Surroundings
from .turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .membership import View

_BEAT = 1.0  # seconds between two looks at everything, and two lines of status
_RETELL = 30.0  # seconds after which the cluster is told a score again that it may have lost
_MEMBERSHIP_PAUSE = 2.0
_FIRST_PASS = 5.0  # seconds that a start waits for the first pass: most are through by then
_THREADS = 32  # a look at a peer that hangs keeps one for up to 20 seconds
_SHORTEST_PAUSE = 0.2  # seconds between two passes: a source that never rests must not take a core
#: What may be asked of it, beside its status.
_ASKED = ("promote", "demote", "announce", "finish", "look", "stop", "init", "resolve")


class Worker:
    """One instance at work. Made inside the event loop."""

    def __init__(self, folder: str, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.log = Log("MirrorSync", settings.instance)
        self.identity = str(identify(posix.getpid()))
        self.stage = STARTING
        self.ledger = Ledger(Place(settings.directory, RecordFile(settings.store, settings.node)))
        self.door = Door(settings, folder, self.log)
        self.pokes = Pokes(settings.address, settings.port, settings.peers)
        self.surroundings = Surroundings(
            self.ledger,
            Peers(folder, self.door.ways()),
            self._cluster,
            f"mirror-generation-{settings.instance}",
            settings.active,
        )
        self.passing = Passing(settings, folder, lambda: self.door.user)
        self.following = Following(
            self.ledger, self.surroundings, self.passing.build, self.pokes, settings
        )
        self.serving = Serving(self.ledger, self.pokes, self.door.show, self.door.withhold)
        self.candidacy = Candidacy(
            settings, self.ledger, self.surroundings, self.following, self._tell_score_now
        )
        self.asides = Asides(settings, self.ledger, self.passing.part, self.log)
        self.turns = Turns()
        self.roles = Roles(
            settings,
            self.ledger,
            self.surroundings,
            self.serving,
            self.following,
            self.candidacy,
            self.asides,
            self.turns,
        )
        self.beat = Beat(folder, lambda: self.ledger.waits_since)
        self._told_score: int | None = None
        self._told_at = 0.0
        self._inode = os.stat(folder).st_ino
        self._looked_at: float | None = None
        self._refused: dict[str, str] = {}
        self._ending = asyncio.Event()
        self._sweeping: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Work until somebody says stop."""
        self._write_status()
        self.beat.begin()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        self.ledger.change(records.start, self.settings.promoted)
        if self.ledger.record.tree is None:
            self.ledger.note_content()
        await self.roles.give_up_moments()
        server = await serve(listen(self.folder), self._answer)
        self.pokes.listen(self.turns.wake.set, self.serving.moments.hold)
        work = (
            self._watch_membership(),
            self.door.keep_open(),
            self._follow_on(),
            self._keep_up(),
            self._wait_for_end(),
        )
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            # None but the last ends by itself: what makes another end makes the worker fail.
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.beat.end()
            server.close()
            self.pokes.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _cluster(self) -> Cluster:
        """Pacemaker's store, as an action of this instance would reach it."""
        settings = self.settings
        environment = Environment(
            {
                "OCF_RESOURCE_INSTANCE": settings.instance,
                "OCF_RESKEY_CRM_meta_on_node": settings.node,
                "OCF_RESKEY_crm_feature_set": settings.feature_set,
            }
        )
        return Cluster(environment, Deadline(20), self.log)

    # ------------------------------------------------------------------ what runs all the time

    async def _watch_membership(self) -> None:
        is_blind = False
        while True:
            try:
                if not is_blind:
                    async for view in watch():
                        self._on_view(view)
            except (commands.ToolMissing, OSError) as error:
                self.log.warning(f"cannot watch the cluster's membership: {error}")
            # What was lost from sight has to be in the record before anything is seen again.
            is_blind = not self._try("membership", self._on_view, None)
            await asyncio.sleep(_MEMBERSHIP_PAUSE)

    def _on_view(self, view: View | None) -> None:
        view = self.surroundings.recognize(view, self.settings.node)
        is_first = self.surroundings.view is None
        was_blind = not is_first and not self.surroundings.has_quorum
        joined, left = self.surroundings.note(view)
        for node in joined:
            self.ledger.change(records.see_join, node)
        followed = self.following.source
        if followed in left or (followed and view is not None and followed not in view.members):
            self.turns.interrupt()
            self.following.lose(followed)
        if was_blind or not self.surroundings.has_quorum:
            self.ledger.change(records.lose_sight, self.settings.peers)
        if view is not None:
            membership = mark(view.ring)
            if is_first and not (membership and membership == self.ledger.record.watched):
                self.ledger.change(records.miss, self.settings.peers)
            self.ledger.change(records.watch, membership)
        self.turns.wake.set()

    async def _follow_on(self) -> None:
        """A pass at every interval, and after every poke; while promoted, a look at the peers."""
        await self.surroundings.is_known.wait()
        with self._surviving("look"):
            await self.surroundings.look()
        self._looked_at = now()
        while True:
            began = now()
            if not self.turns.is_taken:
                with self._surviving("round"):
                    await self.turns.take_round(self._one_round())
                    self._sweep()
                self.stage = RUNNING
                self._estimate()
                self._try("status", self._write_status)
            await asyncio.sleep(max(_SHORTEST_PAUSE, (now() - began) / 2))
            with contextlib.suppress(asyncio.TimeoutError):
                left = max(0.0, began + self.settings.interval - now())
                await asyncio.wait_for(self.turns.wake.wait(), left)
            self.turns.wake.clear()

    def _come_up(self) -> None:
        """Let the start be done, though the first pass is not: it may take hours."""
        if self._looked_at is not None and now() - self._looked_at > _FIRST_PASS:
            self.stage = RUNNING

    async def _one_round(self) -> None:
        if self.roles.is_promoted:
            await self.surroundings.look()
            await self.serving.moments.keep_for(self.surroundings.seen)
        else:
            await self.following.follow_once()

    def _sweep(self) -> None:
        """Remove what was discarded, beside everything else."""
        is_idle = self._sweeping is None or self._sweeping.done()
        if is_idle and self.ledger.place.layout.rubbish:
            self._sweeping = asyncio.ensure_future(self.passing.sweep())

    async def _keep_up(self) -> None:
        while True:
            self._try("folder", self._check_folder)
            self._try("door", self._keep_door)
            self._try("asides", self.asides.prune)
            self._try("ballast", self._load_ballast)
            self._estimate()
            self._come_up()
            self._try("status", self._write_status)
            if self._telling is None or self._telling.done():
                self._telling = asyncio.ensure_future(self._tell_score())
            await asyncio.sleep(_BEAT)

    @contextlib.contextmanager
    def _surviving(self, part: str) -> Iterator[None]:
        """What the system refuses a part of the work is told, until that part goes well again.

        It ends nothing: on a promoted node that would take a service down which may be well.
        """
        try:
            yield
        except (OSError, commands.ToolMissing) as error:
            said = describe(error)
            if self._refused.get(part) != said:
                self.log.warning(f"{part}: {said}")
            self._refused[part] = said
        else:
            self._refused.pop(part, None)

    def _try(self, part: str, work: Callable[..., object], *what: object) -> bool:
        """Do a part of the work, and say whether it went well."""
        with self._surviving(part):
            work(*what)
        return part not in self._refused

    def _load_ballast(self) -> None:
        with self.ledger.at_disk():
            self.ledger.place.file.load_ballast()

    def _keep_door(self) -> None:
        if self.door.keep_up():
            self.surroundings.peers = Peers(self.folder, self.door.ways())

    def _check_folder(self) -> None:
        """End where a stop took the folder away without a word: nobody would ever end this.

        The settings in it are replaced by a reload.
        """
        try:
            if os.stat(self.folder).st_ino == self._inode:
                os.stat(f"{self.folder}/settings")
                return
        except (FileNotFoundError, NotADirectoryError):
            pass
        self._ending.set()

    async def _wait_for_end(self) -> None:
        await self._ending.wait()

    # ------------------------------------------------------------------ what it tells

    def _estimate(self) -> None:
        """Amid a change of roles the score stands: what it comes to is judged at its end."""
        if not self.turns.is_taken and not self.roles.is_promoted:
            self.candidacy.estimate()

    async def _tell_score(self) -> None:
        if self.surroundings.view is None or self.turns.is_taken:
            return  # there is no cluster that could be told, or it is about to be told more
        score = self.candidacy.verdict.score
        if score == self._told_score and now() - self._told_at < _RETELL:
            return
        await self._tell_score_now()

    async def _tell_score_now(self) -> None:
        score = self.candidacy.verdict.score
        if await asyncio.to_thread(self._cluster().set_promotion_score, score):
            self._told_score, self._told_at = score, now()
            await self.roles.publish()

    def _write_status(self) -> None:
        kind, fault = self.told_fault
        score = self.candidacy.verdict.score
        status = Status(
            self.identity,
            self.stage,
            PROMOTED if self.roles.is_promoted else UNPROMOTED,
            beat=now(),
            score=score,
            is_told=self._told_score == score,
            fault_kind=kind,
            fault=fault,
        )
        self.beat.write(status)

    @property
    def told_fault(self) -> tuple[str, str]:
        """What monitor tells of it. A copy that could be promoted this moment tells of none.

        The cluster takes it for a failure; and where the node that coordinates it dies, Pacemaker
        (2.1) waits over a minute for the end of such a monitor before it promotes anybody.
        """
        is_candidate = not self.roles.is_promoted and self.candidacy.verdict.allowed
        return ("", "") if is_candidate else self.fault

    @property
    def fault(self) -> tuple[str, str]:
        """What is wrong with this instance: its kind and a line, or twice nothing."""
        following = ("", "") if self.roles.is_promoted else self.following.find_fault()
        if following[0] == DIVERGED:
            return following
        trouble = (
            self.door.trouble or self.surroundings.trouble or next(iter(self._refused.values()), "")
        )
        if trouble:
            return TROUBLE, trouble
        return self._fault_of_promoted() if self.roles.is_promoted else following

    def _fault_of_promoted(self) -> tuple[str, str]:
        """Another that is promoted too, or a directory that is not there any more."""
        for node, one in self.surroundings.seen.items():
            if one.record.is_open:
                return DIVERGED, f"{node} has diverged: it is promoted, too"
            theirs = follow(one.record, self.ledger.record)
            if theirs.kind == OTHER_WAY:
                return DIVERGED, f"{node} has diverged: {theirs.reason}"
        try:
            self.ledger.place.layout.check()
        except PassRefused as refused:
            return TROUBLE, str(refused)
        trouble = (
            self.serving.trouble or self.serving.moments.trouble or self._find_what_copies_refuse()
        )
        return (TROUBLE, trouble) if trouble else ("", "")

    def _find_what_copies_refuse(self) -> str:
        """Why no copy takes over what is here; they say so too, but nobody looks there."""
        filled = [node for node, one in self.surroundings.seen.items() if one.record.filled]
        directory = self.settings.directory
        if not filled or not trees.is_empty(directory):
            return ""
        kept = f"and {', '.join(sorted(filled))} keeps its copy"
        return f"{directory} is empty, {kept}: is its file system mounted?"

    # ------------------------------------------------------------------ what is asked of it

    async def _answer(self, what: str, more: dict[str, Any]) -> dict[str, Any]:
        if what == "status":
            return draw(self)
        if what == "reload":
            self._reload()
            return {}
        if what not in _ASKED:
            raise Refused(f"the worker knows no {what!r}")
        try:
            answer: dict[str, Any] = await getattr(self.roles, what)(**more) or {}
        except (OSError, RecordUnusable, PassRefused) as error:
            raise Refused(str(error)) from error
        self._try("status", self._write_status)
        if what == "stop":
            self._ending.set()
        return answer

    def _reload(self) -> None:
        self.settings.take_over(Settings.read(self.folder))
        self.turns.wake.set()


def _hold(store: str) -> int:
    """Lock the store: two workers in one would write over each other."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(f"{store}/worker", flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise OSError(f"another instance works in {store}") from None
    return handle


async def _work(folder: str, settings: Settings) -> None:
    await Worker(folder, settings).run()


def main(arguments: list[str]) -> None:
    """Run the worker of a folder until it is told to stop."""
    (folder,) = arguments
    settings = Settings.read(folder)
    try:
        held = _hold(settings.store)
        asyncio.run(_work(folder, settings))
    except (OSError, RecordUnusable, SecretsUnusable, PassRefused, commands.ToolMissing) as error:
        status = Status(str(identify(posix.getpid())), fault_kind=TROUBLE, fault=str(error))
        with contextlib.suppress(OSError):
            write_status(folder, status)
        raise
    os.close(held)
