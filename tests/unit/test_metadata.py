"""The metadata is derived, valid by construction, and golden for our own agents."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

import ocf_py as ocf
from ocf_py.metadata import document
from tests.fakes.lamp import Beacon, Lamp

RNG = Path("/usr/share/pcs/data/ocf-1.1.rng")


def parse(agent: type[ocf.Agent]) -> etree._Element:
    return etree.fromstring(document(agent).encode())


@pytest.mark.parametrize("agent", [Lamp, Beacon])
def test_is_valid_against_the_schema_of_ocf_1_1_and_against_its_own_dtd(
    agent: type[ocf.Agent],
) -> None:
    etree.RelaxNG(etree.parse(RNG)).assertValid(parse(agent))
    answer = subprocess.run(
        ["xmllint", "--noout", "--valid", "-"],
        input=document(agent),
        text=True,
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def test_tells_everything_that_was_declared() -> None:
    tree = parse(Beacon)
    assert tree.get("name") == "Beacon"
    assert tree.findtext("version") == "1.1"
    assert tree.findtext("shortdesc") == "A lamp with roles"
    colour = tree.find("parameters/parameter[@name='colour']")
    assert colour is not None
    assert colour.get("reloadable") == "1"
    content = colour.find("content")
    assert content is not None
    assert content.get("default") == "red"
    assert [option.get("value") for option in content] == ["red", "green"]
    lamp = tree.find("parameters/parameter[@name='lamp']")
    assert lamp is not None
    assert (lamp.get("required"), lamp.get("unique-group")) == ("1", "lamp")
    monitors = tree.findall("actions/action[@name='monitor']")
    assert [(m.get("timeout"), m.get("interval"), m.get("depth")) for m in monitors] == [
        ("20s", "10s", "0"),
        ("30s", "60s", "10"),
    ]


def test_nothing_is_reloadable_without_the_action_that_reloads() -> None:
    class Fixed(ocf.Agent):
        """A lamp that cannot change"""

        colour = ocf.String("Its colour", default="red", reloadable=True)

        @ocf.action(timeout=10)
        def start(self) -> None: ...

        @ocf.action(timeout=10)
        def stop(self) -> None: ...

        @ocf.action(timeout=10)
        def monitor(self) -> ocf.Status:
            return ocf.STOPPED

    reloadable = {p.get("reloadable") for p in parse(Fixed).findall("parameters/parameter")}
    assert reloadable == {"0"}


def test_every_text_is_escaped() -> None:
    class Odd(Lamp, version='"1" & <2>'):
        """<short> & "sharp" ]]>

        A longer text with <b>tags</b>.
        """

        quote = ocf.String('say "so" & <go>', default='a"b<c>&\n\t')

    tree = parse(Odd)
    assert tree.get("version") == '"1" & <2>'
    assert tree.findtext("shortdesc") == '<short> & "sharp" ]]>'
    assert "<b>tags</b>" in (tree.findtext("longdesc") or "")
    content = tree.find("parameters/parameter[@name='quote']/content")
    assert content is not None
    assert content.get("default") == 'a"b<c>&\n\t'
    etree.RelaxNG(etree.parse(RNG)).assertValid(tree)


def test_deprecated_parameters_name_their_successor() -> None:
    class Old(Lamp):
        """An old lamp"""

        bulb = ocf.String("What it was called", default=None, replaced_with="lamp")

    tree = parse(Old)
    replaced = tree.find("parameters/parameter[@name='bulb']/deprecated/replaced-with")
    assert replaced is not None
    assert replaced.get("name") == "lamp"
    etree.RelaxNG(etree.parse(RNG)).assertValid(tree)


def test_a_computed_default_is_described() -> None:
    class Computed(Lamp):
        """A lamp"""

        room = ocf.String("Where it is")

        def _default_room(self) -> str:
            """the room
            it hangs in
            """
            return "hall"

    text = parse(Computed).findtext("parameters/parameter[@name='room']/longdesc")
    assert text is not None
    assert "Default: the room it hangs in" in text
