"""A rehearsal's report: a page, its pictures and its facts, from the record alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import click
import pytest
from lxml import html

from ocf_py.rehearsal.judge import judge
from ocf_py.rehearsal.pictures import draw_course
from ocf_py.rehearsal.record import Gap, Verdict
from ocf_py.rehearsal.report import write_report
from ocf_py.rehearsal.run import LeftOut, Rehearsal
from ocf_py.rehearsal.summary import sum_up, tell_play

from .plays import power_loss

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from ocf_py.rehearsal.record import Play


def judged(play: Play) -> Play:
    play.verdicts = judge(play)
    return play


def late() -> Play:
    return judged(power_loss(heard=[replace(power_loss().heard[0], gaps=[Gap(0.0, 16.0)])]))


def record(*plays: Play) -> Rehearsal:
    made = Rehearsal("Rehearsal of <a> & b", list(plays))
    made.left_out.append(LeftOut("disk-full", "no room", "a.xml", "there is no file system"))
    return made


def test_the_page_fetches_nothing_and_has_a_picture_of_each_play(tmp_path: Path) -> None:
    page = write_report(record(judged(power_loss()), late()), tmp_path / "new/report")
    text = page.read_text(encoding="utf-8")
    document: Any = html.fromstring(text.encode())
    assert document.findtext(".//h1") == "Rehearsal of <a> & b"
    assert not document.xpath("//script | //link | //img | //iframe")
    assert not re.search(r"""(?:src|href)=["'](?!#)""", text)
    cards = document.xpath("//section[@id]")
    assert len(cards) == 2
    assert all(card.xpath(".//*[local-name()='svg']") for card in cards)
    assert {one.name for one in page.parent.iterdir()} == {
        "index.html",
        "report.json",
        "database-power-loss-ocfpy.svg",
        "database-power-loss-ocfpy-2.svg",
    }
    for link in document.xpath("//td/a/@href"):
        assert document.get_element_by_id(link[1:]) is not None


def test_every_mark_has_its_word_however_close_they_are() -> None:
    picture = draw_course(power_loss())
    for word in ("fault", "lost", "to be fenced", "n1 fenced", "repair"):
        assert f">{word}</text>" in picture


def test_a_writer_is_named_in_full_and_what_is_longer_is_cut() -> None:
    heard = [
        replace(power_loss().heard[0], client=client)
        for client in ("writer to the database at 10.77.2.100", f"{'a' * 40} at port 80")
    ]
    picture = draw_course(power_loss(heard=heard))
    assert ">writer to the database at 10.77.2.100</text>" in picture
    assert f">client of {'a' * 27}…</text>" in picture


def test_no_mark_is_drawn_over_a_label_or_a_bar() -> None:
    picture = draw_course(power_loss())
    assert picture.rindex("stroke-dasharray: 3.6,2.4") < picture.index('id="patch_3"')


def test_the_facts_beside_it_are_the_whole_record(tmp_path: Path) -> None:
    write_report(record(judged(power_loss()), late()), tmp_path)
    facts = json.loads((tmp_path / "report.json").read_text())
    assert not facts["passed"]
    assert [play["passed"] for play in facts["plays"]] == [True, False]
    assert facts["plays"][1]["outage"] == 16.0
    assert facts["left_out"][0]["reason"] == "there is no file system"


def test_what_no_page_can_show_is_spelt_out_on_it(tmp_path: Path) -> None:
    name = "a$b_$c\udcff.xml"
    said = "\x1b[31mno node is left\x1b[0m\x07 of \udcfe\ufffe"
    heard = [replace(power_loss().heard[0], client=f"$_$ {name}")]
    fine = judged(power_loss(cib=name, heard=heard))
    other = judged(power_loss(trouble=said))
    made = record(fine, other)
    made.troubles.append(said)
    text = write_report(made, tmp_path).read_text(encoding="utf-8")
    facts = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "\x1b" not in text
    spelt = r"no node is left\x07 of \xfe\ufffe"
    assert facts["troubles"] == [spelt]
    assert spelt in text
    assert facts["plays"][0]["cib"] == r"a$b_$c\xff.xml"
    assert r"client of $_$ a$b_$c\xff.xml" in text
    assert (tmp_path / "a-b_-c-xff-power-loss-ocfpy.svg").exists()


