"""Who is not started, and for whose sake."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocf_py.cib.document import parse_document
from ocf_py.rehearsal.idle import find_idle


def meta(name: str, value: str) -> str:
    return f'<meta_attributes id="{name}-m"><nvpair id="{name}-n" {value}/></meta_attributes>'


STOPPED = 'name="target-role" value="Stopped"'
STARTED = 'name="target-role" value="Started"'


def primitive(name: str, inside: str = "", given: str = 'class="ocf" type="x"') -> str:
    return f'<primitive id="{name}" {given}>{inside}</primitive>'


def idle(resources: str, constraints: str = "", further: str = "") -> dict[str, str]:
    text = (
        f"<configuration><resources>{resources}</resources>"
        f"<constraints>{constraints}</constraints>{further}</configuration>"
    )
    return find_idle(parse_document(Path("cib.xml"), text.encode()))


@pytest.mark.parametrize(
    "resources",
    [
        primitive("a", meta("a", STOPPED)),
        f"<group id='g'>{meta('g', STOPPED)}{primitive('a')}</group>",
        f"<clone id='c'>{meta('c', STOPPED)}<group id='g'>{primitive('a')}</group></clone>",
        f"<template id='t' class='ocf' type='x'>{meta('t', STOPPED)}</template>"
        + primitive("a", given="template='t'"),
    ],
)
def test_whose_target_role_is_stopped_anywhere_is_idle(resources: str) -> None:
    assert idle(resources + primitive("b")) == {"a": "its target-role is Stopped"}


def test_the_nearest_word_counts() -> None:
    defaults = f"<rsc_defaults>{meta('d', STOPPED)}</rsc_defaults>"
    resources = primitive("a", meta("a", STARTED)) + primitive("b")
    assert idle(resources, further=defaults) == {"b": "its target-role is Stopped"}


def test_what_the_cluster_does_not_manage_it_does_not_start() -> None:
    resources = primitive("a", meta("a", 'name="is-managed" value="false"'))
    resources += primitive("b", meta("b", 'name="maintenance" value="true"'))
    assert idle(resources) == {"a": "it is not managed", "b": "it is in maintenance"}


def test_what_needs_an_idle_one_is_idle_too() -> None:
    group = f"<group id='g'>{primitive('b')}{primitive('c')}</group>"
    tags = "<tags><tag id='t'><obj_ref id='b'/><obj_ref id='t'/></tag></tags>"
    found = idle(
        primitive("a", meta("a", STOPPED)) + group + "".join(map(primitive, "defhij")),
        "<rsc_colocation id='1' rsc='g' with-rsc='a' score='INFINITY'/>"
        "<rsc_order id='2' first='t' then='d'/>"
        "<rsc_order id='3'><resource_set id='s'><resource_ref id='d'/><resource_ref id='e'/>"
        "</resource_set><resource_set id='u'><resource_ref id='f'/></resource_set></rsc_order>"
        "<rsc_colocation id='4' rsc='h' with-rsc='a' score='100'/>"
        "<rsc_order id='5' first='a' then='i' kind='Optional'/>"
        "<rsc_colocation id='6' rsc='a' with-rsc='j' score='INFINITY'/>"
        "<rsc_colocation id='7' rsc='j' with-rsc='a' score='-INFINITY'/>",
        tags,
    )
    assert list(found) == ["a", "b", "c", "d", "e", "f"]
    assert found["d"] in ("it needs b", "it needs c")
