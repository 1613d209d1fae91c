"""What is found when all is repaired, of a cluster that only says what it is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from ocf_py.rehearsal.aftermath import look
from ocf_py.rehearsal.stage import Stage

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene

CONSTRAINTS = """<xpath-query>
  <rsc_location id="cli-prefer-vip" rsc="vip" role="Started" node="n2" score="INFINITY"/>
  <rsc_location rsc="vip" node="n2" score="-INFINITY" id="cli-ban-vip-on-n2"/>
  <rsc_location id="client-near" rsc="vip" node="n1" score="1"/>
</xpath-query>
"""


def test_a_constraint_that_a_move_has_left_is_named_and_no_other() -> None:
    state = SimpleNamespace(failures=[], maintenance=False, online={"n1", "n2"})
    settings = SimpleNamespace(node_names=["n1", "n2"])
    lab = SimpleNamespace(state=lambda: state, settings=settings, nodes=[])
    answer = SimpleNamespace(stdout=CONSTRAINTS)
    scene = SimpleNamespace(lab=lab, stage=Stage("x"), order=lambda *_, **__: answer)
    assert look(cast("Scene", scene)).astray == [
        "a constraint is left: cli-prefer-vip",
        "a constraint is left: cli-ban-vip-on-n2",
    ]
