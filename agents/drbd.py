"""Drbd: one resource of DRBD, the mirrored block device, as a promotable clone."""

from __future__ import annotations

import ocf_py as ocf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.drbd.picture import Resource
    from ocf_py.drbd.scores import Candidate
    from ocf_py.drbd.tools import Drbd as Machine

_POLL = 0.2  # seconds between two looks at a state that is on its way
_FOR_PRIMARY = 0.75  # of a stop's time: what a promoted peer is given that depends on us
_RETRY = 1.0  # seconds between two attempts at what DRBD has refused
# The facts of the record.
_CURRENT, _LOST, _ELSEWHERE, _WELL = "current", "lost", "promoted-elsewhere", "well"
_NOBODY = "-"  # the cluster has told of no promoted one; "" is: it has told nothing yet
_LEFT = "left"  # the nodes that have stopped, and not started since
_NEWS = "in-sync"  # what the cluster was last told of a resync, or that there can be none


class Drbd(ocf.Agent):
    """Mirrors a block device with DRBD

    A resource of DRBD 8.4 or 9 as a promotable clone: DRBD mirrors the device of the promoted node
    to the others. Which instance may be promoted follows from what DRBD knows of the disks; what is
    Inconsistent or Outdated never is. Needs drbd-utils, the resource in DRBD's configuration, and
    notify=true on the clone. DRBD's fencing works through `ocf-py drbd fence-peer`.
    """

    drbd_resource = ocf.String(
        "The name of the resource in DRBD's configuration",
        required=True,
        unique_group="drbd_resource",
    )
    drbdconf = ocf.Path("DRBD's configuration file", default="/etc/drbd.conf")
    adjust_master_score = ocf.String(
        "Four promotion scores, from the worst state to the best",
        details="Four whole numbers: for a disk that is only Consistent, for good data on a peer "
        "alone, for good data here while the state of a peer is not known, for good data here "
        "otherwise. What is 0 is never promoted. The reference says which state gets which.",
        default="0 10 1000 10000",
        reloadable=True,
    )
    stop_outdates_secondary = ocf.Boolean(
        "Mark the data Outdated where another node goes on without this one",
        details="An unpromoted instance that stops, or has lost its connection, while another is "
        "promoted marks its data as Outdated: it is not promoted before it has caught up.",
        default=False,
        reloadable=True,
    )
    ignore_missing_notifications = ocf.Boolean(
        "Start without notify=true, too", default=False, reloadable=True
    )
    wfc_timeout = ocf.Duration(
        "How long a start waits for the connections to the peers",
        details="How long a start waits for the connections to the peers. It goes on without.",
        default=5.0,
        reloadable=True,
    )
    remove_master_score_if_peer_primary = ocf.Select(
        "Whether a promoted peer rules this instance out",
        details="true: while DRBD sees a promoted peer, and a peer whose disks are all UpToDate, "
        "this instance has the score -INFINITY. unexpected: only while the cluster has not told "
        "of a promoted one.",
        options=("false", "true", "unexpected"),
        default="false",
        reloadable=True,
    )
    fail_promote_early_if_peer_primary = ocf.Boolean(
        "Refuse a promotion at once while a peer is promoted",
        details="Otherwise it is tried until the time is up: a peer that has just died is promoted "
        "in DRBD's eyes for some seconds.",
        default=False,
        reloadable=True,
    )
    unfence_if_all_uptodate = ocf.Boolean(
        "Take fencing constraints away once all disks are UpToDate",
        details="The promoted instance takes away what `ocf-py drbd fence-peer` has put into the "
        "cluster's configuration, where DRBD's own handler has not done so: DRBD calls none where "
        "the link comes back without anything to copy.",
        default=True,
        reloadable=True,
    )
    require_drbd_module_version_ge = ocf.String(
        "The first version of the kernel module that is good enough", default="8.4.0"
    )
    require_drbd_module_version_lt = ocf.String(
        "The first version of the kernel module that is too new", default="10.0.0"
    )
    connect_only_after_promote = ocf.Boolean(
        "Connect to the peers once promoted, not at the start", default=False
    )
    on_degraded = ocf.Select(
        "What monitor says while a disk or a peer is missing or catching up",
        details="report: 190, or 191 of a promoted instance, with the reason; that it has lost a "
        "peer an unpromoted one says from its second monitor on. ignore: nothing.",
        options=("report", "ignore"),
        default="report",
        reloadable=True,
    )

    _seen: Resource | None = None

    @ocf.seam
    def machine(self) -> Machine:
        """DRBD's tools; a test gives its own."""
        from ocf_py.drbd.tools import Drbd as Machine

        return Machine(self.drbd_resource, self.drbdconf, lambda: self.call.deadline.remaining)

    # ------------------------------------------------------------------ what is asked for

    def validate(self) -> None:
        if not self.drbd_resource or not set(self.drbd_resource).isdisjoint(" /:\t\n"):
            raise ocf.Misconfigured(f"drbd_resource={self.drbd_resource!r} is no name")
        if self.drbd_resource in ("all", "-") or self.drbd_resource.startswith("-"):
            raise ocf.Misconfigured(f"drbd_resource={self.drbd_resource} is not one resource")
        if self.call.action == "monitor":
            return  # which is called every few seconds, and uses the names alone
        from ocf_py.drbd.scores import read_points
        from ocf_py.drbd.tools import read_version

        try:
            read_points(self.adjust_master_score)
        except ValueError as error:
            raise ocf.Misconfigured(f"adjust_master_score: {error}") from error
        for name in ("require_drbd_module_version_ge", "require_drbd_module_version_lt"):
            try:
                read_version(getattr(self, name))
            except ValueError as error:
                raise ocf.Misconfigured(f"{name}: {error}") from error

    def validate_here(self) -> None:
        from ocf_py.drbd.local import refuse_limits, refuse_what_is_missing

        refuse_limits(self.call.limit)
        refuse_what_is_missing(
            self.machine,
            self.require_drbd_module_version_ge,
            self.require_drbd_module_version_lt,
            may_load=self.call.action == "start",
        )
        if (
            self.call.is_clone
            and not self.call.is_notified
            and not self.ignore_missing_notifications
        ):
            raise ocf.Misconfigured(
                "the clone does not notify its instances", hint="set the meta attribute notify=true"
            )

    # ------------------------------------------------------------------ what is there

    @ocf.action(timeout=20, interval=10, depth=0, role="Promoted")
    @ocf.action(timeout=20, interval=20, depth=0, role="Unpromoted")
    def monitor(self) -> ocf.Status:
        """Ask; who is unpromoted and was current until now says nothing of a lost peer yet.

        Were it degraded by a promoted peer's death, its own promotion would be late: Pacemaker 2.1
        ends the monitor of the old role first, and a new controller waits its timeout and a minute
        for an answer where that has ended in anything but 0, as it has no record of it. By the
        next monitor it is promoted, or something is wrong.
        """
        self._seen = seen = self.machine.look()
        if seen is None:
            return ocf.STOPPED
        from ocf_py.drbd.complaints import find_complaints

        has_just_lost = self._has_just_lost(seen)
        is_recurring = self.call.is_recurring
        if is_recurring:
            self._note(seen)
        if seen.is_primary and seen.is_cut_off and not seen.suspended and is_recurring:
            raise ocf.PromotedFailure("promoted, and good data is out of reach")
        complaints = [
            *find_complaints(
                seen,
                may_stand_alone=self._may_stand_alone(seen),
                tells_of_peers=not has_just_lost,
            )
        ]
        if not complaints or self.on_degraded == "ignore":
            return ocf.PROMOTED if seen.is_primary else ocf.RUNNING
        degraded = ocf.DEGRADED_PROMOTED if seen.is_primary else ocf.DEGRADED
        return degraded.because("; ".join(complaints))

    def _has_just_lost(self, seen: Resource) -> bool:
        """Whether it is unpromoted, and was current with all its peers until this monitor."""
        facts = self.call.facts
        was_whole = bool(facts.recall(_CURRENT)) and not facts.recall(_LOST)
        is_whole = all(one.is_connected for one in seen.peers.values())
        return not seen.is_primary and was_whole and not is_whole

    def _may_stand_alone(self, seen: Resource) -> bool:
        """Whether it is not connected because it was told not to be yet."""
        return self.connect_only_after_promote and not seen.is_primary

    def _note(self, seen: Resource) -> None:
        """Keep when this instance was last found current, and when it lost a peer after that.

        Written where it changes alone: `current` is when the connection was first seen, so that a
        peer's fencing after it is what has ended it.
        """
        from time import time

        facts = self.call.facts
        if facts.record is None:
            return
        is_whole = all(one.is_connected for one in seen.peers.values()) and not seen.strange
        is_current = seen.is_up_to_date and is_whole
        if is_current and (facts.recall(_LOST) or not facts.recall(_CURRENT)):
            facts.remember(_CURRENT, str(int(time())))
            facts.forget(_LOST)
        elif not is_current and facts.recall(_CURRENT) and not facts.recall(_LOST):
            facts.remember(_LOST, "yes")
        self._show(self._find_news(seen))
        if self.unfence_if_all_uptodate and self._may_unfence(seen):
            self._unfence_when_well(seen)

    def _find_news(self, seen: Resource) -> str:
        """How far the data here has caught up with a peer's, or StandAlone; "" if all is well."""
        from ocf_py.drbd import words

        peers = seen.peers.values()
        if any(peer.stands_alone for peer in peers) and not self._may_stand_alone(seen):
            return words.STAND_ALONE
        found = [seen.percent_in_sync(peer) for peer in peers if peer.replicates(words.TO_HERE)]
        return f"{int(min(found))}%" if found else ""

    def _show(self, news: str) -> None:
        """Show it as an attribute of this node, as long as there is any.

        Of several monitors that end alike Pacemaker keeps the reason of the first.
        """
        facts = self.call.facts
        if facts.record is None or news == facts.recall(_NEWS):
            return
        name = f"drbd-{self.drbd_resource}-in-sync"
        try:
            if news:
                facts.remember(_NEWS, news)
                self.call.cluster.set_attribute(name, news)
            else:
                self.call.cluster.delete_attribute(name)
                facts.forget(_NEWS)
        except ocf.Failure as failure:
            self.call.log.warning(f"{name}: {failure.reason}")

    def _look(self) -> Resource:
        """The picture of what has to be up; Failure where it is down."""
        seen = self.machine.look()
        if seen is None:
            raise ocf.Failure(f"{self.drbd_resource} is down")
        return seen

    # ------------------------------------------------------------------ promotion score

    def promotion_score(self, status: ocf.Status) -> int | None:  # noqa: ARG002
        if self._seen is None:
            return ocf.MINUS_INFINITY
        score, state, _ = self._judge(self._seen)
        self.call.log.debug(f"promotion score {score}: {state}")
        return score

    def _judge(self, seen: Resource) -> tuple[int | None, str, str]:
        from ocf_py.drbd.scores import judge, read_points

        try:
            points = read_points(self.adjust_master_score)
        except ValueError as error:  # which validate() says to all but a monitor
            raise ocf.Failure(f"adjust_master_score: {error}") from error
        return judge(self._candidate(seen), points)

    def _candidate(self, seen: Resource) -> Candidate:
        from ocf_py.drbd.scores import Candidate

        policy = self.remove_master_score_if_peer_primary
        shuns = policy == "true" or (
            policy == "unexpected" and self.call.facts.recall(_ELSEWHERE) == _NOBODY
        )
        return Candidate(
            seen,
            lambda: self._is_confirmed(seen),
            shuns_primary=shuns,
            may_stand_alone=self._may_stand_alone(seen),
        )

    def _is_confirmed(self, seen: Resource) -> bool:
        """Whether every peer that is not connected was fenced while this instance was current.

        Or had stopped in order before, and one was fenced: that was the one that went on. By that
        a primary has written nothing more where I/O froze until then, which resource-and-stonith
        alone sees to.
        """
        since = self.call.facts.recall(_CURRENT)
        lost = {peer.name for peer in seen.peers.values() if not peer.is_connected}
        if not since or not lost:
            return False
        from ocf_py.fencing_history import was_fenced

        fenced = {name for name in lost if was_fenced(name, float(since))}
        return (
            bool(fenced)
            and lost <= fenced.union(self.call.facts.recall(_LEFT).split())
            and self.machine.fencing_policy() == "resource-and-stonith"
        )

    # ------------------------------------------------------------------ start and stop

    @ocf.action(timeout=240)
    def start(self) -> None:
        self._bring_up()
        if not self.connect_only_after_promote:
            self._wait_for_peers()

    def _bring_up(self) -> None:
        from ocf_py.drbd.tools import MANY_PEERS

        if not self.machine.is_up():  # a disk that has grown meanwhile has its metadata inside
            self.machine.administer("check-resize")
        if not self.connect_only_after_promote:
            steps = [["adjust"]]
        elif self.machine.version() >= (MANY_PEERS,):
            steps = [["adjust", "--skip-net"]]
        elif self.machine.look() is None:
            steps = [["new-resource"], ["new-minor"], ["attach"]]
        else:
            steps = []
        for step in steps:
            self._administer(*step)

    def _administer(self, *words: str) -> None:
        from ocf_py.drbd.tools import say_briefly

        done = self.machine.administer(*words)
        if done.status != 0:
            said = say_briefly(done.stderr) or say_briefly(done.stdout)
            is_new = "no valid meta" in said.lower()
            create = f"drbdadm create-md {self.drbd_resource}"
            raise ocf.Failure(
                f"drbdadm {' '.join(words)} ended with {done.status}: {said}",
                hint=f"a new disk, and none that holds data, needs {create}" if is_new else "",
            )

    def _wait_for_peers(self) -> None:
        """Wait for a while: a node that has not heard of its peer is a poor candidate."""
        from time import monotonic

        end = monotonic() + min(self.wfc_timeout, self.call.deadline.stage(0.8))
        while monotonic() < end:
            seen = self.machine.look()
            if seen is not None and all(
                one.is_connected or one.stands_alone for one in seen.peers.values()
            ):
                return
            self.call.deadline.sleep(_POLL, "waiting for the peers")

    @ocf.action(timeout=100)
    def stop(self) -> None:
        if not self.machine.is_up():
            return
        seen = self._glimpse()
        if seen is not None and (self._leaves_a_primary(seen) or self._goes_on_without_us(seen)):
            self._outdate()
        from ocf_py.drbd.refusals import is_held_open, is_refused_by_primary
        from ocf_py.drbd.tools import say_briefly

        def take_down() -> ocf.Failure | None:
            done = self.machine.take_down()
            is_late = done.status != 0 and not self.call.deadline.stage(_FOR_PRIMARY)
            if is_late and is_refused_by_primary(done, self._glimpse()):
                # It loses our data anyway: a stop that fails has this node fenced.
                self.call.log.warning("the promoted peer has no other good data: it loses ours")
                self._administer_gently("disconnect", "--force")
                done = self.machine.take_down()
            if not self.machine.is_up():
                return None
            said = f"drbdsetup down ended with {done.status}: {say_briefly(done.stderr)}"
            return ocf.Failure(
                self._find_openers(seen) if seen is not None and is_held_open(done) else said
            )

        self._insist(take_down)
        self._show("")

    def _glimpse(self) -> Resource | None:
        """The picture where it can be had: nobody is fenced for what a stop does without."""
        from ocf_py.drbd.tools import OutOfTime

        try:
            return self.machine.look()
        except OutOfTime:
            raise
        except ocf.Failure as failure:
            self.call.log.warning(failure.reason)
            return None

    def _insist(self, attempt: Callable[[], ocf.Failure | None]) -> None:
        """Attempt it until it succeeds, which None says; else it says what it failed of.

        That is what it raises when the time is up: another attempt begins only where there is time
        for it, and for telling the cluster, and one that is cut off has nothing to say.
        """
        from ocf_py.drbd.tools import OutOfTime

        deadline = self.call.deadline
        failure = None
        while True:
            before = deadline.remaining
            try:
                failure = attempt()
            except OutOfTime:
                if failure is None:
                    raise
                raise failure from None
            if failure is None:
                return
            left = deadline.remaining
            if left <= _RETRY + 2 * (before - left):
                raise failure
            deadline.sleep(_RETRY, failure.reason)

    def _find_openers(self, seen: Resource) -> str:
        found = self.machine.find_openers(seen.minors)
        who = ", ".join(found) if found else "nobody that /proc or /sys shows"
        return f"held open: {who}"

    def _outdate(self) -> None:
        """Mark our data as behind what the promoted node goes on with."""
        self._administer_gently("disconnect")
        self._administer_gently("outdate")

    def _administer_gently(self, *words: str) -> None:
        """The same as `_administer` where what follows does not need it: a failure is logged."""
        try:
            self._administer(*words)
        except ocf.Failure as failure:
            self.call.log.warning(failure.reason)

    # ------------------------------------------------------------------ roles

    @ocf.action(timeout=90)
    def promote(self) -> None:
        from ocf_py.drbd.refusals import explain_promote, foresee_half_promotion

        self.call.facts.forget(_WELL)  # another may have fenced since

        def attempt() -> ocf.Failure | None:
            seen = self._look()
            self._refuse_bad_data(seen)
            refusal = foresee_half_promotion(seen)
            if refusal is None:
                done = self.machine.administer("primary")
                if done.status == 0:
                    return None
                seen = self._look()
                refusal = explain_promote(done, seen)
                if seen.is_primary:  # 8.4 leaves those volumes promoted that came before
                    self._administer_gently("secondary")
            failure = ocf.Failure(refusal.why, hint=refusal.remedy)
            is_final = refusal.is_by_primary and self.fail_promote_early_if_peer_primary
            if is_final or not refusal.can_change:
                raise failure
            return failure

        self._insist(attempt)
        if self.connect_only_after_promote:
            self._administer("adjust")

    def _refuse_bad_data(self, seen: Resource) -> None:
        """Refuse what must not be promoted, though DRBD might do it."""
        from ocf_py.drbd import words
        from ocf_py.drbd.refusals import explain_bad_data
        from ocf_py.drbd.scores import CONFIRMED

        bad = {words.INCONSISTENT, words.OUTDATED, words.CONSISTENT}
        if seen.disks.isdisjoint(bad):
            return
        score, state, reason = self._judge(seen)
        if state == CONFIRMED:
            self._vouch()
        if score is not None and score <= ocf.MINUS_INFINITY:
            self.call.log.error(f"not promoted: {state}: {reason}")
            refusal = explain_bad_data(seen, state)
            raise ocf.Failure(refusal.why, hint=refusal.remedy)

    def _vouch(self) -> None:
        """Tell the handler, which DRBD is about to call, what it cannot know."""
        from ocf_py.drbd import marks

        try:
            marks.vouch(self.drbd_resource)
        except OSError as error:
            self.call.log.warning(f"the fencing handler is told nothing: {error}")

    @ocf.action(timeout=90)
    def demote(self) -> None:
        from ocf_py.drbd.refusals import is_held_open
        from ocf_py.drbd.tools import say_briefly

        def attempt() -> ocf.Failure | None:
            done = self.machine.administer("secondary")
            seen = self._look()
            if seen.is_primary and not is_held_open(done):  # a configuration may be broken
                said = f"drbdadm secondary ended with {done.status}: {say_briefly(done.stderr)}"
                done = self.machine.demote(seen.minors)
                seen = self._look()
                if seen.is_primary and not is_held_open(done):
                    raise ocf.Failure(said)
            return ocf.Failure(self._find_openers(seen)) if seen.is_primary else None

        self._insist(attempt)

    @ocf.action(timeout=30)
    def reload_agent(self) -> None:
        """The new values count from the next look on; the score is told now."""
        seen = self.machine.look()
        if seen is not None:
            self._tell(seen)

    # ------------------------------------------------------------------ notifications

    @ocf.action(timeout=90)
    def notify(self) -> None:
        told = self.call.cluster.notification
        if told.kind != "post" and told.operation != "start":
            return  # a takeover waits for it
        seen = self.machine.look()
        if seen is None:
            return
        if told.operation == "start" and not self._may_stand_alone(seen):
            self._administer_gently("adjust")  # a peer may be new, or have a new address
            seen = self._look()
        if told.kind != "post":
            return
        if self.call.facts.record is not None:
            self._remember_promoted()
            self._remember_left()
        self._note(seen)
        # Of one that has just been started the link may yet come up. A later one is left looking
        # for its peer, which it has to hear of to be of use again.
        if told.operation != "start" and self._goes_on_without_us(seen):
            self._administer_gently("outdate")
            seen = self._look()
        self._tell(seen)

    def _remember_promoted(self) -> None:
        told, facts = self.call.cluster.notification, self.call.facts
        where = self._list_promoted({*told.nodes("promoted"), *told.nodes("promote")}) or _NOBODY
        if facts.recall(_ELSEWHERE) != where:
            facts.remember(_ELSEWHERE, where)

    def _remember_left(self) -> None:
        """Keep which nodes have stopped: what they have lost touch with since is nothing newer."""
        told, facts = self.call.cluster.notification, self.call.facts
        before = facts.recall(_LEFT)
        left = {*before.split(), *told.nodes("stop")}.difference(told.nodes("start"))
        now = " ".join(sorted(left))
        if now != before:
            facts.remember(_LEFT, now)

    def _list_promoted(self, before: set[str]) -> str:
        """Those of some nodes that stay promoted, without this one."""
        told = self.call.cluster.notification
        left = before.difference(told.nodes("demote"), told.nodes("stop"), [self.call.node])
        return " ".join(sorted(left))

    def _goes_on_without_us(self, seen: Resource) -> bool:
        """Whether another node is promoted now, and writes what does not arrive here.

        A promotion that is only announced may fail, and leave the newest data here: it counts once
        it is through.
        """
        if (
            not self.stop_outdates_secondary
            or seen.is_primary
            or seen.strange
            or any(peer.is_connected for peer in seen.peers.values())
        ):
            return False
        told = self.call.cluster.notification
        now = {*told.nodes("promoted")}
        if (told.kind, told.operation) == ("post", "promote"):
            now.update(told.nodes("promote"))
        return bool(self._list_promoted(now))

    def _leaves_a_primary(self, seen: Resource) -> bool:
        """Whether a stop is what makes this instance's data older than another's."""
        if not self.stop_outdates_secondary or seen.is_primary:
            return False
        primary = seen.find_primary()
        return primary is not None and primary.is_connected

    def _tell(self, seen: Resource) -> None:
        """Tell the cluster the score of what was seen."""
        self._seen = seen
        score = self._judge(seen)[0]
        if score is not None:
            self.call.cluster.set_promotion_score(score)

    def _may_unfence(self, seen: Resource) -> bool:
        """Whether this view decides: of one that is promoted, or has fenced, and nobody else is."""
        if seen.is_primary or seen.find_primary() is not None:
            return seen.is_primary
        from ocf_py.drbd import marks

        return marks.is_marked(self.drbd_resource)

    def _unfence_when_well(self, seen: Resource) -> None:
        """Take the fencing constraints away once all is well, after a promotion and a handler.

        DRBD calls none where a link comes back without anything to copy.
        """
        from ocf_py.drbd import marks

        facts = self.call.facts
        if not seen.is_well:
            facts.forget(_WELL)
        elif not facts.recall(_WELL) or marks.is_marked(self.drbd_resource):
            try:
                is_done = self._unfence()
            except OSError as error:
                self.call.log.warning(f"the fencing of the peers stays: {error}")
            else:
                if is_done:
                    facts.remember(_WELL, "yes")

    def _unfence(self) -> bool:
        """Whether no constraint is left. While a handler is at work the peers stay fenced."""
        from contextlib import closing

        from ocf_py.drbd.constraint import deletion_of_all
        from ocf_py.drbd.marks import Turn
        from ocf_py.drbd.tools import say_briefly
        from ocf_py.system import commands

        with closing(Turn(self.drbd_resource, alone=True)) as turn:
            if not turn.is_ours or not self._look().is_well:
                return False
            argv = deletion_of_all(self.drbd_resource)
            try:
                done = commands.run(argv, self.call.deadline.remaining / 2)
            except commands.ToolMissing:
                return True  # without a cluster there are none
            if done.status != 0:
                raise OSError(say_briefly(done.stderr))
            turn.clear()
        return True
