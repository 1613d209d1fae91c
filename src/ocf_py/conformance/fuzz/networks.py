"""What the lookout sees of the network: what ip(8) says of links, addresses, routes and rules."""

from __future__ import annotations

import json
import os
import subprocess

from ocf_py.conformance.fuzz.news import NetworkNews
from ocf_py.conformance.fuzz.views import collect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ocf_py.conformance.fuzz.views import Picture

_FOREVER = 0xFFFFFFFF  # rtnetlink(7), INFINITY_LIFE_TIME
_LIFETIMES = ("valid_life_time", "preferred_life_time", "expires")
_QUESTIONS = "link show\naddress show\nroute show table all\nrule show\n"
_PLACES = ("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip")


class Network:
    """The network of the sandbox, looked at again only if the kernel has told of a change."""

    def __init__(self) -> None:
        self._news = NetworkNews()
        self._picture: Picture = {}

    def look(self) -> Picture:
        """The same object as before, if nothing has happened since."""
        if self._news.have_come():
            self._picture = look_at_network()
        return self._picture


def look_at_network(namespace: str = "") -> Picture:
    """Links, addresses, routes of all tables and rules: of the sandbox, or a namespace in it."""
    return collect(_list_all(namespace))


def _list_all(namespace: str) -> Iterator[tuple[str, str]]:
    where = f" in {namespace}" if namespace else ""
    for family, (links, addresses, routes, rules) in _ask(["-n", namespace] if namespace else []):
        if family == "-4":
            for link in links:
                yield f"link {link['ifname']}{where}", _dump(link)
        for link in addresses:
            for address in link.get("addr_info", ()):
                yield (
                    f"address {address['local']}/{address['prefixlen']} on {link['ifname']}{where}",
                    _dump(_without_time(address)),
                )
        for route in routes:
            words = [
                f"{word} {route[word]}" for word in ("dev", "table", "metric") if word in route
            ]
            yield f"route {route['dst']} {' '.join(words)}{where}", _dump(_without_time(route))
        for rule in rules:
            yield f"rule {family} {rule['priority']} {rule.get('src')}{where}", _dump(rule)


def _ask(options: list[str]) -> Iterator[tuple[str, list[list[Any]]]]:
    """Yields the family, and its lists of links, addresses, routes and rules."""
    ip = next(filter(os.path.exists, _PLACES), "ip")
    asked = []
    for family in ("-4", "-6"):  # both at once
        process = subprocess.Popen(
            [ip, "-j", *options, family, "-batch", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None  # noqa: S101 - made with PIPE above
        process.stdin.write(_QUESTIONS)
        process.stdin.flush()
        asked.append((family, process))
    for family, process in asked:
        out, complaints = process.communicate()
        if process.returncode or complaints:
            raise RuntimeError(f"ip: {complaints.strip()}")
        answers = [json.loads(line) for line in out.splitlines() if line.strip()]
        yield family, [[one for one in answer if one] for answer in answers]  # padded with {}


def _without_time(thing: dict[str, Any]) -> dict[str, Any]:
    """An address or a route without what its age alone changes."""
    lasts = {name: thing[name] for name in _LIFETIMES if thing.get(name, _FOREVER) != _FOREVER}
    without = {**thing, **dict.fromkeys(lasts, "limited")}
    if "preferred_life_time" in lasts:
        without.pop("deprecated", None)  # which comes about when that has passed
    return without


def _dump(thing: dict[str, Any]) -> str:
    return json.dumps(
        {name: value for name, value in thing.items() if name != "addr_info"}, sort_keys=True
    )
