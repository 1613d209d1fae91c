"""Schedules of promotions, demotions, crashes, returns, cuts and heals, drawn by hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ocf_py.mirror import decisions, record
from tests.unit.mirror.cluster import Cluster, Node

if TYPE_CHECKING:
    from collections.abc import Callable

CHOICE = st.integers(0, 3)
CRASHES = st.sampled_from(("", "", "before", "after"))


def where(suits: Callable[[Schedule, Node], bool]) -> Callable[[Any], Any]:
    """The step is possible where an instance suits it that runs; `_pick` chooses among them."""
    possible = precondition(lambda self: any(suits(self, node) for node in self.cluster.actives()))

    def declare(step: Any) -> Any:
        step.suits = suits
        return possible(step)

    return declare


def is_promoted(_: Schedule, node: Node) -> bool:
    return node.promoted


def is_unpromoted(_: Schedule, node: Node) -> bool:
    return not node.promoted


def has_source(self: Schedule, node: Node) -> bool:
    return not node.promoted and any(peer.promoted for peer in self.cluster.reachable(node))


def is_under_way(_: Schedule, node: Node) -> bool:
    return node.under_way is not None


def may_be_tried(self: Schedule, node: Node) -> bool:
    """What Pacemaker asks for: quorum, and nobody promoted in this partition."""
    mates = self.cluster.mates(node)
    return self.cluster.has_quorum(node) and not any(mate.promoted for mate in mates)


def has_diverged(self: Schedule, node: Node) -> bool:
    rules = self.cluster.rules
    return not node.promoted and any(
        rules.follow(node.record, peer.record).kind == rules.DIVERGED
        for peer in self.cluster.reachable(node)
    )


class Schedule(RuleBasedStateMachine):
    """Each step picks among the nodes for which it makes sense."""

    decisions: Any = decisions
    records: Any = record
    cluster: Cluster

    @initialize(size=st.integers(2, 4), fencing=st.booleans(), voters=st.integers(0, 1))
    def begin(self, size: int, fencing: bool, voters: int) -> None:
        self.cluster = Cluster(
            size, fencing=fencing, voters=voters, rules=self.decisions, records=self.records
        )

    def _pick(self, choice: int, suits: Callable[[Schedule, Node], bool]) -> Node:
        found = [node for node in self.cluster.actives() if suits(self, node)]
        return found[choice % len(found)]

    @rule()
    def time_passes(self) -> None:
        self.cluster.tick()

    @where(is_promoted)
    @rule()
    def life_goes_on(self) -> None:
        """Every promoted node writes, and every copy follows: what a cluster does for years."""
        for node in self.cluster.ups():
            if node.promoted:
                self.cluster.write(node)
        for node in self.cluster.actives():
            if has_source(self, node) and node.under_way is None:
                self._make_pass(node, 0)
        self.cluster.tick()

    @where(is_promoted)
    @rule(choice=CHOICE)
    def write(self, choice: int) -> None:
        self.cluster.write(self._pick(choice, is_promoted))

    def _begin_pass(self, node: Node, which: int) -> None:
        sources = [peer for peer in self.cluster.reachable(node) if peer.promoted]
        self.cluster.begin_pass(node, sources[which % len(sources)])

    def _make_pass(self, node: Node, which: int) -> None:
        self._begin_pass(node, which)
        if node.under_way is not None:
            self.cluster.end_pass(node, lambda new: new)

    @where(has_source)
    @rule(choice=CHOICE, which=CHOICE)
    def begin_a_pass(self, choice: int, which: int) -> None:
        self._begin_pass(self._pick(choice, has_source), which)

    @where(has_source)
    @rule(choice=CHOICE, which=CHOICE)
    def make_a_pass(self, choice: int, which: int) -> None:
        self._make_pass(self._pick(choice, has_source), which)

    @where(is_under_way)
    @rule(choice=CHOICE, mask=st.integers(0, 255), crash=CRASHES)
    def end_a_pass(self, choice: int, mask: int, crash: str) -> None:
        node = self._pick(choice, is_under_way)
        self.cluster.end_pass(node, lambda new: {one for one in new if mask >> one % 8 & 1}, crash)

    @where(is_promoted)
    @rule(choice=CHOICE, finishing=st.integers(0, 15))
    def demote(self, choice: int, finishing: int) -> None:
        every = list(self.cluster.nodes.values())
        finishers = [one for at, one in enumerate(every) if finishing >> at & 1]
        self.cluster.demote(self._pick(choice, is_promoted), finishers)

    @where(may_be_tried)
    @rule(choice=CHOICE, dies=st.sampled_from((False, False, False, True)))
    def promote_any(self, choice: int, dies: bool) -> None:
        self.cluster.promote(self._pick(choice, may_be_tried), dies=dies)

    @where(may_be_tried)
    @rule(choice=CHOICE)
    def promote_the_best(self, choice: int) -> None:
        """Of one partition, who has the highest score."""
        tried = self._pick(choice, may_be_tried)
        mates = [mate for mate in self.cluster.mates(tried) if mate.active]
        self.cluster.promote(max(mates, key=lambda node: self.cluster.judge(node).score))

    @precondition(lambda self: self.cluster.ups())
    @rule(choice=CHOICE)
    def crash(self, choice: int) -> None:
        ups = self.cluster.ups()
        self.cluster.crash(ups[choice % len(ups)])

    @precondition(lambda self: self.cluster.ups())
    @rule(choice=CHOICE)
    def shut_down(self, choice: int) -> None:
        ups = self.cluster.ups()
        self.cluster.shut_down(ups[choice % len(ups)])

    @where(lambda *_: True)
    @rule(choice=CHOICE)
    def go_to_standby(self, choice: int) -> None:
        self.cluster.stop(self._pick(choice, lambda *_: True))

    @where(is_promoted)
    @rule(choice=CHOICE)
    def maintain_the_copies(self, choice: int) -> None:
        """They have the final pass and stand by; the source goes on alone, and is shut down."""
        self.life_goes_on()
        one = self._pick(choice, is_promoted)
        mates = [mate for mate in self.cluster.mates(one) if mate.active and mate is not one]
        self.cluster.demote(one, mates)
        for mate in mates:
            self.cluster.stop(mate)
        if may_be_tried(self, one) and self.cluster.promote(one):
            self.cluster.write(one)
        for _ in range(4):
            self.cluster.tick()
        self.cluster.shut_down(one)
        for mate in mates:
            if mate.up:  # nobody has fenced it
                self.cluster.start(mate)
        if any(may_be_tried(self, mate) for mate in mates if mate.up):
            self.promote_the_best(choice)

    @where(lambda self, node: not node.promoted and self.cluster.mates(node) != [node])
    @rule(choice=CHOICE)
    def outlive_an_absent_one(self, choice: int) -> None:
        """It stands by or is off while another is promoted, and comes back when that has died."""
        one = self._pick(choice, lambda _, node: not node.promoted)
        mates = [mate for mate in self.cluster.mates(one) if mate is not one]
        if choice % 2:
            self.cluster.stop(one)
        else:
            self.cluster.crash(one)
        tried = [mate for mate in mates if mate.active and may_be_tried(self, mate)]
        if tried:
            self.cluster.promote(tried[choice % len(tried)])
        promoted = [mate for mate in mates if mate.promoted]
        for mate in promoted:
            self.cluster.write(mate)
        for _ in range(4):
            self.cluster.tick()
        for mate in promoted:
            self.cluster.crash(mate)
        if not one.up:
            self.cluster.boot(one)
        elif not one.active:
            self.cluster.start(one)
        if may_be_tried(self, one):
            self.cluster.promote(one)

    @precondition(lambda self: any(not node.active for node in self.cluster.ups()))
    @rule(choice=CHOICE)
    def leave_standby(self, choice: int) -> None:
        found = [node for node in self.cluster.ups() if not node.active]
        self.cluster.start(found[choice % len(found)])

    @where(is_promoted)
    @rule(choice=CHOICE)
    def crash_the_promoted(self, choice: int) -> None:
        self.cluster.crash(self._pick(choice, is_promoted))

    @precondition(lambda self: len(self.cluster.ups()) < len(self.cluster.nodes))
    @rule(choice=CHOICE, standby=st.sampled_from((False, False, False, True)))
    def boot(self, choice: int, standby: bool) -> None:
        found = [node for node in self.cluster.nodes.values() if not node.up]
        self.cluster.boot(found[choice % len(found)], standby=standby)

    @where(is_unpromoted)
    @rule(choice=CHOICE)
    def restart(self, choice: int) -> None:
        self.cluster.restart(self._pick(choice, is_unpromoted))

    @rule(sides=st.integers(1, 14))
    def part(self, sides: int) -> None:
        self.cluster.part({name: sides >> at & 1 for at, name in enumerate(self.cluster.nodes)})

    @precondition(lambda self: len(set(self.cluster.group.values())) > 1)
    @rule()
    def heal(self) -> None:
        self.cluster.part(dict.fromkeys(self.cluster.nodes, 0))

    @rule(one=CHOICE, other=CHOICE)
    def cut_or_mend_a_cable(self, one: int, other: int) -> None:
        """Of the mirror's own network; the cluster's is another."""
        names = list(self.cluster.nodes)
        pair = frozenset((names[one % len(names)], names[other % len(names)]))
        if len(pair) > 1:
            self.cluster.cut_links ^= {pair}

    @rule(choice=CHOICE)
    def lose_or_regain_its_voice(self, choice: int) -> None:
        """Writing an attribute may fail; what is promoted then is still known to the cluster."""
        if self.cluster.actives():
            node = self._pick(choice, lambda *_: True)
            node.is_mute = not node.is_mute

    @where(has_diverged)
    @rule(choice=CHOICE)
    def resolve(self, choice: int) -> None:
        self.cluster.resolve(self._pick(choice, has_diverged))

    @invariant()
    def no_write_is_erased(self) -> None:
        self.cluster.check_nothing_is_erased()

    @invariant()
    def every_divergence_is_noticed(self) -> None:
        self.cluster.check_divergence_is_noticed()

    def teardown(self) -> None:
        if hasattr(self, "cluster"):
            self.cluster.check_somebody_can_be_promoted()
