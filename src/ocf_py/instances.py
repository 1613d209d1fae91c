"""The two instances of an agent that may stand for one resource, and the record between them.

`given` has the caller's parameters, `recorded` those of the last start; where the record cannot be
read, `recorded` is an instance without parameters of an agent that finds by name.
"""

from __future__ import annotations

from .agent import TRACE_PARAMETERS
from .outcomes import Failure, Misconfigured, NotPermitted
from .parameters import parse_parameters
from .start_record import RecordUnreadable, StartRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agent import Agent
    from .call import Call
    from .parameters import Parameter
    from .start_record import RecordFile

_REFUSED = "refused"  # the fact that says why a reload has not been taken over


class Instances:
    """What the caller and the record say of one resource.

    Each instance is None where its parameters are not there or not usable; `unreadable` is the
    failure that says why a record that is there cannot be followed. It is `lost` where nothing else
    tells what was started.
    """

    def __init__(
        self, agent_class: type[Agent], texts: dict[str, str], file: RecordFile, call: Call
    ) -> None:
        self._class = agent_class
        self._texts = texts
        self._file = file
        self._call = call
        self._record: StartRecord | None = None
        self.given, self._problem = self._build(texts)
        self.recorded: Agent | None = None
        self.unreadable: Failure | None = None
        if call.action != "validate-all":  # which looks at the parameters alone
            self._read_record()

    @property
    def was_started(self) -> bool:
        """Whether something was started here, as far as can be told."""
        return self._record is not None or self.unreadable is not None

    @property
    def lost(self) -> Failure | None:
        """Why nobody can tell what was started; None where somebody can."""
        return self.unreadable if self.recorded is None else None

    @property
    def by_name(self) -> Agent | None:
        """`recorded` where it is the one without parameters, in place of what cannot be read."""
        return self.recorded if self.unreadable else None

    @property
    def record_path(self) -> str:
        """Where the record is, for messages."""
        return self._file.path

    @property
    def problem(self) -> Failure:
        """Why `given` is None."""
        return self._problem or Misconfigured("the parameters are not usable")

    @property
    def usable(self) -> Agent:
        """`given`; the failure that says why not where there is none."""
        if self.given is None:
            raise self.problem
        return self.given

    @property
    def is_same_identity(self) -> bool:
        """Whether record and caller mean the same thing: equal in all that is not reloadable."""
        return self.recorded is not None and not self.differences(reloadable=False)

    @property
    def fixed(self) -> frozenset[str]:
        """The parameters that differ from what was started, and need a restart."""
        if self.given is None or self.recorded is None:
            return frozenset()
        return self.differences(reloadable=False)

    @property
    def refused(self) -> str:
        """Why what runs goes on with the values of the record, "" where the caller's are taken."""
        if self.given is None:
            return self._explain(self.problem)
        return self._call.facts.recall(_REFUSED) if self.is_same_identity else ""

    def refuse(self, failure: Failure) -> None:
        """Remember that the caller's values were not taken over, and why."""
        self._call.facts.remember(_REFUSED, self._explain(failure))

    @staticmethod
    def _explain(failure: Failure) -> str:
        return Failure(f"not taken over: {failure.message}", hint=failure.hint).brief

    def differences(self, *, reloadable: bool) -> frozenset[str]:
        """Name the parameters, of this kind, whose values differ between record and caller."""
        given = self.given.ocf_given if self.given else {}
        recorded = self.recorded.ocf_given if self.recorded else {}
        return frozenset(
            name
            for name, parameter in self._class.ocf_parameters.items()
            if parameter.reloadable is reloadable
            and not parameter.is_secret
            and given.get(name, parameter.default) != recorded.get(name, parameter.default)
        )

    def write_record(self) -> None:
        """Record the caller's parameters; the facts of what runs stay with it. OSError if not.

        They are taken over with that, whatever was refused before.
        """
        parameters = self._class.ocf_parameters
        texts = {
            name: text
            for name, text in self._texts.items()
            if name in parameters and not _is_secret(parameters, name)
        }
        if self.given is not None:
            self.given.call = self._call  # from now on the record speaks of it
        facts = self._record.facts if self._record and self.is_same_identity else None
        self._record = StartRecord(texts, facts)
        self._record.facts.pop(_REFUSED, None)
        self._call.facts.record = self._record
        self._file.write(self._record)

    def forget_record(self) -> None:
        """Nothing runs any more: take the record away.

        One that cannot be taken away harms nobody: it never says that something is there.
        """
        if self._record is None and self.unreadable is None:
            return
        try:
            self._file.remove()
        except OSError as error:
            self._call.log.warning(f"cannot remove {self._file.path}: {error.strerror}")
        self._record = self.recorded = self.unreadable = None
        self._call.facts.record = None

    def _build(self, texts: dict[str, str]) -> tuple[Agent | None, Failure | None]:
        """Build `given`; beside it what is wrong."""
        values, problems = parse_parameters(self._class.ocf_parameters, texts)
        for name in TRACE_PARAMETERS:  # a trace that cannot be had stops no resource
            if name in problems:
                self._call.log.warning(f"no trace: {problems.pop(name)}")
        if problems:
            return None, Misconfigured("; ".join(problems.values()))
        agent = self._class(call=self._call, **values)
        try:
            agent.validate()
        except Failure as problem:
            return None, problem
        return agent, None

    def _build_recorded(self, texts: dict[str, str]) -> tuple[Agent | None, str]:
        """Build `recorded`, which was valid when it was started; beside it what is wrong.

        Secrets are in no record: those of the caller stand in. What an older version took for a
        reloadable parameter, and this one does not, is left away: it says how, not what.
        """
        parameters = self._class.ocf_parameters
        secrets = {name: text for name, text in self._texts.items() if _is_secret(parameters, name)}
        values, problems = parse_parameters(parameters, texts, missing_is_wrong=False)
        for name in [name for name in problems if parameters[name].reloadable]:
            self._call.log.warning(f"left out of the record: {problems.pop(name)}")
        if problems:
            return None, "; ".join(problems.values())
        known, _ = parse_parameters(parameters, secrets, missing_is_wrong=False)
        return self._class(call=self._call, **values, **known), ""

    def _read_record(self) -> None:
        try:
            self._record = self._file.read()
        except (RecordUnreadable, NotPermitted) as failure:
            self.unreadable = failure
            self._find_by_name()
            return
        if self._record is None:
            return
        self._call.facts.record = self._record
        self.recorded, problem = self._build_recorded(self._record.parameters)
        if problem:
            self.unreadable = RecordUnreadable(
                f"record {self._file.path} holds what this version cannot use: {problem}"
            )
            self._find_by_name()
        if self.given is not None and not self.is_same_identity:
            self.given.call = self._call.without_facts()

    def _find_by_name(self) -> None:
        """Have the agent find by the resource's name what the record does not tell, if it can."""
        if self.unreadable is None or isinstance(self.unreadable, NotPermitted):
            return
        if self._class.ocf_finds_by_name:
            self._call.log.warning(self.unreadable.message)
            self._call.is_record_lost = True
            self.recorded = self._class(call=self._call)
            if self.given is not None:
                self.given.call = self._call.without_facts()


def _is_secret(parameters: dict[str, Parameter[Any]], name: str) -> bool:
    return name in parameters and parameters[name].is_secret
