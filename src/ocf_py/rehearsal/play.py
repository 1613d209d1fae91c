"""Plays one fault: the audience takes its seats, the fault strikes and is mended, all is noted."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError, UnseenError
from ocf_py.rehearsal.aftermath import look
from ocf_py.rehearsal.audience import Audience
from ocf_py.rehearsal.course import trace
from ocf_py.rehearsal.faults.agents import await_monitor
from ocf_py.rehearsal.judge import judge
from ocf_py.rehearsal.record import MOVES, Expectation, Moment, Play
from ocf_py.rehearsal.scene import Scene

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab
    from ocf_py.rehearsal.faults import Fault
    from ocf_py.rehearsal.stage import Stage

_CALM_SECONDS = 1.0  # what the audience sees before the fault, and after the repair
_PATIENCE = 30.0  # seconds beyond the bound in which a late return is still measured
_SEATS_SECONDS = 60.0


def play_fault(
    lab: Lab, stage: Stage, fault: Fault, provider: str, *, in_step: bool = False
) -> Play:
    """Play it on a cluster on which all is well; what goes wrong is `trouble` in the record.

    With `in_step` what a monitor has to find strikes when one has just been, for it to be compared.
    After trouble the cluster may not be in order: it is for who plays on to have it so.
    """
    scene = Scene(lab, stage)
    expected = fault.expect(scene).at_pace(stage.pace)
    play = Play(fault.name, fault.summary, stage.name, provider, scene.victim, expected)
    try:
        with Audience(scene) as audience:
            _take_seats(scene, audience)
            part = fault.found_by(stage) if in_step else None
            if part is not None:
                play.in_step = await_monitor(scene, part)
            _watch(scene, fault, play, audience)
    except LabError as error:
        play.trouble = str(error)
        play.is_void = isinstance(error, UnseenError)
        try:
            scene.calm()
        except LabError as other:
            play.trouble += f"; and it cannot be had in order: {other}"
            play.is_void = False
    play.verdicts = judge(play)
    return play


def _take_seats(scene: Scene, audience: Audience) -> None:
    begun, patience = time.monotonic(), _SEATS_SECONDS * scene.stage.pace
    try:
        scene.lab.wait_until(
            "every client is answered, and every writer",
            lambda: audience.all_served(begun) and audience.all_write(),
            timeout=patience,
        )
    except LabError as error:
        unserved = audience.unserved(begun)
        if not unserved:
            raise
        raise LabError(
            f"all of it runs, by Pacemaker's word, and in {patience:g} s nobody answered "
            f"{', '.join(unserved)}; logs in {scene.lab.settings.logs}"
        ) from error
    scene.lab.wait_until(
        "every writer to a mirror has written for longer than its copy is old",
        audience.note_lags,
        timeout=patience,
    )
    time.sleep(_CALM_SECONDS)


def _watch(scene: Scene, fault: Fault, play: Play, audience: Audience) -> None:
    lab, expectation = scene.lab, play.expectation
    audience.note_lags()
    struck = lab.note(f"fault: {fault.name} on {scene.victim}")
    try:
        fault.strike(scene)
        _await_end(scene, audience, expectation, struck)
    except (KeyboardInterrupt, SystemExit):
        with contextlib.suppress(LabError):  # nothing keeps who ends the run from it
            fault.mend(scene)
        raise
    except LabError:
        fault.mend(scene)
        raise
    repair = lab.note(f"repair: {fault.name}")
    fault.mend(scene)
    lab.wait_until(
        "every client is answered after the repair",
        lambda: audience.all_served(repair),
        timeout=expectation.bound + _PATIENCE,
    )
    scene.calm()
    time.sleep(_CALM_SECONDS)
    audience.check()
    end = time.monotonic()
    play.ended, play.repair = end - struck, repair - struck
    play.heard, play.held = audience.hear(struck, repair, end), audience.held(struck)
    play.fenced = lab.fenced_since(struck)
    play.moments = [
        Moment(0.0, "fault", fault.summary, scene.victim),
        *trace(lab, struck),
        Moment(play.repair, "repair", "the fault is repaired", scene.victim),
    ]
    play.moments.sort(key=lambda moment: moment.at)
    play.aftermath = look(scene)
    play.written = audience.count(struck)


def _await_end(scene: Scene, audience: Audience, expectation: Expectation, struck: float) -> None:
    """Wait for what should happen before the repair; what does not come is for the judge to say."""
    since = time.monotonic()
    elsewhere = scene.victim if expectation.place == MOVES else ""
    deadline = since + (0.0 if expectation.after_mend else expectation.bound + _PATIENCE)
    while time.monotonic() < deadline:
        if audience.all_served(since, elsewhere_than=elsewhere, clients=expectation.clients):
            time.sleep(_CALM_SECONDS)
            break
        time.sleep(0.05)
    time.sleep(max(0.0, struck + expectation.dwell - time.monotonic()))
