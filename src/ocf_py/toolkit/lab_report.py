"""What a rehearsal leaves behind, however it ended: its report, and the answer on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.command import bring
from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.output import print_json

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.progress import Progress
    from ocf_py.rehearsal.run import Rehearsal


def check_report(folder: Path) -> None:
    """Whether a report can be made and written there is said now, not after hours of playing."""
    try:
        from ocf_py.rehearsal.report import check_folder
    except ModuleNotFoundError as error:
        raise ToolkitError(
            f"--report: the Python package {error.name} is missing", hint=bring("lab")
        ) from error
    try:
        check_folder(folder)
    except OSError as error:
        raise UnusableInput(
            f"--report {folder}: {error.strerror or error}",
            hint="name a folder that can be written to",
        ) from error


def conclude(record: Rehearsal, report: Path | None, progress: Progress, *, as_json: bool) -> None:
    """Write the report, and answer in any case; what failed has no other place then."""
    from ocf_py.rehearsal.legible import legible
    from ocf_py.rehearsal.summary import sum_up, tell_failed

    try:
        if report is not None:
            _write(record, report, progress)
    except BaseException:
        if not as_json:  # which has it all
            for line in tell_failed(record):
                click.echo(line)
        raise
    finally:
        if as_json:
            print_json(legible(record).to_json())
        else:
            for line in sum_up(record):
                click.echo(line)


def _write(record: Rehearsal, folder: Path, progress: Progress) -> None:
    from ocf_py.rehearsal.report import has_plays, write_report

    try:
        if not record.plays and has_plays(folder):
            progress.step(f"nothing was played: the earlier report in {folder} stays as it is")
            return
        page = write_report(record, folder)
    except OSError as error:
        raise ToolkitError(
            f"cannot write the report to {folder}: {error.strerror or error}",
            hint="make room there, or name another folder with --report",
        ) from error
    progress.step(f"the report: {page}")
