"""The base class: an agent declares parameters, and a few methods as actions."""

from __future__ import annotations

from .call import Call
from .declaration import check_actions, check_name, check_parameter
from .kinds import Boolean, Path
from .parameters import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Generic, TypeVar, overload

    from typing_extensions import Self

    from .outcomes import Status

    S = TypeVar("S")
    F = TypeVar("F", bound=Callable[..., object])

    class Built(Generic[S]):
        """The type of what a seam builds, for the checkers only."""

else:

    class Built:
        """At run time a seam needs no type variable."""

        def __class_getitem__(cls, _item: object) -> type[Built]:
            return cls


#: What every agent has of the base class: how it is watched, not what it does.
TRACE_PARAMETERS = ("trace_ra", "trace_file")


class Advertised:
    """One `<action>` element: times in seconds, None where nothing is advertised."""

    __slots__ = ("depth", "interval", "role", "start_delay", "timeout")

    def __init__(
        self,
        timeout: float,
        interval: float | None,
        depth: int | None,
        role: str,
        start_delay: float | None,
    ) -> None:
        self.timeout = timeout
        self.interval = interval
        self.depth = depth
        self.role = role
        self.start_delay = start_delay


class ActionMethod:
    """What the decorator knows of a method: its elements, and whether its effect settles later."""

    __slots__ = ("elements", "settles")

    def __init__(self) -> None:
        self.elements: list[Advertised] = []
        self.settles = False


def action(
    *,
    timeout: float,
    interval: float | None = None,
    depth: int | None = None,
    role: str = "",
    start_delay: float | None = None,
    settles: bool = False,
) -> Callable[[F], F]:
    """Declare a method to be the action of its name (`reload_agent` is `reload-agent`).

    Times are in seconds. Stacked, each decorator is one `<action>` element: one a depth or role
    (`Promoted`, `Unpromoted`). `settles` says that the effect may show in `monitor` only a little
    after the method returned: the runner then waits for it inside the deadline.
    """
    if role not in ("", "Promoted", "Unpromoted"):
        raise TypeError(f"role={role!r} is none of Promoted, Unpromoted")
    if timeout <= 0:
        raise TypeError(f"timeout={timeout!r} leaves no time to act")
    element = Advertised(timeout, interval, depth, role, start_delay)

    def declare(method: F) -> F:
        known: ActionMethod | None = getattr(method, "ocf_action", None)
        if known is None:
            known = ActionMethod()
            method.ocf_action = known  # type: ignore[attr-defined]
        known.elements.insert(
            0, element
        )  # decorators apply from the bottom: keep the written order
        known.settles = known.settles or settles
        return method

    return declare


