"""A node's mini init: reaps, takes syslog, starts Corosync and then Pacemaker, stops them.

SIGTERM or SIGINT: stop the cluster in order and end. SIGUSR1: stop Pacemaker alone. SIGUSR2: start
what is not running. Each change of a daemon's state is reported to the lab as one JSON line.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import socket
import sys
import time

COROSYNC = "corosync"
PACEMAKER = "pacemaker"
COMMANDS = {
    COROSYNC: ["/usr/sbin/corosync", "-f"],
    PACEMAKER: ["/usr/sbin/pacemakerd", "-f"],
}
PROBE = ["/usr/sbin/corosync-cmapctl", "-g", "totem.cluster_name"]
PROBE_INTERVAL = 0.05
SYSLOG_SOCKET = "/dev/log"
SYSLOG_FILE = "/var/log/syslog"
PACEMAKER_ENVIRONMENT = {
    "PCMK_logfile": "/var/log/pacemaker/pacemaker.log",
    "PCMK_logfacility": "daemon",
}
LARGEST_MESSAGE = 65536
LAST_PID = "/proc/sys/kernel/ns_last_pid"
PIDS = (1000, 30000)


def scatter_pids() -> None:
    """Count pids from anywhere, pid_namespaces(7), as on machines that have run for a while.

    Nodes that count alike have the same pids: a PostgreSQL that was lost with the one then finds
    the pid of its lock file alive on the other, and does not start.
    """
    with contextlib.suppress(OSError), open(LAST_PID, "w", encoding="ascii") as file:
        file.write(str(random.randrange(*PIDS)))  # noqa: S311 - no secret


class Init:
    """Pid 1 of a node; everything happens in one loop, since a thread cannot be reaped."""

    def __init__(self, reports: int) -> None:
        self.reports = reports
        self.daemons: dict[str, int] = {}  # name -> pid
        self.probe = 0  # pid of the command that asks whether Corosync answers
        self.next_probe = 0.0
        self.answering = False
        self.starting = True
        self.stopping = False
        self.wakeup, wake = os.pipe()
        for descriptor in (self.wakeup, wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.on_signal)
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, self.on_signal)
        self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.syslog.bind(SYSLOG_SOCKET)
        os.chmod(SYSLOG_SOCKET, 0o666)  # noqa: S103 - everybody may log
        self.syslog_file = open(  # noqa: SIM115 - open for life
            SYSLOG_FILE, "a", buffering=1, errors="replace", encoding="utf-8"
        )

    def run(self) -> None:
        """Serve until told to stop and nothing runs any more."""
        scatter_pids()
        while not (self.stopping and not self.daemons):
            self.advance()
            wait = PROBE_INTERVAL if self.starting and not self.answering else 60.0
            readable, _, _ = select.select([self.wakeup, self.syslog], [], [], wait)
            if self.wakeup in readable:
                os.read(self.wakeup, 4096)
            if self.syslog in readable:
                self.take_syslog()
            self.reap()

    def on_signal(self, number: int, _frame: object) -> None:
        """Note what is wanted; the loop does it."""
        if number in (signal.SIGTERM, signal.SIGINT):
            self.stopping, self.starting = True, False
            self.stop_next()
        elif number == signal.SIGUSR1:
            self.starting = False
            self.end(PACEMAKER)
        elif number == signal.SIGUSR2:
            self.starting = not self.stopping

    def advance(self) -> None:
        """Take the next step towards a running cluster."""
        if not self.starting:
            return
        if COROSYNC not in self.daemons:
            self.answering = False
            self.start(COROSYNC)
        elif not self.answering:
            if not self.probe and time.monotonic() >= self.next_probe:
                self.probe = self.spawn(PROBE, quiet=True)
        else:
            if PACEMAKER not in self.daemons:
                self.start(PACEMAKER)
            self.starting = False

    def start(self, name: str) -> None:
        """Start a daemon in the foreground, as our child."""
        self.daemons[name] = self.spawn(COMMANDS[name])
        self.report(name, state="started")

    def spawn(self, command: list[str], *, quiet: bool = False) -> int:
        """Run a command without awaiting it; returns its pid."""
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            if quiet:
                null = os.open("/dev/null", os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
            os.execve(command[0], command, {**os.environ, **PACEMAKER_ENVIRONMENT})
        except OSError as error:
            os.write(2, f"init: cannot run {command[0]}: {error.strerror}\n".encode())
        os._exit(127)

    def reap(self) -> None:
        """Collect every child that has ended, orphans of the node too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            code = os.waitstatus_to_exitcode(status)
            if pid == self.probe:
                self.probe = 0
                self.next_probe = time.monotonic() + PROBE_INTERVAL
                if code == 0:
                    self.answering = True
                    self.report(COROSYNC, state="answers")
            for name, daemon in list(self.daemons.items()):
                if daemon == pid:
                    del self.daemons[name]
                    self.starting = False  # a daemon that ends is not started again, as units do
                    self.report(name, state="ended", code=code)
                    if self.stopping:
                        self.stop_next()

    def stop_next(self) -> None:
        """Pacemaker first, so that it moves its resources away; without it, Corosync."""
        self.end(PACEMAKER if PACEMAKER in self.daemons else COROSYNC)

    def end(self, name: str) -> None:
        """Ask a daemon of ours to end; it is our unreaped child, so the pid is its own."""
        if name in self.daemons:
            os.kill(self.daemons[name], signal.SIGTERM)

    def take_syslog(self) -> None:
        """Write one message of /dev/log to the node's syslog, without its priority."""
        message = self.syslog.recv(LARGEST_MESSAGE).decode(errors="replace")
        self.syslog_file.write(message.split(">", 1)[-1].rstrip("\n\0") + "\n")

    def report(self, daemon: str, **what: object) -> None:
        """Tell the lab, and the node's boot.log."""
        line = json.dumps({"daemon": daemon, **what}) + "\n"
        os.write(1, f"{time.strftime('%H:%M:%S')} init: {line}".encode())
        try:
            os.write(self.reports, line.encode())
        except OSError:  # the lab's daemon is going, and the node with it
            return


if __name__ == "__main__":
    report_pipe = int(sys.argv[1])
    os.set_inheritable(report_pipe, False)  # noqa: FBT003 - the standard library's signature
    Init(report_pipe).run()
