"""Which package brings a program, by the family of distributions."""

from __future__ import annotations

from typing import NamedTuple


class Package(NamedTuple):
    """Its names on Debian and Ubuntu; on Fedora and RHEL; on SUSE."""

    debian: str
    redhat: str
    suse: str

    def __str__(self) -> str:
        if len(set(self)) == 1:
            return self.debian
        return f"{self.debian} (Debian), {self.redhat} (RHEL), {self.suse} (SUSE)"


_UTIL_LINUX = Package("util-linux", "util-linux", "util-linux")
_DRBD_UTILS = Package("drbd-utils", "drbd-utils", "drbd-utils")
CLI_TOOLS = Package("pacemaker-cli-utils", "pacemaker-cli", "pacemaker-cli")

#: A program: what brings it.
PACKAGES = {
    "mount": Package("mount", "util-linux", "util-linux"),
    "umount": Package("mount", "util-linux", "util-linux"),
    "blkid": _UTIL_LINUX,
    "setpriv": _UTIL_LINUX,
    "unshare": _UTIL_LINUX,
    "rsync": Package("rsync", "rsync", "rsync"),
    "systemctl": Package("systemd", "systemd", "systemd"),
    "drbdadm": _DRBD_UTILS,
    "drbdsetup": _DRBD_UTILS,
    "crm_attribute": CLI_TOOLS,
    "mount.nfs": Package("nfs-common", "nfs-utils", "nfs-client"),
    "mount.nfs4": Package("nfs-common", "nfs-utils", "nfs-client"),
    "mount.cifs": Package("cifs-utils", "cifs-utils", "cifs-utils"),
    "mount.glusterfs": Package("glusterfs-client", "glusterfs-fuse", "glusterfs"),
    "mount.ceph": Package("ceph-common", "ceph-common", "ceph-common"),
}
