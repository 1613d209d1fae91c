"""Fence devices: there is one for every node, and what names nodes or devices names some."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocf_py.cib.model import SECRET
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.cib.model import Resource
    from ocf_py.cib.settings import Setting
    from ocf_py.validation.cib.situation import Situation

_HOSTS = ("pcmk_host_list", "pcmk_host_map")
_BLANKS = re.compile(r"[\s,;]+")
_PAIRS = re.compile(r"[\s;]+")


@check("a level of the fencing topology names no fence device, or no node")
def wrong_fencing_level(situation: Situation) -> Iterator[Flaw]:
    devices = [one.id for one in _devices(situation)]
    for level in situation.document.elements("fencing-level"):
        target = level.get("target")
        name = level.get("id", "")
        if situation.document.has_resources:
            for device in filter(None, re.split(r"[\s,]+", level.get("devices", ""))):
                if device in devices:
                    continue
                near = nearest(device, devices)
                yield Flaw(
                    Severity.ERROR,
                    level,
                    name,
                    f"there is no fence device {device!r}",
                    "the whole level fails: the node is not fenced by it",
                    f"write {near}" if near else "remove it from the level",
                )
        if target and situation.members and target.lower() not in situation.node_names:
            near = nearest(target, situation.members)
            yield Flaw(
                Severity.WARNING,
                level,
                name,
                f"there is no node {target!r}",
                "the level holds for nobody",
                f"write {near}" if near else "remove it, unless that node is yet to join",
            )


@check("a fence device names a node that is not in the configuration")
def device_names_no_node(situation: Situation) -> Iterator[Flaw]:
    if not situation.members:
        return
    for device in _devices(situation):
        for setting in device.parameters:
            for name in _names(setting):
                if name.lower() in situation.node_names:
                    continue
                near = nearest(name, situation.members)
                yield Flaw(
                    Severity.WARNING,
                    setting.element,
                    device.id,
                    f"{setting.name}: there is no node {name!r}",
                    "the device is asked to fence no node of that name",
                    f"write {near}" if near else "remove it, unless that node is yet to join",
                )


@check("a node that no fence device is for")
def unfenced_node(situation: Situation) -> Iterator[Flaw]:
    devices = _devices(situation)
    if not devices or not situation.fences or situation.has_watchdog_fencing:
        return
    covered: set[str] = set()
    for device in devices:
        hosts = [one for one in device.parameters if one.name in _HOSTS]
        check_by = {one.value for one in device.parameters if one.name == "pcmk_host_check"}
        is_known = not any(one.value.startswith(SECRET) for one in hosts)
        if not hosts or check_by - {"static-list"} or not is_known:
            return  # it is asked for its nodes, or fences all: nobody can tell from here
        covered |= {name.lower() for one in hosts for name in _names(one)}
    nodes = situation.document.elements("node")
    for element in nodes:
        name = element.get("uname", "")
        if name not in situation.members or name.lower() in covered:
            continue
        yield Flaw(
            Severity.ERROR,
            element,
            name,
            f"no fence device names the node {name}",
            "when it is lost the cluster waits for its fencing for ever: its resources stay down",
            f"add {name} to the pcmk_host_list of a device that can fence it",
        )


def _devices(situation: Situation) -> list[Resource]:
    return [one for one in situation.resources if one.standard == "stonith"]


def _names(setting: Setting) -> list[str]:
    """The nodes that a list or a map names."""
    if setting.value.startswith(SECRET):
        return []
    if setting.name == "pcmk_host_list":
        return [one for one in _BLANKS.split(setting.value) if one]
    if setting.name == "pcmk_host_map":
        pairs = (re.split("[:=]", one, maxsplit=1) for one in _PAIRS.split(setting.value) if one)
        return [pair[0] for pair in pairs if pair[0] and len(pair) > 1]
    return []
