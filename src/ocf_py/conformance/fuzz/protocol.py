"""Odd words of the protocol itself: what a caller says beside the agent's own parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocf_py.conformance.fuzz.values import choose_garbage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_META = "OCF_RESKEY_CRM_meta_"
INSTANCE = "OCF_RESOURCE_INSTANCE"
INTERVAL = f"{_META}interval"
_LONG_NUMBERS = ("9" * 20, "9" * 400, "9" * 5000)  # beyond 64 bits, float and int()
_NO_NUMBERS = ("", "0", "-1", "soon", "20000s", "1e3", "\uff12\uff10", *_LONG_NUMBERS)


class Oddity(NamedTuple):
    """A variable and its odd values, None for its absence.

    One that `strains` is a lawful reason for any action to fail, as long as that is said softly.
    """

    name: str
    values: tuple[str | None, ...]
    strains: bool = False


ODDITIES = (
    Oddity("OCF_CHECK_LEVEL", ("0", "5", "10", "20", "30", *_NO_NUMBERS, None)),
    Oddity(f"{_META}timeout", (*_NO_NUMBERS, None)),
    Oddity(f"{_META}timeout", ("1", "20", "80", "300"), strains=True),
    Oddity(INTERVAL, ("10000", *_NO_NUMBERS, None)),
    Oddity("OCF_ROOT", (None, "", "/nonexistent", "/", "relative"), strains=True),
    Oddity(
        INSTANCE,
        ("vip:0", "vip:1", "vip%3A0", "../x", "..", ".", "/", "/etc/x", "a b", "a\nb", "-n", "%s",
         "${x}", "$(id)", "\u00e4\u00f6", "\udcff", "x" * 200, "x" * 5000, "", None),
    ),
    Oddity("OCF_RA_VERSION_MAJOR", ("0", "2", "1.0", "one", "-1", " 1", "1" * 100), strains=True),
    Oddity("OCF_RA_VERSION_MAJOR", ("", None)),
    Oddity("OCF_RA_VERSION_MINOR", ("0", "2", "99", "x", "", None)),
    Oddity("OCF_RESOURCE_TYPE", ("", "Other", "../x", None)),
    Oddity("OCF_RESOURCE_PROVIDER", ("", "other", None)),
    Oddity("OCF_OUTPUT_FORMAT", ("text", "xml", "html", "x", "")),
    Oddity("OCF_RESKEY_crm_feature_set", ("", "3", "3.x", "9" * 5000, "1.2.3.4.5.6", "...", None)),
    Oddity(f"{_META}on_node", ("", "a b", "\udcff", None)),
    Oddity(f"{_META}clone", ("", "0", "7", "-1", "x")),
    Oddity(f"{_META}clone_max", ("", "0", "3", "-1", "x", "9" * 20)),
    Oddity(f"{_META}clone_node_max", ("", "0", "2", "x")),
    Oddity(f"{_META}globally_unique", ("true", "false", "", "maybe")),
    Oddity(f"{_META}notify", ("true", "false", "", "maybe")),
    Oddity(f"{_META}notify_type", ("pre", "post", "", " ", "x")),
    Oddity(f"{_META}notify_operation", ("start", "promote", "", " ", "x")),
    Oddity(f"{_META}notify_promoted_uname", (" ", "", "node1 node1", "\n", "\udcff")),
    Oddity(f"{_META}notify_start_resource", (" ", "", "vip:0 vip:0 vip:1", "\udcff")),
    Oddity(f"{_META}promoted_max", ("", "0", "x", "9" * 20)),
    Oddity(f"{_META}name", ("", "stop", "x", None)),
    Oddity("__OCF_ACTION", ("start", "stop", "x", "")),
    Oddity("OCF_TRACE_RA", ("1", "true", "x", "")),
    Oddity("HA_debug", ("1", "2", "x", "", None)),
    Oddity("HA_LOGFACILITY", ("none", "local7", "x", "", None)),
)  # fmt: skip


def choose_protocol(random: Random) -> tuple[Mapping[str, str | None], bool]:
    """A few odd words, and whether one of them strains."""
    chosen = random.sample(ODDITIES, random.randint(1, 4))
    words: dict[str, str | None] = {one.name: random.choice(one.values) for one in chosen}
    if random.random() < 0.2:  # noqa: PLR2004 - some
        words[f"{_META}{random.choice(('no_such', 'clone', 'notify', 'on_node'))}"] = (
            choose_garbage(random)
        )
    # Of two for one variable the last one holds.
    strains = any(one.strains and words[one.name] in one.values for one in chosen)
    return words, strains
