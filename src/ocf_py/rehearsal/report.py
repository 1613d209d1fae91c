"""The report's folder: a file of it is replaced in one step, and none by way of a symlink."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.rehearsal.legible import legible
from ocf_py.rehearsal.page import build_page
from ocf_py.rehearsal.pictures import draw_course
from ocf_py.system.durable import replace_durably

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocf_py.rehearsal.run import Rehearsal

_FACTS, _PAGE = "report.json", "index.html"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_EARLIER = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MODE = 0o644
_LONGEST = 50  # letters of a CIB's name, of up to four bytes each: a file's has 255


def check_folder(folder: Path) -> None:
    """Make it where there is none, and see that it takes a file. OSError where it does not."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def write_report(record: Rehearsal, folder: Path) -> Path:
    """Write index.html, report.json and a picture for each play; returns the page. OSError.

    The facts come first, whatever becomes of the rest. An earlier run's pictures go.
    """
    record = legible(record)
    names = _name_pictures((one.cib, one.fault, one.provider) for one in record.plays)
    plays = dict(zip(names, record.plays))
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(folder) as at:
        for name in _find_earlier(at):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{name}.svg", dir_fd=at)
        facts = json.dumps(record.to_json(), indent=1, ensure_ascii=False)
        replace_durably(at, _FACTS, f"{facts}\n".encode(), _MODE)
        pictures = {name: draw_course(play) for name, play in plays.items() if not play.trouble}
        for name, picture in pictures.items():
            replace_durably(at, f"{name}.svg", picture.encode(), _MODE)
        replace_durably(at, _PAGE, build_page(record, plays, pictures), _MODE)
    return folder / _PAGE


def has_plays(folder: Path) -> bool:
    """Whether the report of an earlier run in which something was played lies there. OSError."""
    with _opened(folder) as at:
        return bool(_find_earlier(at))


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    at = os.open(folder, _FOLDER)
    try:
        yield at
    finally:
        os.close(at)


def _name_pictures(plays: Iterable[tuple[str, str, str]]) -> list[str]:
    """For each CIB, fault and provider what serves as a file's name and an anchor's.

    What was played again counts up.
    """
    names = []
    count: Counter[str] = Counter()
    for cib, fault, provider in plays:
        stem = f"{str(Path(cib).with_suffix(''))[-_LONGEST:]}-{fault}-{provider}"
        stem = "".join(one if one.isalnum() or one in "-_" else "-" for one in stem)
        stem = stem.lstrip("-")  # for a command line
        count[stem] += 1
        names.append(stem if count[stem] == 1 else f"{stem}-{count[stem]}")
    return names


def _find_earlier(at: int) -> list[str]:
    """The pictures of the run whose facts lie there; none where that is no file of ours."""
    try:
        with open(os.open(_FACTS, _EARLIER, dir_fd=at), encoding="utf-8") as file:
            plays = json.load(file)["plays"]
        return _name_pictures((one["cib"], one["fault"], one["provider"]) for one in plays)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return []
