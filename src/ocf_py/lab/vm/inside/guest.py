"""Pid 1 of a guest: makes the node that its files describe, then becomes the lab's mini init."""

from __future__ import annotations

import ctypes
import grp
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import traceback

from ocf_py.lab.inside.init import Init

HOME = "/lab"
DONE = "/etc/ocfpy-lab"
POWER_OFF = 0x4321FEDC  # include/uapi/linux/reboot.h: LINUX_REBOOT_CMD_POWER_OFF
MODULES = (
    *("virtio_console", "virtio_net", "virtio_rng", "virtio_scsi", "sd_mod"),
    *("9p", "9pnet_virtio"),
)
MOUNTS = (
    ("tmpfs", "/run", "tmpfs", "mode=755,size=64m"),
    ("tmpfs", "/tmp", "tmpfs", "mode=1777,size=256m"),  # noqa: S108 - the guest's own
    ("devpts", "/dev/pts", "devpts", "mode=620,ptmxmode=0666,gid=5"),
    ("tmpfs", "/dev/shm", "tmpfs", "mode=1777,size=256m"),  # noqa: S108 - the same
    ("cgroup2", "/sys/fs/cgroup", "cgroup2", ""),
    # Written through to the host, where a power loss does not reach it.
    ("logs", "/var/log", "9p", "trans=virtio,version=9p2000.L,msize=262144"),
)


def say(text: str) -> None:
    """Tell the console how far the boot is."""
    print(f"lab: {time.monotonic():.1f} s: {text}", flush=True)  # noqa: T201 - it is the console


def call(*command: str, given: str = "") -> None:
    """Run a tool of the guest; CalledProcessError when it fails."""
    subprocess.run(command, input=given.encode(), check=True)


def mount_file_systems() -> None:
    """All that the initrd has not mounted."""
    for source, place, kind, options in MOUNTS:
        os.makedirs(place, exist_ok=True)
        call("mount", "-t", kind, *(["-o", options] if options else []), source, place)
    for directory in ("/run/lock", "/run/lab", "/sys/fs/cgroup/node"):
        os.makedirs(directory, exist_ok=True)


def write_files(files: list[dict[str, object]]) -> None:
    """What the node's disk holds before its first boot."""
    if os.path.exists(DONE):
        return
    for file in files:
        path = str(file["path"])
        owner, group = str(file["owner"]), str(file["group"])
        if file["content"] is None:
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                os.unlink(path)
            with open(path, "xb") as target:
                target.write(bytes.fromhex(str(file["content"])))
        os.chown(path, pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid)
        os.chmod(path, int(str(file["mode"])))
    with open(DONE, "x", encoding="ascii"):
        os.sync()


def show_providers() -> None:
    """The agents, from the disk of the node's files."""
    for kind in ("resource.d", "lib"):
        home = f"{HOME}/tree/usr/lib/ocf/{kind}"
        for provider in sorted(os.listdir(home)) if os.path.isdir(home) else ():
            place = f"/usr/lib/ocf/{kind}/{provider}"
            os.makedirs(place, exist_ok=True)
            call("mount", "--bind", f"{home}/{provider}", place)


def show_toolkit() -> None:
    """`ocf-py` where a package has it, and where DRBD's configuration looks for its handlers."""
    command = "/usr/bin/ocf-py"
    if not os.path.lexists(command):
        os.symlink(f"{HOME}/toolkit/ocf-py", command)


def start_agent() -> int:
    """Start what does the host's commands; returns the descriptor that reports go to."""
    end, reports = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.set_inheritable(end, True)  # noqa: FBT003 - the standard library's signature
        # The path is the initrd's for this process: isolated mode has no other way to name it.
        begin = "import sys; sys.path.insert(0, '/lab'); from ocf_py.lab.vm.inside import agent; "
        command = ["/usr/bin/python3", "-ISBc", f"{begin}agent.main({end})"]
        os.execv(command[0], command)
    os.close(end)
    with open("/sys/fs/cgroup/node/cgroup.procs", "w", encoding="ascii") as here:
        here.write("1")
    return reports


def set_up(node: dict[str, object]) -> int:
    """Everything before the init; returns where its reports go."""
    environment = node["environment"]
    if isinstance(environment, dict):
        os.environ.clear()
        os.environ.update(environment)
    os.chdir("/")
    call("modprobe", "--all", *MODULES)
    mount_file_systems()
    socket.sethostname(str(node["name"]))
    write_files(node["files"])  # type: ignore[arg-type]  # as the host has written it
    call("ip", "-batch", "-", given=str(node["network"]))
    show_providers()
    show_toolkit()
    return start_agent()


def end(message: str) -> None:
    """Switch the machine off."""
    say(message)
    os.sync()
    ctypes.CDLL(None).reboot(POWER_OFF)
    time.sleep(60)


def main() -> None:
    """Never returns: pid 1 must not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with open("/proc/cmdline", encoding="ascii") as line:
            words = dict(word.partition("=")[::2] for word in line.read().split())
        with open(f"{HOME}/{words['lab.node']}.json", encoding="ascii") as file:
            reports = set_up(json.load(file))
        say("the init begins")
        Init(reports).run()
    except BaseException as error:  # noqa: BLE001 - pid 1 has nobody to raise to
        traceback.print_exc()
        end(f"failed: {error}")
    end("power off")
