"""An instance of a clone: its name ends in a number, and it is told of its siblings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import rule
from ocf_py.conformance.stage import ACTIVE, RECURRING, STOPPED

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage

_REFUSED = (2, 6)  # not everything may be on two nodes


@rule("an instance of a clone lives as one by itself does, or is refused without effect")
def clone_instance_lives(stage: Stage) -> None:
    name = f"{stage.subject.instance}:0"
    clone: dict[str, str | None] = {
        f"OCF_RESKEY_CRM_meta_{name}": value
        for name, value in {
            "clone": "0",
            "clone_max": "2",
            "clone_node_max": "1",
            "globally_unique": "false",
            "notify": "true",
            "interleave": "true",
            **({"promoted_max": "1", "promoted_node_max": "1"} if _has_roles(stage) else {}),
        }.items()
    }
    stage.call("monitor", instance=name, environment=clone, expect=STOPPED)
    answer = stage.call("start", instance=name, environment=clone, expect=(0, *_REFUSED))
    if answer.code == 0:
        stage.call("monitor", instance=name, environment=clone, expect=ACTIVE)
        stage.call(
            "monitor", instance=name, environment=clone, interval_ms=RECURRING, expect=ACTIVE
        )
    stage.call("stop", instance=name, environment=clone, expect=(0,))
    stage.call("monitor", instance=name, environment=clone, expect=STOPPED)


@rule("notify is 0 for whatever happens to instances on two nodes")
def notify_takes_members(stage: Stage) -> None:
    stage.expect_advertised("notify")
    stage.start()
    here, there = f"{stage.subject.instance}:0", f"{stage.subject.instance}:1"
    words: dict[str, str | None] = {
        f"OCF_RESKEY_CRM_meta_notify_{group}_{what}": text
        for group in ("active", "unpromoted", "slave", "start")
        for what, text in (("resource", f"{here} {there}"), ("uname", "node1 node2"))
    }
    words["OCF_RESKEY_CRM_meta_notify_all_uname"] = "node1 node2"
    words["OCF_RESKEY_CRM_meta_notify_available_uname"] = "node1 node2"
    for kind in ("pre", "post"):
        for operation in ("start", "promote", "demote", "stop"):
            words["OCF_RESKEY_CRM_meta_notify_type"] = kind
            words["OCF_RESKEY_CRM_meta_notify_operation"] = operation
            stage.call("notify", instance=here, expect=(0,), environment=words)


def _has_roles(stage: Stage) -> bool:
    return stage.description.is_promotable
