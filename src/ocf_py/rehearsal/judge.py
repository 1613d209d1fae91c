"""The rules that every fault is held to, each a function of the record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ocf_py.lab.cib import FENCE_PREFIX
from ocf_py.rehearsal.record import (
    ANYBODY,
    LAG_MARGIN,
    MOVES,
    NOBODY,
    ONE,
    SERVES_AGAIN,
    SOMEBODY,
    STAYS,
    VICTIM,
    VICTIM_OR_NOBODY,
    Verdict,
)

if TYPE_CHECKING:
    from ocf_py.lab.witnesses.holdings import Holding
    from ocf_py.rehearsal.record import Heard, Held, Play


def judge(play: Play) -> list[Verdict]:
    """The verdict of each rule that has something to say of a play."""
    if play.trouble:
        return [Verdict("played", holds=False, said=play.trouble)]
    return [
        Verdict(name, holds=not said, said=said or fine)
        for name, rule, fine in _RULES
        for said in (rule(play),)
        if said is not None
    ]


def _one_holder(play: Play) -> str | None:
    return _never_two(play, "address", "held")


def _one_mount(play: Play) -> str | None:
    return _never_two(play, "mount", "mounted")


def _never_two(play: Play, kind: str, verb: str) -> str | None:
    concerned = [held for held in play.held if held.kind == kind]
    if not concerned:
        return None
    unseen = [held.name for held in concerned if not held.stays]
    if unseen:
        return f"{', '.join(unseen)}: nobody was ever seen to have it"
    said = [
        f"{held.name} was {verb} on {one.node} and {other.node} at once, at {other.since:+.3f} s"
        for held in concerned
        for one, other in _find_overlaps(held)[:1]
    ]
    said += [
        f"{held.name} is {verb} by nobody at the end"
        for held in concerned
        if all(stay.until is not None for stay in held.stays)
    ]
    return "; ".join(said)


def _find_overlaps(held: Held) -> list[tuple[Holding, Holding]]:
    return [
        (one, other)
        for one, other in held.doubles()
        if one.until is None or one.until - other.since > held.resolution
    ]


def _no_write_lost(play: Play) -> str | None:
    if not play.written:
        return None
    said = []
    for written in play.written:
        if not written.acknowledged:
            said.append(f"{written.writer}: nothing was acknowledged, so that nothing is proved")
            continue
        lost = written.lost
        if written.kind == "mirror" and _may_lose(play):
            if written.lag is None:
                said.append(f"{written.writer}: its lag was not reported")
                continue
            # What the copy may lack are the last seconds before the fault, and what the node that
            # was struck acknowledged until it was fenced; nothing of its successor's.
            since = -written.lag - LAG_MARGIN
            until = max(LAG_MARGIN, min(_confirmed(play).values(), default=0.0))
            lost = [at for at in lost if not since <= at <= until]
        if lost:
            said.append(
                f"{written.writer}: {len(lost)} acknowledged writes are lost, the first of "
                f"{min(lost):+.3f} s"
            )
    return "; ".join(said)


def _may_lose(play: Play) -> bool:
    """Whether who had the last writes was lost to the others: fenced, or with the whole room."""
    return play.expectation.losing and bool(play.fenced or play.expectation.fencing == ANYBODY)


def _serves_again(play: Play) -> str | None:
    if not play.heard:
        return "no client asked, so that nothing is proved"
    return "; ".join(filter(None, (_judge_client(play, heard) for heard in play.heard)))


def _judge_client(play: Play, heard: Heard) -> str:
    bound = play.expectation.bound
    if not heard.before:
        return f"{heard.client}: nobody answered before the fault"
    if not heard.finally_from:
        return f"{heard.client}: nobody answers at the end"
    if not play.expectation.after_mend:
        longest = max((gap.seconds(play.ended) for gap in heard.gaps), default=0.0)
        return "" if longest <= bound else f"{heard.client}: {longest:.2f} s without an answer"
    if play.repair is None or heard.repaired is None:
        return f"{heard.client}: no answer after the repair"
    longest = max((gap.seconds_after(play.repair, play.ended) for gap in heard.gaps), default=0.0)
    if longest <= bound:
        return ""
    return f"{heard.client}: {longest:.2f} s without an answer after the repair"


def _right_place(play: Play) -> str | None:
    """Clients see who answers; those of a program, which cannot, name none."""
    place, clients, said = play.expectation.place, play.expectation.clients, []
    if place not in (MOVES, STAYS):
        return None
    for heard in play.heard:
        if heard.before != play.victim or heard.client not in (clients or [heard.client]):
            continue  # it was not on the node that was struck, or is not concerned
        if place == MOVES and heard.first_elsewhere is None:
            said.append(f"{heard.client} was never answered by another node than {play.victim}")
        elif place == STAYS and heard.first_elsewhere is not None:
            said.append(f"{heard.client} was answered elsewhere at {heard.first_elsewhere:+.2f} s")
    return "; ".join(said)


def _others_undisturbed(play: Play) -> str | None:
    """What ran elsewhere than on the struck node had nothing to do with the fault.

    Once that node is back, the CIB's own preferences may place anything anew.
    """
    back = min(
        [
            one.at
            for one in play.moments
            if one.node == play.victim and one.text.endswith("power on")
        ]
        + [play.ended if play.repair is None else play.repair]
    )
    nobody = ("", SOMEBODY, play.victim)
    others = [heard for heard in play.heard if heard.before not in nobody]
    if (
        not others
        or play.expectation.after_mend
        or play.expectation.displacing
        or play.expectation.fencing not in (NOBODY, VICTIM, VICTIM_OR_NOBODY)
    ):
        return None
    moved = [
        heard.client
        for heard in others
        if heard.first_elsewhere is not None and heard.first_elsewhere < back
    ]
    return f"not on {play.victim}, and moved: {', '.join(moved)}" if moved else ""


def _fenced_rightly(play: Play) -> str:
    wanted, fenced = play.expectation.fencing, set(play.fenced)
    shown = ", ".join(sorted(fenced)) or "nobody"
    if wanted == NOBODY and fenced:
        return f"fenced: {shown}; nobody should be"
    if wanted == VICTIM and fenced != {play.victim}:
        return f"fenced: {shown}; {play.victim} should be"
    if wanted == ONE and len(fenced) != 1:
        return f"fenced: {shown}; one node should be"
    if wanted == VICTIM_OR_NOBODY and fenced - {play.victim}:
        return f"fenced: {shown}; nobody but {play.victim} may be"
    return ""


def _fencing_came_first(play: Play) -> str | None:
    """What a node that was fenced held was taken over no sooner than it was."""
    confirmed = _confirmed(play)
    if not play.held or not (confirmed or play.expectation.fencing in (VICTIM, ONE)):
        return None
    if not confirmed:
        return "no fencing was seen"
    return "; ".join(
        f"{stay.node} had {held.name} {at - stay.since:.3f} s before {node} was fenced"
        for node, at in confirmed.items()
        for held in play.held
        if _was_on(held, node)
        for stay in held.stays
        if stay.node != node and 0 < stay.since < at
    )


def _confirmed(play: Play) -> dict[str, float]:
    """Node → when its first fencing was confirmed."""
    confirmed: dict[str, float] = {}
    for one in play.moments:
        if one.kind == "fencing":
            confirmed.setdefault(one.node, one.at)
    return confirmed


def _was_on(held: Held, node: str) -> bool:
    return any(
        stay.node == node and stay.since <= 0 and (stay.until is None or stay.until > 0)
        for stay in held.stays
    )


def _nothing_done(play: Play) -> str | None:
    """Where a fault is none of the cluster's business, it finds nothing and restarts nothing."""
    if not play.expectation.quiet:
        return None
    done = [
        f"{one.text} at {one.at:+.2f} s"
        for one in play.moments
        if one.kind in ("detection", "failure", "operation")
        and one.resource
        and not one.resource.startswith(FENCE_PREFIX)
    ]
    return "; ".join(done)


def _nothing_left(play: Play) -> str:
    after = play.aftermath
    return "; ".join((*after.failures, *after.astray, *(f"{one} is off" for one in after.offline)))


_Rule = Callable[["Play"], "str | None"]
_RULES: tuple[tuple[str, _Rule, str], ...] = (
    ("one holder", _one_holder, "no address was held by two nodes at once"),
    ("one mount", _one_mount, "no file system was mounted on two nodes at once"),
    ("no write lost", _no_write_lost, "every acknowledged write is there, as far as is promised"),
    (SERVES_AGAIN, _serves_again, "every client had its answers back within the bound"),
    ("right place", _right_place, "it answers from where it should"),
    ("others undisturbed", _others_undisturbed, "what ran elsewhere stayed there"),
    ("fencing", _fenced_rightly, "fencing is what it should be"),
    ("fencing first", _fencing_came_first, "nothing was taken over before the fencing"),
    ("nothing done", _nothing_done, "the cluster had nothing to do for it"),
    ("nothing left", _nothing_left, "nothing is left behind, all nodes are back"),
)
