"""Safety rule 1: stop, monitor and probes never say 2, 5 or 6, and stop finds what runs anyway.

That no answer of theirs has such a code is looked at in every call (`manners`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, RECURRING, STOPPED
from ocf_py.outcomes import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ocf_py.conformance.stage import Stage

_GARBAGE = ("lrm://vip", "-1.5e3 \u00e4\x07\n;$(reboot)")
_NOTHING: dict[str, str] = {}


@rule("with no parameters and no record, stop is 0 and a probe 7", safety=1)
def idle_without_parameters(stage: Stage) -> None:
    stage.call("stop", _NOTHING, expect=(0,))
    stage.call("monitor", _NOTHING, expect=STOPPED)
    answer = stage.call("monitor", _NOTHING, interval_ms=RECURRING)
    # Of several parameters one may be required, which the metadata cannot say.
    is_refused = stage.call("validate-all", _NOTHING).code == Misconfigured.code
    if is_refused or any(one.required for one in stage.description.parameters):
        can_tell = stage.subject.is_known_by_name and answer.code == 7
        stage.expect(
            can_tell or answer.code == 1,
            "a recurring monitor that cannot tell to say 1",
            "",
            answer,
        )
    else:
        stage.expect(answer.code == 7, "a recurring monitor to say 7", "", answer)


@rule("where nothing runs, no value of a parameter makes stop fail or a probe find it", safety=1)
def idle_with_garbage(stage: Stage) -> None:
    for changed, parameters in _spoiled(stage, _GARBAGE):
        stage.call("validate-all", parameters)  # for its manners
        stage.call("stop", parameters, expect=(0,), because=f"nothing runs; {changed} is garbage")
        stage.call("monitor", parameters, expect=STOPPED, because=f"{changed} is garbage")
        stage.call("monitor", parameters, interval_ms=RECURRING, expect=(1, 7))


@rule(
    "where no tool is to be found, a stop that says 0 is true and a probe is no hard error",
    safety=1,
)
def without_tools(stage: Stage) -> None:
    for path in ("", "/nonexistent"):
        toolless: dict[str, str | None] = {"PATH": path}
        stage.call("stop", environment=toolless, expect=(0,), because="nothing runs")
        stage.call("monitor", environment=toolless, expect=STOPPED)
        stage.start()
        stage.call("monitor", environment=toolless, expect={*ACTIVE, 1}, because="it runs")
        stage.call("monitor", environment=toolless, expect={*ACTIVE, 1}, interval_ms=RECURRING)
        if stage.call("stop", environment=toolless, expect=(0, 1)).code == 0:
            stage.expect_stopped(because="stop said 0")
        else:
            stage.stop()


@rule("what was started is found and stopped without any parameter", safety=1)
def stop_needs_no_parameters(stage: Stage) -> None:
    stage.start()
    for interval in () if stage.subject.is_known_by_name else (0, RECURRING):
        stage.call(
            "monitor", stage.unusable, interval_ms=interval, expect=ACTIVE,
            because="the record tells what to look for",
        )  # fmt: skip
    stage.stop(_NOTHING)
    stage.expect_stopped(because="stop said 0")
    stage.stop(_NOTHING)
    stage.call("monitor", _NOTHING, expect=STOPPED)


@rule("what was started is found and stopped whatever its parameters have become", safety=1)
def stop_takes_any_parameters(stage: Stage) -> None:
    # Without a start record, Pacemaker's own habit alone can be asked for: a secret that it cannot
    # read becomes a placeholder, and of all actions stop is called with that.
    secrets = stage.description.secrets if stage.subject.is_known_by_name else None
    if secrets == ():
        raise NotApplicable("has no parameter whose value is secret")
    for changed, parameters in _spoiled(stage, _GARBAGE[:1]):
        if secrets is not None and changed not in secrets:
            continue
        stage.start()
        answer = stage.call("monitor", parameters, interval_ms=RECURRING)
        stage.call("stop", parameters, expect=(0,), because=f"{changed} is garbage")
        stage.expect_stopped(because=f"stop with {changed}={parameters[changed]!r} said 0")
        stage.expect(
            answer.code in {*ACTIVE, 1, 7}, "no hard error from a recurring monitor", "", answer
        )


@rule(
    "a record that cannot be understood or trusted makes stop 1, unless the agent can do without",
    safety=1,
    library=True,
)
def unreadable_record(stage: Stage) -> None:
    for how, spoil in _SPOILERS.items():
        stage.start()
        (record,) = stage.records()
        spoil(record)
        if stage.call("stop", _NOTHING, expect=(0, 1), because=f"the record {how}").code == 0:
            # The agent finds by the resource's name what the record does not tell.
            stage.expect_stopped(because=f"stop said 0, although the record {how}")
            stage.expect(not stage.records(), "no record after stop", str(stage.records()))
            stage.start()
            (record,) = stage.records()
            spoil(record)
            stage.call("monitor", stage.unusable, expect=(1,), because=f"the record {how}")
            stage.call("monitor", expect=(0, 1), because=f"the record {how}, and it runs")
            stage.stop(because=f"the record {how}")
            continue
        stage.call("monitor", stage.unusable, expect=(1,), because=f"the record {how}")
        stage.call("start", expect=(1,), because=f"the record {how}")
        answer = stage.call("stop", expect=(1,), because=f"the record {how}")
        stage.expect("/run/ocfpy/" in answer.reason, "a reason that names the record", "", answer)
        stage.expect_stopped(because="stop ends what its parameters name all the same")
        stage.call("monitor", expect=(1, 7), because=f"the record {how}")
        if record.is_dir() and not record.is_symlink():
            record.rmdir()
        else:
            record.unlink()


def _spoiled(stage: Stage, values: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yields the subject's parameters with one of them spoiled, and its name."""
    for one in stage.description.parameters:
        for garbage in values:
            yield one.name, {**stage.subject.parameters, one.name: garbage}


def _truncate(record: Path) -> None:
    content = record.read_bytes()
    record.write_bytes(content[: len(content) // 2])


def _rewrite(record: Path) -> None:
    record.write_bytes(b"some other record 9\n" + record.read_bytes())


def _to_fifo(record: Path) -> None:
    record.unlink()
    os.mkfifo(record, 0o600)


def _to_symlink(record: Path) -> None:
    record.rename(record.parent.parent / "elsewhere")
    record.symlink_to("../elsewhere")


def _to_folder(record: Path) -> None:
    record.unlink()
    record.mkdir()


def _give_away(record: Path) -> None:
    os.chown(record, 1000, 1000)


_SPOILERS: dict[str, Callable[[Path], None]] = {
    "is cut off": _truncate,
    "is of another format": _rewrite,
    "is a pipe": _to_fifo,
    "is a symlink": _to_symlink,
    "is a folder": _to_folder,
    "is somebody else's": _give_away,
}
