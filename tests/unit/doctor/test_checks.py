"""Each check of the doctor's, on a node that is as the test says."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.cib.document import UnreadableConfiguration
from ocf_py.doctor.block_mirrors import check_block_mirrors
from ocf_py.doctor.diagnosis import Verdict, fine
from ocf_py.doctor.examination import guard
from ocf_py.doctor.fstab import check_fstab
from ocf_py.doctor.kernel import Kernel, check_file_systems, check_kernel
from ocf_py.doctor.links import check_links
from ocf_py.doctor.mirrors import check_mirrors
from ocf_py.doctor.packages import PACKAGES
from ocf_py.doctor.resources import Resource, parse_resources
from ocf_py.doctor.selinux import check_selinux
from ocf_py.doctor.strays import check_strays
from ocf_py.doctor.tools import check_agents, check_tools
from ocf_py.doctor.units import check_units
from ocf_py.doctor.versions import check_python, check_versions
from tests.fakes.network import FakeNetwork
from tests.unit.doctor.nodes import FakeNode, ours, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis

# ---------------------------------------------------------------------- the CIB

_CIB = """\
<cib><configuration><resources>
  <template id="t" class="ocf" provider="ocfpy" type="IPaddr">
    <instance_attributes id="ta"><nvpair id="tn" name="nic" value="eth0"/>
      <nvpair id="ti" name="ip" value="192.0.2.1"/></instance_attributes>
  </template>
  <group id="g"><primitive id="a" template="t">
    <instance_attributes id="aa"><nvpair id="ai" name="ip" value="192.0.2.2"/></instance_attributes>
    <instance_attributes id="ab"><rule id="r" score="1"/>
      <nvpair id="ax" name="ip" value="192.0.2.3"/></instance_attributes>
    <instance_attributes id="ac"><nvpair id="ay" name="ip" value="192.0.2.4"/></instance_attributes>
  </primitive></group>
  <clone id="c"><primitive id="b" class="systemd" type="nginx"/></clone>
