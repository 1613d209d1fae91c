"""MirrorSync: a directory mirror whose direction follows promotion."""

from __future__ import annotations

import ocf_py as ocf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ocf_py.mirror.status import Status as WorkerStatus
    from ocf_py.system.processes import ProcessIdentity

_HANGING = 30.0  # seconds without a beat; the worker beats every second
_READY_INTERVAL = 0.05
_OF_WORKER = "worker"  # the fact that names its process
_ALLOWANCE = 0.9  # of an action's time: what the worker is given of it
_PORT = 8730


class MirrorSync(ocf.Agent):
    """Mirrors a directory from the promoted node to the others

    A promotable clone: the directory of the promoted node is the truth, and each unpromoted node
    holds a copy that is always a complete pass of rsync. After a failover the direction turns round
    by itself. Only an instance whose copy is provably current is promoted; whatever a role change
    would overwrite is set aside. Needs rsync, and notify=true on the clone.
    """

    directory = ocf.Path(
        "The directory to mirror",
        details="The directory to mirror. It is exchanged as a whole at every pass, so it is no "
        "mount point itself: name a folder on the file system.",
        required=True,
        unique_group="directory",
    )
    store = ocf.Path(
        "Where the mirror keeps its record and its passes",
        details="A folder of root's alone on the same file system as directory, beside it and not "
        "in it. It is made if it is not there.",
    )
    address = ocf.String(
        "The address of every node",
        details="NODE=ADDRESS for every node of the mirror, parted by blanks. Each node's rsync "
        "daemon listens on its own address, and lets the others in.",
        required=True,
    )
    port = ocf.Integer(
        "The port of the rsync daemons, and of their pokes (UDP)",
        default=_PORT,
        minimum=1,
        maximum=65535,
    )
    secrets_file = ocf.Path(
        "The file with the secret that the nodes share",
        details="Lines of NAME:SECRET, the same on all nodes, of root and mode 0600. All are let "
        "in, the first is presented. To change it: add a second line with another NAME on every "
        "node, move it to the top on every node, remove the old one on every node.",
        required=True,
    )
    interval = ocf.Duration("The longest time between two passes", default=30.0, reloadable=True)
    trigger = ocf.Select(
        "What lets a pass begin before the interval is over",
        details="inotify: a change to the promoted directory is pulled within a second. "
        "interval: nothing.",
        options=("inotify", "interval"),
        default="inotify",
    )
    snapshot = ocf.Select(
        "Whether a copy is made of a snapshot of the promoted directory",
        details="btrfs: a pass copies a read-only snapshot that is taken for it, so that the copy "
        "is the directory at one moment. directory is in a subvolume, and holds none. none: a pass "
        "copies the directory as it changes.",
        options=("none", "btrfs"),
        default="none",
    )
    max_lag = ocf.Duration(
        "How old a copy may be that is promoted",
        details="A copy is promoted if it followed within this time until its source was lost. At "
        "least twice the interval.",
        reloadable=True,
    )
    max_delete = ocf.Integer(
        "How much of a copy one pass may delete, in percent",
        details="A pass that would delete more of the entries is refused: the source is more "
        "likely broken than tidied up.",
        default=50,
        minimum=0,
        maximum=100,
        reloadable=True,
    )
    min_free = ocf.Integer(
        "How much must be free on a copy's file system, in MiB",
        default=64,
        minimum=0,
        reloadable=True,
    )
    exclude = ocf.String(
        "Patterns of rsync to leave out, parted by blanks",
        details="Patterns of rsync to leave out, parted by blanks; one with a blank in it is "
        "quoted as in a shell.",
        default="",
        reloadable=True,
    )
    bwlimit = ocf.Integer(
        "The most that a pass transfers, in KiB a second",
        details="0 is no limit.",
        default=0,
        minimum=0,
        reloadable=True,
    )
    compress = ocf.Boolean("Compress what is transferred", default=False, reloadable=True)
    keep_aside = ocf.Integer(
        "How many trees set aside after a fencing are kept",
        details="How many trees set aside after a fencing are kept; the oldest are removed. Those "
        "of a divergence stay until an admin removes them.",
        default=1,
        minimum=0,
        reloadable=True,
    )
    allow_stale = ocf.Boolean(
        "Promote a copy that is not provably current, too",
        details="Promote a copy that is not provably current, too, if there is no better one: what "
        "was written after it is lost.",
        default=False,
        reloadable=True,
    )
    on_diverged = ocf.Select(
        "What monitor says of a tree that has diverged",
        details="degraded: 190, the instance stays. fail: 1, the instance fails.",
        options=("degraded", "fail"),
        default="degraded",
        reloadable=True,
    )

    def _default_store(self) -> str:
        """.NAME.mirror beside the directory"""
        folder, _, name = self.directory.rstrip("/").rpartition("/")
        return f"{folder}/.{name}.mirror"

    def _default_max_lag(self) -> float:
        """Four times the interval"""
        return self.interval * 4

    # ------------------------------------------------------------------ what is asked for

    def validate(self) -> None:
        from ocf_py.mirror.wanted import check_paths, parse_addresses, parse_patterns

        try:
            parse_addresses(self.address)
            parse_patterns(self.exclude)
            check_paths(self.directory, self.store)
        except ValueError as error:
            raise ocf.Misconfigured(str(error)) from error
        if self.max_lag < self.interval * 2:
            raise ocf.Misconfigured(
                f"max_lag={self.max_lag:g}s is less than twice interval={self.interval:g}s",
                hint=f"max_lag={self.interval * 2:g}s is the least",
            )

    def validate_here(self) -> None:
        from ocf_py.mirror.local import refuse_what_is_missing

        self._refuse_meta_attributes()
        settings = self._settings()
        refuse_what_is_missing(settings)
        if not settings.peers:
            self.call.log.warning("address names this node alone: the mirror has no copy")

    def _refuse_meta_attributes(self) -> None:
        """Misconfigured where the cluster has nobody promoted, or the others hear of nothing.

        Not of what is validated before it is created, nor called by hand: it has none of them yet.
        """
        name = self.call.instance.partition(":")[0]
        is_started = self.call.action == "start" and self.call.is_by_cluster
        if is_started and not self.call.is_promotable_clone:
            raise ocf.Misconfigured(
                f"{name} is no promotable clone, so that nobody would be promoted",
                hint="set promotable=true on the clone"
                if self.call.is_clone
                else f"pcs resource promotable {name} notify=true",
            )
        if self.call.is_clone and not self.call.is_notified:
            raise ocf.Misconfigured(
                "the clone does not notify its instances", hint="set the meta attribute notify=true"
            )

    def _settings(self) -> Any:
        from ocf_py.mirror.settings import Settings
        from ocf_py.mirror.wanted import parse_addresses, parse_patterns

        told = self.call.cluster.notification
        active = {*told.nodes("active")}.difference(told.nodes("stop")).union(told.nodes("start"))
        return Settings(
            instance=self.call.instance,
            node=self.call.node,
            addresses=parse_addresses(self.address),
            port=self.port,
            directory=self.directory.rstrip("/"),
            store=self.store.rstrip("/"),
            secrets_file=self.secrets_file,
            interval=self.interval,
            trigger=self.trigger,
            snapshot=self.snapshot,
            max_lag=self.max_lag,
            max_delete=self.max_delete,
            min_free=self.min_free << 20,
            exclude=parse_patterns(self.exclude),
            bwlimit=self.bwlimit,
            compress=self.compress,
            keep_aside=self.keep_aside,
            allow_stale=self.allow_stale,
            on_diverged=self.on_diverged,
            feature_set=".".join(map(str, self.call.feature_set)),
            promoted=tuple(told.nodes("promoted")),
            active=tuple(sorted(active)),
        )

    # ------------------------------------------------------------------ what is there

    @property
    def _folder(self) -> str:
        from ocf_py.mirror.status import folder_of

        return folder_of(self.directory)

    def _look(self) -> WorkerStatus | None:
        """The living worker's status, None where there is none that lives."""
        status, lives = self._read()
        return status if lives else None

    def _read(self) -> tuple[WorkerStatus | None, bool]:
        """The last status that was written here, and whether the worker that wrote it lives."""
        from ocf_py.mirror.status import StatusUnreadable, read_status

        try:
            status = read_status(self._folder)
            if status is None:
                return None, False
            from ocf_py.system.processes import ProcessIdentity

            return status, ProcessIdentity.parse(status.worker).is_alive()
        except (StatusUnreadable, ValueError, OSError) as error:
            raise ocf.Failure(f"cannot tell whether it runs: {error}") from error

    @ocf.action(timeout=20, interval=10, depth=0, role="Promoted")
    @ocf.action(timeout=20, interval=11, depth=0, role="Unpromoted")
    def monitor(self) -> ocf.Status:
        from time import CLOCK_BOOTTIME, clock_gettime

        from ocf_py.mirror.status import DIVERGED, PROMOTED, STARTING

        status, lives = self._read()
        if status is None or status.stage == STARTING:
            return ocf.STOPPED
        if not lives:
            if self.call.is_recurring:
                failure = ocf.PromotedFailure if status.role == PROMOTED else ocf.Failure
                raise failure(f"the worker {status.worker} has died", hint="see the system log")
            return ocf.STOPPED.because(f"its worker {status.worker} has died")
        silence = clock_gettime(CLOCK_BOOTTIME) - status.beat
        if silence > _HANGING and self.call.is_recurring:
            raise ocf.Failure(f"the worker {status.worker} has hung for {silence:.0f} s")
        well = ocf.PROMOTED if status.role == PROMOTED else ocf.RUNNING
        if not status.fault:
            return well
        if status.fault_kind != DIVERGED:
            return well.degraded(status.fault)
        diverged = ocf.Failure(status.fault, hint="ocf-py mirror resolve")
        if self.on_diverged == "fail" and self.call.is_recurring:
            raise diverged
        return well.degraded(diverged.brief)

    def degrade(self, status: ocf.Status, reason: str) -> ocf.Status:
        """The promoted one tells of unusable values: a copy that can be promoted tells of none."""
        return super().degrade(status, reason) if status.is_promoted else status

    def promotion_score(self, status: ocf.Status) -> int | None:  # noqa: ARG002
        """As the worker judges it, which tells the cluster itself when it changes."""
        found = self._look()
        if found is None:
            return ocf.MINUS_INFINITY
        return None if found.is_told and self.call.is_recurring else found.score

    # ------------------------------------------------------------------ start and stop

    @ocf.action(timeout=60)
    def start(self) -> None:
        from ocf_py.mirror.local import prepare_store
        from ocf_py.system import background

        if self._look() is None:
            self._end_worker()
            settings = self._settings()
            prepare_store(settings.store)
            self._remove_folder()
            settings.write(self._folder)
            background.start("ocf_py.mirror.worker", [self._folder], admit=self._admit)
        self.call.deadline.wait(
            self._is_ready, "the worker looks at its peers", every=_READY_INTERVAL
        )

    def _admit(self, worker: ProcessIdentity) -> None:
        """Record the worker: one that works and is in no record would outlive a stop."""
        self.call.facts.remember(_OF_WORKER, str(worker))

    def _is_ready(self) -> bool:
        """Whether the worker has come up; Failure says why it has not."""
        from ocf_py.mirror.status import STARTING, read_status
        from ocf_py.system.processes import ProcessIdentity

        said = read_status(self._folder)
        worker = self.call.facts.recall(_OF_WORKER) or (said.worker if said is not None else "")
        if worker and ProcessIdentity.parse(worker).is_alive():
            return said is not None and said.stage != STARTING
        fault = said.fault if said is not None else ""
        if fault:
            raise ocf.Failure(fault)
        raise ocf.Failure("the worker died as it came up", hint="see the system log")

    @ocf.action(timeout=120)
    def stop(self) -> None:
        if self._look() is not None:
            told = self.call.cluster.notification
            leaving = {*told.nodes("stop"), self.call.node}
            copies = [node for node in told.nodes("active") if node not in leaving]
            self._ask_gently("stop", self.call.deadline.stage(0.6), copies=copies)
        self._end_worker()
        self._remove_folder()

    def _end_worker(self) -> None:
        """End every worker of this directory: the one that says so of itself, and the recorded."""
        from ocf_py.mirror.status import StatusUnreadable, read_status
        from ocf_py.system.processes import ProcessIdentity, terminate

        texts = [self.call.facts.recall(_OF_WORKER)]
        try:
            said = read_status(self._folder)
            texts.append(said.worker if said is not None else "")
        except (StatusUnreadable, OSError) as error:
            self.call.log.warning(str(error))
        for text in filter(None, texts):
            worker = ProcessIdentity.parse(text)
            grace = min(5.0, self.call.deadline.stage(0.8))
            if worker.is_alive() and not terminate(worker, grace):
                raise ocf.Failure(f"the worker {worker} survives SIGKILL")

    def _remove_folder(self) -> None:
        import os
        import shutil

        try:
            shutil.rmtree(self._folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.call.log.warning(f"cannot remove {error.filename}: {error.strerror}")
        try:
            os.rmdir(os.path.dirname(self._folder))
        except OSError:
            pass  # others are there

    # ------------------------------------------------------------------ roles

    @ocf.action(timeout=120)
    def promote(self) -> None:
        self._ask("promote", self.call.deadline.remaining * _ALLOWANCE)

    @ocf.action(timeout=60)
    def demote(self) -> None:
        told = self.call.cluster.notification
        copies = [node for node in told.nodes("active") if node != self.call.node]
        self._ask("demote", self.call.deadline.remaining * _ALLOWANCE, copies=copies)

    @ocf.action(timeout=20)
    def reload_agent(self) -> None:
        """The worker takes the new values over; a pass that is under way keeps the old ones."""
        if self._look() is None:
            return  # a start reads them
        self._settings().write(self._folder)
        self._ask("reload", self.call.deadline.remaining * _ALLOWANCE)

    @ocf.action(timeout=120)
    def notify(self) -> None:
        told = self.call.cluster.notification
        seconds = self.call.deadline.remaining * _ALLOWANCE
        nodes = told.nodes(told.operation)
        if (told.kind, told.operation) == ("pre", "promote"):
            self._ask_gently("announce", seconds, nodes=nodes)
        elif (told.kind, told.operation) == ("post", "demote"):
            self._ask_gently("finish", seconds, nodes=nodes)
        elif told.kind == "post":
            started, stopped = (
                told.nodes(one) if one == told.operation else [] for one in ("start", "stop")
            )
            self._ask_gently("look", seconds, started=started, stopped=stopped)

    def _ask(self, what: str, seconds: float, **more: object) -> None:
        """Have the worker do something; Failure says why it did not."""
        from ocf_py.mirror.control import Refused, WorkerSilent, ask

        try:
            ask(self._folder, what, seconds, **more)
        except Refused as refused:
            raise ocf.Failure(str(refused), hint=refused.hint) from refused
        except WorkerSilent as silent:
            raise ocf.Failure(str(silent.strerror)) from silent

    def _ask_gently(self, what: str, seconds: float, **more: object) -> None:
        """The same where nothing depends on it: what goes wrong is logged."""
        try:
            self._ask(what, seconds, **more)
        except ocf.Failure as failure:
            self.call.log.warning(f"{what}: {failure.reason}")
