"""Whatever a configuration has become, it is judged and rewritten without a traceback."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest
from lxml import etree

from ocf_py.cib.document import UnreadableConfiguration
from ocf_py.migration.rewriting import explain, rewrite
from ocf_py.toolkit.our_agents import load_agents
from ocf_py.validation.cib.judge import judge_cib

_DATA = Path(__file__).parents[1] / "data"
_FILES = sorted(_DATA.glob("cib-*/*.xml"))
_WORDS = ("", "x", "true", "Promoted", "-INFINITY", "-", "P", "heartbeat", "IPaddr2", "²", "<&>\"'")
_NAMES = ("id-ref", "template", "role", "score", "type", "class", "name", "provider", "value", "id")
_TAGS = ("primitive", "group", "clone", "op", "nvpair", "rule", "status", "template", "foo")


def _spoil(root: etree._Element, dice: random.Random) -> None:
    """Change one thing, as a slip or a careless script would."""
    elements = list(root.iter(etree.Element))
    one, other = dice.choice(elements), dice.choice(elements)
    known = [str(name) for name in one.attrib]
    kind = dice.randrange(7)
    if kind == 0 and known:
        del one.attrib[dice.choice(known)]
    elif kind == 1:
        ids = [str(element.get("id", "")) for element in elements[:20]]
        one.set(dice.choice([*known, *_NAMES]), dice.choice([*_WORDS, *ids]))
    elif kind == 2 and one is not root:
        one.tag = dice.choice(_TAGS)
    elif kind == 3:
        one.insert(0, etree.Comment(" <primitive> "))
    elif kind == 4:
        one.text = (one.text or "") + "text"
    elif kind == 5:
        one.append(copy.deepcopy(other))
    elif one.getparent() is not None:
        parent = one.getparent()
        assert parent is not None
        parent.remove(one)


@pytest.mark.parametrize("seed", range(4))
def test_no_spoilt_configuration_is_a_traceback(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    agents = load_agents()
    path = tmp_path / "cib.xml"
    judged = 0
    for _ in range(40):
        root = etree.parse(str(dice.choice(_FILES))).getroot()
        for _ in range(dice.randint(1, 5)):
            _spoil(root, dice)
        content = etree.tostring(root)
        path.write_bytes(content)
        try:
            judged += len(judge_cib(path, tmp_path))
            rewriting = rewrite(path, content, agents)
        except UnreadableConfiguration:
            continue
        assert list(explain(rewriting)) or rewriting.after == content
        assert not rewrite(path, rewriting.after, agents).moves
    assert judged