def test_no_name_is_too_long_for_a_picture(tmp_path: Path) -> None:
    write_report(record(judged(power_loss(cib=f"{'ö' * 120}.xml"))), tmp_path)
    (picture,) = tmp_path.glob("*.svg")
    assert picture.name == f"{'ö' * 50}-power-loss-ocfpy.svg"


def test_a_path_names_no_picture_that_looks_like_an_option(tmp_path: Path) -> None:
    write_report(record(judged(power_loss(cib="/srv/a.xml"))), tmp_path)
    assert [one.name for one in tmp_path.glob("*.svg")] == ["srv-a-power-loss-ocfpy.svg"]


def test_what_lies_in_the_folder_is_replaced_and_what_a_symlink_leads_to_stays(
    tmp_path: Path,
) -> None:
    folder, other = tmp_path / "report", tmp_path / "other"
    folder.mkdir()
    other.write_text("of somebody else")
    for name in ("report.json", "index.html", "database-power-loss-ocfpy.svg"):
        (folder / name).symlink_to(other)
    write_report(record(judged(power_loss())), folder)
    assert other.read_text() == "of somebody else"
    assert {one.name: one.is_symlink() for one in folder.iterdir()} == {
        "report.json": False,
        "index.html": False,
        "database-power-loss-ocfpy.svg": False,
    }


def test_pictures_of_an_earlier_run_go_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "drawn.svg").touch()
    write_report(record(judged(power_loss()), late()), tmp_path)
    write_report(record(judged(power_loss(fault="hang"))), tmp_path)
    assert {one.name for one in tmp_path.glob("*.svg")} == {
        "drawn.svg",
        "database-hang-ocfpy.svg",
    }


