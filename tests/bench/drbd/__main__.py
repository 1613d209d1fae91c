"""`make bench-drbd`: both agents by turns on one lab of guests: a busy machine meets both."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ocf_py.lab import Lab, LabError
from ocf_py.lab.progress import Lines
from tests.bench.drbd.monitors import measure_monitors
from tests.bench.drbd.outages import play_move, play_power_loss
from tests.bench.drbd.report import Measured, report
from tests.bench.drbd.session import OURS, Session, order_providers


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench-drbd", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each agent")
    parser.add_argument("--monitors", type=int, default=50, metavar="N", help="rounds of monitors")
    parser.add_argument("--window", type=float, default=60.0, help="seconds of idle CPU")
    parser.add_argument("--moves", type=int, default=1, help="planned moves a run")
    parser.add_argument("--losses", type=int, default=1, help="power losses a run")
    parser.add_argument("--name", default="bench-drbd", help="the lab's name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw figures there")
    return parser.parse_args()


def measure(given: argparse.Namespace, measured: Measured) -> None:
    """All runs on one lab, which is gone afterwards, and also after Ctrl-C."""
    progress = Lines()
    with Lab.up(given.name, vm=True, progress=progress) as lab:
        session = Session(lab, progress)
        session.create()
        for run in range(given.runs):
            for provider in order_providers(run):
                progress.step(f"run {run + 1} of {given.runs}, {provider}")
                measured.note_load()
                if given.window:
                    session.load_disk(provider)
                    idle = session.measure_idle(given.window)
                    measured.idle[provider].append(idle)
                    progress.step(f"{provider}: idle at {idle * 100:.1f} % of a core")
                if given.monitors or given.moves or given.losses:
                    session.load(provider)
                if provider == OURS and given.monitors and not measured.monitors:
                    measured.monitors = measure_monitors(session, given.monitors)
                for _ in range(given.moves):
                    measured.moves.append(play_move(session, provider))
                for _ in range(given.losses):
                    measured.losses.append(play_power_loss(session, provider))
                session.clear()


def main() -> None:
    """Measures; ends 1 if a target is missed or something went wrong."""
    given, measured = parse(), Measured()
    try:
        measure(given, measured)
    except LabError as error:
        sys.exit(f"bench-drbd: {error}")
    finally:  # an hour's figures are not lost by its last minute
        if given.json is not None:
            written = json.dumps(measured.as_dict(), indent=1)
            given.json.write_text(f"{written}\n", encoding="utf-8")
    sys.exit(0 if report(measured) else 1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
