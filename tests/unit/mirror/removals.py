"""The rules of the protocol, taken out one at a time: `text` in `module` gives way."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ocf_py.mirror import decisions, record
from tests.unit.mirror import lives

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


class Removal(NamedTuple):
    """`life` is one that goes wrong once the rule does not hold."""

    rule: str
    life: Callable[..., None]
    module: ModuleType
    text: str
    replacement: str


REMOVALS = (
    Removal(
        "a tree ahead of the branch is kept",
        lives.the_crashed_owner_comes_back,
        decisions,
        "return parent is not None and parent.holds(tree)",
        "return True",
    ),
    Removal(
        "what was found in the directory is kept",
        lives.the_loser_follows_again,
        decisions,
        'return Follow(SET_ASIDE, "what is in',
        'return Follow(FOLLOW, "what is in',
    ),
    Removal(
        "an end that nobody confirmed is a divergence",
        lives.both_sides_of_a_split_write,
        decisions,
        "return end == UNCONFIRMED",
        "return False",
    ),
    Removal(
        "a source of another line is not followed",
        lives.both_sides_of_a_split_are_promoted,
        decisions,
        "return _follow_stranger(mine, source)",
        'return Follow(FOLLOW, "")',
    ),
    Removal(
        "a source of an older generation is not followed",
        lives.the_older_side_still_serves,
        decisions,
        "if branch is not None and _went_on(source, branch):\n        return Follow(\n"
        "            DIVERGED,",
        "if branch is not None and _went_on(source, branch):\n        return Follow(\n"
        "            FOLLOW,",
    ),
    Removal(
        "a source that goes on in the generation before is a divergence",
        lives.the_older_side_still_serves,
        decisions,
        "return source.is_open or _end_is_unconfirmed(branch.end)",
        "return False",
    ),
    Removal(
        "of two copies the one that began later may lack something",
        lives.two_passes_over_a_moving_source,
        decisions,
        "if source.holds(mine):",
        "if source.began >= mine.began:",
    ),
    Removal(
        "nobody is promoted in sight of a promoted one",
        lives.both_sides_of_a_split_meet_promoted,
        decisions,
        "_another_serves(facts)\n        or ",
        "",
    ),
    Removal(
        "who names a newer generation is believed",
        lives.the_successor_is_demoted_when_the_owner_returns,
        decisions,
        "\n        or _names_newer(mine, facts)",
        "",
    ),
    Removal(
        "what was heard is remembered",
        lives.the_successor_dies_when_the_owner_has_heard,
        decisions,
        'named = [("this node", one) for one in mine.heard]',
        'named = [("this node", one) for one in ()]',
    ),
    Removal(
        "an announced promotion may have happened",
        lives.the_successor_is_out_of_reach_of_its_mate,
        decisions,
        "\n        or _announced_elsewhere(mine, facts)",
        "",
    ),
    Removal(
        "a promotion is answered by who was promoted alone",
        lives.the_successor_is_out_of_reach_of_two_mates,
        record,
        "answered = peer.node not in peer.announced",
        "answered, record = True, replace(record, announced=())",
    ),
    Removal(
        "what an attribute named is remembered",
        lives.the_owner_returns_and_only_attributes_tell_of_its_successor,
        record,
        "new = [one for one in generations if may_be_newer(record.lineage, one)]",
        "new: list[Generation] = []",
    ),
    Removal(
        "who was promoted before the start counts as announced",
        lives.the_owner_returns_and_only_the_cluster_knows_who_is_promoted,
        record,
        "for node in promoted:",
        "for node in ():",
    ),
    Removal(
        "a copy that did not follow to the end is stale",
        lives.a_copy_was_restarted_and_followed_no_more,
        decisions,
        'if proof is None:\n        return _stale("it did not follow its source to the end")',
        'if proof is None:\n        return _allow(1, "")',
    ),
    Removal(
        "a copy that lagged is stale",
        lives.a_copy_lagged,
        decisions,
        "if proof.lag > max_lag:",
        "if False:",
    ),
    Removal(
        "a peer that has a later pass is pulled first",
        lives.of_two_copies_the_older_is_promoted,
        decisions,
        "later = _find_later(mine, facts)",
        'later = ""',
    ),
    Removal(
        "without a real quorum nobody is promoted",
        lives.a_minority_has_most_of_the_mirror,
        decisions,
        "if not facts.quorum:",
        "if False:",
    ),
    Removal(
        "the owner is current",
        lives.the_whole_site_comes_back,
        decisions,
        "if mine.owns:",
        "if False:",
    ),
    Removal(
        "a copy that followed to the end is current",
        lives.the_owner_dies_and_the_copy_has_all,
        decisions,
        "return _as_copy(mine, facts, max_lag)",
        'return _stale("")',
    ),
    Removal(
        "a final pass does not age",
        lives.a_planned_move_after_a_pause,
        decisions,
        "if proof.sealed:",
        "if False:",
    ),
    Removal(
        "a crashed owner closes its generation beyond what it published",
        lives.the_crashed_owner_comes_back,
        record,
        "moment = record.moment + 1",
        "moment = record.moment - 1",
    ),
    Removal(
        "a source seen again is not proven dead",
        lives.the_source_was_lost_from_sight_for_a_moment,
        record,
        "return replace(record, evidence=None)\n\n\ndef lose_sight",
        "return record\n\n\ndef lose_sight",
    ),
    Removal(
        "what nobody watched voids every proof",
        lives.the_copies_were_in_standby_while_the_source_was_promoted_again,
        record,
        "return replace(record, evidence=None, unmet",
        "return replace(record, unmet",
    ),
    Removal(
        "an owner that was away has to hear of the others",
        lives.the_owner_was_in_standby_while_its_successor_lived_and_died,
        record,
        'return replace(record, evidence=None, unmet=tuple(sorted(peers)), watched="")',
        "return replace(record, evidence=None)",
    ),
    Removal(
        "a copy that was away alone has nothing to prove it",
        lives.the_copy_was_in_standby_while_the_source_was_promoted_again,
        record,
        'return replace(record, evidence=None, unmet=tuple(sorted(peers)), watched="")',
        "return record",
    ),
    Removal(
        "a membership that is watched without a gap is missed by nobody",
        lives.a_copy_that_lost_its_source_starts_anew,
        record,
        "return replace(record, watched=membership)",
        "return record",
    ),
    Removal(
        "nodes without a record account for nobody",
        lives.the_owner_returns_to_a_voter_that_holds_no_record,
        decisions,
        "if lost and heard * 2 <= facts.nodes:",
        "if False:",
    ),
    Removal(
        "who had no quorum has to hear of the others",
        lives.a_copy_whose_source_was_fenced_was_cut_off_when_it_came_back,
        record,
        "blind = replace(record, unmet=tuple(sorted(peers)))",
        "blind = record",
    ),
    Removal(
        "a mirror that runs is waited for",
        lives.the_mirror_of_a_successor_answers_late,
        decisions,
        "if node in facts.active:",
        "if False:",
    ),
    Removal(
        "a death that was not confirmed is no proof to a node that saw nothing",
        lives.a_copy_was_cut_off_while_the_others_went_on,
        record,
        "if record.evidence is None or record.evidence.confirmed:",
        "if True:",
    ),
)


def take_out(removal: Removal) -> ModuleType:
    """A copy of the module without the rule."""
    source = Path(str(removal.module.__file__)).read_text()
    found = source.count(removal.text)
    assert found == 1, f"{removal.text!r} stands {found} times: adapt its removal"
    spec = removal.module.__spec__
    assert spec is not None
    copy = importlib.util.module_from_spec(spec)
    copy.__name__ = f"{spec.name}_without"
    sys.modules[copy.__name__] = copy  # where dataclasses look their module up
    try:
        exec(  # noqa: S102 - our own source, less one rule
            compile(source.replace(removal.text, removal.replacement), spec.name, "exec"),
            vars(copy),
        )
    finally:
        del sys.modules[copy.__name__]
    return copy
