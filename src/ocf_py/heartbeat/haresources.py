"""haresources: which resources run together, in which order, and where they belong."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocf_py.heartbeat.scripts import ADDRESSES, Resource, Script, Untranslatable, translate
from ocf_py.heartbeat.source import Unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.heartbeat.account import Account
    from ocf_py.heartbeat.source import Line


@dataclass
class Together:
    """One line: the resources that run on one node, started in their order, and their own node.

    `is_complete` is false if a resource of the line is lacking.
    """

    node: str
    resources: list[tuple[Script, Resource]] = field(default_factory=list)
    is_complete: bool = True


def read_together(
    file: str, lines: list[Line], nodes: Sequence[str], account: Account, *, lsb: bool
) -> list[Together]:
    """Reads haresources, and says what becomes of each resource; Unusable names the line."""
    groups = []
    for line in lines:
        node, *words = line.words
        if node not in nodes:
            raise line.refuse(f"{node!r} is no node of ha.cf, which has {', '.join(nodes)}")
        if not words:
            raise line.refuse(f"nothing is said to run on {node}")
        together = Together(node)
        for word in words:
            _take(together, _read_script(line, word), account, lsb=lsb)
        groups.append(together)
    if not groups:
        raise Unusable(f"{file}: no line names a resource")
    return groups


def _read_script(line: Line, word: str) -> Script:
    name, *arguments = word.split("::") if not _is_bare_address(word) else ["IPaddr", word]
    if not name:
        raise line.refuse(f"{word!r} names no script")
    return Script(line, name, arguments)


def _is_bare_address(word: str) -> bool:
    """Whether it is an address alone, which means IPaddr; an IPv6 one may hold `::`."""
    try:
        ipaddress.ip_address(word.partition("/")[0])
    except ValueError:
        return False
    return True


def _take(together: Together, script: Script, account: Account, *, lsb: bool) -> None:
    if script.name in ADDRESSES:  # an IPv6 address may hold what separates arguments
        script = Script(script.line, script.name, ["::".join(script.arguments)])
    try:
        resource, remark = translate(script, lsb=lsb)
    except Untranslatable as why:
        together.is_complete = False
        account.open(
            script.line, script.name, f"{why}; until then its group has target-role=Stopped"
        )
        return
    together.resources.append((script, resource))
    says = f"{resource.agent}{'; ' if remark else ''}{remark}"
    if resource.promotes:
        says += ", promoted where its group runs, before the group starts"
    account.translated(script.line, script.name, says)
