"""The peers as installed: none of their parameters is forgotten, and what comes out is valid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.catalogue.description import read_description
from ocf_py.migration.peers import OCF_PEERS
from ocf_py.migration.rewriting import rewrite
from ocf_py.migration.translation import Becomes, Case
from ocf_py.toolkit.our_agents import load_agents
from ocf_py.validation.cib.judge import judge_cib
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from ocf_py.migration.translation import Peer

CORPUS = Path(__file__).parents[1] / "data/cib-migrate"
INPUTS = sorted(path for path in CORPUS.glob("*.xml") if not path.name.endswith(".expected.xml"))
_PROVIDERS = Path("/usr/lib/ocf/resource.d")


@pytest.mark.parametrize("peer", OCF_PEERS.values(), ids=lambda peer: peer.agent)
def test_every_parameter_of_a_peer_is_translated_or_explained(peer: Peer) -> None:
    _, provider, name = peer.agent.split(":")
    said = read_description(_PROVIDERS / provider / name)
    assert {one.name for one in said.parameters} <= set(peer.rules)
    ours = load_agents()[peer.becomes].ocf_parameters
    for parameter in said.parameters:
        value = parameter.default or "1"
        outcome = peer.rules[parameter.name](parameter.name, value, Case("a", {}))
        if isinstance(outcome, Becomes):
            assert outcome.name in ours, f"{parameter.name} becomes what ours does not take"
        else:
            assert parameter.name in str(outcome)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_what_has_moved_has_no_finding_that_it_did_not_have(
    path: Path, tmp_path: Path, installed_agents: Path
) -> None:
    providers = tmp_path / "resource.d"
    providers.mkdir()
    (providers / "ocfpy").symlink_to(installed_agents)
    for provider in ("heartbeat", "linbit"):
        (providers / provider).symlink_to(_PROVIDERS / provider)
    rewriting = rewrite(path, path.read_bytes(), load_agents())
    moved = {move.resource.id for move in rewriting.moves}
    after = tmp_path / "cib.xml"
    after.write_bytes(rewriting.after)
    before = {(one.subject, one.check) for one in judge_cib(path, tmp_path)}
    new = [
        one
        for one in judge_cib(after, tmp_path)
        if one.subject in moved and one.severity is not Severity.NOTE
    ]
    assert [one for one in new if (one.subject, one.check) not in before] == []
    assert [one for one in new if one.severity is Severity.ERROR] == []
