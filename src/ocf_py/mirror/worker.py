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
import secrets as random
import signal
import socket

from ocf_py.cluster import Cluster
from ocf_py.deadline import Deadline
from ocf_py.environment import Environment
from ocf_py.log import Log
from ocf_py.outcomes import MINUS_INFINITY, Failure
from ocf_py.system import commands
from ocf_py.system.processes import identify

from . import record as records
from . import trees
from .control import Refused, listen, serve
from .daemon import Daemon
from .decisions import Verdict, allow_stale, judge_candidate, judge_promotion
from .following import Following
from .generations import FENCED
from .ledger import Ledger
from .membership import watch
from .order import PassRefused
from .passes import Place
from .passing import Passing
from .peers import Peers
from .record_file import RecordFile
from .record_text import RecordUnusable
from .secrets import SecretsUnusable, read_secrets
from .serving import Serving, has_all
from .settings import Settings
from .stack import is_new_stack
from .status import DIVERGED, PROMOTED, RUNNING, STARTING, TROUBLE, UNPROMOTED, Status, write_status
from .surroundings import Surroundings, now
from .tied import TIED_ALONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence
    from typing import Any

    from .membership import View

_BEAT = 1.0  # seconds between two looks at everything, and two lines of status
_RETELL = 30.0  # seconds after which the cluster is told a score again that it may have lost
_DAEMON_PAUSE = 2.0
_CONFIRMED_BY = 0.3  # seconds between two looks whether the copies have the final pass
_SHORTEST_PAUSE = 0.2  # seconds between two passes: a source that never rests must not take a core
_MOST_CHECKS = 3  # a pull before a promotion, and another if a peer is later still


