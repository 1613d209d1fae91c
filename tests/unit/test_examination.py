"""What a test makes of an interruption, and of what it may not or cannot look at."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.catalogue import schema
from ocf_py.catalogue.description import Description, Parameter
from ocf_py.conformance import examination, scene
from ocf_py.conformance.examination import Interrupted, State, examine
from ocf_py.conformance.places import in_sandbox
from ocf_py.conformance.rule import RULES, Result, Rule
from ocf_py.conformance.subject import Subject
from ocf_py.conformance.verdict import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("metadata-is-valid", "monitors-differ", "full-log")
_DOCUMENT = '<?xml version="1.0"?>\n<!DOCTYPE a SYSTEM "a.dtd">\n<a>'


def make_subject(*, default: str, given: dict[str, str]) -> Subject:
    """A subject with one unique parameter."""
    one = Parameter("state", "string", required=False, reloadable=False, default=default,
                    unique_group="state")  # fmt: skip
    return Subject(
        "an agent",
        Path("/nonexistent/agent"),
        parameters=given,
        other={},
        is_known_by_name=True,
        instance="test",
        described=Description("agent", "1.1", (one,), ()),
    )


def test_an_interruption_leaves_what_is_known_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(rule: Rule, *_: object) -> Result:
        if rule.id == "monitors-differ":
            raise KeyboardInterrupt
        return Result(rule)

    monkeypatch.setattr(examination, "verify", judge)
    rules = [RULES[name] for name in _NAMES]
    with pytest.raises(Interrupted) as ended:
        examine(make_subject(default="", given={}), in_sandbox, rules=rules)
    found = {one.id: one.state for one in ended.value.judgements if one.id in _NAMES}
    assert found["metadata-is-valid"] is State.HOLDS
    assert found["monitors-differ"] is State.NOT_RUN
    assert [*found] == [*_NAMES]


@pytest.mark.parametrize(("default", "given"), [("/run/state", {}), ("/run/x", {"state": ""})])
def test_two_instances_with_one_default_for_a_unique_parameter_are_no_object(
    default: str, given: dict[str, str]
) -> None:
    subject = make_subject(default=default, given=given)
    remark = verify(RULES["instances-live-side-by-side"], subject).remark
    assert remark.startswith("no second identity is given (--other)")


@pytest.fixture
def dtds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where DTDs are looked for."""
    monkeypatch.setattr(schema, "_DTDS", tmp_path)
    return tmp_path


def test_a_document_is_judged_by_the_installed_dtd_that_it_names(dtds: Path) -> None:
    (dtds / "a.dtd").write_text("<!ELEMENT a EMPTY>")
    assert schema.check_own_dtd(f"{_DOCUMENT}</a>") == ""
    assert "declared EMPTY" in schema.check_own_dtd(f"{_DOCUMENT}text</a>")
    assert "no DTD" in schema.check_own_dtd("<a/>")


def test_a_dtd_that_is_not_installed_judges_nothing(dtds: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        schema.check_own_dtd(f"{_DOCUMENT}</a>")
    assert missing.value.filename == str(dtds / "a.dtd")


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, if it has them."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_who_may_not_look_for_records_sees_none(open_folder: Path) -> None:
    folder = open_folder / "run/ocfpy"
    folder.mkdir(parents=True)
    (folder / "IPaddr.vip").touch()
    assert [path.name for path in scene._list_records(open_folder)] == ["IPaddr.vip"]
    folder.chmod(0)
    with as_nobody():
        assert scene._list_records(open_folder) == []
