"""What an agent leaves on its machine: nothing, of a life; and of a mere look nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.fuzz.judgement import is_new_folder, is_record_folder, list_unlawful
from ocf_py.conformance.fuzz.views import DEAD
from ocf_py.conformance.fuzz.witness import compare
from ocf_py.conformance.rule import rule
from ocf_py.conformance.stage import RECURRING

if TYPE_CHECKING:
    from ocf_py.conformance.fuzz.witness import Change, Picture
    from ocf_py.conformance.stage import Stage

#: Action, interval in milliseconds, parameters; None for the subject's own.
_LOOKS: tuple[tuple[str, int, dict[str, str] | None], ...] = (
    ("meta-data", 0, None),
    ("validate-all", 0, None),
    ("monitor", 0, None),
    ("monitor", RECURRING, None),
)
_IDLE_CALLS: tuple[tuple[str, int, dict[str, str] | None], ...] = (
    ("monitor", 0, {}),
    ("stop", 0, None),
    ("stop", 0, {}),
)


@rule("what a life brought about has gone after stop: processes, files, addresses, mounts")
def life_leaves_nothing(stage: Stage) -> None:
    idle = stage.witness.settle()

    def find_left(picture: Picture) -> list[Change]:
        return [one for one in compare(idle, picture) if not _may_stay(stage, one)]

    for _ in range(2):
        stage.start()
        stage.call("monitor", interval_ms=RECURRING)
        if stage.description.is_promotable:
            stage.call("promote")
            stage.call("demote")
        answer = stage.stop()
    left = find_left(stage.witness.look_until(lambda picture: not find_left(picture)))
    stage.expect(not left, "the machine to be as it was before", _list(left), answer)


@rule("monitor, validate-all, meta-data and a stop of nothing change nothing on the machine")
def looking_changes_nothing(stage: Stage) -> None:
    for runs in (False, True):
        if runs:
            stage.start()
            stage.call("monitor")  # which may record what it finds
        before = stage.witness.settle()
        for action, interval, parameters in (
            *_LOOKS,
            *(() if runs else _IDLE_CALLS),
        ):
            answer = stage.call(action, parameters, interval_ms=interval)
            changes = stage.witness.find_changes(before)
            before = stage.witness.seen
            unlawful = [
                one
                for one in list_unlawful(
                    answer, changes, type_name=stage.subject.type, is_strained=False
                )
                if not (one.thing.startswith("process ") and one.after in (None, DEAD))
            ]
            stage.expect(not unlawful, f"{action} to change nothing", _list(unlawful), answer)
    stage.stop()


def _may_stay(stage: Stage, change: Change) -> bool:
    return is_record_folder(change) or (stage.subject.leaves_folders and is_new_folder(change))


def _list(changes: list[Change]) -> str:
    return "; ".join(map(str, changes[:10]))