</resources></configuration></cib>
"""


def test_resources_have_the_parameters_of_their_template() -> None:
    assert parse_resources(Path("cib.xml"), _CIB.encode()) == [
        Resource("a", "ocf", "ocfpy", "IPaddr", {"nic": "eth0", "ip": "192.0.2.2"}),
        Resource("b", "systemd", "", "nginx", {}, is_cloned=True),
    ]


def test_what_runs_in_a_container_is_not_of_this_node() -> None:
    bundle = (
        b'<configuration><resources><bundle id="b"><podman image="i"/>'
        b'<primitive id="in" class="ocf" provider="image" type="Own"/></bundle>'
        b'<primitive id="out" class="systemd" type="nginx"/></resources></configuration>'
    )
    assert [one.id for one in parse_resources(Path("cib"), bundle)] == ["out"]


@pytest.mark.parametrize("document", [b"", b"\0\1", b"<a/>", b"<cib/>", b"<cib", b"\xff\xfe"])
def test_what_is_no_cib_is_told(document: bytes) -> None:
    with pytest.raises(UnreadableConfiguration):
        parse_resources(Path("cib.xml"), document)


# ---------------------------------------------------------------------- tools and agents


def test_a_tool_that_a_resource_needs_is_a_problem_with_its_package(tmp_path: Path) -> None:
    node = FakeNode(tmp_path, programs=["mount"])
    nfs = ours("Filesystem", "data", device="s:/e", directory="/d", fstype="nfs")
    found = list(check_tools(node, [nfs, ours("Service", unit="nginx.service")]))
    assert told(found) == [
        ("fine", "mount"),
        ("problem", "mount.nfs"),
        ("problem", "systemctl"),
        ("problem", "umount"),
    ]
    assert "nfs-common (Debian), nfs-utils (RHEL), nfs-client (SUSE)" in found[1].remedy
    assert "data" in found[1].message


def test_without_a_cib_a_missing_tool_is_a_warning(tmp_path: Path) -> None:
    assert ("warning", "rsync") in told(check_tools(FakeNode(tmp_path), None))


@pytest.mark.parametrize(
    ("resource", "tools"),
    [
        (ours("IPaddr", ip="192.0.2.1"), []),
        (ours("Service", command="/bin/x"), []),
        (ours("Filesystem", device="-L data"), ["blkid", "mount", "umount"]),
        (ours("Filesystem", device="LABEL=data"), ["blkid", "mount", "umount"]),
        (ours("MirrorSync"), ["crm_attribute", "rsync", "setpriv", "unshare"]),
        (Resource("x", "systemd", "", "nginx", {}), ["systemctl"]),
        (Resource("x", "ocf", "heartbeat", "Filesystem", {}), []),
    ],
)
def test_each_agent_needs_its_own_tools_and_all_have_a_package(
    tmp_path: Path, resource: Resource, tools: list[str]
) -> None:
    found = [one.subject for one in check_tools(FakeNode(tmp_path), [resource])]
    assert found == tools
    assert set(tools) <= set(PACKAGES)


def test_one_needs_and_several_need(tmp_path: Path) -> None:
    for ids, verb in ((["fs"], "fs needs it"), (["fs", "nfs"], "fs, nfs need it")):
        users = [ours("Filesystem", one) for one in ids]
        (agent,) = check_agents(FakeNode(tmp_path), users)
        assert agent.message.endswith(f", and {verb}")
        assert all(
            one.message.endswith(f", and {verb}") for one in check_tools(FakeNode(tmp_path), users)
        )


def test_an_agent_that_is_not_here_is_a_problem(tmp_path: Path) -> None:
    node = FakeNode(tmp_path)
    node.write("/usr/lib/ocf/resource.d/ocfpy/IPaddr", mode=0o755)
    node.write("/usr/lib/ocf/resource.d/ocfpy/Service", mode=0o644)
    resources = [
        ours("IPaddr"),
        ours("Service"),
        Resource("l", "lsb", "", "httpd", {}),
        Resource("f", "stonith", "", "fence_ipmilan", {}),
        Resource("s", "systemd", "", "nginx", {}),
        Resource("p", "stonith", "", "external/sbd", {}),
    ]
    assert told(check_agents(node, resources)) == [
        ("fine", "ocf:ocfpy:IPaddr"),
        ("problem", "ocf:ocfpy:Service"),
        ("problem", "lsb:httpd"),
        ("problem", "stonith:fence_ipmilan"),
    ]


# ---------------------------------------------------------------------- versions


def test_a_remote_node_has_no_corosync_and_needs_none(tmp_path: Path) -> None:
    node = FakeNode(tmp_path, answers={"pacemaker-remoted --version": (0, "Pacemaker 2.1.8")})
    assert told(check_versions(node, [])) == [("fine", "Pacemaker")]


@pytest.mark.parametrize(
    ("version", "verdict", "word"),
    [
        ("Pacemaker 1.1.24", "warning", "190"),
        ("Pacemaker 2.0.4", "warning", "190"),
        ("Pacemaker 2.0.5-8.el8", "warning", "Master"),
        ("Pacemaker 2.1.5", "fine", "minute"),
        ("Pacemaker 2.1.8", "fine", "2.1.8"),
        ("Pacemaker 3.0.0", "fine", "3.0.0"),
        ("nonsense", "problem", "not installed"),
    ],
)
def test_what_follows_from_pacemakers_version(
    tmp_path: Path, version: str, verdict: str, word: str
) -> None:
    node = FakeNode(tmp_path, answers={"pacemakerd --version": (0, version)})
    first = next(iter(check_versions(node, [])))
    assert (first.verdict.value, first.subject) == (verdict, "Pacemaker")
    assert word in first.message


@pytest.mark.parametrize(
    ("corosync", "rsync", "verdicts"),
    [
        ("version '3.1.7'", "rsync  version 3.2.7  protocol", ["fine", "fine"]),
        ("version '2.4.5'", "rsync  version 3.0.9  protocol", ["warning", "warning"]),
        ("", "", ["problem"]),
    ],
)
def test_what_follows_from_corosyncs_and_rsyncs(
    tmp_path: Path, corosync: str, rsync: str, verdicts: list[str]
) -> None:
    answers = {"corosync -v": (0, corosync), "rsync --version": (0, rsync)}
    node = FakeNode(tmp_path, answers=answers)
    assert [verdict for verdict, _ in told(check_versions(node, None))][1:] == verdicts
    assert len(told(check_versions(node, [ours("IPaddr")]))) == 2  # and nobody needs rsync


@pytest.mark.parametrize(
    ("said", "verdict"),
    [((0, "Python 3.11.2\n"), "fine"), ((0, "Python 3.8.1\n"), "problem"), ((1, ""), "problem")],
)
def test_the_launchers_python_is_asked(tmp_path: Path, said: tuple[int, str], verdict: str) -> None:
    node = FakeNode(tmp_path, answers={"/usr/bin/python3 -ISBV": said})
    assert check_python(node, "/usr/bin/python3").verdict.value == verdict


# ---------------------------------------------------------------------- the kernel


class _Poor(Kernel):
    def exchange(self) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def test_a_feature_that_the_kernel_lacks_concerns_who_needs_it() -> None:
    assert told(check_kernel(_Poor(), "4.19", [ours("MirrorSync")])) == [
        ("problem", "renameat2 exchange")
    ]
    assert told(check_kernel(_Poor(), "4.19", [ours("Service")])) == [("fine", "4.19")]
    assert ("problem", "renameat2 exchange") in told(check_kernel(_Poor(), "4.19", None))


def test_a_file_system_that_the_kernel_lacks_is_a_problem(tmp_path: Path) -> None:
    resources = [
        ours("Filesystem", "a", fstype="ext4"),
        ours("Filesystem", "b", fstype="gfs2"),
        ours("Filesystem", "c", fstype="nfs"),
    ]
    found = check_file_systems(FakeNode(tmp_path), lambda fstype: fstype == "ext4", resources)
    assert told(found) == [("fine", "a"), ("problem", "b")]


# ---------------------------------------------------------------------- SELinux


@pytest.mark.parametrize(("state", "verdict"), [(None, "fine"), ("0", "fine"), ("1", "warning")])
def test_where_selinux_enforces_the_launchers_need_their_label(
    tmp_path: Path, state: str | None, verdict: str
) -> None:
    node = FakeNode(tmp_path)
    node.write("/usr/lib/ocf/resource.d/ocfpy/IPaddr")  # without a label
    if state is not None:
        node.write("/sys/fs/selinux/enforce", state)
    ((found, _),) = told(check_selinux(node))
    assert found == verdict


# ---------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("up", "carrier", "policy", "verdict"),
    [
        (True, True, {}, "fine"),
        (False, True, {}, "warning"),
        (True, False, {}, "problem"),
        (True, False, {"check_link_status": "false"}, "warning"),
        (True, False, {"check_link_status": "no", "on_link_down": "refuse"}, "problem"),
        (True, False, {"on_link_down": "warn"}, "warning"),
        (True, False, {"on_link_down": "degraded"}, "warning"),
    ],
)
def test_an_interface_without_a_carrier_is_found(
    up: bool, carrier: bool, policy: dict[str, str], verdict: str
) -> None:
    network = FakeNetwork()
    network.add_link("eth7", up=up, carrier=carrier)
    resource = ours("IPaddr", "vip", ip="192.0.2.1", nic="eth7", cidr_netmask="24", **policy)
    assert told(check_links(lambda _: network, [resource])) == [(verdict, "vip")]  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    "parameters",
    [
        {"ip": "192.0.2.1", "nic": "eth9", "cidr_netmask": "24"},
        {"ip": "192.0.2.1"},  # and no subnet covers it
        {"ip": "nonsense"},
        {"ip": "192.0.2.1", "cidr_netmask": "99"},
        {"ip": "192.0.2.1", "network_namespace": "none", "gone": "1"},
    ],
)
def test_an_address_without_a_place_is_a_problem(parameters: dict[str, str]) -> None:
    network = FakeNetwork()
    network.is_there = "gone" not in parameters
    found = check_links(lambda _: network, [ours("IPaddr", "vip", **parameters)])  # type: ignore[arg-type,return-value]
    assert told(found) == [("problem", "vip")]


# ---------------------------------------------------------------------- units and fstab


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("disabled", "fine"),
        ("static", "fine"),
        ("enabled", "problem"),
        ("enabled-runtime", "problem"),
        ("masked", "problem"),
        ("not-found", "problem"),
        ("", "problem"),
    ],
)
@pytest.mark.parametrize(
    "resource",
    [Resource("web", "systemd", "", "nginx", {}), ours("Service", "web", unit="nginx.service")],
)
def test_a_unit_that_systemd_starts_too_is_a_problem(
    tmp_path: Path, resource: Resource, state: str, verdict: str
) -> None:
    status = 0 if state.startswith("enabled") else 1
    answers = {"systemctl is-enabled -- nginx.service": (status, f"{state}\n")}
    node = FakeNode(tmp_path, answers=answers)
    assert told(check_units(node, [resource])) == [(verdict, "web")]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("/dev/sda /srv/my\\040data ext4 defaults 0 0", [("problem", "data")]),
        ("/dev/sda /srv/my\\040data/ ext4", [("problem", "data")]),
        ("/dev/sda /srv/my\\040data ext4 rw,noauto 0 0", [("warning", "data")]),
        ("# /dev/sda /srv/my\\040data ext4 defaults 0 0", [("fine", "/etc/fstab")]),
        ("/dev/sda /srv/other ext4 defaults 0 0", [("fine", "/etc/fstab")]),
    ],
)
def test_a_mount_that_stands_in_fstab_is_found(
    tmp_path: Path, line: str, found: list[tuple[str, str]]
) -> None:
    node = FakeNode(tmp_path)
    node.write("/etc/fstab", f"# a comment\n\n{line}\n")
    resources = [ours("Filesystem", "data", directory="/srv/my data"), ours("IPaddr")]
    assert told(check_fstab(node, resources)) == found
    assert told(check_fstab(node, [ours("IPaddr")])) == []


# ---------------------------------------------------------------------- mirrors and strays


def test_a_mirror_needs_its_secrets_and_its_directory(tmp_path: Path) -> None:
    node = FakeNode(tmp_path)
    mirror = ours("MirrorSync", "site", directory="/srv/site", secrets_file="/etc/site.secrets")
    assert told(check_mirrors(node, [mirror])) == [("problem", "site")] * 2
    node.write("/etc/site.secrets", "a:long-enough-a-secret\n", mode=0o644)
    node.path("/srv/site").mkdir(parents=True)
    (first,) = check_mirrors(node, [mirror])
    assert "others can read" in first.message
    assert "long-enough" not in repr(first)
    node.path("/etc/site.secrets").chmod(0o600)
    assert told(check_mirrors(node, [mirror])) == [("fine", "site")]
    node.path("/srv/.site.mirror/rubbish-1").mkdir(parents=True)
    assert told(check_mirrors(node, [mirror])) == [("fine", "site"), ("warning", "site")]


def test_a_block_mirror_needs_a_module_and_its_configuration(tmp_path: Path) -> None:
    ask = "modprobe -n -q drbd"
    disk = ours("Drbd", "disk", drbd_resource="r0")
    assert told(check_block_mirrors(FakeNode(tmp_path), [ours("IPaddr")])) == []
    node = FakeNode(tmp_path, answers={ask: (1, "")})
    assert told(check_block_mirrors(node, [disk])) == [("problem", "drbd"), ("problem", "disk")]
    node.write("/etc/drbd.conf", "include")
    node = FakeNode(tmp_path, answers={ask: (0, "")})
    assert told(check_block_mirrors(node, [disk])) == [("fine", "drbd"), ("fine", "disk")]


def test_what_drbd_is_configured_with_is_asked_only_while_its_module_is_loaded(
    tmp_path: Path,
) -> None:
    node = FakeNode(tmp_path, answers={"drbdadm -c /etc/drbd.conf sh-dev r0": (0, "/dev/drbd0\n")})
    node.write("/etc/drbd.conf", "include")
    node.write("/sys/module/drbd/version", "8.4.11\n")
    good, bad = ours("Drbd", "disk", drbd_resource="r0"), ours("Drbd", "more", drbd_resource="r1")
    found = [*check_block_mirrors(node, [good, bad])]
    assert told(found) == [("fine", "drbd"), ("fine", "disk"), ("problem", "more")]
    assert "8.4.11" in found[0].message


def test_a_handler_that_drbd_could_not_call_is_named(tmp_path: Path) -> None:
    dump = 'resource r0 {\n handlers {\n  fence-peer  "/usr/bin/ocf-py drbd fence-peer";\n'
    node = FakeNode(
        tmp_path,
        answers={
            "drbdadm -c /etc/drbd.conf sh-dev r0": (0, "/dev/drbd0\n"),
            "drbdadm -c /etc/drbd.conf dump r0": (0, f"{dump}    }}\n}}\n"),
        },
    )
    node.write("/etc/drbd.conf", "include")
    node.write("/sys/module/drbd/version", "8.4.11\n")
    disk = ours("Drbd", "disk", drbd_resource="r0")
    found = [*check_block_mirrors(node, [disk])]
    assert told(found) == [("fine", "drbd"), ("fine", "disk"), ("problem", "disk")]
    assert "fence-peer calls /usr/bin/ocf-py, which is no program here" in found[-1].message
    node.write("/usr/bin/ocf-py", "#!", 0o755)
    assert told(check_block_mirrors(node, [disk])) == [("fine", "drbd"), ("fine", "disk")]


def test_a_mirror_on_what_does_not_answer_holds_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dead(FakeNode):
        def status(self, path: str) -> os.stat_result | None:
            time.sleep(60)
            return super().status(path)

    monkeypatch.setattr("ocf_py.doctor.mirrors._SECONDS", 0.1)
    mirror = ours("MirrorSync", "site", directory="/srv/site", secrets_file="/etc/site.secrets")
    (one,) = check_mirrors(Dead(tmp_path), [mirror])
    assert one.verdict is Verdict.PROBLEM
    assert "no answer within 0.1 s" in one.message


def test_a_process_in_the_background_without_its_resource_is_found(tmp_path: Path) -> None:
    program = "/usr/lib/ocf/lib/ocfpy/1/ocf_py/system/detached.py"
    python = ["/usr/bin/python3", "-ISB"]
    processes = [
        (7, [*python, program, "ocf_py.system.announcer", "192.0.2.1"]),
        (8, ["/bin/sh"]),
        (9, []),
        (10, [program]),
    ]
    node = FakeNode(tmp_path, processes=processes)
    node.write(program)
    assert told(check_strays(node)) == [("warning", "process 7")]
    node.write("/run/ocfpy/IPaddr.vip")
    assert told(check_strays(node)) == [("fine", "processes")]
    node.path(program).unlink()
    assert told(check_strays(node)) == [("warning", "process 7")]


# ---------------------------------------------------------------------- the whole


def test_a_check_that_the_system_refuses_a_look_says_so_and_ends_nothing() -> None:
    def check() -> Iterator[Diagnosis]:
        yield fine("x", "a", "b")
        raise PermissionError(errno.EACCES, "Permission denied", "/etc/shadow")

    assert told(guard("x", check())) == [("fine", "a"), ("warning", "this check")]
