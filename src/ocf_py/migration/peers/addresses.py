"""ocf:heartbeat:IPaddr2, and the older IPaddr, as ocf:ocfpy:IPaddr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.kinds import TRUE
from ocf_py.migration.translation import (
    TRACE,
    Becomes,
    Dropped,
    Further,
    Peer,
    Refused,
    boolean,
    keep,
    refused,
    renamed,
)

if TYPE_CHECKING:
    from ocf_py.migration.translation import Case, Outcome

_SENDERS = ("send_arp", "iputils_arping", "libnet_arping")
_BROADCAST = "ffffffffffff"
_HOOK = "ours runs no scripts: order a resource of its own before or after the address"


def _of_cluster_ip(name: str, value: str, case: Case) -> Outcome:
    """The kernel's cluster IP is gone, and was at work in a clone alone."""
    if _shares(case):
        return Refused(f"{name}={value}: ours shares no address out by hash")
    return Dropped(f"{name}={value} is left out: it has no effect without a shared address")


def _sender(name: str, value: str, _case: Case) -> Outcome:
    if value in _SENDERS:
        return Dropped(f"{name}={value} is left out: ours sends both forms of ARP by itself")
    return Refused(f"{name}={value}: ours announces on no InfiniBand, and runs no other sender")


def _background(_name: str, value: str, _case: Case) -> Outcome:
    is_yes = value == "yes"  # the one word that it knows
    note = "" if value in ("yes", "no") else f"ARP_BACKGROUND={value} counts as no there"
    return Becomes("arp_bg", str(is_yes).lower(), note)


def _netmask(name: str, value: str, _case: Case) -> Outcome:
    if value.lower() == _BROADCAST:
        return Dropped(f"{name}={value} is left out: ours announces to all by itself")
    return Refused(f"{name}={value}: ours announces to all, not to some")


def _shares(case: Case) -> bool:
    is_unique = case.values.get("unique_clone_address", "").lower() in TRUE
    return case.is_clone and not is_unique


def _check_clone(case: Case) -> Further:
    found = Further()
    if _shares(case):
        found.reasons.append(
            "a clone shares the address out by hash there, and every node would hold it here: "
            "set unique_clone_address=true, or do not clone it"
        )
    elif case.is_clone and not case.is_globally_unique:
        found.reasons.append("unique_clone_address needs globally-unique=true on the clone")
    return found


def _check_old_clone(case: Case) -> Further:
    found = Further()
    if case.is_clone:
        found.reasons.append("a clone of it is one address on several nodes")
    return found


IPADDR2 = Peer(
    "ocf:heartbeat:IPaddr2",
    "IPaddr",
    {
        **dict.fromkeys(
            (
                *("ip", "nic", "cidr_netmask", "broadcast", "iflabel", "proto"),
                *("lvs_ipv6_addrlabel_value", "arp_interval", "arp_count", "arp_count_refresh"),
                *("preferred_lft", "network_namespace"),
            ),
            keep,
        ),
        **dict.fromkeys(
            (
                *("lvs_support", "lvs_ipv6_addrlabel", "unique_clone_address", "arp_bg"),
                *("flush_routes", "run_arping", "nodad", "noprefixroute", "check_link_status"),
            ),
            boolean,
        ),
        **dict.fromkeys(
            (
                *("mac", "clusterip_hash", "clusterip_firewall", "clusterip_hash_seed"),
                *("clusterip_table", "clusterip_chain", "clusterip_mac_mangle"),
            ),
            _of_cluster_ip,
        ),
        "arp_sender": _sender,
        "send_arp_opts": refused("ours runs no program that it would be an option of"),
        **TRACE,
    },
    _check_clone,
)

IPADDR = Peer(
    "ocf:heartbeat:IPaddr",
    "IPaddr",
    {
        **dict.fromkeys(("ip", "nic", "cidr_netmask", "broadcast", "iflabel"), keep),
        "lvs_support": boolean,
        "local_start_script": refused(_HOOK),
        "local_stop_script": refused(_HOOK),
        "ARP_INTERVAL_MS": renamed("arp_interval"),
        "ARP_REPEAT": renamed("arp_count"),
        "ARP_BACKGROUND": _background,
        "ARP_NETMASK": _netmask,
        **TRACE,
    },
    _check_old_clone,
)