class Worker:
    """One instance at work."""

    def __init__(self, folder: str, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.log = Log("MirrorSync", settings.instance)
        self.identity = str(identify(posix.getpid()))
        self.stage, self.role = STARTING, UNPROMOTED
        self.verdict = Verdict(
            allowed=False, score=MINUS_INFINITY, reason="it has only just started"
        )
        self.told_score: int | None = None
        self.told_at = 0.0
        self.trouble = ""
        file = RecordFile(settings.store, settings.node)
        self.place = Place(settings.directory, file)
        self.ledger = Ledger(self.place)
        self.daemon = Daemon(folder)
        self.daemon_trouble = "its daemon has not started yet"
        self.secrets = read_secrets(settings.secrets_file)
        self.secrets_stamp = _stamp(settings.secrets_file)
        self.pokes = self._open_pokes()
        self.surroundings = Surroundings(
            self.ledger, self._peers(), self._cluster, f"mirror-generation-{settings.instance}"
        )
        self.serving = Serving(self.ledger, self.pokes, settings.port)
        self.passing = Passing(settings, folder, lambda: self.secrets[0][0])
        self.following = Following(self.ledger, self.surroundings, self.passing.build)
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._round: asyncio.Task[None] | None = None
        self._waiting = 0
        self._owes: set[str] = set()
        self._ending = asyncio.Event()
        self._inode = os.stat(f"{folder}/settings").st_ino
        self._sweeping: asyncio.Task[None] | None = None
        self._retelling: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ coming up

    async def run(self) -> None:
        """Work until somebody says stop."""
        self._write_status()
        self._configure_daemon()
        if is_new_stack(self.settings.store):
            self.ledger.change(records.lose_sight)
        self.ledger.change(records.start, self.settings.promoted)
        filled = not trees.is_empty(self.settings.directory)
        self.ledger.change(records.note_content, filled=filled)
        server = await serve(listen(self.folder), self._answer)
        tasks = [
            asyncio.ensure_future(one)
            for one in (
                self._watch_membership(),
                self._run_daemon(),
                self._follow_on(),
                self._keep_up(),
                self._hear_pokes(),
            )
        ]
        ending = asyncio.ensure_future(self._wait_for_end())
        try:
            await asyncio.wait([*tasks, ending], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()  # none of them ends by itself
        finally:
            server.close()
            self.serving.end()
            for task in (*tasks, ending):
                task.cancel()
            await asyncio.gather(*tasks, ending, return_exceptions=True)

    async def _wait_for_end(self) -> None:
        await self._ending.wait()

    def _peers(self) -> Peers:
        user = self.secrets[0][0]
        return Peers(
            self.folder,
            {
                node: self.daemon.reach(address, self.settings.port, user)
                for node, address in self.settings.peers.items()
            },
        )

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
        while True:
            try:
                async for view in watch():
                    self._on_view(view)
            except (commands.ToolMissing, OSError) as error:
                self.log.warning(f"cannot watch the cluster's membership: {error}")
            self._on_view(None)
            await asyncio.sleep(_DAEMON_PAUSE)

    def _on_view(self, view: View | None) -> None:
        is_first = self.surroundings.view is None
        joined, left = self.surroundings.note(view)
        proof = self.ledger.record.evidence
        if is_first and view is not None and proof is not None and not proof.sealed:
            joined |= {proof.source} & view.members  # it came back while nobody watched
        for node in joined:
            self.ledger.change(records.see_join, node)
        if self.following.source in left:
            self._give_up_round()
            self.following.lose(self.following.source)
        if not self.surroundings.has_quorum:
            self.ledger.change(records.lose_sight)
        self._wake.set()

    async def _run_daemon(self) -> None:
        while True:
            argv = [*TIED_ALONE, *self.daemon.argv]
            process = await asyncio.create_subprocess_exec(
                commands.find(argv[0]),
                *argv[1:],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                self.daemon_trouble = ""
                await process.wait()
            finally:
                # Those of it that serve a peer go along; they only read.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            said = self.daemon.last_words()
            self.daemon_trouble = f"rsync --daemon ended with {process.returncode}: {said}"
            self.log.warning(self.daemon_trouble)
            await asyncio.sleep(_DAEMON_PAUSE)

    async def _follow_on(self) -> None:
        """A pass at every interval, and after every poke; while promoted, a look at the peers."""
        await self.surroundings.is_known.wait()
        while True:
            began = now()
            if not self._waiting:
                async with self._turn:
                    self._round = asyncio.ensure_future(self._one_round())
                    await asyncio.wait({self._round})
                    done, self._round = self._round, None
                    if not done.cancelled():
                        done.result()
                self._sweep()
                self.stage = RUNNING
                self._judge()
                self._write_status()
            await asyncio.sleep(max(_SHORTEST_PAUSE, (now() - began) / 2))
            with contextlib.suppress(asyncio.TimeoutError):
                left = max(0.0, began + self.settings.interval - now())
                await asyncio.wait_for(self._wake.wait(), left)
            self._wake.clear()

    async def _one_round(self) -> None:
        try:
            if self.role == PROMOTED:
                await self.surroundings.look()
                return
            await self.following.follow_once()
        except (OSError, RecordUnusable) as error:
            self.following.fault = (TROUBLE, f"no pass: {error}")

    def _sweep(self) -> None:
        """Remove what was discarded, beside everything else."""
        if self.place.layout.rubbish and (self._sweeping is None or self._sweeping.done()):
            self._sweeping = asyncio.ensure_future(self.passing.sweep())

    def _give_up_round(self) -> None:
        if self._round is not None:
            self._round.cancel()

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Nothing else is done with the tree meanwhile; a pass that is under way is given up."""
        self._waiting += 1
        self._give_up_round()
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1
            self._wake.set()

    async def _hear_pokes(self) -> None:
        """A copy looks when its source tells it to; what is in the poke does not matter."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.pokes.fileno(), self._on_poke)
        try:
            await asyncio.Event().wait()
        finally:
            loop.remove_reader(self.pokes.fileno())

    def _on_poke(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                _, sender = self.pokes.recvfrom(64)
                if sender[0] in self.settings.peers.values():
                    self._wake.set()

    async def _keep_up(self) -> None:
        while True:
            self._check_folder()
            self._follow_secrets()
            self._prune_asides()
            self.daemon.trim_log()
            self._judge()
            self._write_status()
            if self._retelling is None or self._retelling.done():
                self._retelling = asyncio.ensure_future(self._tell_score())
            await asyncio.sleep(_BEAT)

    def _check_folder(self) -> None:
        """End where a stop took the folder away without a word: nobody would ever end this."""
        try:
            if os.stat(f"{self.folder}/settings").st_ino == self._inode:
                return
        except OSError:
            pass
        self._ending.set()

    def _follow_secrets(self) -> None:
        stamp = _stamp(self.settings.secrets_file)
        if stamp == self.secrets_stamp:
            return
        try:
            self.secrets = read_secrets(self.settings.secrets_file)
        except SecretsUnusable as error:
            self.trouble = f"the secrets before are kept: {error}"
            return
        self.trouble = ""
        self.secrets_stamp = stamp
        self._configure_daemon()
        self.surroundings.peers = self._peers()

    def _configure_daemon(self) -> None:
        settings = self.settings
        self.daemon.configure(
            settings.directory,
            settings.store,
            settings.address,
            settings.port,
            list(settings.peers.values()),
            self.secrets,
        )

    def _prune_asides(self) -> None:
        """Forget those that an admin removed; remove the oldest whose owner was fenced."""
        asides = self.ledger.record.asides
        gone = [
            one.name for one in asides if not os.path.lexists(f"{self.settings.store}/{one.name}")
        ]
        kept = [one for one in asides if one.name not in gone and one.end == FENCED]
        for one in kept[: max(0, len(kept) - self.settings.keep_aside)]:
            self.log.info(f"removing {one.name}: keep_aside={self.settings.keep_aside}")
            self.place.layout.discard(f"{self.settings.store}/{one.name}")
            gone.append(one.name)
        if gone:
            self.ledger.change(records.forget_asides, gone)

    # ------------------------------------------------------------------ how good a candidate it is

    def _judge(self) -> Verdict:
        """Say, by the last look, whether this instance could be promoted."""
        if self._waiting:  # amid a change of roles: what it comes to is judged at its end
            return self.verdict
        record, facts = self.ledger.record, self.surroundings.facts()
        following = self.following
        if self.role == PROMOTED:
            self.verdict = Verdict(allowed=True, score=1000, reason="it is promoted")
            return self.verdict
        waiting = self.surroundings.whom_to_wait_for()
        if waiting:
            reason = f"the mirror on {waiting} has not answered yet"
            verdict = Verdict(allowed=False, score=MINUS_INFINITY, reason=reason)
        elif following.source:
            verdict = judge_candidate(
                record, facts, self.settings.max_lag, following.lag, following.source
            )
        else:
            verdict = judge_promotion(record, facts, self.settings.max_lag)
        self.verdict = allow_stale(verdict, record) if self.settings.allow_stale else verdict
        return self.verdict

    async def _tell_score(self) -> None:
        score = self.verdict.score
        if self.surroundings.view is None:  # there is no cluster that could be told
            return
        if self._waiting or score == self.told_score and now() - self.told_at < _RETELL:
            return
        if await asyncio.to_thread(self._cluster().set_promotion_score, score):
            self.told_score, self.told_at = score, now()

    @property
    def told_fault(self) -> tuple[str, str]:
        """What monitor tells of it. A copy that could be promoted this moment tells of none.

        The cluster takes it for a failure; and where the node that coordinates it dies, Pacemaker
        (2.1) waits over a minute for the end of such a monitor before it promotes anybody.
        """
        is_candidate = self.role == UNPROMOTED and self.verdict.allowed
        return ("", "") if is_candidate else self.fault

    def _write_status(self) -> None:
        kind, fault = self.told_fault
        write_status(
            self.folder,
            Status(
                self.identity,
                self.stage,
                self.role,
                beat=now(),
                score=self.verdict.score,
                is_told=self.told_score == self.verdict.score,
                fault_kind=kind,
                fault=fault,
            ),
        )

    @property
    def fault(self) -> tuple[str, str]:
        """What is wrong with this instance: its kind and a line, or twice nothing."""
        if self.following.fault[0] == DIVERGED and self.role == UNPROMOTED:
            return self.following.fault
        if self.stage == RUNNING and self.daemon_trouble:
            return TROUBLE, self.daemon_trouble
        if self.trouble:
            return TROUBLE, self.trouble
        if self.role == PROMOTED:
            return self._fault_of_promoted()
        kind, fault = self.following.fault
        if kind:
            return kind, fault
        if self.following.source and self.following.lag > self.settings.max_lag:
            behind = self.following.lag
            since = "no pass yet" if behind == float("inf") else f"{behind:.0f} s behind"
            return TROUBLE, f"{since}, of {self.following.source}"
        return "", ""

    @property
    def has_diverged(self) -> bool:
        """Whether an admin has to choose between this tree and another."""
        return self.fault[0] == DIVERGED

    def _fault_of_promoted(self) -> tuple[str, str]:
        """Another that is promoted too, or went another way, was not to be."""
        for node, one in self.surroundings.seen.items():
            if one.record.is_open:
                return DIVERGED, f"{node} is promoted, too"
        try:
            self.place.layout.check()
        except PassRefused as refused:
            return TROUBLE, str(refused)
        return "", ""

    # ------------------------------------------------------------------ what is asked of it

    async def _answer(self, what: str, more: dict[str, Any]) -> dict[str, Any]:
        method = getattr(self, f"_do_{what}", None)
        if method is None:
            raise Refused(f"the worker knows no {what!r}")
        try:
            answer: dict[str, Any] = await method(**more) or {}
        except (OSError, RecordUnusable, PassRefused) as error:
            raise Refused(str(error)) from error
        self._write_status()
        return answer

    async def _do_promote(self, seconds: float) -> None:
        if self.role == PROMOTED:
            return
        end = now() + seconds
        async with self._alone():
            verdict = await self._judge_anew()
            checks = 1
            while verdict.allowed and verdict.pull_from and checks < _MOST_CHECKS:
                await self.following.pull(verdict.pull_from)
                verdict = await self._judge_anew()
                checks += 1
            if not verdict.allowed:
                self.ledger.change(records.decline)
                self.verdict = verdict
                raise Refused(f"not promoted: {verdict.reason}")
            self.place.layout.check()
            await self._unshare(end)
            await self.serving.watch(by_inotify=self.settings.trigger == "inotify")
            self.ledger.change(records.open_generation, random.token_hex(4))
            self.role = PROMOTED
            self.serving.copies = list(self.settings.peers.values())
            self.following.source = ""
            self.following.fault = ("", "")
        self._judge()
        self.log.info(f"promoted: generation {self.ledger.record.generation}: {verdict.reason}")
        asyncio.ensure_future(self._publish())

    async def _judge_anew(self) -> Verdict:
        filled = not trees.is_empty(self.settings.directory)
        self.ledger.change(records.note_content, filled=filled)
        await self.surroundings.look()
        await self.surroundings.confirm_death()
        waiting = self.surroundings.whom_to_wait_for()
        if waiting:
            reason = f"the mirror on {waiting} has not answered yet"
            return Verdict(allowed=False, score=MINUS_INFINITY, reason=reason)
        record = self.ledger.record
        verdict = judge_promotion(record, self.surroundings.facts(), self.settings.max_lag)
        return allow_stale(verdict, record) if self.settings.allow_stale else verdict

    async def _unshare(self, end: float) -> None:
        """No tree that is kept may change with the live one from now on."""
        self.place.retire()
        for one in self.ledger.record.asides:
            path = f"{self.settings.store}/{one.name}"
            if os.path.isdir(path):
                copying = asyncio.to_thread(trees.unshare, path, self.settings.directory)
                try:
                    await asyncio.wait_for(asyncio.shield(copying), max(0.0, end - now()))
                except asyncio.TimeoutError:
                    raise Refused(
                        f"{one.name} still shares files with the directory: copying them takes "
                        "longer than this promote may",
                        "raise its timeout, or remove what was set aside",
                    ) from None

    async def _publish(self) -> None:
        try:
            await asyncio.to_thread(self.surroundings.publish)
        except (Failure, OSError) as error:
            self.log.warning(f"the generation is not in the cluster's attributes: {error}")

    async def _do_demote(self, seconds: float, copies: Sequence[str] = ()) -> None:  # noqa: ARG002
        async with self._alone():
            self.ledger.change(records.seal)
            self.serving.end()
            self.role = UNPROMOTED
            self._owes = {*copies} & self.settings.peers.keys()
            self.following.last = None
        self._judge()

    async def _do_finish(self, seconds: float, nodes: Sequence[str]) -> None:
        """The peers' demotion is through: the final pass."""
        if self.role == PROMOTED:
            return
        async with self._alone():
            await self.following.finish(
                [node for node in nodes if node in self.settings.peers], seconds
            )
        self._judge()

    async def _do_announce(self, seconds: float, nodes: Sequence[str]) -> None:  # noqa: ARG002
        for node in nodes:
            if node in self.settings.addresses:
                self.ledger.change(records.announce, node)

    async def _do_look(self, seconds: float) -> None:  # noqa: ARG002
        self._wake.set()

    async def _do_stop(self, seconds: float, copies: Sequence[str] = ()) -> None:
        """Serve on until every copy has the final pass, then end."""
        end = now() + seconds
        if self.role == PROMOTED:
            await self._do_demote(seconds, copies)
        self._owes &= {*copies}
        while self._owes and now() + _CONFIRMED_BY < end:
            self._owes &= {*self.surroundings.reachable()}
            await self.surroundings.look(self._owes)
            for node in [*self._owes]:
                seen = self.surroundings.seen.get(node)
                if seen is not None and has_all(seen.record, self.ledger.record):
                    self._owes.discard(node)
            if self._owes:
                await asyncio.sleep(_CONFIRMED_BY)
        if self._owes:
            self.log.warning(f"stopping without the final pass of {', '.join(sorted(self._owes))}")
        self._ending.set()

    async def _do_init(self, seconds: float) -> dict[str, Any]:  # noqa: ARG002
        record, facts = self.ledger.record, self.surroundings.facts()
        known = {
            *record.known,
            *(one for peer in facts.peers.values() for one in peer.record.known),
        }
        if record.tree is not None or known or record.conceded:
            raise Refused("there is a generation already", "see ocf-py mirror status")
        if self.role == PROMOTED:
            raise Refused("it is promoted")
        async with self._alone():
            self.ledger.change(records.prevail, random.token_hex(4))
        self._judge()
        return {"generation": str(self.ledger.record.generation)}

    async def _do_resolve(self, seconds: float, loser: str) -> dict[str, Any]:  # noqa: ARG002
        """An admin says whose tree is given up: this one's, or what another has beside it."""
        if loser not in self.settings.addresses:
            raise Refused(
                f"{loser} is no node of this mirror",
                f"name one of {', '.join(sorted(self.settings.addresses))}",
            )
        if self.role == PROMOTED:
            raise Refused("it is promoted here", "a promoted directory is the truth already")
        async with self._alone():
            await self.surroundings.look()
            if loser == self.settings.node:
                self.ledger.change(records.concede)
            else:
                self.ledger.change(records.prevail, random.token_hex(4))
            self.following.fault = ("", "")
        self._judge()
        return {"generation": str(self.ledger.record.generation)}

    async def _do_status(self, seconds: float) -> dict[str, Any]:  # noqa: ARG002
        from .picture import draw

        return draw(self)

    # ------------------------------------------------------------------ its socket for pokes

    def _open_pokes(self) -> socket.socket:
        address = self.settings.address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        pokes = socket.socket(
            family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        )
        pokes.bind((address, self.settings.port))
        return pokes


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


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


def main(arguments: list[str]) -> None:
    """Run the worker of a folder until it is told to stop."""
    (folder,) = arguments
    settings = Settings.read(folder)
    try:
        held = _hold(settings.store)
        asyncio.run(_run(folder, settings))
    except (OSError, RecordUnusable, SecretsUnusable, PassRefused, commands.ToolMissing) as error:
        status = Status(
            str(identify(posix.getpid())),
            fault_kind=TROUBLE,
            fault=str(error),
        )
        with contextlib.suppress(OSError):
            write_status(folder, status)
        raise
    os.close(held)


async def _run(folder: str, settings: Settings) -> None:
    # Made inside the loop: its locks belong to it.
    await Worker(folder, settings).run()
