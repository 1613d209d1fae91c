"""The environment that Pacemaker gives an agent, and the reason it reads from the answer.

Protocol facts P1 to P3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASON = "ocf-exit-reason:"

#: Where stand-ins for Pacemaker's own tools lie, ahead of the real ones.
TOOLS = "/dev/pacemaker-tools"

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

#: What an agent inherits from pacemaker-execd under Pacemaker 2.1 (protocol facts P1 and P2).
INHERITED = {
    "PATH": f"{TOOLS}:{PATH}",
    "LC_ALL": "C",
    "LANG": "C.UTF-8",
    "HA_LOGFACILITY": "daemon",
    "HA_logfacility": "daemon",
    "HA_debug": "0",
    "HA_use_logd": "off",
    "HA_mcp": "true",
    "HA_cluster_type": "corosync",
    "HA_quorum_type": "corosync",
    "PCMK_logfacility": "daemon",
    "PCMK_debug": "0",
    "PCMK_mcp": "true",
    "PCMK_cluster_type": "corosync",
    "PCMK_quorum_type": "corosync",
    "PCMK_service": "pacemaker-execd",
    "OCF_ROOT": "/usr/lib/ocf",
}


def read_reason(stderr: str) -> str:
    """What stands behind the last mark on stderr, up to the end of its line."""
    _, mark, rest = stderr.rpartition(_REASON)
    return rest.split("\n", 1)[0].strip() if mark else ""


def make_environment(
    agent: tuple[str, str],
    parameters: Mapping[str, str],
    *,
    instance: str,
    interval_ms: int,
    timeout: float,
    level: str,
    action: str = "",
    inherited: Mapping[str, str] = INHERITED,
) -> dict[str, str]:
    """The whole environment of one call of the agent (provider, type); `timeout` in seconds."""
    provider, type_ = agent
    variables = {
        **inherited,
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "1",
        "OCF_EXIT_REASON_PREFIX": _REASON,
        "OCF_RESOURCE_INSTANCE": instance,
        "OCF_RESOURCE_TYPE": type_,
        "OCF_RESOURCE_PROVIDER": provider,
        "OCF_RESKEY_crm_feature_set": "3.16.2",
        "OCF_RESKEY_CRM_meta_timeout": f"{timeout * 1000:.0f}",
        "OCF_RESKEY_CRM_meta_on_node": "node1",
        "OCF_RESKEY_CRM_meta_on_node_uuid": "1",
        **{f"OCF_RESKEY_{name}": text for name, text in parameters.items()},
    }
    if action == "monitor":
        variables["OCF_RESKEY_CRM_meta_interval"] = str(interval_ms)
        variables["OCF_RESKEY_CRM_meta_name"] = "monitor"
    if level:
        variables["OCF_CHECK_LEVEL"] = level
    return variables