class seam(Built["S"]):  # noqa: N801 - a decorator, read like property
    """A way to the machine that a test can replace: built when first used, unless it was given."""

    def __init__(self, build: Callable[[Any], S]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    if TYPE_CHECKING:

        @overload
        def __get__(self, agent: None, owner: type) -> Self: ...
        @overload
        def __get__(self, agent: object, owner: type) -> S: ...

    def __get__(self, agent: object | None, owner: type) -> Any:
        if agent is None:
            return self
        made = agent.__dict__[self.name] = self._build(agent)
        return made


class Agent:
    """Speaks the OCF protocol for its subclass, whose docstring is the agent's description.

    A subclass declares parameters as class attributes, seams with `@seam`, and at least the
    actions start, stop and monitor with `@action`; `class Beacon(Agent, version="2.0")` sets the
    agent's own version, and `finds_by_name=True` says that a `stop` and a `monitor` without any
    parameters find whatever a start of this resource left: a record that cannot be read then loses
    nothing. The runner builds one instance an action and calls its methods; all that
    the base class offers them hangs on `self.call`.
    """

    ocf_parameters: ClassVar[dict[str, Parameter[Any]]] = {}
    ocf_actions: ClassVar[dict[str, ActionMethod]] = {}
    ocf_version: ClassVar[str] = "1.0"
    #: Whether an instance without parameters finds what was started by the resource's name alone.
    ocf_finds_by_name: ClassVar[bool] = False
    ocf_given: dict[str, Any]
    call: Call

    trace_ra = Boolean(
        "Write a trace of every call",
        details="Write a trace of every call, line by line, to a file of its own below "
        "/var/lib/heartbeat/trace_ra, or to trace_file. Values of parameters are not in it.",
        default=False,
        reloadable=True,
    )
    trace_file = Path(
        "Write the trace to this file",
        details="Append the trace of every call to this file instead of one file a call.",
        default=None,
        reloadable=True,
    )

    def __init__(self, *, call: Call | None = None, **values: Any) -> None:
        """Build an agent from typed values of its parameters and, for a test, of its seams.

        TypeError for a name that is neither.
        """
        self.call = Call() if call is None else call
        #: What was given, before any default is computed: what two instances are compared by.
        self.ocf_given = values
        for name, value in values.items():
            if not isinstance(getattr(type(self), name, None), (Parameter, seam)):
                raise TypeError(f"{type(self).__name__} has no parameter or seam {name!r}")
            self.__dict__[name] = value

    def __init_subclass__(
        cls, *, version: str = "1.0", finds_by_name: bool = False, **keywords: Any
    ) -> None:
        super().__init_subclass__(**keywords)
        cls.ocf_version = version
        cls.ocf_finds_by_name = finds_by_name or cls.ocf_finds_by_name
        cls.ocf_parameters = dict(cls.ocf_parameters)
        cls.ocf_actions = dict(cls.ocf_actions)
        for name, member in vars(cls).items():
            if isinstance(member, Parameter):
                check_parameter(cls, Agent, name, member)
                cls.ocf_parameters[name] = member
            elif isinstance(member, seam):
                check_name(cls, Agent, name)
            else:
                declared = getattr(member, "ocf_action", None)
                if declared is not None:
                    cls.ocf_actions["reload-agent" if name == "reload_agent" else name] = declared
        check_actions(cls, Agent)

    if TYPE_CHECKING:  # what a subclass may declare, so that its signatures are checked

        def start(self) -> None: ...  # noqa: D102
        def stop(self) -> None: ...  # noqa: D102
        def monitor(self) -> Status: ...  # noqa: D102
        def promote(self) -> None: ...  # noqa: D102
        def demote(self) -> None: ...  # noqa: D102
        def notify(self) -> None: ...  # noqa: D102
        def reload(self) -> None: ...  # noqa: D102
        def reload_agent(self) -> None: ...  # noqa: D102
        def migrate_to(self) -> None: ...  # noqa: D102
        def migrate_from(self) -> None: ...  # noqa: D102

    def adopt(self) -> None:
        """Keep in `self.call.facts` what stop has to know of what somebody else has started.

        Called by the monitor that finds it active and records it.
        """

    def validate(self) -> None:
        """Raise Misconfigured where the parameters contradict each other; look at nothing else.

        Called before every action: what it refuses is unusable on every node.
        """

    def validate_here(self) -> None:
        """Raise UnusableHere or NotInstalled for what is wrong on this node.

        Called by `start` before its first effect and by `validate-all` from level 10 on.
        """

    def degrade(self, status: Status, reason: str) -> Status:
        """What a recurring monitor says of an instance that runs on with the values before.

        It is active, at `status`; `reason` says why the present ones are not taken over. A trouble
        of its own comes first.
        """
        return status if status.reason else status.degraded(reason)

    def promotion_score(self, status: Status) -> int | None:
        """How good a candidate for promotion this active instance is, at `status`.

        Set by every start, probe and monitor; None leaves it as it is set already. A stale,
        inconsistent or unknown state must be MINUS_INFINITY: a missing score does not keep a
        location rule from promoting.
        """
        raise NotImplementedError

    @classmethod
    def is_promotable(cls) -> bool:
        """Whether instances have roles."""
        return "promote" in cls.ocf_actions


Agent.ocf_parameters = {"trace_ra": Agent.trace_ra, "trace_file": Agent.trace_file}
