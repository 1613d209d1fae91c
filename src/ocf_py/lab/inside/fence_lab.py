#!/usr/bin/python3
"""fence_lab: a fence agent that asks the lab's power switch."""

from __future__ import annotations

import json
import socket
import sys

SOCKET = "/run/lab/power.sock"
PATIENCE = 30.0  # seconds for the switch's answer

METADATA = """<?xml version="1.0" ?>
<resource-agent name="fence_lab" shortdesc="Fence agent of the ocf-py lab">
<longdesc>Switches a lab node off and on through the lab's power switch.</longdesc>
<vendor-url></vendor-url>
<parameters>
<parameter name="action" unique="0" required="1">
<getopt mixed="-o, --action=[action]"/><content type="string" default="reboot"/>
<shortdesc lang="en">Fencing action</shortdesc></parameter>
<parameter name="plug" unique="0" required="0" obsoletes="port">
<getopt mixed="-n, --plug=[node]"/><content type="string"/>
<shortdesc lang="en">The node to switch</shortdesc></parameter>
<parameter name="port" unique="0" required="0" deprecated="1">
<getopt mixed="-n, --plug=[node]"/><content type="string"/>
<shortdesc lang="en">The node to switch</shortdesc></parameter>
</parameters>
<actions>
<action name="on" automatic="0"/>
<action name="off"/>
<action name="reboot"/>
<action name="status"/>
<action name="list"/>
<action name="list-status"/>
<action name="monitor"/>
<action name="metadata"/>
<action name="validate-all"/>
</actions>
</resource-agent>
"""
OPTIONS = {"-o": "action", "--action": "action", "-n": "plug", "--plug": "plug"}
STATUS_ON, FAILED, STATUS_OFF = 0, 1, 2  # FenceAgentAPI.md: exit codes


def read_options() -> dict[str, str]:
    """Read options from the command line, or as the fencer gives them: lines on stdin."""
    options = {"action": "reboot"}
    arguments = sys.argv[1:]
    if arguments:
        words: list[str] = []
        for argument in arguments:
            words += argument.split("=", 1) if argument.startswith("--") else [argument]
        for name, value in zip(words[::2], words[1::2]):
            options[OPTIONS.get(name, name.lstrip("-"))] = value
        return options
    for line in sys.stdin:
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            options[name] = value
    return options


def ask(operation: str, node: str | None = None) -> dict[str, object]:
    """Send one request to the power switch; OSError when it does not do it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(SOCKET)
        connection.sendall(json.dumps({"operation": operation, "node": node}).encode() + b"\n")
        with connection.makefile() as lines:
            answer = json.loads(lines.readline() or '{"error": "no answer"}')
    if "error" in answer:
        raise OSError(answer["error"])
    return dict(answer)


def main() -> int:
    """Do the action; returns the exit code."""
    options = read_options()
    action = options["action"]
    node = options.get("plug") or options.get("port") or options.get("nodename")
    if action in ("metadata", "meta-data"):
        sys.stdout.write(METADATA)
        return 0
    if action == "validate-all":
        return 0
    if action in ("list", "list-status", "monitor"):
        power = ask("power")["power"]
        if action != "monitor" and isinstance(power, dict):
            separator = "," if action == "list" else ",,"
            sys.stdout.writelines(f"{name}{separator}{power[name]}\n" for name in power)
        return 0
    if not node:
        raise OSError("no node given (plug=NODE)")
    if action == "status":
        power = ask("power")["power"]
        is_on = isinstance(power, dict) and power.get(node) == "on"
        return STATUS_ON if is_on else STATUS_OFF
    ask(action, node)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:
        sys.stderr.write(f"fence_lab: {error}\n")
        sys.exit(FAILED)
