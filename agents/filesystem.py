"""Filesystem: a file system that is mounted where the cluster wants it."""

from __future__ import annotations

import ocf_py as ocf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ocf_py.system.devices import Source
    from ocf_py.system.mounts import Mount, MountTable
    from ocf_py.system.own_mount import OwnMount
    from ocf_py.system.storage import Storage
    from ocf_py.system.systemd_mounts import SystemdMounts
    from ocf_py.system.unmount_plan import Plan
    from ocf_py.system.unmounting import Signals

# Where the system itself lives: to mount there takes the cluster's own files away.
_SYSTEMS_OWN = frozenset(
    f"/{name}"
    for name in ("", "bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr")
)
# Where the kernel makes all there is.
_NO_FOLDERS = frozenset(("proc", "sysfs", "devpts", "cgroup2", "securityfs", "debugfs", "tracefs"))
_SORTS = {"owner": "user", "group": "group"}
_KILL_WORDS = ("true", "safe", "yes", "on", "1")
_SPARE_WORDS = ("false", "no", "off", "0")
_HOW_WORDS = ("move", "nomove", "xargs", "noxargs", "ps", "nops")  # how heartbeat's finds them


class Filesystem(ocf.Agent):
    """Manages the mount of a file system

    The file system is mounted on the node where the resource runs: from a disk that the nodes
    share, from a server, from a directory or into memory. When the resource stops, it is unmounted,
    with everything that is mounted in it; the processes that hold it are asked to go, and they
    alone. The monitor of depth 0 looks at the mount table; that of depth 10 reads from the device
    or asks the server, that of depth 20 also writes a status file if statusfile is set.
    """

    device = ocf.String(
        "What to mount",
        details="A block device, UUID=, LABEL=, PARTUUID= or PARTLABEL= with a value, -U UUID, "
        "-L LABEL, an image, HOST:/EXPORT, //HOST/SHARE, or a directory for a bind mount.",
        required=True,
    )
    directory = ocf.Path(
        "The mount point",
        details="The directory to mount on; made by start where it is absent.",
        required=True,
    )
    fstype = ocf.String(
        "The type of the file system",
        details="The type, such as ext4, xfs, btrfs, nfs or tmpfs; none for a bind mount.",
        required=True,
    )
    options = ocf.String(
        "Mount options",
        details="What mount(8) is given with -o; bind or rbind, also with ro, for a bind mount.",
        default="",
    )
    statusfile_prefix = ocf.String(
        "Where the status file is",
        details="The beginning of the status file's path, below the mount point.",
        default=".Filesystem_status/",
        reloadable=True,
    )
    statusfile = ocf.Boolean(
        "Write a status file at depth 20",
        details="Lets the monitor of depth 20 write a small file and read it again.",
        default=False,
        reloadable=True,
    )
    run_fsck = ocf.Select(
        "When start runs fsck",
        details="auto: where the type does not repair itself when it is mounted. force: always. "
        "no: never.",
        options=("auto", "force", "no"),
        default="auto",
        reloadable=True,
    )
    fast_stop = ocf.Boolean(
        "Fail a stop soon",
        details="Gives up after 3 s for each of the two stages of signals, instead of using the "
        "timeout of the stop.",
        default=False,
        reloadable=True,
    )
    force_clones = ocf.Boolean(
        "Let clones mount a local file system for writing",
        details="A file system that is not made for it is destroyed when two nodes write to it. "
        "True only where each node's device is its own.",
        default=False,
        reloadable=True,
    )
    force_unmount = ocf.String(
        "Signal the processes that hold it",
        details="true or safe: stop signals the processes that hold the mount. false: it waits for "
        "them. The further words of ocf:heartbeat:Filesystem are taken and mean nothing here.",
        default="true",
        reloadable=True,
    )
    term_signals = ocf.String(
        "The signals of the first stage",
        details="The signals, by name or number, that stop sends in the first half of its time.",
        default="TERM",
        reloadable=True,
    )
    kill_signals = ocf.String(
        "The signals of the second stage",
        details="The signals that stop sends after that.",
        default="KILL",
        reloadable=True,
    )
    signal_delay = ocf.Duration(
        "How long a signal may take",
        details="How long stop waits after each signal; a bare number is in seconds.",
        default=1.0,
        reloadable=True,
    )
    owner = ocf.String(
        "Whom the mounted directory belongs to",
        details="The user, by name or number, that the root of the file system is given to.",
        default=None,
        reloadable=True,
    )
    group = ocf.String(
        "The group of the mounted directory",
        details="The group, by name or number, of the root of the file system.",
        default=None,
        reloadable=True,
    )
    mode = ocf.String(
        "The permissions of the mounted directory",
        details="The permissions of the root of the file system, in octal, such as 0750.",
        default=None,
        reloadable=True,
    )
    on_wrong_device = ocf.Select(
        "What if something else is mounted there",
        details="fail: the recurring monitor fails. stopped: it says that this is not running. To "
        "a probe it is not running in any case, and start refuses.",
        options=("fail", "stopped"),
        default="fail",
        reloadable=True,
    )

    @ocf.seam
    def storage(self) -> Storage:
        """The kernel's mounts and devices."""
        from ocf_py.system.storage import Storage

        return Storage(lambda: self.call.deadline.remaining)

    @ocf.seam
    def systemd(self) -> SystemdMounts:
        """The host's systemd, as far as it is there."""
        from ocf_py.system.systemd_mounts import SystemdMounts

        return SystemdMounts(lambda: self.call.deadline.remaining)

    # ------------------------------------------------------------------ what was asked for

    _source: Source | None = None  # read once an action
    _own: OwnMount | None = None
    _node = ""  # where the device is, once it was found

    @property
    def source(self) -> Source:
        """What is to be mounted."""
        if self._source is None:
            from ocf_py.system.devices import Source

            words = [word.strip() for word in self.options.split(",") if word.strip()]
            try:
                self._source = Source(self.device, self.fstype, words)
            except ValueError as error:
                raise ocf.Misconfigured(f"device={self.device!r} {error}") from error
        return self._source

    @property
    def own(self) -> OwnMount:
        """Our mount, as far as there is one."""
        if self._own is None:
            from ocf_py.system.own_mount import OwnMount

            self._own = OwnMount(self.source, self.directory, self.storage, lambda: self.call.facts)
        return self._own

    def validate(self) -> None:
        from ocf_py.system.mounts import normalize

        if normalize(self.directory) in _SYSTEMS_OWN or "\0" in self.directory:
            raise ocf.Misconfigured(
                f"directory={self.directory!r} is the system's own", hint="choose another"
            )
        if not self.source.tag and self.device != self.device.strip():
            raise ocf.Misconfigured(
                f"device={self.device!r} begins or ends with a blank", hint="leave it away"
            )
        self._check_options()
        if self.fstype.startswith("-") or "\0" in self.fstype:
            raise ocf.Misconfigured(f"fstype={self.fstype!r} is no type")
        if ".." in self.statusfile_prefix.split("/") or "\0" in self.statusfile_prefix:
            raise ocf.Misconfigured("statusfile_prefix leads out of the file system")
        words = self.force_unmount.lower().replace(",", " ").split()
        if not words or not all(word in _KILL_WORDS + _SPARE_WORDS + _HOW_WORDS for word in words):
            raise ocf.Misconfigured(
                f"force_unmount={self.force_unmount!r} is none of true, safe, false"
            )
        for name in ("term_signals", "kill_signals", "mode"):
            if name in self.ocf_given:  # a default is right, and a monitor has no time for it
                self._parse(name)

    def _check_options(self) -> None:
        """Refuse what mount(8) would take for something else. The text may hold a password."""
        words = self.options.split(",")
        if "remount" in self.source.options or "\0" in self.options:
            raise ocf.Misconfigured("options with remount mount nothing", hint="leave it away")
        if words[0].startswith("-"):
            raise ocf.Misconfigured(
                "options begin with a dash", hint="leave -o away: write rw,noatime"
            )
        for word in words:
            if word != word.strip() or any(letter.isspace() for letter in word.partition("=")[0]):
                raise ocf.Misconfigured(
                    "options hold a blank beside a comma or in a name",
                    hint="write them with commas alone: rw,noatime",
                )

    def _parse(self, name: str) -> Any:
        """Read a parameter whose form this agent alone knows."""
        read: Callable[[str], Any]
        if name == "mode":
            from ocf_py.system.ownership import parse_mode as read
        else:
            from ocf_py.system.signal_names import parse_signals as read
        text = getattr(self, name)
        try:
            return read(text)
        except ValueError as error:
            raise ocf.Misconfigured(f"{name}={text!r} {error}") from error

    def validate_here(self) -> None:
        self._refuse_clone()
        self._find_owner()
        from ocf_py.system.mounting import HELPERS

        tool, package = HELPERS.get(self.fstype, ("mount", "util-linux"))
        for name, where in ((tool, package), ("umount", "util-linux")):
            if not self.storage.has_tool(name):
                raise ocf.NotInstalled(f"{name} is not installed", hint=f"it comes with {where}")
        if not self.storage.knows_type(self.fstype):
            raise ocf.NotInstalled(
                f"this kernel knows no file system {self.fstype!r}", hint="install its module"
            )
        table = self._read_table()
        if not self.own.find(table):
            self._check_directory(self.own.locate(table), table)
            self._node = self._find_node()

    def _refuse_clone(self) -> None:
        source = self.source
        is_safe = not source.has_one_writer or source.wants_read_only
        if self.call.is_clone and not is_safe and not self.force_clones:
            raise ocf.Misconfigured(
                f"{self.fstype} on two nodes at once is destroyed",
                hint="do not clone it, mount it with ro, or set force_clones=true",
            )

    def _check_directory(self, point: str, table: MountTable) -> None:
        """Find out whether it is a directory, or can be made one, and where links have led."""
        if point in _SYSTEMS_OWN:
            raise ocf.UnusableHere(
                f"directory={self.directory!r} leads to the system's own {point}"
            )
        parent = point
        while parent and not self.storage.is_folder(parent):
            if self.storage.is_file(parent) and not (
                parent == point and self.source.kind == "bind"
            ):
                raise ocf.UnusableHere(f"{parent} is a file, not a directory to mount on")
            parent = parent.rpartition("/")[0]
        above = table.look(parent or "/").above
        if parent != point and above and (above.is_read_only or above.fstype in _NO_FOLDERS):
            raise ocf.UnusableHere(
                f"directory={self.directory!r} is not here, and cannot be made: {above.point} is "
                f"{above.fstype}{', read-only' if above.is_read_only else ''}"
            )

    def _find_node(self) -> str:
        """Find the device, which start waits for: storage may come a little after the node."""
        source, storage = self.source, self.storage
        is_waiting = self.call.action == "start" and source.node.startswith("/dev/")
        while True:
            node = source.find_node(storage)
            if node:
                return node
            if storage.exists(source.node):  # which no waiting makes another
                is_folder = storage.is_folder(source.node)
                raise ocf.UnusableHere(
                    f"device={self.device!r} is neither a block device nor an image",
                    hint="a directory is mounted with options=bind" if is_folder else "",
                )
            if not is_waiting or self.call.deadline.stage(0.3) <= 0:
                raise ocf.UnusableHere(
                    f"device={self.device!r} is not here",
                    hint="see lsblk -f for what is" if source.is_on_a_device else "",
                )
            self.call.deadline.sleep(0.2, f"{source.words} does not appear")

    # ------------------------------------------------------------------ where it is

    def _read_table(self) -> MountTable:
        try:
            return self.storage.read_table()
        except OSError as error:
            raise ocf.Failure(f"the mount table cannot be read: {error.strerror}") from error

    # ------------------------------------------------------------------ monitor

    @ocf.action(timeout=40, interval=20, depth=0)
    @ocf.action(timeout=40, interval=60, depth=10)
    @ocf.action(timeout=40, interval=120, depth=20)
    def monitor(self) -> ocf.Status:
        table = self._read_table()
        point = self.own.locate(table)
        place = table.look(point)
        ours = self.own.pick(place, table)
        if not ours:
            others = place.stack or place.buried
            return self._judge_other(others[-1]) if others else ocf.STOPPED
        mount = ours[-1]
        if mount.point != point:
            raise ocf.Failure(f"{mount.source} was moved to {mount.point}")
        if not place.stack or place.stack[-1].mount_id != mount.mount_id:
            cover = place.stack[-1] if place.stack else place.above
            by = f"{cover.source} on {cover.point}" if cover else "another mount"
            raise ocf.Failure(f"{mount.source} on {mount.point} is covered by {by}")
        flaw = self.own.find_flaw(mount)
        if flaw:
            raise ocf.Failure(flaw)
        if self.call.level >= 10:
            self._look_deeper(mount)
        if self.call.is_recurring:
            self.own.remember(mount)
        return ocf.RUNNING

    def adopt(self) -> None:
        """Let stop prove the end of what somebody else has mounted, too."""
        self.own.learn(self._read_table())

    def _judge_other(self, other: Mount) -> ocf.Status:
        finding = f"{other.source} is mounted on {other.point}, not {self.source.words}"
        if self.call.is_recurring and self.on_wrong_device == "fail":
            raise ocf.Failure(finding)
        self.call.log.info(finding)
        return ocf.STOPPED

    def _look_deeper(self, mount: Mount) -> None:
        """Read, and write if that is wanted, in a child: storage that has gone never answers."""
        from ocf_py.system import checks

        number = self.storage.find_number(mount.source) if mount.is_anonymous else mount.device
        node = self.storage.find_node(number, mount.source) if number else ""
        if self.source.is_on_a_device and node:
            self._try_check("reading", lambda: checks.read_device(node))
        else:
            self._try_check("asking", lambda: checks.read_folder(mount.point))
        if self.call.level >= 20 and self.statusfile and not mount.is_read_only:
            name = self.statusfile_prefix + self._status_name
            text = f"{self.call.instance} {mount.signature}\n"
            self._try_check("writing", lambda: checks.write_status(mount.point, name, text))

    @property
    def _status_name(self) -> str:
        """A name that this instance, on this node, has for itself."""
        import posix

        return f"{self.call.instance}_{posix.uname().nodename}".replace("/", "_")

    def _try_check(self, what: str, body: Callable[[], int]) -> None:
        from ocf_py.system.checks import CheckFailed, run_check

        what = f"{what} {self.device} ({self.directory})"
        try:
            run_check(self.storage, body, what, self.call.deadline.stage(0.6), self.call.facts)
        except CheckFailed as failed:
            raise ocf.Failure(str(failed.strerror)) from failed

    # ------------------------------------------------------------------ start

    @ocf.action(timeout=60)
    def start(self) -> None:
        from ocf_py.system.mounting import CannotMake, CannotMount, ToolLacking

        try:
            mount = self._bring_up()
        except ToolLacking as lacking:
            raise ocf.NotInstalled(str(lacking), hint=lacking.hint) from lacking
        except CannotMake as problem:
            raise ocf.UnusableHere(str(problem)) from problem
        except CannotMount as problem:
            raise ocf.Failure(str(problem), hint=problem.hint) from problem
        self.own.remember(mount)
        self._apply_ownership(mount.point)
        self._tell_systemd(mount.point)

    def _bring_up(self) -> Mount:
        """Mount it where it is not yet, and make good what a start that was killed has left."""
        from ocf_py.system.mounting import Mounting

        table = self._read_table()
        ours = self.own.find(table)
        if not ours:
            self.own.unsettle()
        point = self.own.locate(table)
        self.own.settle(ours[-1].point if ours else point)
        work = Mounting(self.storage, self.source, self._node, point, self.own.mark, self.call.log)
        if ours:
            if self.source.wants_read_only and not ours[-1].is_read_only:
                work.remount(self.options)
            return ours[-1]
        work.refuse_others(table)
        if self.source.is_on_a_device:
            self.own.claim(self._node, table)
        work.check(self.run_fsck)
        work.mount(self.options)
        # What mount(8) has just put there is ours, whatever it is called.
        stack = self._read_table().look(point).stack
        if not stack:
            raise ocf.Failure(f"{self.source.words} was mounted, but is not on {point}")
        return stack[-1]

    def _find_owner(self) -> tuple[int | None, int | None]:
        if self.owner is None and self.group is None:
            return None, None
        from ocf_py.system.ownership import find_group, find_user

        return self._find("owner", find_user), self._find("group", find_group)

    def _find(self, name: str, find: Callable[[str], int]) -> int | None:
        text = getattr(self, name)
        try:
            return None if text is None else find(text)
        except (LookupError, ValueError) as error:
            raise ocf.UnusableHere(
                f"{name}={text!r} is not known here", hint=f"make that {_SORTS[name]} on every node"
            ) from error

    def _apply_ownership(self, point: str) -> None:
        if self.owner is None and self.group is None and self.mode is None:
            return
        from ocf_py.system.ownership import apply

        user, group = self._find_owner()
        mode = None if self.mode is None else self._parse("mode")
        self._try_check("giving away", lambda: apply(point, user, group, mode))

    def _tell_systemd(self, point: str) -> None:
        """Have the host leave the mount to the cluster; without that it runs all the same."""
        try:
            twin = self.systemd.find_boot_mount(point)
            if twin:
                self.call.log.warning(twin)
            if self.systemd.order_shutdown(point, needs_network=self.source.kind == "network"):
                self.call.log.info(f"a shutdown stops the cluster before {point} is unmounted")
        except OSError as error:
            self.call.log.warning(f"systemd is not told of {point}: {error.strerror}")

    @ocf.action(timeout=20)
    def reload_agent(self) -> None:
        """Take the new parameters: whose it is, and how to judge and to stop from now on."""
        table = self._read_table()
        if self.call.changed & {"owner", "group", "mode"} and self.own.find(table):
            self._apply_ownership(self.own.locate(table))

    # ------------------------------------------------------------------ stop

    @ocf.action(timeout=60)
    def stop(self) -> None:
        from ocf_py.system.unmount_plan import make_plan
        from ocf_py.system.unmounting import StillMounted, Unmounting, end_mounting, leave

        leave()
        own, storage, deadline = self.own, self.storage, self.call.deadline
        table = self._read_table()
        own.learn(table)

        def plan() -> Plan:
            return make_plan(own, self._read_table(), storage, deadline)

        work = Unmounting(storage, plan, self._read_signals(), deadline, self.call.log)
        try:
            if not own.find(table):
                end_mounting(storage, own.locate(table), own.mark, deadline, self.call.log)
            work.run()
        except LookupError as missing:
            raise ocf.Failure(str(missing), hint="it comes with util-linux") from missing
        except StillMounted as still:
            raise ocf.Failure(str(still.strerror)) from still

    def _read_signals(self) -> Signals:
        from ocf_py.system.unmounting import Signals

        words = self.force_unmount.lower().replace(",", " ").split()
        return Signals(
            self._parse("term_signals"),
            self._parse("kill_signals"),
            self.signal_delay,
            spare=any(word in _SPARE_WORDS for word in words),
            fast=self.fast_stop,
        )
