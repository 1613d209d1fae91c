"""What an action may know of the call it serves: everything the base class offers, in one place."""

from __future__ import annotations

import posix

from .deadline import Deadline
from .log import Log
from .outcomes import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cluster import Cluster
    from .environment import Environment
    from .start_record import RecordFile, StartRecord


class Facts:
    """What `start` leaves for `stop` beside the parameters: a process, a unit; kept in the record.

    Names hold no blank, "=" or line break. A fact is on disk when `remember` returns; where that
    cannot be, a start fails, and every other action goes on, with the log told: a full /run takes
    down nothing that runs, and keeps nothing from being stopped.
    """

    __slots__ = ("_file", "_log", "record")

    def __init__(self, file: RecordFile | None = None, log: Log | None = None) -> None:
        """Keep them in ``file``; with a ``log``, which is told, a failure to do so is none."""
        self._file = file
        self._log = log
        self.record: StartRecord | None = None

    def recall(self, name: str) -> str:
        """Return the text of a fact; "" where it is not known."""
        return self.record.facts.get(name, "") if self.record else ""

    def remember(self, name: str, text: str) -> None:
        """Keep a fact; Failure if there is no record to keep it in, or in a start no room."""
        if self.record is None:
            raise Failure(f"cannot remember {name}: nothing was started")
        self.record.facts[name] = text
        self._save()

    def forget(self, name: str) -> None:
        """Drop a fact; nothing happens where it is not known."""
        if self.record is not None and self.record.facts.pop(name, None) is not None:
            self._save()

    def _save(self) -> None:
        if self._file is None or self.record is None:
            return
        try:
            self._file.write(self.record)
        except OSError as error:
            problem = f"cannot write {self._file.path}: {error.strerror}"
            if self._log is None:
                raise Failure(problem) from error
            self._log.warning(problem)


class Call:
    """One call of an agent. The defaults suit a test: 20 s from now, an empty log, no cluster.

    `action` is the OCF action; `level` the check level asked for; `is_recurring` is true for a
    monitor with an interval alone: a probe, and the runner's own check after `start` or `stop`,
    are not. `changed` names the parameters that differ from the record, for `reload-agent`.
    `is_record_lost` says that a record is there and cannot be followed, `is_record_of_another` that
    it speaks of what was started with other parameters.
    """

    __slots__ = (
        "_environment",
        "action",
        "changed",
        "deadline",
        "facts",
        "instance",
        "is_record_lost",
        "is_record_of_another",
        "is_recurring",
        "level",
        "log",
    )

    def __init__(
        self,
        action: str = "",
        *,
        instance: str = "default",
        deadline: Deadline | None = None,
        log: Log | None = None,
        level: int = 0,
        is_recurring: bool = False,
        facts: Facts | None = None,
        environment: Environment | None = None,
    ) -> None:
        self.action = action
        self.instance = instance
        self.deadline = deadline or Deadline(20)
        self.log = log or Log(facility="none")
        self.level = level
        self.is_recurring = is_recurring
        self.facts = facts or Facts()
        self.changed: frozenset[str] = frozenset()
        self.is_record_lost = False
        self.is_record_of_another = False
        self._environment = environment

    def without_facts(self) -> Call:
        """Return the same call for an instance that the record does not speak of."""
        other = Call(
            self.action,
            instance=self.instance,
            deadline=self.deadline,
            log=self.log,
            level=self.level,
            is_recurring=self.is_recurring,
            environment=self._environment,
        )
        other.is_record_lost = self.is_record_lost
        other.is_record_of_another = not self.is_record_lost
        return other

    @property
    def clone_number(self) -> int:
        """The number of this instance among those of a globally unique clone, from 0."""
        return self._environment.clone_number if self._environment else 0

    @property
    def is_clone(self) -> bool:
        """Whether it is an instance of a clone: others of it may run at the same time."""
        return self._environment is not None and self._environment.is_clone

    @property
    def is_anonymous_clone(self) -> bool:
        """Whether it is a clone whose instances are all alike."""
        return self._environment is not None and self._environment.is_anonymous_clone

    @property
    def is_promotable_clone(self) -> bool:
        """Whether the clone has roles, as far as the cluster says: by hand nobody does."""
        meta = self._environment.meta if self._environment else {}
        return "promoted_max" in meta or "master_max" in meta  # Pacemaker before 2.1: the latter

    def limit(self, name: str) -> int:
        """A number that the clone sets, such as "clone_node_max"; 0 where nobody says."""
        meta = self._environment.meta if self._environment else {}
        text = meta.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def is_by_cluster(self) -> bool:
        """Whether the cluster's controller asks, which names the node, and nobody by hand."""
        return self._environment is not None and bool(self._environment.node)

    @property
    def is_notified(self) -> bool:
        """Whether the clone tells its instances what is done with the others (notify=true)."""
        from .kinds import TRUE

        environment = self._environment
        return environment is not None and environment.meta.get("notify", "").lower() in TRUE

    @property
    def node(self) -> str:
        """The cluster's name of this node; the host's where the caller does not say."""
        named = self._environment.node if self._environment else ""
        return named or posix.uname().nodename

    @property
    def feature_set(self) -> tuple[int, ...]:
        """Pacemaker's crm_feature_set as numbers; empty outside Pacemaker."""
        return self._environment.feature_set if self._environment else ()

    @property
    def cluster(self) -> Cluster:
        """The cluster's attributes and the notify environment."""
        from .cluster import Cluster
        from .environment import Environment

        return Cluster(self._environment or Environment({}), self.deadline, self.log)
