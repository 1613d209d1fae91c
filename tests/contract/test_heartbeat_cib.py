"""Pacemaker's own judge accepts every kind of CIB that an import of Heartbeat's makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

from ocf_py.catalogue.description import read_description
from tests.unit.heartbeat.importing import HA_CF, Files, resources

_IPFAIL = "ping 192.0.2.1\nrespawn hacluster /usr/lib/heartbeat/ipfail\n"


@pytest.mark.parametrize(
    ("ha_cf", "haresources"),
    [
        (HA_CF, "n1 192.0.2.10/24/eth0 Filesystem::/dev/sdb1::/data::ext4 httpd\nn2 192.0.2.11\n"),
        (HA_CF + _IPFAIL, "n1 2001:db8::10/64 httpd\nn2 2001:db8::11 named mine::argument\n"),
        (HA_CF + _IPFAIL, "n1 drbddisk::r0 drbddisk::r1 Filesystem::/dev/drbd0::/data::xfs\n"),
        (HA_CF, "n1 drbddisk::r0\nn2 MailTo::root LVM::vg apache::/etc/httpd.conf\n"),
        ("node n1.example.org 2n_2\n" + _IPFAIL, "2n_2 portblock::tcp::80::block\n"),
    ],
)
@pytest.mark.parametrize("lsb", [False, True], ids=["unit", "lsb"])
def test_pacemaker_accepts_it(tmp_path: Path, ha_cf: str, haresources: str, lsb: bool) -> None:
    configuration = etree.fromstring(Files(tmp_path).translate(ha_cf, haresources, lsb=lsb).cib)
    empty = subprocess.run(["cibadmin", "--empty"], capture_output=True, check=True).stdout
    cib = etree.fromstring(empty)
    cib.replace(cib[0], configuration)  # of its two, configuration and status
    properties = etree.SubElement(configuration[0], "cluster_property_set", id="of-the-test")
    # Without a fence device, and without this, it says that it will start nothing.
    etree.SubElement(properties, "nvpair", id="fence", name="stonith-enabled", value="false")
    verify = ["crm_verify", "--xml-pipe", "--verbose"]
    done = subprocess.run(verify, input=etree.tostring(cib), capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_each_agent_knows_its_parameters_and_gets_those_that_it_needs(
    tmp_path: Path, installed_agents: Path
) -> None:
    done = Files(tmp_path).translate(
        HA_CF + _IPFAIL,
        "n1 192.0.2.10/255.255.255.0/eth0:1 192.0.2.11/24/eth0/192.0.2.255 httpd LVM::vg "
        "Filesystem::/dev/sdb1::/data::ext4::noatime MailTo::root::moved IPsrcaddr::192.0.2.10 "
        "apache::/etc/httpd.conf db2::db2inst1 Xinetd::ftp portblock::tcp::80::block\n",
    )
    assert done.account.open_entries == []
    for agent, parameters in resources(done).values():
        _, provider, type_ = agent.split(":")
        theirs = Path("/usr/lib/ocf/resource.d", provider)
        description = read_description(
            (installed_agents if provider == "ocfpy" else theirs) / type_
        )
        required = {one.name for one in description.parameters if one.required}
        known = {one.name for one in description.parameters}
        assert required <= set(parameters) <= known, agent
