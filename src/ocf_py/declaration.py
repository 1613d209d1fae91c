"""What an agent's declaration must be for the agent to work: the rest does not build.

TypeError is for the author, when the class is made, and never for a cluster.
"""

from __future__ import annotations

from .parameters import UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agent import Agent
    from .parameters import Parameter

#: Every action OCF 1.1 and Pacemaker know, in the order the metadata lists them.
KNOWN_ACTIONS = (
    "start",
    "stop",
    "monitor",
    "promote",
    "demote",
    "notify",
    "reload",
    "reload-agent",
    "migrate_to",
    "migrate_from",
)
_METHODS = tuple(name.replace("-", "_") for name in KNOWN_ACTIONS)
_MANDATORY = ("start", "stop", "monitor")
_META = "CRM_meta_"  # Pacemaker's own, under the same prefix as the parameters


def check_parameter(
    agent: type[Agent], base: type[Agent], name: str, declared: Parameter[Any]
) -> None:
    """Raise TypeError for a parameter that cannot be reached, or whose value may be missing."""
    check_name(agent, base, name)
    if not name.isidentifier() or not name.isascii() or name.startswith(_META):
        raise TypeError(f"{name!r} cannot be the name of a parameter in the environment")
    computed = hasattr(agent, "_default_" + name)
    if not declared.required and declared.default is UNSET and not computed:
        raise TypeError(
            f"parameter {name!r} of {agent.__name__} is neither required nor has a default"
        )


def check_name(agent: type[Agent], base: type[Agent], name: str) -> None:
    """Raise TypeError for a parameter or seam that hides what every agent has."""
    if name in base.__annotations__ or name in _METHODS or hasattr(base, name):
        raise TypeError(f"{name!r} of {agent.__name__} hides a name of the base class")


def check_actions(agent: type[Agent], base: type[Agent]) -> None:
    """Raise TypeError for actions that are unknown, missing, or not to be told apart."""
    declared = agent.ocf_actions
    for name in declared:
        if name not in KNOWN_ACTIONS:
            raise TypeError(f"{agent.__name__} declares {name!r}, which is no OCF action")
    for name in _MANDATORY:
        if name not in declared:
            raise TypeError(f"{agent.__name__} declares no action {name!r}")
    if ("promote" in declared) != ("demote" in declared):
        raise TypeError(f"{agent.__name__} declares one of promote and demote without the other")
    if "promote" in declared and agent.promotion_score is base.promotion_score:
        raise TypeError(f"{agent.__name__} can be promoted but has no promotion_score")
    intervals = [element.interval for element in declared["monitor"].elements]
    if len(set(intervals)) < len(intervals):
        raise TypeError(f"two monitors of {agent.__name__} have the same interval")
