"""`make bench-cluster`: both providers alternate on one lab, so that a busy machine meets both."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ocf_py.lab import Lab, LabError
from ocf_py.lab.progress import Lines
from tests.bench.cluster.arrivals import watch_arrivals
from tests.bench.cluster.configurations import (
    MOST_ADDRESSES,
    UNTHROTTLED,
    many_addresses,
    name_addresses,
)
from tests.bench.cluster.many import play_many
from tests.bench.cluster.report import Measured, report
from tests.bench.cluster.session import VICTIM, Session, order_providers
from tests.bench.cluster.single import play_single
from tests.bench.cluster.takeovers import NeverAnsweredError


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench-cluster", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="with many addresses, of each provider")
    parser.add_argument("--single-runs", type=int, default=10, help="with one, of each provider")
    parser.add_argument("--writes", type=int, default=200, help="to a mirrored directory")
    parser.add_argument("--addresses", type=int, default=50, metavar="N", help="how many are many")
    parser.add_argument("--window", type=float, default=30.0, help="seconds of idle CPU")
    parser.add_argument(
        "--load-threshold",
        default=UNTHROTTLED,
        metavar="PERCENT",
        help="Pacemaker's property; its own default is 80%%",
    )
    parser.add_argument(
        "--provider-tree",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="an installed root whose agents are measured instead of this checkout's",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw figures there")
    given = parser.parse_args()
    if not 1 <= given.addresses <= MOST_ADDRESSES:
        parser.error(f"--addresses: 1 to {MOST_ADDRESSES}")
    return given


def measure(given: argparse.Namespace) -> Measured:
    """All runs on one lab, which is gone afterwards, and also after Ctrl-C."""
    measured, progress = Measured(), Lines()
    trees = tuple(given.provider_tree)
    with Lab.up("bench-cluster", provider_trees=trees, progress=progress) as lab:
        session = Session(lab, progress)
        for run in range(given.runs):
            measured.empty.append(session.measure_idle(given.window))
            progress.step(f"without resources: idle at {measured.empty[-1] * 100:.2f} % of a core")
            for provider in order_providers(run):
                progress.step(f"run {run + 1} of {given.runs}, {given.addresses} of {provider}")
                addresses = name_addresses(given.addresses)
                configuration = many_addresses(addresses, VICTIM, given.load_threshold)
                run_of = play_many(session, provider, configuration, addresses, given.window)
                measured.many.append(run_of)
                session.clear()
        for run in range(given.single_runs):
            for provider in order_providers(run):
                progress.step(f"run {run + 1} of {given.single_runs}, one of {provider}")
                measured.single.append(play_single(session, provider))
                session.clear()
        if given.writes:
            progress.step(f"{given.writes} writes to a mirrored directory")
            measured.arrivals = watch_arrivals(session, given.writes)
    return measured


def main() -> None:
    """Measures; ends 1 if a target is missed or something went wrong."""
    given = parse()
    try:
        measured = measure(given)
    except (LabError, NeverAnsweredError) as error:
        sys.exit(f"bench-cluster: {error}")
    if given.json is not None:
        given.json.write_text(json.dumps(measured.as_dict(), indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if report(measured) else 1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
