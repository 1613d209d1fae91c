"""IPaddr: a virtual IP address that runs where the cluster wants it."""

from __future__ import annotations

import ocf_py as ocf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from ocf_py.system.network import Held, Link, Network
    from ocf_py.system.processes import ProcessIdentity
    from ocf_py.system.wanted import Wanted

_CARRIER_SECONDS = 5.0  # what an interface that was just set up may take to find its other end
# What start leaves for stop: the process that announces, the interface by a name that stays, how
# the loopback held the address, and the label that keeps it from being a source.
_ANNOUNCER, _LINK, _LOOPBACK, _SOURCE_LABEL = "announcer", "link", "loopback", "source-label"
_NAMESPACE = "namespace"  # by its number: a name can be taken from one that lives on
_POLICIES = ("refuse", "warn", "degraded")


class IPaddr(ocf.Agent):
    """Manages a virtual IPv4 or IPv6 address

    The address is added to an interface of the node where the resource runs, and announced there,
    so that the neighbours send to the new place at once: by gratuitous ARP (IPv4) or unsolicited
    neighbour advertisements (IPv6). When the resource stops, the address is removed wherever it
    is, whatever the routes are by then.
    """

    ip = ocf.IPAddress(
        "The address",
        details="The IPv4 (dotted quad) or IPv6 address, without a prefix length.",
        required=True,
        unique_group="address",
    )
    nic = ocf.String(
        "The interface",
        details="The network interface that carries the address. Without it, the one is taken that "
        "the most specific directly connected route to the address leads to; where several fit "
        "alike, start fails and names them.",
        default=None,
    )
    cidr_netmask = ocf.String(
        "The prefix length",
        details="The prefix length, such as 24; for IPv4 also as a mask, such as 255.255.255.0. "
        "Without it, that of the connected route to the address is taken.",
        default=None,
    )
    broadcast = ocf.String(
        "The broadcast address (IPv4)",
        details="The broadcast address; + sets all host bits, - leaves it away.",
        default="+",
    )
    iflabel = ocf.String(
        "A label (IPv4)",
        details="A label, shown by ip-address(8) as INTERFACE:LABEL; both together are at most 15 "
        "characters.",
        default=None,
    )
    proto = ocf.String(
        "Choose the interface by routes of this origin",
        details="Looks only at routes that this protocol made when the interface or the prefix "
        "length is not given: kernel, boot, static, ra, dhcp, or a number.",
        default=None,
    )
    table = ocf.String(
        "Choose the interface by this routing table",
        details="The routing table to look in when the interface or the prefix length is not "
        "given, by number or by its name in /etc/iproute2/rt_tables; that of a VRF, for instance. "
        "Without it, main.",
        default=None,
    )
    metric = ocf.Integer(
        "The metric of the subnet's route",
        details="The metric of the route to the subnet that comes with the address (Linux 4.18). "
        "Without it, the kernel's own.",
        default=None,
        minimum=0,
        maximum=0xFFFFFFFF,
    )
    noprefixroute = ocf.Boolean(
        "Make no route to the subnet",
        details="Adds the address without the route to its subnet that would come with it.",
        default=False,
    )
    nodad = ocf.Boolean(
        "Skip duplicate address detection (IPv6)",
        details="Uses the address at once, without asking whether another host has it.",
        default=False,
    )
    preferred_lft = ocf.String(
        "The preferred lifetime",
        details="For how many seconds the address may be chosen as a source, or forever. 0 keeps "
        "it from being one at all (RFC 4862, section 5.5.4). IPv4 knows only 0 and forever.",
        default="forever",
    )
    network_namespace = ocf.String(
        "The network namespace",
        details="The network namespace to work in, by its name in ip-netns(8). It must exist.",
        default=None,
        unique_group="address",
    )
    unique_clone_address = ocf.Boolean(
        "Give each instance of a clone its own address",
        details="Adds the number of the clone's instance to the address: the first instance has "
        "ip, the next the address behind it. The clone needs globally-unique=true.",
        default=False,
    )
    lvs_support = ocf.Boolean(
        "Leave the address on the loopback for LVS (IPv4)",
        details="For direct routing: where lo has the address before the start, it is taken from "
        "there while the resource runs, and given back when it stops.",
        default=False,
    )
    lvs_ipv6_addrlabel = ocf.Boolean(
        "Keep the address from being a source for LVS (IPv6)",
        details="Gives the address a label of its own in the address selection policy (RFC 6724) "
        "while the resource runs, so that the node does not speak from it.",
        default=False,
    )
    lvs_ipv6_addrlabel_value = ocf.Integer(
        "The label that keeps it from being a source (IPv6)",
        details="A label that no other prefix has: see ip-addrlabel(8).",
        default=99,
        minimum=0,
        maximum=0xFFFFFFFE,
    )
    arp_count = ocf.Integer(
        "How often the address is announced",
        details="How often the address is announced when it starts. The first announcement goes "
        "out before start returns.",
        default=5,
        minimum=0,
        maximum=1000,
        reloadable=True,
    )
    arp_interval = ocf.Duration(
        "Time between two announcements",
        details="Time between two announcements; a bare number is in milliseconds.",
        default=0.2,
        unit="ms",
        reloadable=True,
    )
    arp_count_refresh = ocf.Integer(
        "How often the address is announced by each monitor",
        details="How often every recurring monitor announces the address anew, for neighbours that "
        "have learnt something else meanwhile.",
        default=0,
        minimum=0,
        maximum=1000,
        reloadable=True,
    )
    arp_bg = ocf.Boolean(
        "Announce in the background",
        details="Sends all announcements after the first from a process in the background, which "
        "ends with the resource; if false, start and monitor return after the last one.",
        default=True,
        reloadable=True,
    )
    arp_targets = ocf.String(
        "Whom to tell directly",
        details="Addresses of neighbours that are told directly too, such as a gateway that "
        "ignores what is announced to all; up to 64, separated by blanks or commas.",
        default=None,
        reloadable=True,
    )
    run_arping = ocf.Boolean(
        "Ask for duplicates before the address is added (IPv4)",
        details="Asks whether another host answers for the address before start adds it, as the "
        "kernel does for IPv6 by itself. Takes 0.6 s when nobody answers.",
        default=False,
        reloadable=True,
    )
    on_duplicate = ocf.Select(
        "What if another host answers for the address",
        details="refuse: start and the monitor of depth 10 fail. warn: a line in the log. "
        "degraded: the monitor answers 190, for Pacemaker 2.1 and later, and start warns. Without "
        "it, start refuses and the monitor warns. What the kernel's own detection refuses (IPv6) "
        "fails in any case.",
        options=_POLICIES,
        default=None,
        reloadable=True,
    )
    check_link_status = ocf.Boolean(
        "Whether the interface must have a carrier",
        details="If false, on_link_down is warn unless it is given.",
        default=True,
        reloadable=True,
    )
    on_link_down = ocf.Select(
        "What if the interface is down or without a carrier",
        details="refuse: start and the recurring monitor fail. warn: a line in the log. degraded: "
        "the monitor answers 190, for Pacemaker 2.1 and later, and start warns.",
        options=_POLICIES,
        reloadable=True,
    )
    flush_routes = ocf.Boolean(
        "Flush the routing cache on stop",
        details="Has the kernel forget what it has learnt about routes when the address goes, so "
        "that nothing on this node goes on using it.",
        default=False,
        reloadable=True,
    )
    kill_connections = ocf.Boolean(
        "End TCP connections on stop",
        details="Ends this node's TCP connections from the address when it goes: their other ends "
        "are told, and none lingers until the address comes back.",
        default=False,
        reloadable=True,
    )

    @ocf.seam
    def network(self) -> Network:
        """The kernel's interfaces, addresses and routes, in the namespace that was asked for."""
        from ocf_py.system.network import Network

        known = self.call.facts.recall(_NAMESPACE)
        inode = int(known) if known.isdecimal() else 0
        return Network(self.call.deadline.remaining, self.network_namespace, inode)

    def _default_on_link_down(self) -> str:
        """refuse, or warn where check_link_status is false."""
        return "refuse" if self.check_link_status else "warn"

    # ------------------------------------------------------------------ what was asked for

    _wanted: Wanted | None = None  # read once an action

    @property
    def wanted(self) -> Wanted:
        """The address of this instance, and how it is to be held."""
        if self._wanted is None:
            self._wanted = self._read_wanted()
        return self._wanted

    def _read_wanted(self) -> Wanted:
        from ocf_py.system.wanted import Wanted, Wrong

        try:
            address = self.ip
            if self.unique_clone_address:
                address = address.plus(self.call.clone_number)
            return Wanted(
                address,
                self.nic,
                self.cidr_netmask,
                self.broadcast,
                self.iflabel,
                self.preferred_lft,
                self.proto,
                self.table,
            )
        except Wrong as wrong:
            raise ocf.Misconfigured(str(wrong), hint=wrong.hint) from wrong
        except ValueError as error:
            raise ocf.Misconfigured(f"unique_clone_address: {error}") from error

    def validate(self) -> None:
        wanted = self.wanted
        is_ipv4 = wanted.address.version == 4
        if self.lvs_support and not is_ipv4:
            raise ocf.Misconfigured(
                "lvs_support is for IPv4 alone", hint="for IPv6 there is lvs_ipv6_addrlabel"
            )
        if self.lvs_ipv6_addrlabel and is_ipv4:
            raise ocf.Misconfigured("lvs_ipv6_addrlabel is for IPv6 alone", hint="leave it away")
        if self.lvs_support and self.kill_connections:
            raise ocf.Misconfigured(
                "kill_connections would end what lvs_support keeps", hint="choose one of them"
            )
        name = self.network_namespace
        length = len((name or "").encode("utf-8", "surrogateescape"))
        if name is not None and ("/" in name or name in (".", "..") or length > 255):
            raise ocf.Misconfigured(
                f"network_namespace={name!r} is no name of a namespace",
                hint="ip-netns(8) shows their names",
            )
        self._targets()

    def validate_here(self) -> None:
        if self.unique_clone_address and self.call.is_anonymous_clone:
            raise ocf.Misconfigured(
                "unique_clone_address needs instances that are told apart",
                hint="set globally-unique=true on the clone",
            )
        from ocf_py.system.network import NoNamespace

        try:
            with self.network:
                link, _ = self._place()
        except NoNamespace as none:
            raise ocf.UnusableHere(
                f"network_namespace={self.network_namespace!r} does not exist here",
                hint="ip-netns(8) shows those that do",
            ) from none
        self._label(link)

    def _label(self, link: Link) -> str:
        from ocf_py.system.wanted import LABEL_ROOM

        label = self.wanted.label_on(link)
        if len(label) > LABEL_ROOM:
            raise ocf.UnusableHere(
                f"iflabel={self.wanted.label!r} is too long for {link.name}",
                hint=f"{LABEL_ROOM - 1 - len(link.name)} characters fit behind its name",
            )
        return label

    def _targets(self) -> list[ocf.Address]:
        if self.arp_targets is None:
            return []
        from ocf_py.system.announce import parse_targets

        try:
            return parse_targets(self.arp_targets, self.ip.family)
        except ValueError as error:
            raise ocf.Misconfigured(f"arp_targets {error}") from error

    # ------------------------------------------------------------------ where it belongs

    def _place(self) -> tuple[Link, int]:
        """Choose the interface and the prefix length; UnusableHere where this node offers none."""
        wanted = self.wanted
        for holder, held in self._holdings():  # where it is already, it stays
            if not wanted.flaw(holder, held):
                return holder, held.prefix
        from ocf_py.system.placement import NoPlace, find_place

        try:
            return find_place(self.network, wanted)
        except NoPlace as none:
            raise ocf.UnusableHere(str(none), hint=none.hint) from none

    def _holdings(self) -> list[tuple[Link, Held]]:
        """Find our address: on `nic` where that is given, else anywhere but on lo."""
        holdings: list[tuple[Link, Held]] = []
        wanted = self.wanted
        for held in self.network.holders(wanted.address):
            link = self.network.link_by_index(held.index)
            if link is None:  # gone between the two questions, and the address with it
                continue
            if self._is_on(wanted.nic, link) if wanted.nic is not None else not link.is_loopback:
                holdings.append((link, held))
        return holdings

    def _is_on(self, nic: str, link: Link) -> bool:
        # By its index too: an interface that was renamed since still has our address.
        if link.name == nic or self.call.facts.recall(_LINK) == str(link.index):
            return True
        named = self.network.link(nic)  # it may be an alternative name
        return named is not None and named.index == link.index

    # ------------------------------------------------------------------ monitor

    @ocf.action(timeout=20, interval=10, depth=0)
    @ocf.action(timeout=20, interval=60, depth=10)
    def monitor(self) -> ocf.Status:
        from ocf_py.system.network import NoNamespace

        try:
            with self.network:
                return self._judge()
        except NoNamespace:  # what is not there holds no address
            return ocf.STOPPED

    def _judge(self) -> ocf.Status:
        holdings = self._holdings()
        if not holdings:
            return ocf.STOPPED
        wanted = self.wanted
        flaws = [wanted.flaw(link, held) for link, held in holdings]
        if all(flaws):
            raise ocf.Failure("; ".join(flaws))
        link, held = holdings[flaws.index("")]
        if self.call.action == "start" and not (held.is_permanent and self._is_settled(link, held)):
            raise ocf.Failure(f"{wanted.address} is on {link.name}, but not to stay")
        status = ocf.RUNNING
        # To a probe the address is here all the same; that it serves nobody is for recovery.
        if self.call.is_recurring and not link.has_carrier:
            status = self._follow(self.on_link_down, self._say_down(link))
        if self.call.level >= 10:
            rival = self._ask_twice(link)
            if rival:
                status = self._follow(self.on_duplicate or "warn", self._say_rival(link, rival))
        if self.call.is_recurring:
            self._remember_link(link)
            self._announce(link, self.arp_count_refresh)
        return status

    def _is_settled(self, link: Link, held: Held) -> bool:
        """Whether the kernel has decided on it, or cannot yet: it asks once there is a carrier."""
        return not held.is_tentative or not link.has_carrier

    def _remember_link(self, link: Link) -> None:
        """Know an adopted address again when its interface is renamed."""
        if self.call.facts.record is not None and not self.call.facts.recall(_LINK):
            self._try(lambda: self.call.facts.remember(_LINK, str(link.index)))

    def _follow(self, policy: str, finding: str) -> ocf.Status:
        """Do with a finding what the policy says: fail, or go on and say so."""
        if policy == "refuse":
            raise ocf.Failure(finding)
        self.call.log.warning(finding)
        return ocf.DEGRADED.because(finding) if policy == "degraded" else ocf.RUNNING

    def _say_down(self, link: Link) -> str:
        how = "has no carrier" if link.is_up else "is down"
        return f"{link.name} {how}, so that nobody reaches {self.wanted.address} there"

    def _say_rival(self, link: Link, rival: str) -> str:
        return f"another host on {link.name}, {rival}, answers for {self.wanted.address}"

    def _ask_twice(self, link: Link) -> str:
        """Find a rival that answers again: once may be a mistake, and no answer at all is none."""
        try:
            return self._find_rival(link) and self._find_rival(link)
        except OSError as error:  # the link went down, or is gone: monitor has its own eye on that
            self.call.log.warning(f"nobody could be asked for {self.wanted.address}: {error}")
            return ""

    def _find_rival(self, link: Link) -> str:
        if link.is_loopback or not link.is_ethernet or not link.has_carrier:
            return ""
        from ocf_py.system import duplicates

        return duplicates.find_rival(self.network, self.wanted.address, link)

    # ------------------------------------------------------------------ start

    @ocf.action(timeout=20)
    def start(self) -> None:
        with self.network:
            link, prefix = self._place()
            if self.ip.version == 6 and (self.iflabel is not None or ":" in (self.nic or "")):
                self.call.log.warning("iflabel is for IPv4 alone: left out")
            self.call.facts.remember(_LINK, str(link.index))
            if self.network_namespace is not None:
                from ocf_py.system.namespaces import identify

                self.call.facts.remember(_NAMESPACE, str(identify(self.network_namespace)))
            try:
                link = self._bring_up(link)
                self._refuse_rival(link)
                self._make_way(link)
                self._add(link, prefix)
            except OSError as error:
                raise ocf.Failure(
                    f"the kernel refuses {self.wanted.address}/{prefix} on {link.name}: "
                    f"{error.strerror}",
                    hint="IPv6 may be disabled on it" if isinstance(error, PermissionError) else "",
                ) from error
            self.call.log.info(f"{self.wanted.address}/{prefix} is on {link.name}")
            self._announce(link, self.arp_count)

    def _bring_up(self, link: Link) -> Link:
        """Set the interface up, and hold it to its policy once it had time to find its carrier."""
        # One that is up may be without for good, such as a bridge without ports: policies say so.
        is_worth_waiting = not link.is_up or self.on_link_down == "refuse"
        if not link.is_up:
            self.network.set_up(link.index)
            link = self._look_again(link)
        patience = max(self.call.deadline.remaining - _CARRIER_SECONDS, 1.0)
        while is_worth_waiting and not link.has_carrier and self.call.deadline.remaining > patience:
            self.call.deadline.sleep(0.05, f"{link.name} finds no carrier")
            link = self._look_again(link)
        if not link.has_carrier:
            self._follow(self.on_link_down, self._say_down(link))
        return link

    def _look_again(self, link: Link) -> Link:
        found = self.network.link_by_index(link.index)
        if found is None:
            raise ocf.Failure(f"{link.name} has just been taken away")
        return found

    def _refuse_rival(self, link: Link) -> None:
        if self.run_arping and self.ip.version == 4:
            rival = self._find_rival(link)
            if rival:
                self._follow(self.on_duplicate or "refuse", self._say_rival(link, rival))

    def _make_way(self, link: Link) -> None:
        """Remove what is held otherwise than asked for, and lift the address from the loopback."""
        wanted = self.wanted
        for holder, held in self._holdings():
            flaw = wanted.flaw(holder, held)
            if flaw or not held.is_permanent:  # one with a lifetime would go by itself
                self.call.log.info(
                    f"removing /{held.prefix} from {holder.name}: {flaw or 'it ends'}"
                )
                self.network.remove_address(held)
            else:
                self.call.log.info(f"{wanted.address} is on {holder.name} already: taken over")
        if self.lvs_support and not link.is_loopback:
            from ocf_py.system import loopback

            found = loopback.find_on_loopback(self.network, wanted.address)
            if found and not self.call.facts.recall(_LOOPBACK):
                self.call.facts.remember(_LOOPBACK, loopback.describe(found))
            for held in found:
                self.network.remove_address(held)

    def _add(self, link: Link, prefix: int) -> None:
        if self.lvs_ipv6_addrlabel:
            self._add_source_label()
        if self.ip.version == 4:
            self._add_now(link, prefix)
            return
        # Subscribed before the address is added, so that no verdict is missed.
        with self.network.watch_addresses(self.ip.family) as watch:
            self._add_now(link, prefix)
            if not link.has_carrier:  # the policy lets it: the kernel asks once there is one
                return
            verdict = watch.verdict(self.wanted.address, link.index, self.call.deadline.remaining)
        if verdict != "ok":  # of duplicate address detection (RFC 4862, section 5.4)
            self._give_up(link, verdict)

    def _add_now(self, link: Link, prefix: int) -> None:
        from ocf_py.system.records import IFA_F_NODAD, IFA_F_NOPREFIXROUTE

        wanted = self.wanted
        flags = IFA_F_NOPREFIXROUTE if self.noprefixroute else 0
        if self.nodad and self.ip.version == 6:
            flags |= IFA_F_NODAD
        self.network.add_address(
            wanted.address,
            prefix,
            link.index,
            broadcast=wanted.broadcast(prefix),
            label=self._label(link),
            flags=flags,
            preferred=wanted.preferred,
            metric=self.metric,
        )

    def _give_up(self, link: Link, verdict: str) -> NoReturn:
        for holder, held in self._holdings():
            if holder.index == link.index:
                self.network.remove_address(held)
        if verdict == "duplicate":
            raise ocf.Failure(
                f"another host on {link.name} holds {self.wanted.address}",
                hint="find it before it is started here",
            )
        raise ocf.Failure(
            f"the kernel did not let {self.wanted.address} be used on {link.name}: "
            f"duplicate address detection ended in {verdict}"
        )

    def _add_source_label(self) -> None:
        from ocf_py.system.source_labels import add_source_label

        value = self.lvs_ipv6_addrlabel_value
        known = self.call.facts.recall(_SOURCE_LABEL)
        self.call.facts.remember(_SOURCE_LABEL, str(value))
        if not add_source_label(self.network, self.wanted.address, value) and not known:
            self.call.facts.forget(_SOURCE_LABEL)  # somebody else's: stop leaves it

    # ------------------------------------------------------------------ stop

    @ocf.action(timeout=20)
    def stop(self) -> None:
        from ocf_py.system.network import NoNamespace

        # Nothing that goes wrong with the rest may leave the address here.
        try:
            with self.network:
                self._try(self._kill_connections)  # while it is held, their other ends are told
                self._remove()
                self._try(self._end_announcer)
                for rest in (self._put_back, self._unlabel, self._flush, self._kill_connections):
                    self._try(rest)
        except NoNamespace:  # and with it the address has gone
            self._try(self._end_announcer)

    def _remove(self) -> None:
        for link, held in self._holdings():
            try:
                self.network.remove_address(held)
            except OSError as error:
                raise ocf.Failure(
                    f"the kernel does not remove {held.address} from {link.name}: {error.strerror}"
                ) from error
            self.call.log.info(f"{held.address}/{held.prefix} removed from {link.name}")

    def _try(self, rest: Callable[[], None]) -> None:
        """Do what goes with the address: without it the address is gone all the same."""
        try:
            rest()
        except Exception as error:  # noqa: BLE001 - whatever it is, the address is what counts
            kind = type(error).__name__
            self.call.log.warning(f"not all that goes with {self.ip} is done: {kind}: {error}")

    def _put_back(self) -> None:
        known = self.call.facts.recall(_LOOPBACK)
        if known:
            from ocf_py.system.loopback import put_back

            put_back(self.network, self.wanted.address, known)

    def _unlabel(self) -> None:
        known = self.call.facts.recall(_SOURCE_LABEL)
        if known:
            from ocf_py.system.source_labels import remove_source_label

            remove_source_label(self.network, self.wanted.address, int(known))

    def _flush(self) -> None:
        if self.flush_routes:
            self.network.flush_route_cache(self.ip.family)

    def _kill_connections(self) -> None:
        """End those of our holding of it; those of another, on `lo` for instance, go on."""
        ours = {link.index for link, _ in self._holdings()}
        others = {held.index for held in self.network.holders(self.wanted.address)} - ours
        if self.kill_connections and not others:
            from ocf_py.system.connections import kill_connections

            killed = kill_connections(self.wanted.address, self.call.deadline.stage(0.3))
            self.call.log.info(f"{killed} connections ended")

    @ocf.action(timeout=20)
    def reload_agent(self) -> None:
        """Take the new parameters: they say how to announce, to judge and to stop from now on."""

    # ------------------------------------------------------------------ announcements

    def _announce(self, link: Link, count: int) -> None:
        """Announce once, and leave the others to a process in the background.

        The address serves without them; a neighbour finds out a little later. So what goes wrong
        here is told, and fails nothing, not even the rest of the announcements.
        """
        if count == 0 or not link.is_ethernet or link.is_loopback:
            return
        self._try(self._end_announcer)  # of a start or monitor before this one
        self._try(lambda: self._announce_first(link))
        self._try(lambda: self._announce_more(link, count - 1))

    def _announce_first(self, link: Link) -> None:
        from ocf_py.system.announce import announce_once

        announce_once(self.network, self.wanted.address, link, self._targets())

    def _announce_more(self, link: Link, more: int) -> None:
        from ocf_py.system import announcer

        address, targets, interval = self.wanted.address, self._targets(), self.arp_interval
        if not self.arp_bg:
            fitting = int(self.call.deadline.stage(0.8) / interval) if interval else more
            if fitting < more:
                self.call.log.warning(
                    f"{more - fitting} of {more + 1} announcements do not fit into the timeout"
                )
            announcer.announce_repeatedly(
                self.network, address, link.index, min(more, fitting), interval, targets
            )
        elif more and self.call.facts.record is not None:  # what nobody remembers nobody ends
            announcer.start_announcer(address, link, more, interval, targets, self._admit_announcer)

    def _admit_announcer(self, process: ProcessIdentity) -> None:
        self.call.facts.remember(_ANNOUNCER, str(process))

    def _end_announcer(self) -> None:
        """End the background process; it also ends by itself once the address is not here."""
        known = self.call.facts.recall(_ANNOUNCER)
        if known:
            from ocf_py.system.announcer import end_announcer

            end_announcer(known)
