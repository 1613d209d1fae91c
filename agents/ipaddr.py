"""IPaddr: a virtual IP address that runs where the cluster wants it."""

from __future__ import annotations

import errno

import ocf_py as ocf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from ocf_py.system.network import Held, Link, Network

_EVERYBODY = "255.255.255.255"
_NIC_ROOM = 127  # ALTIFNAMSIZ of linux/if.h, less the closing zero
_LABEL_ROOM = 15  # IFNAMSIZ of linux/if.h, less the closing zero
# What start leaves for stop: the process that announces, and the interface by a name that stays.
_ANNOUNCER, _LINK = "announcer", "link"


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
    arp_count = ocf.Integer(
        "How often the address is announced",
        details="How often the address is announced when it starts. The first announcement goes "
        "out before start returns, the others from a process in the background.",
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

    @ocf.seam
    def network(self) -> Network:
        """The kernel's interfaces, addresses and routes."""
        from ocf_py.system.network import Network

        return Network(self.call.deadline.remaining)

    # ------------------------------------------------------------------ what was asked for

    def validate(self) -> None:
        ip = self.ip
        if ip.is_unspecified or ip.is_multicast or ip.is_loopback or str(ip) == _EVERYBODY:
            raise ocf.Misconfigured(f"ip={ip} is no address that moves between hosts")
        if ip.is_link_local and ip.version == 6 and self.nic is None:
            raise ocf.Misconfigured(f"ip={ip} is link-local", hint="name its interface with nic=")
        if self.nic is not None and (len(self.nic) > _NIC_ROOM or set(self.nic) & set("/ \t\n")):
            raise ocf.Misconfigured(f"nic={self.nic!r} is no name that an interface can have")
        self._asked_prefix()
        self._asked_broadcast(0)
        if self.iflabel is not None:
            self._refuse_bad_label(self.iflabel)

    def validate_here(self) -> None:
        link, _ = self._link_and_prefix()
        if len(self._label(link)) > _LABEL_ROOM:
            raise ocf.UnusableHere(
                f"iflabel={self.iflabel!r} is too long for {link.name}",
                hint=f"{_LABEL_ROOM - 1 - len(link.name)} characters fit behind its name",
            )

    def _asked_prefix(self) -> int | None:
        if self.cidr_netmask is None:
            return None
        try:
            prefix = self.ip.parse_prefix(self.cidr_netmask)
        except ValueError as error:
            raise ocf.Misconfigured(f"cidr_netmask={self.cidr_netmask!r} {error}") from error
        if prefix == 0:
            raise ocf.Misconfigured(f"cidr_netmask={self.cidr_netmask!r} is the whole internet")
        return prefix

    def _asked_broadcast(self, prefix: int) -> ocf.Address | None:
        """Return the broadcast address for a prefix; None where there is to be none."""
        if self.broadcast == "-" or (self.broadcast == "+" and self.ip.version != 4):
            return None
        if self.ip.version != 4:
            raise ocf.Misconfigured("broadcast is for IPv4 alone", hint="leave it away")
        if self.broadcast == "+":
            # RFC 3021: a network of two hosts or one has no address to spare for it.
            return self.ip.broadcast(prefix) if prefix < 31 else None
        try:
            address = ocf.Address.parse(self.broadcast)
        except ValueError as error:
            raise ocf.Misconfigured(
                f"broadcast={self.broadcast!r} {error}", hint="or + or -"
            ) from error
        if address.version != 4:
            raise ocf.Misconfigured(f"broadcast={address} is not IPv4")
        return address

    def _refuse_bad_label(self, label: str) -> None:
        if self.ip.version != 4:
            raise ocf.Misconfigured("iflabel is for IPv4 alone", hint="leave it away")
        if not (label.isascii() and label.isprintable()) or set(label) & set(" /:"):
            raise ocf.Misconfigured(f"iflabel={label!r} has a letter that no label may have")
        if len(label) > _LABEL_ROOM - 2:
            raise ocf.Misconfigured(
                f"iflabel={label!r} is too long", hint="13 characters fit behind any interface"
            )

    def _link_and_prefix(self) -> tuple[Link, int]:
        """Choose the interface and the prefix length; UnusableHere where this node offers none."""
        for holder, held in self._holdings():  # where it is already, it stays
            if not self._flaw(holder, held):
                return holder, held.prefix
        link = None
        prefix = self._asked_prefix()
        if self.nic is not None:
            link = self.network.link(self.nic)
            if link is None:
                raise ocf.UnusableHere(
                    f"nic={self.nic!r} does not exist here", hint="ip-link(8) shows those that do"
                )
            if prefix is not None:
                return link, prefix
        from ocf_py.system.routes import AmbiguousInterface, NoInterface, choose_interface

        links = [link] if link is not None else self.network.links()
        try:
            choice = choose_interface(self.ip, self.network.routes(self.ip.family), links)
        except (NoInterface, AmbiguousInterface) as error:
            if link is not None:
                raise ocf.UnusableHere(
                    f"no directly connected subnet on {link.name} covers {self.ip}",
                    hint="give cidr_netmask=",
                ) from error
            raise ocf.UnusableHere(str(error), hint="name one with nic=") from error
        return choice.link, choice.prefix if prefix is None else prefix

    # ------------------------------------------------------------------ what is there

    def _holdings(self) -> list[tuple[Link, Held]]:
        """Find our address: on `nic` where that is given, else anywhere but on lo."""
        holdings: list[tuple[Link, Held]] = []
        for held in self.network.holders(self.ip):
            link = self.network.link_by_index(held.index)
            if link is None:  # gone between the two questions, and the address with it
                continue
            if self._is_on_nic(link) if self.nic is not None else not link.is_loopback:
                holdings.append((link, held))
        return holdings

    def _is_on_nic(self, link: Link) -> bool:
        # By its index too: an interface that was renamed since still has our address.
        if link.name == self.nic or self.call.facts.recall(_LINK) == str(link.index):
            return True
        named = self.network.link(self.nic or "")  # it may be an alternative name
        return named is not None and named.index == link.index

    def _flaw(self, link: Link, held: Held) -> str:
        """Say how the address differs from what was asked for; "" where it does not."""
        prefix = self._asked_prefix()
        if prefix is not None and held.prefix != prefix:
            return f"{self.ip} on {link.name} has the prefix length {held.prefix}, not {prefix}"
        if self.iflabel is not None and held.label != self._label(link):
            return (
                f"{self.ip} on {link.name} has the label {held.label!r}, not {self._label(link)!r}"
            )
        if held.is_dadfailed:
            return (
                f"another host on {link.name} holds {self.ip} (duplicate address detection failed)"
            )
        return ""

    def _label(self, link: Link) -> str:
        return f"{link.name}:{self.iflabel}" if self.iflabel is not None else ""

    # ------------------------------------------------------------------ actions

    @ocf.action(timeout=20, interval=10, depth=0)
    def monitor(self) -> ocf.Status:
        holdings = self._holdings()
        if not holdings:
            return ocf.STOPPED
        flaws = [self._flaw(link, held) for link, held in holdings]
        if all(flaws):
            raise ocf.Failure("; ".join(flaws))
        link, _ = holdings[flaws.index("")]
        # To a probe the address is here all the same; that it serves nobody is for recovery.
        if self.call.is_recurring and not link.is_up:
            raise ocf.Failure(f"{link.name}, which carries {self.ip}, is down")
        return ocf.RUNNING

    @ocf.action(timeout=20)
    def start(self) -> None:
        link, prefix = self._link_and_prefix()
        for holder, held in self._holdings():
            flaw = self._flaw(holder, held)
            if flaw or not held.is_permanent:  # one with a lifetime would go by itself
                self.call.log.info(f"removing {self.ip}/{held.prefix} from {holder.name}: {flaw}")
                self.network.remove_address(held)
        self.call.facts.remember(_LINK, str(link.index))
        try:
            if not link.is_up:
                self.network.set_up(link.index)
            self._add(link, prefix)
        except OSError as error:
            raise ocf.Failure(
                f"the kernel refuses {self.ip}/{prefix} on {link.name}: {error.strerror}",
                hint="IPv6 may be disabled on it" if error.errno == errno.EACCES else "",
            ) from error
        self.call.log.info(f"{self.ip}/{prefix} is on {link.name}")
        self._announce(link)

    @ocf.action(timeout=20)
    def stop(self) -> None:
        # The address first: nothing that goes wrong with an announcer may leave it here.
        for link, held in self._holdings():
            try:
                self.network.remove_address(held)
            except OSError as error:
                raise ocf.Failure(
                    f"the kernel does not remove {self.ip} from {link.name}: {error.strerror}"
                ) from error
            self.call.log.info(f"{self.ip}/{held.prefix} removed from {link.name}")
        self._end_announcer()

    @ocf.action(timeout=20)
    def reload_agent(self) -> None:
        """Take the new announcement parameters: the next start uses them."""

    def _add(self, link: Link, prefix: int) -> None:
        if self.ip.version == 4:
            self._add_now(link, prefix)
            return
        # Subscribed before the address is added, so that no verdict is missed.
        with self.network.watch_addresses(self.ip.family) as watch:
            self._add_now(link, prefix)
            verdict = watch.verdict(self.ip, link.index, self.call.deadline.remaining)
        if verdict != "ok":  # of duplicate address detection (RFC 4862, section 5.4)
            self._give_up(link, verdict)

    def _add_now(self, link: Link, prefix: int) -> None:
        self.network.add_address(
            self.ip,
            prefix,
            link.index,
            broadcast=self._asked_broadcast(prefix),
            label=self._label(link),
        )

    def _give_up(self, link: Link, verdict: str) -> NoReturn:
        for _, held in self._holdings():
            self.network.remove_address(held)
        if verdict == "duplicate":
            raise ocf.Failure(
                f"another host on {link.name} holds {self.ip}",
                hint="find it before it is started here",
            )
        carrier = "" if link.has_carrier else f": {link.name} has no carrier"
        raise ocf.Failure(f"the kernel did not let {self.ip} be used on {link.name}{carrier}")

    def _announce(self, link: Link) -> None:
        """Send the first announcement, and leave the others to a process in the background.

        The address serves without them; a neighbour finds out a little later. So what goes wrong
        here is told, and fails no start.
        """
        if self.arp_count == 0 or not link.is_ethernet or link.is_loopback:
            return
        from ocf_py.system import announce

        self._end_announcer()  # of a start before this one
        try:
            announce.announce_once(self.ip, link)
            if self.arp_count > 1:
                announcer = announce.start_announcer(
                    self.ip, link, self.arp_count - 1, self.arp_interval
                )
                self.call.facts.remember(_ANNOUNCER, str(announcer))
        except (OSError, ocf.Failure) as error:
            self.call.log.warning(f"{self.ip} is not announced on {link.name} as asked: {error}")

    def _end_announcer(self) -> None:
        """End the background process; it also ends by itself once the address is not here."""
        known = self.call.facts.recall(_ANNOUNCER)
        if not known:
            return
        from ocf_py.system.processes import ProcessIdentity, terminate

        try:
            if not terminate(ProcessIdentity.parse(known), grace_seconds=1):
                self.call.log.warning(f"the announcer of {self.ip}, process {known}, does not die")
        except (OSError, ValueError, OverflowError) as error:
            self.call.log.warning(f"the announcer {known} is not ended: {error}")
