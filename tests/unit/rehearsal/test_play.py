"""Who ends a run in the midst of a play is not kept from it by what fails on the way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.errors import LabError, UnseenError
from ocf_py.rehearsal import play as playing
from ocf_py.rehearsal.audience import Audience
from ocf_py.rehearsal.ending import Terminated

from .plays import power_loss

if TYPE_CHECKING:
    from typing import Any


def watch(error: BaseException) -> None:
    """Watch a fault whose strike ends with this, and whose repair finds that nobody saw it."""

    def strike(_: object) -> None:
        raise error

    def mend(_: object) -> None:
        raise UnseenError("no monitor was caught")

    fault: Any = SimpleNamespace(name="power-loss", strike=strike, mend=mend)
    scene: Any = SimpleNamespace(lab=SimpleNamespace(note=lambda _: 0.0), victim="n1")
    audience: Any = SimpleNamespace(note_lags=lambda: True)
    playing._watch(scene, fault, power_loss(), audience)


@pytest.mark.parametrize("error", [Terminated(), KeyboardInterrupt()])
def test_a_signal_is_not_taken_for_trouble_of_the_play(error: BaseException) -> None:
    with pytest.raises(type(error)):
        watch(error)


def test_what_fails_to_strike_is_repaired_and_that_is_told() -> None:
    with pytest.raises(UnseenError):
        watch(LabError("it did not strike"))


def test_an_audience_that_is_sent_home_does_not_say_what_it_could_not_see() -> None:
    heard: list[object] = []

    class Witness:
        def __enter__(self) -> None:
            pass

        def __exit__(self, kind: object, *_: object) -> None:
            heard.append(kind)

    scene: Any = SimpleNamespace(lab=None, stage=None)
    audience = Audience(scene)
    audience._begin = lambda stack: stack.enter_context(Witness())  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt), audience:
        raise KeyboardInterrupt
    assert heard == [KeyboardInterrupt]


@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_cluster_that_is_not_in_order_again_is_the_plays_failure(
    monkeypatch: pytest.MonkeyPatch, is_in_order: bool
) -> None:
    def calm() -> None:
        if not is_in_order:
            raise LabError("n1's Pacemaker takes no order")

    def blind(_: object) -> None:
        raise UnseenError("nobody saw it")

    scene = SimpleNamespace(victim="n1", calm=calm)
    monkeypatch.setattr(playing, "Scene", lambda *_: scene)
    monkeypatch.setattr(playing, "Audience", blind)
    lab: Any = None
    stage: Any = SimpleNamespace(name="cib.xml", pace=1.0)
    fault: Any = SimpleNamespace(
        name="power-loss", summary="", expect=lambda _: power_loss().expectation
    )
    play = playing.play_fault(lab, stage, fault, "ocfpy")
    assert play.is_void is is_in_order, "it can be played again"
    assert not play.passed
    said = "" if is_in_order else "; and it cannot be had in order: n1's Pacemaker takes no order"
    assert play.trouble == f"nobody saw it{said}"
