"""Parameters that an agent says it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage

_REFUSED = (2, 6)
_NOT_INSTALLED = 5  # what an agent may say first, where its tools are not here


@rule("without a required parameter start and validate-all are 6 or 2, and nothing is started")
def missing_parameter_is_refused(stage: Stage) -> None:
    required = [one.name for one in stage.description.parameters if one.required]
    if not required:
        raise NotApplicable("no parameter is required")
    refused = (*_REFUSED, _NOT_INSTALLED) if stage.subject.is_known_by_name else _REFUSED
    for name in required:
        parameters = {**stage.subject.parameters}
        parameters.pop(name, None)
        for action in ("validate-all", "start"):
            before = stage.witness.settle()
            answer = stage.call(action, parameters, expect=refused, because=f"{name} is required")
            changes = stage.witness.find_changes(before)
            what = "; ".join(map(str, changes))
            stage.expect(not changes, f"a refused {action} to change nothing", what, answer)
        stage.expect_stopped(because="start was refused")
