"""A monitor is a fresh process every few seconds: what it may import is pinned.

Each module of our own costs about as much as one question to the kernel, and one of the heavy
ones of the standard library more than the whole monitor.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CORE = {
    "ocf_py",
    "ocf_py.agent",
    "ocf_py.call",
    "ocf_py.deadline",
    "ocf_py.declaration",
    "ocf_py.environment",
    "ocf_py.instances",
    "ocf_py.kinds",
    "ocf_py.lifecycle",
    "ocf_py.log",
    "ocf_py.outcomes",
    "ocf_py.parameters",
    "ocf_py.runner",
    "ocf_py.start_record",
    "ocf_py.system",
    "ocfpy_agents",
}
NETWORK = {
    "ocf_py.system.address",
    "ocf_py.system.netlink",
    "ocf_py.system.network",
    "ocf_py.system.records",
    "ocf_py.system.wanted",
}
STORAGE = {
    "ocf_py.system.devices",
    "ocf_py.system.mounts",
    "ocf_py.system.own_mount",
    "ocf_py.system.storage",
}
SUPERVISION = {
    "ocf_py.service",
    # Asked for by a probe alone: a recurring monitor goes by the record.
    "ocf_py.service.cgroup",
    "ocf_py.service.machine",
    "ocf_py.service.pidfile",
    "ocf_py.service.supervision",
    "ocf_py.service.tree",
    "ocf_py.system.processes",
}
MIRROR = {
    "ocf_py.mirror",
    "ocf_py.mirror.status",
    "ocf_py.mirror.wanted",
    "ocf_py.system.address",
}
BLOCK_MIRROR = {
    "ocf_py.drbd",
    "ocf_py.drbd.picture",
    "ocf_py.drbd.reading",
    "ocf_py.drbd.tools",
    "ocf_py.drbd.words",
    "ocf_py.system.commands",
}
OWN = {
    "Filesystem": CORE | STORAGE | {"ocfpy_agents.filesystem"},
    "IPaddr": CORE | NETWORK | {"ocfpy_agents.ipaddr"},
    "Service": CORE | SUPERVISION | {"ocfpy_agents.service"},
    "MirrorSync": CORE | MIRROR | {"ocfpy_agents.mirrorsync"},
    "Drbd": CORE | BLOCK_MIRROR | {"ocfpy_agents.drbd"},
    "Dummy": CORE | {"ocfpy_agents.dummy"},
}
# What the interpreter itself loads with -I -S, in one version or another, and cheap modules in C.
STANDARD = {
    "__future__",
    "_abc",
    "_codecs",
    "_collections_abc",
    "_frozen_importlib_external",
    "_io",
    "_signal",
    "_socket",
    "_stat",
    "_struct",
    "_thread",
    "_warnings",
    "_weakref",
    "abc",
    "codecs",
    "encodings",
    "encodings.aliases",
    "encodings.latin_1",
    "encodings.utf_8",
    "errno",
    "gc",
    "genericpath",
    "io",
    "marshal",
    "os",
    "os.path",
    "posix",
    "posixpath",
    "stat",
    "time",
    "zipimport",
}
PARAMETERS = {
    "Drbd": {"OCF_RESKEY_drbd_resource": "r0"},
    "Dummy": {},
    "Filesystem": {
        "OCF_RESKEY_device": "/dev/nonexistent",
        "OCF_RESKEY_directory": "/nonexistent",
        "OCF_RESKEY_fstype": "ext4",
    },
    "MirrorSync": {
        "OCF_RESKEY_directory": "/nonexistent",
        "OCF_RESKEY_address": "n1=192.0.2.1",
        "OCF_RESKEY_secrets_file": "/nonexistent.secrets",
    },
    "IPaddr": {"OCF_RESKEY_ip": "192.0.2.77"},
    "Service": {"OCF_RESKEY_command": "/bin/sleep", "OCF_RESKEY_pidfile": "/run/nothing.pid"},
}


def imported(launchers: Path, agent: str, python: str) -> set[str]:
    """Return the modules that one probe imports, as the interpreter itself reports them."""
    (launch,) = launchers.glob("../../lib/ocfpy/*/ocf_py/launch.py")
    module = f"ocfpy_agents.{agent.lower()}"
    parameters = PARAMETERS[agent]
    answer = subprocess.run(
        [python, "-ISB", "-X", "importtime", launch, module, agent, "monitor"],
        env={"PATH": "/usr/bin:/bin", "HA_LOGFACILITY": "none", **parameters},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 7, answer.stderr
    lines = [line for line in answer.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines[1:]}


@pytest.mark.parametrize("agent", sorted(OWN))
def test_a_monitor_imports_no_module_that_is_not_on_the_list(
    installed_agents: Path, agents_python: str, agent: str
) -> None:
    modules = imported(installed_agents, agent, agents_python)
    own = {name for name in modules if name.startswith("ocf")}
    assert own == OWN[agent]
    assert modules - own - STANDARD == set()
