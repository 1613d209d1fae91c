"""Safety rule 6: whatever it finds around it, an agent answers in the protocol, and truly.

The table of codes, a reason of one line, no traceback: `manners` looks at every answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Surroundings
from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, RECURRING, STOPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocf_py.conformance.stage import Stage

_UNDECODABLE = "\udcff\udcfe"  # the bytes FF FE, which no encoding of text begins with here
_OPEN_FILES = 12
_HUGE = "x" * 100_000  # the kernel takes 128 KiB a variable (MAX_ARG_STRLEN)


@rule(
    "with hardly any file descriptor, every answer is in the protocol and true",
    safety=6,
    library=True,
)
def few_descriptors(stage: Stage) -> None:
    for free in (2, 3, 4, 6, 9):  # with 1, an interpreter itself cannot open a module
        # /bin/sh keeps its script above number 9: the lower ones are taken.
        taken = tuple(range(3, _OPEN_FILES - free))
        _live(stage, Surroundings(open_files=_OPEN_FILES, stray_handles=taken))


@rule(
    "without /proc, with a read-only /run, every answer is in the protocol and true",
    safety=6,
    library=True,
)
def bare_system(stage: Stage) -> None:
    for surroundings in (
        Surroundings(hide=("/proc",)),
        Surroundings(read_only=("/run",)),
        Surroundings(hide=("/sys", "/proc"), read_only=("/run",)),
    ):
        _live(stage, surroundings)
    locked = Surroundings(read_only=("/run",))
    stage.call("stop", expect=(0,), because="nothing runs", surroundings=locked)


@rule("with closed standard descriptors, every answer is in the protocol and true", safety=6)
def closed_descriptors(stage: Stage) -> None:
    for closed in ((0,), (1,), (2,), (0, 1, 2)):
        _live(stage, Surroundings(close=closed), works=True)


@rule("a system log that nobody reads holds nothing up", safety=6)
def full_log(stage: Stage) -> None:
    stage.log.fill()
    # A short timeout: whoever waits for the log gives up in vain before long.
    _live(stage, Surroundings(), works=True, timeout=10 if stage.subject.is_known_by_name else 2)


@rule("undecodable and huge variables are no reason to fall", safety=6, library=True)
def odd_variables(stage: Stage) -> None:
    for odd in (_UNDECODABLE, _HUGE):
        _live(stage, Surroundings(), works=True, environment={
            "OCF_RESKEY_no_such_parameter": odd,
            "OCF_RESKEY_CRM_meta_odd": odd,
            "OCF_CHECK_LEVEL": odd,
            "OCF_RA_VERSION_MINOR": odd,
            "HA_LOGFACILITY": odd,
            "SOMETHING": odd,
        })  # fmt: skip
        names = ("OCF_RESOURCE_INSTANCE", "OCF_RESKEY_CRM_meta_timeout")
        _live(stage, Surroundings(), environment=dict.fromkeys(names, odd))
        for one in stage.description.parameters:
            for action in ("start", "stop"):
                stage.call(action, {**stage.subject.parameters, one.name: odd})


@rule("what an agent's author did not foresee is 1, with one line of reason", safety=6)
def unforeseen_exception(stage: Stage) -> None:
    if not stage.subject.raises:
        raise NotApplicable("no parameters are known that make it raise")
    stage.log.take()  # listens from now on
    answer = stage.call("start", {**stage.subject.parameters, **stage.subject.raises}, expect=(1,))
    stage.expect(len(answer.stderr.splitlines()) == 1, "one line on stderr", "", answer)
    lines = stage.log.take()
    stage.expect(
        any("Traceback" in line for line in lines), "the traceback in the log", str(lines), answer
    )


def _live(
    stage: Stage,
    surroundings: Surroundings,
    *,
    works: bool = False,
    environment: Mapping[str, str | None] | None = None,
    timeout: float = 20,
) -> None:
    """Lives a whole life in hostile surroundings; what is claimed is looked at in friendly ones.

    `works` says that nothing of them is a reason to fail.
    """

    def ask(action: str, expected: set[int] | frozenset[int], interval_ms: int = 0) -> int | None:
        return stage.call(
            action,
            surroundings=surroundings,
            environment=environment,
            interval_ms=interval_ms,
            timeout=timeout,
            expect=expected if works else {*expected, 1},
            because="that is the truth",
        ).code

    ask("monitor", STOPPED)
    ask("validate-all", {0})
    if ask("start", {0}) == 0:
        stage.expect_active(because="start said 0")
    else:
        stage.start()
    ask("monitor", ACTIVE)
    ask("monitor", ACTIVE, RECURRING)
    if ask("stop", {0}) == 0:
        stage.expect_stopped(because="stop said 0")
    stage.stop()
    ask("monitor", STOPPED)
    ask("stop", {0})
