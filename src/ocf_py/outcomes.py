"""What an action may answer: a Status from monitor, a Failure from any; the home of OCF numbers.

Every number is from the OCF Resource Agent API 1.1, section "Exit status codes"; 190 and 191 are
read by Pacemaker 2.1 and later.
"""

from __future__ import annotations

_LONGEST_REASON = 127  # bytes: EXIT_REASON_MAX_LEN of Pacemaker's executor, with the closing zero
_NOT_RUNNING = 7
_PROMOTED = (8, 191)


class Status:
    """One answer of `monitor`, equal to every other with the same code.

    `because` attaches what the operator should read beside it: a degraded service says why.
    """

    __slots__ = ("code", "is_active", "is_promoted", "name", "reason")

    def __init__(self, code: int, name: str, reason: str = "") -> None:
        self.code = code
        self.name = name
        self.reason = reason
        self.is_active = code != _NOT_RUNNING
        self.is_promoted = code in _PROMOTED

    def because(self, reason: str) -> Status:
        """Return the same status with `reason` for the operator."""
        return Status(self.code, self.name, reason)

    def degraded(self, reason: str) -> Status:
        """Return what says the same of the role, and that somebody should look."""
        return (DEGRADED_PROMOTED if self.is_promoted else DEGRADED).because(reason)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Status) and self.code == other.code

    def __hash__(self) -> int:
        return self.code

    def __repr__(self) -> str:
        return f"<Status {self.name} ({self.code})>"


RUNNING = Status(0, "running")
STOPPED = Status(_NOT_RUNNING, "stopped")
PROMOTED = Status(8, "promoted")
DEGRADED = Status(190, "degraded")
DEGRADED_PROMOTED = Status(191, "degraded and promoted")

SUCCESS = 0

#: What Pacemaker understands as "never here" when an agent sets it as a promotion score.
MINUS_INFINITY = -1_000_000


class Failure(Exception):  # noqa: N818 - the field's word: Pacemaker shows "failed actions"
    """Ends an action with an OCF code; the message becomes the exit reason, `hint` the remedy.

    Raise the plain class for whatever went wrong while acting: Pacemaker recovers from it.
    """

    code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def reason(self) -> str:
        """The one line for `ocf-exit-reason:`; Pacemaker keeps no more than one."""
        text = f"{self.message} ({self.hint})" if self.hint else self.message
        return " ".join(text.split())

    @property
    def brief(self) -> str:
        """The reason as Pacemaker keeps it: a long message gives way to the remedy."""
        if len(self.reason.encode("utf-8", "replace")) <= _LONGEST_REASON or not self.hint:
            return self.reason
        message = " ".join(self.message.split()).encode("utf-8", "replace")
        hint = " ".join(self.hint.split())
        room = _LONGEST_REASON - len(f"... ({hint})".encode("utf-8", "replace"))
        kept = message[: max(room, 0)].decode("utf-8", "ignore").rstrip()
        return f"{kept}... ({hint})"

    def __str__(self) -> str:
        return self.reason


class UnusableHere(Failure):
    """A parameter that may be right elsewhere but is not on this node (OCF_ERR_ARGS)."""

    code = 2


class Unimplemented(Failure):
    """An action this agent does not have (OCF_ERR_UNIMPLEMENTED)."""

    code = 3


class NotPermitted(Failure):
    """The caller may not do this (OCF_ERR_PERM)."""

    code = 4


class NotInstalled(Failure):
    """A tool the agent needs is absent from this node (OCF_ERR_INSTALLED): name the package."""

    code = 5


class Misconfigured(Failure):
    """A parameter that is wrong on every node (OCF_ERR_CONFIGURED)."""

    code = 6


class NotRunning(Failure):
    """Promote or demote of an instance that does not run (OCF_NOT_RUNNING)."""

    code = 7


class PromotedFailure(Failure):
    """A promoted instance that has failed (OCF_FAILED_PROMOTED)."""

    code = 9