@pytest.mark.parametrize("facts", ["", "{", "[]", "{}", '{"plays": [3]}', "[" * 100_000])
def test_facts_that_are_none_of_ours_are_written_over(tmp_path: Path, facts: str) -> None:
    (tmp_path / "report.json").write_text(facts)
    write_report(record(judged(power_loss())), tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["plays"]


def test_a_play_that_went_wrong_has_no_picture_and_says_why(tmp_path: Path) -> None:
    page = write_report(record(judged(power_loss(trouble="no node is left"))), tmp_path)
    assert "no node is left" in page.read_text()
    assert list(tmp_path.glob("*.svg")) == []


def test_the_terminal_has_a_line_of_each_play_and_the_rule_that_failed() -> None:
    (fine,) = (click.unstyle(line) for line in tell_play(judged(power_loss())))
    assert fine == (
        "passed  database.xml power-loss: 3.46 s without an answer (at most 15 s), n1 fenced; "
        "100 writes acknowledged, 0 lost"
    )
    first, why = (click.unstyle(line) for line in tell_play(late()))
    assert first.startswith("FAILED  database.xml power-loss: 16.00 s")
    assert why.strip() == "serves again: 10.77.2.100: 16.00 s without an answer"


def test_a_play_of_the_counterparts_says_so_wherever_it_is_named(tmp_path: Path) -> None:
    theirs = judged(power_loss(provider="peer"))
    (line,) = (click.unstyle(line) for line in tell_play(theirs))
    assert line.startswith("passed  database.xml power-loss (peer): 3.46 s")
    page = write_report(record(judged(power_loss()), theirs), tmp_path)
    document: Any = html.fromstring(page.read_bytes())
    names = ["power-loss", "power-loss (peer)"]
    assert document.xpath("//td/a/text()") == names
    assert document.xpath("//section//h3/text()") == names


@pytest.mark.parametrize(
    ("plays", "planned", "said"),
    [
        ([], 1, "0 of 1 play, 0 failed, 1 not played."),
        (["hang"], None, "1 play, 0 failed, 1 not played."),
        (["hang"], 24, "1 of 24 plays, 0 failed, 1 not played."),
        (["hang", "move"], 2, "2 plays, 0 failed, 1 not played."),
        (["hang", "hang"], 2, "2 plays of 1 fault, 0 failed, 1 not played."),
        (["hang", "move", "hang"], 8, "3 of 8 plays of 2 faults, 0 failed, 1 not played."),
    ],
)
def test_the_page_counts_plays_and_of_how_many_faults(
    tmp_path: Path, plays: list[str], planned: int | None, said: str
) -> None:
    fine = [Verdict("nothing left", holds=True, said="it is not")]
    made = record(*(power_loss(fault=fault, verdicts=fine) for fault in plays))
    made.planned = planned
    document: Any = html.fromstring(write_report(made, tmp_path).read_bytes())
    assert document.xpath("//p/text()")[0] == said


def test_tables_scroll_before_a_sentence_has_a_word_a_line(tmp_path: Path) -> None:
    page = write_report(record(judged(power_loss())), tmp_path)
    document: Any = html.fromstring(page.read_bytes())
    sentences = document.xpath("//div[@class='scroll']//td[@class='sentence']/text()")
    assert sentences == [power_loss().expectation.sentence, "there is no file system"]
    assert "td.sentence { min-width: " in page.read_text()


def test_a_page_without_a_play_has_no_empty_table(tmp_path: Path) -> None:
    document: Any = html.fromstring(write_report(record(), tmp_path).read_bytes())
    assert document.xpath("//h2/text()") == ["Not played"]
    assert len(document.xpath("//table")) == 1


def test_a_play_of_several_tries_says_how_many_and_why(tmp_path: Path) -> None:
    play = judged(power_loss(again=["the witness was blind: 1", "the witness was blind: 2"]))
    page = write_report(record(play, judged(power_loss())), tmp_path)
    document: Any = html.fromstring(page.read_bytes())
    assert document.xpath("//td[a]/div/text()") == ["3 tries"]
    assert document.xpath("//section/p[starts-with(., 'Try')]/text()") == [
        "Try 1 told nothing: the witness was blind: 1",
        "Try 2 told nothing: the witness was blind: 2",
    ]
    facts = json.loads((tmp_path / "report.json").read_text())["plays"]
    assert [(one["tries"], len(one["again"])) for one in facts] == [(3, 2), (1, 0)]
    assert next(tell_play(play)).endswith("; 3 tries")


def test_the_page_says_which_goals_are_met_missed_or_unknown(tmp_path: Path) -> None:
    made = Rehearsal("compared", [], compared=True)
    fine = Verdict("serves again", holds=True, said="it does")
    for fault, theirs, rounds in (("hang", 3.46, 7), ("move", 1.0, 7), ("standby", 1.0, 1)):
        heard = [replace(power_loss().heard[0], gaps=[Gap(0.0, theirs)])]
        for _ in range(rounds):
            both: dict[str, Any] = {"fault": fault, "moments": [], "verdicts": [fine]}
            made.plays.append(power_loss(**both))
            made.plays.append(power_loss(**both, provider="peer", heard=heard))
    made.plays.append(judged(power_loss(trouble="nobody")))
    made.plays.append(judged(power_loss(trouble="nobody", provider="peer")))
    document: Any = html.fromstring(write_report(made, tmp_path).read_bytes())
    rows = document.xpath("//table[.//th='Goal']//tr[td]")
    assert [[row[1].text, row[2].text] for row in rows] == [
        ["hang", "met"],
        ["move", "missed"],
        ["standby", "unknown"],
        ["power-loss", "unknown"],
    ]


def test_the_end_counts_and_names_what_was_not_played() -> None:
    assert list(sum_up(record(judged(power_loss()), late()))) == [
        "not played: a.xml disk-full: there is no file system",
        "2 played, 1 failed",
    ]


def test_a_rehearsal_without_a_play_has_not_passed() -> None:
    assert not record().passed
