"""What a deep monitor makes of the answers to a check: when they fail, and when they are slow."""

from __future__ import annotations

from ocf_py.outcomes import DEGRADED, RUNNING, Failure, Status
from ocf_py.system.processes import ProcessIdentity

from .disposable import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.call import Call

    from .checks import Check
    from .machine import Machine
    from .program import Program

_HANGING = "hanging"  # the child of a check that even SIGKILL has not ended
_PATIENCE = 0.8  # of the time: the rest is for killing what does not answer


class Policy:
    """How often a check may fail, how long it may take, and what is done when it takes longer."""

    __slots__ = ("on_slow", "slow", "threshold", "timeout")

    def __init__(
        self, timeout: float | None, threshold: int, slow: float | None, on_slow: str
    ) -> None:
        self.timeout = timeout
        self.threshold = threshold
        self.slow = slow
        self.on_slow = on_slow


def judge(
    call: Call,
    machine: Machine,
    check: Check,
    build: Callable[[], Program],
    policy: Policy,
    name: str,
) -> Status:
    """Ask once; the answers to ``name`` that failed one after the other count."""
    finding = _ask(call, machine, check, build, policy)
    if finding.reason:
        return _count(call, finding, policy, f"{name}-failures")
    call.facts.forget(f"{name}-failures")
    if policy.slow is None or finding.seconds <= policy.slow:
        return RUNNING
    return follow(call, policy.on_slow, f"{name}: {check} took {finding.seconds:.1f} s to answer")


def follow(call: Call, policy: str, finding: str) -> Status:
    """Do with a finding what the policy says: fail, or go on and say so."""
    if policy == "refuse":
        raise Failure(finding)
    call.log.warning(finding)
    return DEGRADED.because(finding) if policy == "degraded" else RUNNING


def _ask(
    call: Call, machine: Machine, check: Check, build: Callable[[], Program], policy: Policy
) -> Finding:
    known = call.facts.recall(_HANGING)
    if known:
        if machine.is_alive(ProcessIdentity.parse(known)):
            # Another would hang beside it, and one more with every monitor.
            return Finding(f"{check}: the check before still hangs in the kernel")
        call.facts.forget(_HANGING)
    seconds = call.deadline.stage(_PATIENCE)
    if policy.timeout is not None:
        seconds = min(seconds, policy.timeout)
    finding = machine.ask(check, build, seconds)
    if finding.hanging and call.facts.record is not None:
        call.facts.remember(_HANGING, str(finding.hanging))
    return finding


def _count(call: Call, finding: Finding, policy: Policy, fact: str) -> Status:
    if policy.threshold <= 1:
        raise Failure(finding.reason)
    known = call.facts.recall(fact)
    number = (int(known) if known.isdecimal() else 0) + 1
    if number >= policy.threshold or call.facts.record is None:
        raise Failure(f"{finding.reason} (failure {number} in a row)")
    call.facts.remember(fact, str(number))
    reason = f"{finding.reason} (failure {number} of {policy.threshold})"
    return follow(call, "warn" if policy.on_slow == "warn" else "degraded", reason)
