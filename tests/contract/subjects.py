"""Our agents, and a few made for what they do not do, as the contract tier looks at them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ocf_py.conformance.rule import RULES
from ocf_py.conformance.rules import ALL_RULES
from ocf_py.conformance.subject import Foreign, Subject
from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.manifest import LAUNCHERS
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import AgentSource, Sources, find_sources, read_agent_type
from tests.contract.stand_ins import drbd

_FIXTURES = Path(__file__).with_name("agents")
_NOWHERE = Path("/not/staged/ocfpy")


def install_agents(root: Path, python: str) -> Path:
    """Installs all agents, those of this folder too, and returns the folder of launchers."""
    sources = find_sources(with_examples=True)
    fixtures = tuple(
        AgentSource(path, read_agent_type(path)) for path in sorted(_FIXTURES.glob("[!_]*.py"))
    )
    files = {f"ocfpy_agents/{one.path.name}": one.path.read_bytes() for one in fixtures}
    everything = Sources({**sources.files, **files}, (*sources.agents, *fixtures))
    place = Place(root)
    install(place, everything, find_interpreter(python))
    return place.tree.base / LAUNCHERS


def _folder_at(path: str) -> Foreign:
    return Foreign(
        f"a folder at {path}", (("mkdir", path),), (("rmdir", path),), ("test", "-d", path)
    )


def _mount_on(path: str) -> Foreign:
    return Foreign(
        f"somebody's mount on {path}",
        (("mount", "-t", "tmpfs", "somebodys", path),),
        (("umount", path),),
        ("grep", "-q", f" {path} .* tmpfs somebodys ", "/proc/self/mountinfo"),
    )


def _symlink_at(path: str) -> Foreign:
    return Foreign(
        f"a symlink at {path}",
        (("touch", "/run/somebodys"), ("ln", "-s", "/run/somebodys", path)),
        (("rm", path, "/run/somebodys"),),
        ("test", "-L", path, "-a", "-f", "/run/somebodys"),
    )


_STATE = "/run/a.state"
_MOUNT = "/run/a"
# The stage's /dev is its own, and empty; the kernel's loop devices are everybody's (loop(4)).
_LOOPS = (
    ("mknod", "/dev/loop-control", "c", "10", "237"),
    ("sh", "-c", "for n in $(seq 0 63); do mknod /dev/loop$n b 7 $n; done"),
)
# Mount points, and a folder that mount(8) makes, are left by a stop; so they are there before.
_POINTS = (("mkdir", _MOUNT, "/run/b", "/run/mount"),)
# An image changes by being mounted: on a file system of its own it is none of the witness's.
_IMAGES = (
    ("mkdir", "/run/images"),
    ("mount", "-t", "tmpfs", "images", "/run/images"),
    *(
        command
        for image in ("/run/images/a", "/run/images/b")
        for command in (("truncate", "-s", "8M", image), ("mkfs.ext4", "-q", image))
    ),
)
# A mirror of one node: what takes two is played on a cluster. Its store stays, as a disk would.
_TREES = "/run/trees"
_MIRROR = {
    "address": "node1=127.0.0.1",
    "secrets_file": "/run/mirror.secrets",
    "interval": "1s",
}
_PROMOTABLE = {
    "clone": "0",
    "clone_max": "1",
    "clone_node_max": "1",
    "globally_unique": "false",
    "notify": "true",
    "promoted_max": "1",
    "promoted_node_max": "1",
}
_TREES_ARE_FILLED = (
    ("hostname", "node1"),
    ("ip", "link", "set", "lo", "up"),
    ("mkdir", _TREES),
    ("mount", "-t", "tmpfs", "trees", _TREES),
    ("mkdir", f"{_TREES}/a", f"{_TREES}/b"),
    ("touch", f"{_TREES}/a/file", f"{_TREES}/b/file"),
    ("sh", "-c", "umask 077; echo pair:a-secret-of-the-pair >/run/mirror.secrets"),
)
_BLOCK_MIRROR = {
    "drbdconf": drbd.CONFIGURATION,
    "wfc_timeout": "0",
    "fail_promote_early_if_peer_primary": "true",
}
_LINK = ("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
_UP = (("ip", "link", "set", "eth0", "up"), ("ip", "link", "set", "peer0", "up"))
_NO_DAD = ("sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad")

#: Our agents: each is held to every rule.
AGENTS = (
    Subject(
        "MirrorSync",
        _NOWHERE / "MirrorSync",
        parameters={**_MIRROR, "directory": f"{_TREES}/a"},
        other={**_MIRROR, "directory": f"{_TREES}/b", "port": "8731"},
        prepare=_TREES_ARE_FILLED,
        meta=_PROMOTABLE,
        wrong=(
            {"directory": "relative"},
            {"directory": "/"},
            {"address": ""},
            {"address": "n1"},
            {"address": "n1=nowhere"},
            {"address": "n1=192.0.2.1 n1=192.0.2.2"},
            {"address": "n1=192.0.2.1 n2=192.0.2.1"},
            {"store": f"{_TREES}/a/store"},
            {"port": "0"},
            {"interval": "soon"},
            {"interval": "10s", "max_lag": "15s"},
            {"trigger": "luck"},
            {"max_delete": "101"},
            {"exclude": "'open"},
        ),
        unusable_here=(
            {"directory": "/run/nothing"},
            {"directory": _TREES},
            {"store": "/run/store"},
            {"secrets_file": "/run/nothing"},
            {"address": "somebody=127.0.0.1"},
        ),
        change={"interval": "2s", "max_delete": "20", "keep_aside": "0"},
        forbid_promotion=(("mv", f"{_TREES}/a", f"{_TREES}/gone"),),
        leaves_folders=True,
    ),
    Subject(
        "Drbd",
        _NOWHERE / "Drbd",
        parameters={**_BLOCK_MIRROR, "drbd_resource": "r0"},
        other={**_BLOCK_MIRROR, "drbd_resource": "r1"},
        prepare=drbd.PREPARE,
        wrong=(
            {"drbd_resource": "all"},
            {"drbd_resource": ""},
            {"drbd_resource": "r0 r1"},
            {"drbdconf": "drbd.conf"},
            {"adjust_master_score": "10 0 0 0"},
            {"wfc_timeout": "soon"},
            {"require_drbd_module_version_ge": "new"},
            {"remove_master_score_if_peer_primary": "maybe"},
            {"on_degraded": "panic"},
        ),
        unusable_here=(
            {"drbd_resource": "r9"},
            {"drbdconf": "/run/nothing"},
            {"require_drbd_module_version_lt": "8.4.0"},
        ),
        change={"on_degraded": "ignore", "adjust_master_score": "1 2 3 4"},
        forbid_promotion=(drbd.PROMOTE_PEER,),
    ),
    Subject(
        "Dummy",
        _NOWHERE / "Dummy",
        parameters={"state": _STATE},
        other={"state": "/run/b.state"},
        wrong=({"state": "relative"},),
        foreign=(_folder_at(_STATE), _symlink_at(_STATE)),
    ),
    Subject(
        "Stateful",
        _NOWHERE / "Stateful",
        parameters={"state": _STATE},
        other={"state": "/run/b.state"},
        wrong=({"state": "relative"},),
        foreign=(_folder_at(_STATE),),
        forbid_promotion=(("mkdir", f"{_STATE}.new"),),
    ),
    Subject(
        "IPaddr-v4",
        _NOWHERE / "IPaddr",
        parameters={"ip": "192.0.2.10", "nic": "eth0", "cidr_netmask": "24", "arp_count": "50"},
        other={"ip": "192.0.2.11", "nic": "eth0", "cidr_netmask": "24"},
        prepare=(_LINK, *_UP),
        wrong=(
            {"ip": "192.0.2.256"},
            {"ip": ""},
            {"cidr_netmask": "33"},
            {"broadcast": "nowhere"},
            {"arp_count": "-1"},
            {"arp_targets": "gateway"},
            {"on_link_down": "panic"},
            {"table": "0"},
            {"lvs_ipv6_addrlabel": "true"},
        ),
        unusable_here=(
            {"nic": "eth7"},
            {"nic": "", "ip": "198.51.100.1"},
            {"nic": "", "table": "nonesuch"},
            {"network_namespace": "nonesuch"},
        ),
        foreign=(
            Foreign(
                "another address on the interface",
                (("ip", "address", "add", "192.0.2.99/24", "dev", "eth0"),),
                (("ip", "address", "delete", "192.0.2.99/24", "dev", "eth0"),),
                ("sh", "-c", "ip address show dev eth0 | grep -q 192.0.2.99/24"),
            ),
            Foreign(
                "the same address on lo",
                (("ip", "address", "add", "192.0.2.10/32", "dev", "lo"),),
                (("ip", "address", "delete", "192.0.2.10/32", "dev", "lo"),),
                ("sh", "-c", "ip address show dev lo | grep -q 192.0.2.10/32"),
            ),
        ),
        change={"arp_count": "3", "on_duplicate": "warn", "kill_connections": "true"},
    ),
    Subject(
        "IPaddr-v6",
        _NOWHERE / "IPaddr",
        parameters={"ip": "2001:db8::10", "nic": "eth0", "cidr_netmask": "64"},
        other={"ip": "2001:db8::11", "nic": "eth0", "cidr_netmask": "64"},
        prepare=(_LINK, _NO_DAD, *_UP),
        wrong=(
            {"ip": "2001:db8::g"},
            {"cidr_netmask": "129"},
            {"broadcast": "192.0.2.255"},
            {"lvs_support": "true"},
        ),
        unusable_here=({"nic": "eth7"},),
        foreign=(
            Foreign(
                "another address on the interface",
                (("ip", "address", "add", "2001:db8::99/64", "dev", "eth0"),),
                (("ip", "address", "delete", "2001:db8::99/64", "dev", "eth0"),),
                ("sh", "-c", "ip address show dev eth0 | grep -q 2001:db8::99/64"),
            ),
        ),
        change={"arp_interval": "100"},
    ),
    Subject(
        "Filesystem-tmpfs",
        _NOWHERE / "Filesystem",
        parameters={"device": "scratch", "directory": _MOUNT, "fstype": "tmpfs"},
        other={"device": "scratch-b", "directory": "/run/b", "fstype": "tmpfs"},
        prepare=_POINTS,
        wrong=(
            {"directory": "relative"},
            {"directory": "/usr/"},
            {"device": "-U"},
            {"device": "UUID="},
            {"fstype": "ext4"},
            {"options": "remount,ro"},
            {"options": "bind"},
            {"run_fsck": "maybe"},
            {"mode": "0888"},
            {"term_signals": "TERM NOPE"},
            {"kill_signals": "0"},
            {"force_unmount": "maybe"},
            {"statusfile_prefix": "../x"},
            {"on_wrong_device": "panic"},
        ),
        unusable_here=(
            {"owner": "nonesuch"},
            {"directory": "/etc/passwd/x"},
            {"device": "/nonexistent", "fstype": "none", "options": "bind"},
        ),
        foreign=(_mount_on(_MOUNT),),
        change={"mode": "0750", "force_unmount": "false", "statusfile": "true"},
        heard=("sh", "-c", f'test "$(stat -c %a {_MOUNT})" = 750'),
        leaves_folders=True,
    ),
    Subject(
        "Filesystem-image",
        _NOWHERE / "Filesystem",
        parameters={"device": "/run/images/a", "directory": _MOUNT, "fstype": "ext4"},
        other={"device": "/run/images/b", "directory": "/run/b", "fstype": "ext4"},
        prepare=(*_POINTS, *_LOOPS, *_IMAGES),
        wrong=({"device": "sdb1"}, {"directory": ""}),
        unusable_here=({"device": "/run/images/c"}, {"group": "nonesuch"}),
        foreign=(_mount_on(_MOUNT),),
        change={"signal_delay": "2", "fast_stop": "true"},
        leaves_folders=True,
    ),
    Subject(
        "Service",
        _NOWHERE / "Service",
        parameters={"command": "/bin/sleep", "args": "98765", "pidfile": "/run/sleep.pid"},
        other={"command": "/bin/sleep", "args": "98764", "pidfile": "/run/sleep-b.pid"},
        wrong=(
            {"command": ""},
            {"command": "sleep"},
            {"unit": "sleep.service"},
            {"args": "'open"},
            {"env": "NOTHING"},
            {"umask": "9"},
            {"limits": "files=1"},
            {"ready": "https://localhost/"},
            {"health": "notify"},
            {"stop_signals": "TERM@100%"},
        ),
        unusable_here=(
            {"command": "/nonexistent/sleep"},
            {"user": "nobodys"},
            {"workdir": "/nonexistent"},
            {"envfile": "/nonexistent"},
        ),
        foreign=(
            Foreign(
                "another process in the pid file",
                (("sh", "-c", "tail -f /dev/null >/dev/null & echo $! >/run/sleep.pid"),),
                (("sh", "-c", "pkill -x tail; rm -f /run/sleep.pid"),),
                ("pgrep", "-x", "tail"),
            ),
        ),
        change={"health": "/bin/true", "stop_signals": "TERM KILL@5s"},
    ),
)

#: What they do not do, done by agents made for it: the rules that are about just that.
FIXTURES: tuple[tuple[Subject, tuple[str, ...]], ...] = (
    (
        Subject(
            "Keeper",
            _NOWHERE / "Keeper",
            parameters={"state": _STATE},
            other={"state": "/run/b.state"},
            wrong=({"state": ""}, {"pin_secret": "x"}, {"colour": "blue"}),
            unusable_here=({"state": "/nonexistent/a.state"},),
            change={"colour": "green"},
            heard=("grep", "-q", "green", _STATE),
            raises={"explode": "1"},
            says_debug=True,
        ),
        (
            "unforeseen-exception",
            "debug-is-honoured",
            "secrets-stay-secret",
            "reload-takes-changes-over",
            "reload-is-recorded",
            "reload-keeps-what-runs",
            "monitor-takes-every-level",
            "forced-trace-keeps-the-reason",
        ),
    ),
    (
        Subject(
            "Sleeper",
            _NOWHERE / "Sleeper",
            parameters={"state": _STATE},
            other={"state": "/run/b.state"},
            hangs=({"hang": "wait"}, {"hang": "sleep"}, {"hang": "child"}),
        ),
        ("hanging-action-gives-up", "deadline-counts-from-the-process"),
    ),
    (
        Subject(
            "Minder",
            _NOWHERE / "Minder",
            parameters={"pidfile": "/run/minder.pid"},
            other={"pidfile": "/run/minder-b.pid"},
        ),
        (
            "life",
            "survivors-are-detached",
            "nothing-else-leaves-survivors",
            "survivors-end-with-the-resource",
            "stranger-with-the-pid-survives",
            "ancestors-survive",
            "bare-system",
        ),
    ),
)

#: What test_tester holds to every general rule, as `ocf-py test --sandbox` does.
TESTED = ("IPaddr-v4", "Filesystem-image", "Service", "MirrorSync", "Stateful")
#: Of these, what asks the same of an agent whether it is known or not, and nothing as a stranger to
#: it: once is enough.
_ALIKE = frozenset(
    (
        "advertised-actions-exist",
        "clone-instance-lives",
        "crash-is-noticed",
        "further-arguments-are-ignored",
        "hanging-tool-is-given-up",
        "idle-with-garbage",
        "killed-monitor-recovers",
        "killed-role-change-recovers",
        "killed-start-recovers",
        "killed-stop-recovers",
        "life-leaves-nothing",
        "looking-changes-nothing",
        "metadata-carries-its-dtd",
        "metadata-works-for-anybody",
        "missing-tool-is-no-hard-error",
        "monitor-changes-nothing",
        "monitor-takes-every-level",
        "monitors-differ",
        "nothing-else-leaves-survivors",
        "notify-takes-empty-lists",
        "notify-takes-members",
        "optional-variables-are-optional",
        "reload-interrupts-nothing",
        "reused-pid-is-a-stranger",
        "score-is-deleted-by-stop",
        "survivors-leave-the-group",
        "validation-takes-every-level",
    )
)

#: Those of an agent that one of TESTED is of as well, and what hardly looks at the parameters.
_SECOND = ("IPaddr-v6", "Filesystem-tmpfs")
_OF_THE_AGENT = frozenset(
    (
        "clone-instance-lives",
        "further-arguments-are-ignored",
        "metadata-carries-its-dtd",
        "metadata-is-valid",
        "metadata-needs-nothing",
        "metadata-works-for-anybody",
        "monitors-differ",
        "notify-takes-empty-lists",
        "notify-takes-members",
        "unknown-action-is-unimplemented",
    )
)

SUBJECTS = {one.name: one for one in (*AGENTS, *(subject for subject, _ in FIXTURES))}
CASES = (
    *(
        (subject, rule)
        for subject in AGENTS
        for rule in ALL_RULES
        if not (subject.name in TESTED and rule.id in _ALIKE)
        and not (subject.name in _SECOND and rule.id in _OF_THE_AGENT)
    ),
    *((subject, RULES[name]) for subject, names in FIXTURES for name in names),
)


def at(subject: Subject, launchers: Path) -> Subject:
    """The subject with its executable in a tree of launchers."""
    return replace(subject, executable=launchers / subject.executable.name)
