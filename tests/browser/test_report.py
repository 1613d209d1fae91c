"""A rehearsal's page as Chromium shows it: nothing is missing, nothing sticks out."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from lxml import html

from ocf_py.rehearsal.judge import judge
from ocf_py.rehearsal.report import write_report
from ocf_py.rehearsal.run import Rehearsal
from tests.unit.rehearsal.plays import power_loss

if TYPE_CHECKING:
    from pathlib import Path

_CHROMIUM = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
# What the page says of itself once it is laid out; it has no script of its own.
_ASK = """<script>window.onload = () => {
  const svg = [...document.querySelectorAll("svg")];
  document.body.setAttribute("data-wide", document.documentElement.scrollWidth);
  document.body.setAttribute("data-flat", svg.filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width < 300 || box.height < 60;
  }).length);
  document.body.setAttribute("data-pictures", svg.length);
  document.body.setAttribute("data-sentence", document.querySelector("td.sentence").clientWidth);
}</script>"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    play = power_loss()
    play.verdicts = judge(play)
    return write_report(Rehearsal("Rehearsal", [play]), tmp_path / "report")


@pytest.mark.parametrize("width", [1280, 600])
def test_every_picture_is_seen_and_nothing_is_wider_than_the_window(
    page: Path, width: int, tmp_path: Path
) -> None:
    asking = page.with_name("asking.html")
    asking.write_text(page.read_text() + _ASK)
    window = f"--window-size={width},1200"
    profile = f"--user-data-dir={tmp_path}/profile"
    shown = subprocess.run(
        [*_CHROMIUM, profile, window, "--dump-dom", asking.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    body = html.fromstring(shown.stdout).find("body")
    assert body is not None
    assert body.get("data-pictures") == "2"
    assert body.get("data-flat") == "0"
    assert int(body.get("data-wide", "99999")) <= width
    assert int(body.get("data-sentence", "0")) >= 250  # and not a word a line


def test_it_can_be_printed_to_a_picture(page: Path, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    profile = f"--user-data-dir={tmp_path}/profile"
    command = [*_CHROMIUM, profile, f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    assert picture.read_bytes().startswith(b"\x89PNG")
