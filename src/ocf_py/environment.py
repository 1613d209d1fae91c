"""What the caller says in environment variables: the only reader of OCF_*, HA_* and PCMK_*.

Source: OCF Resource Agent API 1.1, "Environment variables"; what Pacemaker adds to it
(OCF_RESKEY_CRM_meta_*, OCF_CHECK_LEVEL) is in its lib/services and controld sources.
"""

from __future__ import annotations

import posix

from .kinds import TRUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PARAMETER = "OCF_RESKEY_"
_META = "OCF_RESKEY_CRM_meta_"
_LONGEST = 18  # digits: more than any sane number has would meet the limits of int() and float


class Environment:
    """The caller's words, as text; whoever needs them typed does so once.

    `parameters` holds the instance parameters under their own names, without the empty ones: an
    empty value means absent. `meta` holds Pacemaker's meta attributes ("timeout", "interval",
    "notify_type", ...).
    """

    __slots__ = ("_variables", "meta", "parameters")

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.parameters: dict[str, str] = {}
        self.meta: dict[str, str] = {}
        for name, value in variables.items():
            if name.startswith(_META):
                self.meta[name[len(_META) :]] = value
            elif name.startswith(_PARAMETER) and value:
                self.parameters[name[len(_PARAMETER) :]] = value

    @classmethod
    def of_process(cls) -> Environment:
        """Read this process's own environment."""
        return cls(
            {
                name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
                for name, value in posix.environ.items()
                if name.startswith((b"OCF_", b"HA_", b"PCMK_"))
            }
        )

    def _get(self, name: str, absent: str = "") -> str:
        return self._variables.get(name) or absent

    @property
    def version_major(self) -> str:
        """The OCF major version the caller speaks; absent means it does not care."""
        return self._get("OCF_RA_VERSION_MAJOR", "1")

    @property
    def instance(self) -> str:
        """The resource's name; crmsh validates without one."""
        return self._get("OCF_RESOURCE_INSTANCE", "default")

    @property
    def check_level(self) -> int:
        """How deep monitor and validate-all look: 0 unless the caller gives a number."""
        return _whole(self._get("OCF_CHECK_LEVEL"))

    @property
    def timeout_ms(self) -> int:
        """The operation's timeout in ms; 0 when the caller gives none."""
        return _whole(self.meta.get("timeout", ""))

    @property
    def interval_ms(self) -> int:
        """The operation's interval in ms; 0 for a probe and for every one-time call."""
        return _whole(self.meta.get("interval", ""))

    @property
    def clone_number(self) -> int:
        """The number of this instance among its clone's, from 0; 0 where it is no clone.

        The name says it: of an anonymous clone's instances Pacemaker numbers them at will.
        """
        _, colon, number = self.instance.rpartition(":")
        return _whole(number if colon and number.isdigit() else self.meta.get("clone", ""))

    @property
    def is_clone(self) -> bool:
        """Whether it is an instance of a clone, of either kind."""
        return bool(self.meta.get("clone"))

    @property
    def is_anonymous_clone(self) -> bool:
        """Whether it is a clone whose instances are all alike (globally-unique=false)."""
        unique = self.meta.get("globally_unique", "")
        return self.is_clone and unique.lower() not in TRUE

    @property
    def node(self) -> str:
        """The cluster's name for the node the resource runs on; "" means the local one."""
        return self.meta.get("on_node", "")

    @property
    def feature_set(self) -> tuple[int, ...]:
        """Pacemaker's crm_feature_set as numbers; empty outside Pacemaker."""
        return tuple(
            _whole(part) for part in self.parameters.get("crm_feature_set", "").split(".") if part
        )

    @property
    def for_cluster_tools(self) -> dict[str, str]:
        """What Pacemaker's own tools want to find in theirs: PCMK_ipc_type and its like."""
        wanted = ("HA_", "PCMK_", "OCF_RESOURCE_INSTANCE")
        return {name: text for name, text in self._variables.items() if name.startswith(wanted)}

    @property
    def debug(self) -> bool:
        """Whether the cluster is set to log debug lines."""
        return self._get("HA_debug", "0") != "0"

    @property
    def log_facility(self) -> str:
        """The syslog facility's name; "none" turns the log off."""
        return self._get("HA_LOGFACILITY", "daemon")

    @property
    def trace_file(self) -> str:
        """Where crm_resource -VV wants the trace."""
        return self._get("OCF_TRACE_FILE")

    @property
    def wants_trace(self) -> bool:
        """Whether the caller asks for a trace, by variable or by the usual parameter."""
        asked = self._get("OCF_TRACE_RA") or self.parameters.get("trace_ra", "")
        return asked.lower() in TRUE


def _whole(text: str) -> int:
    """Read a non-negative number; whatever else the caller may have put there counts as none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else 0
