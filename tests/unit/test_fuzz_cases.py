"""The environments of the fuzz repeat, and every kind of oddity is among them."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from ocf_py.catalogue.description import Action, Description, Parameter
from ocf_py.conformance.fuzz.cases import KINDS, UNKNOWN, Case, list_actions, make_case
from ocf_py.conformance.fuzz.protocol import INSTANCE, ODDITIES
from ocf_py.conformance.fuzz.values import GARBAGE
from ocf_py.conformance.quoting import join
from ocf_py.conformance.subject import Subject

PARAMETERS = (
    Parameter("device", "string", required=True, reloadable=False),
    Parameter("size", "integer", required=False, reloadable=True, default="3"),
    Parameter("loud", "boolean", required=False, reloadable=False),
    Parameter("mood", "select", required=False, reloadable=False, options=("glad", "sad")),
    Parameter("trace_ra", "boolean", required=False, reloadable=False),
    Parameter("trace_file", "string", required=False, reloadable=False),
)
ACTIONS = tuple(Action(name, "20s", "", "", "") for name in ("start", "stop", "monitor", "notify"))


class Described(Subject):
    """A subject of which no executable has to be asked."""

    description = Description("Thing", "1.1", PARAMETERS, ACTIONS)


SUBJECT = Described(
    "thing",
    Path("/nowhere/Thing"),
    parameters={"device": "/dev/a10"},
    other={"device": "/dev/b20", "mood": "sad"},
    change={"size": "5"},
)


@cache
def cases(count: int = 200, seed: int = 1) -> tuple[Case, ...]:
    return tuple(make_case(SUBJECT, "stop", seed=seed, number=number) for number in range(count))


def of_kind(kind: str, count: int = 2000) -> list[Case]:
    return [case for case in cases(count) if case.kind == kind]


def test_the_actions_are_those_advertised_and_three_more() -> None:
    expected = {"start", "stop", "monitor", "notify", "validate-all", "meta-data", UNKNOWN}
    assert set(list_actions(SUBJECT.description)) == expected


def test_the_same_seed_makes_the_same_environments() -> None:
    again = tuple(make_case(SUBJECT, "stop", seed=1, number=number) for number in range(200))
    assert again == cases()


def test_each_environment_depends_on_its_own_number_alone() -> None:
    assert make_case(SUBJECT, "stop", seed=1, number=137) == cases()[137]


def test_another_seed_or_action_makes_others() -> None:
    assert cases(seed=2) != cases()
    assert make_case(SUBJECT, "start", seed=1, number=6).parameters != cases()[6].parameters


def test_two_hundred_hold_every_kind_in_a_life_and_outside() -> None:
    found = Counter((case.kind, case.in_life) for case in cases())
    assert {(kind, in_life) for kind in KINDS for in_life in (True, False)} == set(found)
    assert sum(case.in_life for case in cases()) == 40


def test_valid_ones_are_what_the_subject_gives() -> None:
    sets = ({"device": "/dev/a10"}, {"device": "/dev/a10", "size": "5"}, SUBJECT.other)
    for case in of_kind("valid"):
        assert case.is_valid
        assert not case.protocol
        assert case.parameters in sets
    assert all(any(case.parameters == one for case in of_kind("valid")) for one in sets)


def test_plausible_values_follow_the_types() -> None:
    given = [case.parameters for case in of_kind("plausible values")]
    sizes = {one["size"] for one in given if "size" in one}
    moods = {one["mood"] for one in given if "mood" in one}
    devices = {one["device"] for one in given}
    assert all(size.lstrip("+-").isdigit() for size in sizes)
    assert moods <= {"glad", "sad", "GLAD", "SAD", ""}
    assert {"true", "false", "maybe"} <= {one["loud"] for one in given if "loud" in one}
    assert any(one.startswith("/dev/a1") and one != "/dev/a10" for one in devices)


def test_garbage_of_every_kind_is_given() -> None:
    given = {
        value
        for case in of_kind("garbage")
        for name, value in case.parameters.items()
        if name not in ("trace_ra", "trace_file")
    }
    missing = [kind for kind, values in GARBAGE.items() if not given & set(values)]
    assert not missing


def test_a_required_parameter_is_missing_or_all_are() -> None:
    given = [case.parameters for case in of_kind("missing parameters")]
    assert any(not one for one in given)
    assert any(one and "device" not in one for one in given)


def test_undeclared_parameters_are_beside_the_valid_ones() -> None:
    declared = {one.name for one in PARAMETERS}
    for case in of_kind("undeclared parameters"):
        assert set(case.parameters) - declared
        assert case.parameters["device"] in ("/dev/a10", "/dev/b20")


def test_every_odd_word_of_the_protocol_is_said() -> None:
    said = {name for case in of_kind("odd protocol") for name in case.protocol}
    assert {one.name for one in ODDITIES} <= said
    names = {case.protocol[INSTANCE] for case in cases(10_000) if INSTANCE in case.protocol}
    assert {"vip:0", "../x", "x" * 200, None} <= names


def test_what_strains_is_said_to_strain() -> None:
    for case in cases(2000):
        words = case.protocol
        strained = [
            one.name
            for one in ODDITIES
            if one.strains and one.name in words and words[one.name] in one.values
        ]
        assert case.is_strained == bool(strained)
    assert any(case.is_strained for case in cases())


def test_a_trace_never_goes_where_a_resource_may_be() -> None:
    files = {
        case.parameters["trace_file"] for case in cases(2000) if "trace_file" in case.parameters
    }
    assert files
    assert all(file.startswith("/run/fuzz-trace-") for file in files)


def test_nothing_holds_what_no_environment_can() -> None:
    for case in cases(2000):
        for word in (*case.parameters, *case.parameters.values(), *case.protocol.values()):
            assert "\0" not in (word or "")
            assert len(os.fsencode(word or "")) < 128 * 1024
        assert not any("=" in name for name in case.parameters)


@pytest.mark.parametrize(
    "word",
    ["plain", "a b", "", "it's", "a\nb", "\udcff\udc80", "\u00e4\\'", '$(x) `y` "z"', "\x1b[31m",
     "x" * 5000, "a" * 150 + "'" + "\n" * 120 + "b", "%%s" + "/" * 300, "&" * 200],
)  # fmt: skip
def test_a_quoted_word_is_read_back_by_bash(word: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"exec env -i {join([f'WORD={word}'])} /usr/bin/env -0"],
        capture_output=True,
        check=True,
    )
    assert b"WORD=" + os.fsencode(word) + b"\0" in done.stdout


def test_a_long_run_is_not_spelled_out() -> None:
    assert len(join(["x" * 100_000])) < 100
