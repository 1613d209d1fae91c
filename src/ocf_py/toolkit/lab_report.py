"""What a rehearsal leaves behind, however it ended: its report, and the answer on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.output import print_json

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.progress import Progress
    from ocf_py.rehearsal.run import Rehearsal


def conclude(record: Rehearsal, report: Path | None, progress: Progress, *, as_json: bool) -> None:
    """Write the report, and answer in any case, as a report that cannot be written is one loss."""
    from ocf_py.rehearsal.summary import sum_up

    try:
        if report is not None:
            from ocf_py.rehearsal.page import write_report

            progress.step(f"the report: {write_report(record, report)}")
    finally:
        if as_json:
            print_json(record.to_json())
        else:
            for line in sum_up(record):
                click.echo(line)
