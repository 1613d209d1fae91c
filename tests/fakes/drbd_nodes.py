"""DRBD without a kernel: two nodes that hold state, speak as DRBD does, and refuse what it refuses.

The lines, messages and exit codes are those of tests/data/drbd-8.4, captured on real DRBD 8.4.11;
as version 9 a node speaks by drbdsetup(8) of 9. It is on its own, so that it can play DRBD as a
program, too.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs a program more than all it does
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAME = "r0"
SIZE = 65496  # KiB
MANY_PEERS = 9  # from which version on DRBD has them, and a role of the whole resource
_REPLICATING = ("SyncSource", "SyncTarget")
_HELD = "0: State change failed: (-12) Device is held open by someone"
_UNKNOWN = (
    "0: Failure: (127) Device minor not allocated\nadditional info from kernel:\nunknown minor"
)


class FakeNode:
    """One node. What is on disk, `disk_flag` and `history`, survives a loss of power.

    `history` is what was written, generation by generation: one that is the beginning of another is
    older, two of which neither is have diverged. `openers` have the device open.
    """

    def __init__(self, pair: FakePair, name: str, version: str, policy: str) -> None:
        self.pair = pair
        self.name = name
        self.version = version
        self.policy = policy
        self.handler: Callable[[], int] | None = None
        self.configured = True
        self.is_loaded = False
        self.is_up = False
        self.role = "Secondary"
        self.disk = "Diskless"
        self.disk_flag = "UpToDate"
        self.history: tuple[str, ...] = ("first",)
        self.connection = "StandAlone"
        self.replication = "Off"
        self.peer_disk = "DUnknown"
        self.out_of_sync = 0
        self.suspended = "no"
        self.has_quorum = True
        self.openers: list[str] = []
        self.ran: list[str] = []

    @property
    def peer(self) -> FakeNode:
        return next(one for one in self.pair.nodes.values() if one is not self)

    @property
    def is_connected(self) -> bool:
        return self.connection == "Connected"

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    # ------------------------------------------------------------------ commands

    def run(self, argv: Sequence[str]) -> tuple[int, str, str]:
        """(exit status, stdout, stderr) of drbdsetup or drbdadm."""
        self.is_loaded = True
        tool, *rest = argv
        if tool == "drbdadm":
            assert rest[0] == "-c"
            rest = rest[2:]
            if not self.configured:
                return 1, "", "no resources defined!"
        is_of_eight = rest[0] == "secondary" and tool == "drbdsetup" and self.major < MANY_PEERS
        assert rest[-1] == ("0" if is_of_eight else self.pair.resource), argv
        words = [word.lstrip("-").replace("-", "_") for word in rest[:-1]]
        self.ran.append(" ".join(rest[:-1]))
        found: tuple[int, str, str] = getattr(self, f"_{'_'.join(words)}")()
        self.pair.settle()
        return found

    def _check_resize(self) -> tuple[int, str, str]:
        assert not self.is_up, "metadata is moved where nobody uses it"
        return 0, "", ""

    def _sh_dev(self) -> tuple[int, str, str]:
        return 0, "/dev/drbd0\n", ""

    def _show(self) -> tuple[int, str, str]:
        return 0, f"resource r0 {{\n    disk {{\n        fencing {self.policy};\n    }}\n}}\n", ""

    def _adjust(self) -> tuple[int, str, str]:
        self._adjust_skip_net()
        if self.connection == "StandAlone":
            self.connection = "Connecting"
        return 0, "", ""

    def _adjust_skip_net(self) -> tuple[int, str, str]:
        assert self.major >= 9 or self.ran[-1] == "adjust", "8.4 has no --skip-net"
        self.is_up = True
        return self._attach()

    def _new_resource(self) -> tuple[int, str, str]:
        self.is_up = True
        return 0, "", ""

    def _new_minor(self) -> tuple[int, str, str]:
        assert self.is_up
        return 0, "", ""

    def _attach(self) -> tuple[int, str, str]:
        if self.disk == "Diskless":
            is_open = self.disk_flag == "UpToDate" and self.policy != "dont-care"
            knows_better = self.peer_disk == "Outdated"
            self.disk = "Consistent" if is_open and not knows_better else self.disk_flag
        return 0, "", ""

    def _connect(self) -> tuple[int, str, str]:
        if self.connection == "StandAlone":
            self.connection = "Connecting"
        return 0, "", ""

    def _connect_discard_my_data(self) -> tuple[int, str, str]:
        if self.role == "Primary":
            return 10, "", "r0: Failure: (139) Can not discard data of a primary"
        self.history = ()
        return self._connect()

    def _disconnect(self) -> tuple[int, str, str]:
        self.pair.part(self)
        self.connection = "StandAlone"
        return 0, "", ""

    def _disconnect_force(self) -> tuple[int, str, str]:
        return self._disconnect()

    def _outdate(self) -> tuple[int, str, str]:
        if self.is_connected:
            return 17, "", "0: State change failed: (-13) Refusing to be Outdated while Connected"
        self.disk = self.disk_flag = "Outdated"
        return 0, "", ""

    def _primary(self) -> tuple[int, str, str]:
        status, said = self._refuse_primary()
        if status == 0:
            self.role, self.disk = "Primary", "UpToDate" if self.disk == "Consistent" else self.disk
        return status, "", f"0: State change failed: {said}" if said else ""

    def _refuse_primary(self) -> tuple[int, str]:
        no_data = 17, "(-2) Need access to UpToDate data"
        assert self.is_up
        if self.is_connected and self.peer.role == "Primary":
            return 11, "(-1) Multiple primaries not allowed by config"
        if not self.has_quorum:
            return 17, "(-22) No quorum"
        if self.policy != "dont-care" and not self.is_connected and self.peer_disk == "DUnknown":
            self._call_handler()
            if self.peer_disk != "Outdated" and self.disk == "UpToDate":
                return 11, "(-7) Refusing to be Primary while peer is not outdated"
            if self.peer_disk != "Outdated":
                return no_data
        reads_from_peer = self.is_connected and self.peer.disk == "UpToDate"
        return (0, "") if self.disk in ("UpToDate", "Consistent") or reads_from_peer else no_data

    def _call_handler(self) -> None:
        code = self.handler() if self.handler else 1
        if code in (4, 5, 7):
            self.peer_disk = "Outdated"
        elif code == 6 and self.role == "Secondary":
            self.disk = self.disk_flag = "Outdated"

    def _secondary(self) -> tuple[int, str, str]:
        if not self.is_up:
            return 10, "", _UNKNOWN
        if self.openers:
            return (
                11,
                "",
                f"{_HELD}\nCommand 'drbdsetup-84 secondary 0' terminated with exit code 11",
            )
        self.role = "Secondary"
        return 0, "", ""

    def _down(self) -> tuple[int, str, str]:
        if not self.is_up:
            return 10, "", _UNKNOWN
        if self.openers:
            return 11, "", _HELD
        if self.is_connected and self.peer.role == "Primary" and self.peer.disk != "UpToDate":
            return 17, "", "r0: State change failed: (-2) Need access to UpToDate data"
        self.pair.part(self)
        self.stop()
        return 0, "", ""

    def stop(self) -> None:
        """Go down, however: the disk keeps what it is."""
        self.is_up = False
        self.role, self.disk, self.connection = "Secondary", "Diskless", "StandAlone"
        self.replication, self.suspended = "Off", "no"
        self.peer_disk = "Outdated" if self.peer_disk == "Outdated" else "DUnknown"
        self.openers = []

    # ------------------------------------------------------------------ its voice

    def _events2_now_statistics(self) -> tuple[int, str, str]:
        return 0, "".join(f"{line}\n" for line in self._tell()), ""

    def _tell(self) -> list[str]:
        if not self.is_up:
            return ["exists -"]
        is_nine = self.major >= 9
        who = "peer-node-id:0 conn-name:peer"
        if is_nine:
            who = f"peer-node-id:{self.pair.number(self.peer)} conn-name:{self.peer.name}"
        elif self.connection == "StandAlone":
            who = "peer-node-id:0"
        role = self.peer.role if self.is_connected else "Unknown"
        quorum = f" client:no quorum:{'yes' if self.has_quorum else 'no'}" if is_nine else ""
        there = f"replication:{self.replication} peer-disk:{self.peer_disk} resync-suspended:no"
        name = f"name:{self.pair.resource}"
        return [
            f"exists resource {name} role:{self.role} suspended:{self.suspended}",
            f"exists connection {name} {who} connection:{self.connection} role:{role}",
            f"exists device {name} volume:0 minor:0 disk:{self.disk}{quorum} size:{SIZE}",
            f"exists peer-device {name} {who} volume:0 {there} out-of-sync:{self.out_of_sync}",
            "exists -",
        ]

    # ------------------------------------------------------------------ what happens to it

    def write(self, what: str) -> None:
        """Write as the promoted node; what the peer does not get, it lacks."""
        assert self.role == "Primary", "read-only: Wrong medium type"
        assert self.suspended == "no", "the write hangs"
        self.history += (what,)
        if self.is_connected:
            self.peer.history = self.history
        else:
            self.out_of_sync += 4

    def detach(self) -> None:
        """The disk fails."""
        self.disk = "Diskless"
        if self.is_connected:
            self.peer.peer_disk = "Diskless"


class FakePair:
    """n1 and n2, with a cable between them; both were in sync when they were last up."""

    def __init__(
        self, version: str = "8.4.11", policy: str = "dont-care", resource: str = NAME
    ) -> None:
        self.resource = resource
        self.nodes: dict[str, FakeNode] = {}
        self.cable = True
        for name in ("n1", "n2"):
            self.nodes[name] = FakeNode(self, name, version, policy)

    def number(self, node: FakeNode) -> int:
        return [*self.nodes.values()].index(node)

    def settle(self) -> None:
        """Let two that look for each other meet."""
        one, other = self.nodes.values()
        if not (self.cable and one.connection == other.connection == "Connecting"):
            return
        shorter = min(len(one.history), len(other.history))
        if one.history[:shorter] != other.history[:shorter]:
            one.connection = other.connection = "StandAlone"  # split brain
            return
        for node in (one, other):
            node.connection = "Connected"
        behind = one if len(one.history) < len(other.history) else other
        if len(one.history) == len(other.history) and one.disk_flag == other.disk_flag:
            for node in (one, other):
                node.disk = node.disk_flag
                node.replication, node.out_of_sync = "Established", 0
        else:
            if len(one.history) == len(other.history):
                behind = one if one.disk_flag != "UpToDate" else other
            behind.disk = behind.disk_flag = "Inconsistent"
            behind.peer.disk = "UpToDate"
            behind.replication, behind.peer.replication = "SyncTarget", "SyncSource"
            one.out_of_sync = other.out_of_sync = SIZE
        for node in (one, other):
            node.peer_disk = node.peer.disk

    def sync(self, percent: float) -> None:
        """Bring a resynchronisation forward; 100 ends it."""
        one, other = self.nodes.values()
        assert one.replication in _REPLICATING, "there is none"
        for node in (one, other):
            node.out_of_sync = int(SIZE * (100 - percent) / 100)
        if percent >= 100:
            target = one if one.replication == "SyncTarget" else other
            target.history = target.peer.history
            target.disk = target.disk_flag = "UpToDate"
            for node in (one, other):
                node.replication, node.peer_disk = "Established", "UpToDate"

    def part(self, leaver: FakeNode) -> None:
        """End the connection as the node that stays sees it."""
        if leaver.is_connected:
            for node in (leaver, leaver.peer):
                self._lose(node)

    def _lose(self, node: FakeNode) -> None:
        was_primary = node.peer.role == "Primary"
        node.connection, node.replication, node.peer_disk = "Connecting", "Off", "DUnknown"
        if node.major >= 9 and node.policy != "dont-care" and was_primary:
            node.disk = "Consistent" if node.disk == "UpToDate" else node.disk

    def cut(self) -> None:
        self.cable = False
        for node in self.nodes.values():
            if node.is_connected:
                self._lose(node)

    def heal(self) -> None:
        self.cable = True
        self.settle()

    def kill(self, name: str) -> None:
        """Loss of power: nothing is told to anybody."""
        node = self.nodes[name]
        self.part(node)
        node.stop()
        node.is_loaded = False
