"""What Pacemaker makes of an exit code, as its lib/pengine/unpack.c does."""

from __future__ import annotations

import pytest

from ocf_py.catalogue.exit_codes import NAMES, Kind, interpret

# Per code: is it a success of start, stop, demote; of a probe; of a monitor with an interval?
SUCCESSES = {
    0: (True, True, True, True, True),
    1: (False, False, False, False, False),
    2: (False, False, False, True, False),
    3: (False, False, False, False, True),
    4: (False, False, False, False, False),
    5: (False, False, False, True, False),
    6: (False, False, False, False, False),
    7: (False, False, True, True, False),
    8: (False, False, False, True, True),
    9: (False, False, False, False, False),
    190: (False, False, False, True, True),
    191: (False, False, False, True, True),
    77: (False, False, False, False, False),
    None: (False, False, False, False, False),
}


@pytest.mark.parametrize("code", SUCCESSES)
def test_each_code_is_a_success_of_what_pacemaker_takes_it_for(code: int | None) -> None:
    answers = [interpret(action, code, Kind.ONCE) for action in ("start", "stop", "demote")]
    answers += [interpret("monitor", code, kind) for kind in (Kind.PROBE, Kind.RECURRING)]
    assert tuple(one.is_success for one in answers) == SUCCESSES[code]
    assert all(one.consequence for one in answers)
    known = NAMES.get(code if code is not None else -1)
    assert all(known is None or one.name == known for one in answers)


@pytest.mark.parametrize(
    ("code", "role", "is_success"),
    [
        (0, "Started", True),
        (0, "Unpromoted", True),
        (0, "Promoted", False),
        (190, "Promoted", False),
        (8, "Promoted", True),
        (191, "Promoted", True),
        (8, "Unpromoted", False),
        (8, "Started", False),
    ],
)
def test_a_monitor_finds_the_role_it_was_to_find(code: int, role: str, is_success: bool) -> None:
    assert interpret("monitor", code, Kind.RECURRING, role).is_success == is_success


def test_a_code_says_how_far_the_damage_goes() -> None:
    def of(action: str, code: int | None, kind: Kind = Kind.ONCE) -> str:
        return interpret(action, code, kind).consequence

    assert "fenced" in of("stop", 1)
    assert "fenced" in of("stop", None)
    assert "fenced" in of("stop", 7)
    assert "this node" in of("start", 5)
    assert "every node" in of("start", 6)
    assert "every node" in of("monitor", 6, Kind.PROBE)
    assert "not running" in of("monitor", 5, Kind.PROBE)
    assert "ignored" in of("notify", 1)
    assert "ignored" in of("monitor", 3, Kind.RECURRING)
    assert interpret("monitor", 77, Kind.PROBE).name == "undefined: OCF_ERR_GENERIC"
