"""A parameter is one declaration: what it reads, what it refuses, what does not build."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import ocf_py as ocf
from ocf_py.parameters import parse_parameters

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (ocf.String("x"), " any text\n", " any text\n"),
        (ocf.Integer("x"), "+5", 5),
        (ocf.Integer("x", minimum=-1), "-1", -1),
        (ocf.Boolean("x"), "YES", True),
        (ocf.Boolean("x"), "off", False),
        (ocf.Select("x", options=("a", "b")), "b", "b"),
        (ocf.Duration("x"), "10", 10.0),
        (ocf.Duration("x", unit="ms"), "200", 0.2),
        (ocf.Duration("x"), "200ms", 0.2),
        (ocf.Duration("x"), "1.5min", 90.0),
        (ocf.Duration("x"), "2h", 7200.0),
        (ocf.Path("x"), "/a/b", "/a/b"),
        (ocf.IPAddress("x"), "2001:DB8::0A1", ocf.Address.parse("2001:db8::a1")),
    ],
)
def test_reads(parameter: ocf.String[str], text: str, value: object) -> None:
    assert parameter.parse(text) == value


@pytest.mark.parametrize(
    ("parameter", "texts"),
    [
        (
            ocf.Integer("x", minimum=0, maximum=9),
            ["", "1_0", " 1", "٣", "1.0", "-1", "10", "9" * 30],
        ),
        (ocf.Boolean("x"), ["", "maybe", "2"]),
        (ocf.Select("x", options=("a", "b")), ["", "c", "A"]),
        (ocf.Duration("x"), ["", "s", "1e3", "-1", "nan", "inf", "1 s", "5weeks", "1.2.3", "٣"]),
        (ocf.Path("x"), ["", "a/b", "./a"]),
        (ocf.IPAddress("x"), ["", "1.2.3", "1.2.3.4/24", "fe80::1%eth0", "01.2.3.4", "host"]),
    ],
)
def test_refuses_with_a_phrase(parameter: ocf.String[str], texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=r"\w+ \w+"):
            parameter.parse(text)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (ocf.Boolean("x"), True),
        (ocf.Duration("x"), 0.2),
        (ocf.Duration("x"), 90.0),
        (ocf.Duration("x"), 0.0),
        (ocf.Duration("x"), 2_592_000.0),
        (ocf.Integer("x"), -3),
        (ocf.IPAddress("x"), ocf.Address.parse("::1")),
    ],
)
def test_reads_back_what_it_writes(parameter: ocf.String[str], value: str) -> None:
    assert parameter.parse(parameter.format(value)) == value


def test_problems_name_the_parameter_the_value_and_what_is_wrong() -> None:
    class Door(Minimal):
        """A door"""

        width = ocf.Integer("Its width", required=True)
        height = ocf.Integer("Its height", required=True)
        password = ocf.Select("Its word", options=("sesame",), default=None)

    texts = {"width": "wide", "password": "hush", "other": "is not ours"}
    values, problems = parse_parameters(Door.ocf_parameters, texts)
    assert values == {}
    assert problems == {
        "width": "width='wide' is not a whole number",
        "height": "height is required and not set",
        "password": "password=(a secret) is none of sesame",
    }


class Minimal(ocf.Agent):
    """The least an agent must be"""

    @ocf.action(timeout=10)
    def start(self) -> None: ...

    @ocf.action(timeout=10)
    def stop(self) -> None: ...

    @ocf.action(timeout=10, interval=10)
    def monitor(self) -> ocf.Status:
        return ocf.STOPPED


class Window(Minimal):
    """A window"""

    size = ocf.Integer("Its size", default=3)
    glass = ocf.String("Its glass")
    asked = 0

    def _default_glass(self) -> str:
        """as thick as it is large"""
        self.asked += 1
        return f"{self.size} mm"


def test_a_value_given_to_the_constructor_wins() -> None:
    assert Window().size == 3
    assert Window(size=7).size == 7
    assert Window(glass="none").glass == "none"


def test_a_computed_default_sees_the_other_parameters_and_is_computed_once() -> None:
    window = Window(size=5)
    assert (window.glass, window.glass, window.asked) == ("5 mm", "5 mm", 1)


def test_an_unknown_name_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="no parameter or seam 'colour'"):
        Window(colour="red")
    with pytest.raises(TypeError):
        ocf.String("x", defualt="y")  # type: ignore[call-overload]


@pytest.mark.parametrize("name", ["call", "trace_ra", "validate", "promotion_score", "start"])
def test_a_parameter_that_hides_an_inherited_name_does_not_build(name: str) -> None:
    with pytest.raises((TypeError, RuntimeError), match="hides|__set_name__"):
        type("Bad", (Minimal,), {name: ocf.String("x", default="")})


@pytest.mark.parametrize("name", ["env", "interval", "timeout", "name", "log"])
def test_a_parameter_may_have_any_other_name(name: str) -> None:
    agent: type[ocf.Agent] = type("Good", (Minimal,), {name: ocf.String("x", default="y")})
    assert getattr(agent(), name) == "y"


def test_what_cannot_work_does_not_build() -> None:
    with pytest.raises(TypeError, match="neither required nor has a default"):
        type("Bad", (Minimal,), {"x": ocf.String("x")})
    with pytest.raises(TypeError, match="declares no action 'start'"):
        type("Bad", (ocf.Agent,), {})
    with pytest.raises(TypeError, match="no OCF action"):
        type("Bad", (Minimal,), {"dance": ocf.action(timeout=1)(lambda _: None)})
    with pytest.raises(TypeError, match="without the other"):
        type("Bad", (Minimal,), {"promote": ocf.action(timeout=1)(lambda _: None)})
    with pytest.raises(TypeError, match="a required parameter has no default"):
        ocf.String("x", required=True, default="y")
    with pytest.raises(TypeError, match="not among the options"):
        ocf.Select("x", options=("a",), default="b")
    with pytest.raises(TypeError, match="Promoted, Unpromoted"):
        ocf.action(timeout=1, role="master")
    with pytest.raises(TypeError, match="leaves no time"):
        ocf.action(timeout=0)
    with pytest.raises(ValueError, match="is above 3"):
        ocf.Integer("x", default=4, maximum=3)


def test_monitors_that_pacemaker_cannot_tell_apart_do_not_build() -> None:
    watched = ocf.action(timeout=1, interval=10, role="Promoted")(
        ocf.action(timeout=1, interval=10, role="Unpromoted")(lambda _: ocf.STOPPED)
    )
    with pytest.raises(TypeError, match="the same interval"):
        type("Bad", (Minimal,), {"monitor": watched})


def test_a_seam_that_hides_an_inherited_name_does_not_build() -> None:
    with pytest.raises(TypeError, match="hides"):
        type("Bad", (Minimal,), {"call": ocf.seam(lambda _: None)})


@pytest.mark.parametrize("name", ["a-b", "CRM_meta_timeout", "größe"])
def test_a_parameter_that_no_environment_can_hold_does_not_build(name: str) -> None:
    with pytest.raises(TypeError, match="cannot be the name"):
        type("Bad", (Minimal,), {name: ocf.String("x", default="")})


def test_a_required_parameter_that_was_not_given_says_so() -> None:
    class Gate(Minimal):
        """A gate"""

        key = ocf.String("Its key", required=True)

    with pytest.raises(AttributeError, match="built without its required 'key'"):
        _ = Gate().key


TYPED = """
from __future__ import annotations
from typing import Optional
from typing_extensions import assert_type
import ocf_py as ocf

class Typed(ocf.Agent):
    a = ocf.String("x", required=True)
    b = ocf.String("x", default=None)
    c = ocf.Integer("x", default=3)
    d = ocf.IPAddress("x", required=True)
    e = ocf.Duration("x", default=1.0)
    f = ocf.Boolean("x", default=None)

    def check(self) -> None:
        assert_type(self.a, str)
        assert_type(self.b, Optional[str])
        assert_type(self.c, int)
        assert_type(self.d, ocf.Address)
        assert_type(self.e, float)
        assert_type(self.f, Optional[bool])

    def monitor(self) -> int:
        return 0
"""


@pytest.mark.development
def test_the_type_checker_knows_each_value_and_each_action(tmp_path: Path) -> None:
    (tmp_path / "typed.py").write_text(TYPED)
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "typed.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in answer.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1, answer.stdout + answer.stderr
    assert "monitor" in errors[0]
