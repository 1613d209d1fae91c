"""Short lives of a cluster, one for each rule of the protocol: it holds, and so nothing goes wrong.

Each takes the way to make a cluster, plays, and lets the judge look. n1 is promoted at the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.unit.mirror.cluster import Cluster, Node

    class Maker(Protocol):
        def __call__(self, size: int, *, fencing: bool, voters: int = 0) -> Cluster: ...


LONG = 5  # ticks, more than the greatest lag that is allowed


def play(
    make: Maker, size: int, *, fencing: bool = True, voters: int = 0
) -> tuple[Cluster, list[Node]]:
    cluster = make(size, fencing=fencing, voters=voters)
    return cluster, list(cluster.nodes.values())


def follow(cluster: Cluster, node: Node, source: Node) -> None:
    cluster.begin_pass(node, source)
    if node.under_way is not None:
        cluster.end_pass(node, lambda new: new)


def wait(cluster: Cluster) -> None:
    for _ in range(LONG):
        cluster.tick()


def split(cluster: Cluster, *alone: Node) -> None:
    names = {node.name for node in alone}
    cluster.part({name: int(name in names) for name in cluster.nodes})


def heal(cluster: Cluster) -> None:
    cluster.part(dict.fromkeys(cluster.nodes, 0))


def look(cluster: Cluster) -> None:
    cluster.check_nothing_is_erased()
    cluster.check_divergence_is_noticed()


def the_crashed_owner_comes_back(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    cluster.write(one)
    follow(cluster, two, one)
    cluster.write(one)
    cluster.crash(one)
    assert cluster.promote(two)
    cluster.boot(one)
    follow(cluster, one, two)
    look(cluster)
    assert one.asides
    assert one.tree == two.tree


def _split_with_two_truths(make: Maker) -> tuple[Cluster, Node, Node]:
    cluster, (one, two) = play(make, 2, fencing=False)
    follow(cluster, two, one)
    split(cluster, two)
    cluster.write(one)
    assert cluster.promote(two)
    cluster.write(two)
    return cluster, one, two


def both_sides_of_a_split_write(make: Maker) -> None:
    cluster, one, _ = _split_with_two_truths(make)
    heal(cluster)
    cluster.demote(one, [])
    look(cluster)


def both_sides_of_a_split_are_promoted(make: Maker) -> None:
    cluster, one, two = _split_with_two_truths(make)
    cluster.demote(one, [])
    assert cluster.promote(one)
    cluster.write(one)
    heal(cluster)
    cluster.demote(two, [])
    follow(cluster, two, one)
    look(cluster)


def both_sides_of_a_split_meet_promoted(make: Maker) -> None:
    cluster, _, two = _split_with_two_truths(make)
    heal(cluster)
    cluster.demote(two, [])
    assert not cluster.promote(two)


def the_older_side_still_serves(make: Maker) -> None:
    cluster, one, two = _split_with_two_truths(make)
    heal(cluster)
    cluster.demote(two, [])
    follow(cluster, two, one)
    look(cluster)


def the_loser_follows_again(make: Maker) -> None:
    cluster, one, two = _split_with_two_truths(make)
    heal(cluster)
    cluster.demote(two, [])
    cluster.resolve(two)
    follow(cluster, two, one)
    look(cluster)
    assert two.tree == one.tree
    assert two.asides


def two_passes_over_a_moving_source(make: Maker) -> None:
    cluster, (one, two, three) = play(make, 3)
    cluster.begin_pass(two, one)
    cluster.write(one)
    cluster.begin_pass(three, one)
    cluster.write(one)
    cluster.end_pass(two, lambda new: new)
    cluster.end_pass(three, lambda _new: set())
    cluster.crash(one)
    cluster.promote(two)
    assert cluster.promote(three)
    look(cluster)


def _succession(make: Maker) -> tuple[Cluster, Node, Node]:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.crash(one)
    assert cluster.promote(two)
    cluster.write(two)
    return cluster, one, two


def the_successor_is_demoted_when_the_owner_returns(make: Maker) -> None:
    cluster, one, two = _succession(make)
    cluster.demote(two, [])
    cluster.boot(one)
    assert not cluster.promote(one)
    assert cluster.promote(two)


def the_successor_dies_when_the_owner_has_heard(make: Maker) -> None:
    cluster, one, two = _succession(make)
    cluster.boot(one)
    cluster.crash(two)
    assert not cluster.promote(one)


def the_successor_is_out_of_reach_of_its_mate(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.demote(one, [two])
    cluster.cut_links.add(frozenset(cluster.nodes))
    assert cluster.promote(two)
    cluster.write(two)
    wait(cluster)
    cluster.crash(two)
    assert not cluster.promote(one)
    cluster.boot(two)
    cluster.cut_links.clear()
    assert cluster.promote(two)


def _owner_returns_to_a_successor_out_of_reach(make: Maker, *, is_mute: bool) -> None:
    cluster, (one, two, three) = play(make, 3)
    follow(cluster, two, one)
    cluster.stop(three)
    cluster.crash(one)
    assert cluster.promote(two)
    cluster.write(two)
    cluster.cut_links |= {frozenset((two.name, mate.name)) for mate in (one, three)}
    two.is_mute = is_mute
    wait(cluster)
    if not is_mute:
        cluster.demote(two, [])
    cluster.boot(one)
    cluster.start(three)
    cluster.crash(two)
    cluster.hear(one)
    assert not cluster.promote(one)


def the_owner_returns_and_only_attributes_tell_of_its_successor(make: Maker) -> None:
    _owner_returns_to_a_successor_out_of_reach(make, is_mute=False)


def the_owner_returns_and_only_the_cluster_knows_who_is_promoted(make: Maker) -> None:
    _owner_returns_to_a_successor_out_of_reach(make, is_mute=True)


def the_successor_is_out_of_reach_of_two_mates(make: Maker) -> None:
    cluster, (one, two, three) = play(make, 3)
    for node in (two, three):
        follow(cluster, node, one)
    cluster.demote(one, [two, three])
    cluster.cut_links |= {frozenset((two.name, mate.name)) for mate in (one, three)}
    assert cluster.promote(two)
    cluster.write(two)
    wait(cluster)
    cluster.crash(two)
    for node in (one, three, one):
        cluster.hear(node)
    assert not cluster.promote(one)


def a_copy_was_restarted_and_followed_no_more(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.restart(two)
    cluster.write(one)
    wait(cluster)
    cluster.crash(one)
    assert not cluster.promote(two)


def a_copy_lagged(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.write(one)
    wait(cluster)
    cluster.crash(one)
    assert not cluster.promote(two)


def of_two_copies_the_older_is_promoted(make: Maker) -> None:
    cluster, (one, two, three) = play(make, 3)
    follow(cluster, two, one)
    cluster.write(one)
    follow(cluster, three, one)
    cluster.crash(one)
    assert cluster.promote(two)
    assert two.tree == three.tree


def a_minority_has_most_of_the_mirror(make: Maker) -> None:
    cluster, (one, two, three) = play(make, 3, fencing=False, voters=3)
    for node in (two, three):
        follow(cluster, node, one)
    split(cluster, one, two)
    assert cluster.promote(three)
    cluster.demote(one, [two])
    assert not cluster.promote(one)


def the_whole_site_comes_back(make: Maker) -> None:
    cluster, nodes = play(make, 2)
    cluster.write(nodes[0])
    for node in nodes:
        cluster.crash(node)
    for node in reversed(nodes):
        cluster.boot(node)
    cluster.check_somebody_can_be_promoted()


def the_owner_dies_and_the_copy_has_all(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    cluster.write(one)
    follow(cluster, two, one)
    cluster.crash(one)
    assert cluster.promote(two)


def a_planned_move_after_a_pause(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.write(one)
    wait(cluster)
    cluster.demote(one, [two])
    wait(cluster)
    assert cluster.promote(two)
    assert two.tree == one.tree


def the_source_was_lost_from_sight_for_a_moment(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    split(cluster, two)
    heal(cluster)
    cluster.write(one)
    wait(cluster)
    cluster.crash(one)
    assert not cluster.promote(two)


def a_copy_was_cut_off_while_the_others_went_on(make: Maker) -> None:
    cluster, (one, _, three) = play(make, 3)
    follow(cluster, three, one)
    split(cluster, three)
    cluster.write(one)
    wait(cluster)
    cluster.crash(one)
    heal(cluster)
    assert not cluster.promote(three)


def the_copies_were_in_standby_while_the_source_was_promoted_again(make: Maker) -> None:
    cluster, (one, two, three) = play(make, 3)
    follow(cluster, two, one)
    cluster.demote(one, [two])
    for node in (two, three):
        cluster.stop(node)
    assert cluster.promote(one)
    cluster.write(one)
    wait(cluster)
    cluster.shut_down(one)
    for node in (three, two):
        cluster.start(node)
    assert not cluster.promote(two)
    cluster.boot(one)
    assert cluster.promote(one)


def the_copy_was_in_standby_while_the_source_was_promoted_again(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.demote(one, [two])
    cluster.stop(two)
    assert cluster.promote(one)
    cluster.write(one)
    wait(cluster)
    cluster.shut_down(one)
    cluster.start(two)
    assert not cluster.promote(two)
    cluster.boot(one)
    assert cluster.promote(one)


def the_owner_was_in_standby_while_its_successor_lived_and_died(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.stop(one)
    assert cluster.promote(two)
    cluster.write(two)
    wait(cluster)
    cluster.shut_down(two)
    cluster.start(one)
    assert not cluster.promote(one)
    cluster.boot(two)
    assert cluster.promote(two)


def a_copy_that_lost_its_source_starts_anew(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    cluster.write(one)
    follow(cluster, two, one)
    cluster.crash(one)
    cluster.restart(two)
    assert cluster.promote(two)


def the_owner_returns_to_a_voter_that_holds_no_record(make: Maker) -> None:
    cluster, (one, two) = play(make, 2, voters=1)
    follow(cluster, two, one)
    cluster.crash(one)
    assert cluster.promote(two)
    cluster.write(two)
    wait(cluster)
    cluster.crash(two)
    cluster.boot(one)
    assert not cluster.promote(one)
    cluster.boot(two)
    assert cluster.promote(two)


def a_copy_whose_source_was_fenced_was_cut_off_when_it_came_back(make: Maker) -> None:
    cluster, (one, two, three) = play(make, 3, fencing=False)
    follow(cluster, two, one)
    cluster.crash(one)
    cluster.fence(two)
    split(cluster, two)
    cluster.boot(one)
    assert cluster.promote(one)
    cluster.write(one)
    wait(cluster)
    cluster.stop(three)
    cluster.crash(one)
    heal(cluster)
    assert not cluster.promote(two)


def the_mirror_of_a_successor_answers_late(make: Maker) -> None:
    cluster, (one, two) = play(make, 2)
    follow(cluster, two, one)
    cluster.crash(one)
    assert cluster.promote(two)
    cluster.write(two)
    cluster.demote(two, [])
    cluster.crash(two)
    cluster.cut_links.add(frozenset(cluster.nodes))
    cluster.boot(one, standby=True)
    cluster.boot(two)
    two.is_mute = True
    cluster.start(one)
    assert not cluster.promote(one)
    cluster.cut_links.clear()
    assert cluster.promote(two)
