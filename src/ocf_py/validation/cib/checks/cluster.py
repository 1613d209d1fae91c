"""The cluster's own properties: fencing, quorum, and what is misspelt among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import TRUE
from ocf_py.cib.times import parse_ms
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.situation import Situation

_KNOWN = (
    *("dc-version", "cluster-infrastructure", "cluster-name", "dc-deadtime", "no-quorum-policy"),
    *("batch-limit", "migration-limit", "load-threshold", "node-action-limit", "symmetric-cluster"),
    *("stop-all-resources", "stop-orphan-resources", "stop-orphan-actions", "enable-acl"),
    *("start-failure-is-fatal", "stonith-enabled", "stonith-action", "stonith-timeout"),
    *("stonith-max-attempts", "stonith-watchdog-timeout", "concurrent-fencing", "have-watchdog"),
    *("fence-reaction", "priority-fencing-delay", "node-pending-timeout", "cluster-delay"),
    *("pe-error-series-max", "pe-warn-series-max", "pe-input-series-max", "last-lrm-refresh"),
    *("placement-strategy", "node-health-strategy", "node-health-base", "node-health-green"),
    *("node-health-yellow", "node-health-red", "cluster-recheck-interval", "shutdown-lock"),
    *("shutdown-lock-limit", "remove-after-stop", "startup-fencing", "election-timeout"),
    *("shutdown-escalation", "join-integration-timeout", "join-finalization-timeout"),
    *("transition-delay", "maintenance-mode", "cluster-ipc-limit", "is-managed-default"),
    *("default-resource-stickiness", "default-action-timeout", "stonith-enabled-default"),
    *("crmd-integration-timeout", "crmd-finalization-timeout", "crmd-transition-delay"),
)
_TIMES = frozenset(
    (
        *("dc-deadtime", "stonith-timeout", "cluster-delay", "cluster-recheck-interval"),
        *("shutdown-lock-limit", "election-timeout", "shutdown-escalation", "transition-delay"),
        *("join-integration-timeout", "join-finalization-timeout", "priority-fencing-delay"),
        "node-pending-timeout",
    )
)
_QUORUM = ("stop", "freeze", "ignore", "demote", "suicide", "fence")
_NO_FENCING = (
    "a node that is lost may still write: its resources are started elsewhere all the same, or "
    "never"
)


@check("the cluster fences nobody")
def no_fencing(situation: Situation) -> Iterator[Flaw]:
    if situation.fences:
        return
    off = situation.find_property("stonith-enabled")
    if off is not None and off.value.lower() not in TRUE:
        yield Flaw(
            Severity.ERROR,
            off.element,
            "",
            f"stonith-enabled={off.value}",
            _NO_FENCING,
            "configure a fence device and set stonith-enabled=true",
        )
        return
    (section,) = situation.document.root.findall("configuration/crm_config")[:1]
    yield Flaw(
        Severity.ERROR,
        section,
        "",
        "fencing is on, and there is no fence device",
        "Pacemaker starts no resource at all",
        "add a stonith resource for every node",
    )


@check("the cluster goes on without quorum")
def quorum_ignored(situation: Situation) -> Iterator[Flaw]:
    policy = situation.find_property("no-quorum-policy")
    if policy is None or policy.value == "stop":
        return
    if policy.value not in _QUORUM:
        near = nearest(policy.value, _QUORUM)
        yield Flaw(
            Severity.ERROR,
            policy.element,
            "",
            f"no-quorum-policy={policy.value} is none",
            "Pacemaker takes stop",
            f"write {near}" if near else f"write one of {', '.join(_QUORUM)}",
        )
    elif policy.value == "ignore":
        yield Flaw(
            Severity.WARNING,
            policy.element,
            "",
            "no-quorum-policy=ignore",
            "in a split both sides run everything, and after a cold start each fences the other",
            "leave it at stop, and let corosync count two nodes: two_node: 1 in corosync.conf",
        )


@check("two nodes shoot each other in a split")
def fence_race(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    nodes = [one for one in document.elements("node") if one.get("uname")]
    devices = [one for one in situation.resources if one.standard == "stonith"]
    if len(nodes) != 2 or not devices or not situation.fences:  # noqa: PLR2004 - the pair
        return
    delays = {
        one.value
        for device in devices
        for one in device.parameters
        if one.name in ("pcmk_delay_base", "pcmk_delay_max", "delay")
    }
    if delays or parse_ms(situation.says("priority-fencing-delay", "0")):
        return
    yield Flaw(
        Severity.WARNING,
        devices[0].element,
        devices[0].id,
        "two nodes, and no fence device has a delay",
        "when their link breaks each fences the other at once: both are off",
        "set pcmk_delay_base on the device of one node, or the property priority-fencing-delay",
    )


@check("Pacemaker has no cluster property of that name, or cannot read its value")
def wrong_property(situation: Situation) -> Iterator[Flaw]:
    for one in situation.properties:
        near = nearest(one.name, _KNOWN)
        if one.name in _TIMES and parse_ms(one.value) is None:
            yield Flaw(
                Severity.ERROR,
                one.element,
                "",
                f"{one.name}={one.value} is no time",
                "Pacemaker takes the default",
                "write a number with s, min or h",
            )
        elif one.name and one.name not in _KNOWN and near:
            yield Flaw(
                Severity.WARNING,
                one.element,
                "",
                f"there is no cluster property {one.name!r}",
                "Pacemaker does not look at it: the default holds",
                f"write {near}",
            )


@check("the whole cluster is switched off")
def cluster_switched_off(situation: Situation) -> Iterator[Flaw]:
    for name, consequence in (
        ("maintenance-mode", "the cluster neither starts, stops nor recovers anything"),
        ("stop-all-resources", "nothing runs"),
    ):
        found = situation.find_property(name)
        if found is not None and found.value.lower() in TRUE:
            yield Flaw(
                Severity.NOTE,
                found.element,
                "",
                f"{name}={found.value}",
                consequence,
                "remove it when that is no longer meant",
            )
