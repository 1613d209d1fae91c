"""The whole way: three files of Heartbeat's in, two of Corosync's and Pacemaker's out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.heartbeat import cib, corosync_conf
from ocf_py.heartbeat.account import Account
from ocf_py.heartbeat.authkeys import account_for_keys
from ocf_py.heartbeat.haresources import read_together
from ocf_py.heartbeat.pair import read_pair
from ocf_py.heartbeat.paths import read_addresses
from ocf_py.heartbeat.source import read_lines, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Translation:
    """The texts of the new files, and the account of the old ones."""

    corosync_conf: str
    cib: str
    account: Account


def translate(
    ha_cf: Path,
    haresources: Path,
    authkeys: Path | None,
    given_addresses: Sequence[str],
    *,
    lsb: bool,
) -> Translation:
    """Translates; `source.Unusable` names the file and line that Heartbeat could not have used."""
    account = Account()
    files = [show(path) for path in (ha_cf, haresources, authkeys) if path is not None]
    pair = read_pair(files[0], read_lines(ha_cf), account)
    addresses = read_addresses(given_addresses, pair.nodes)
    pair.paths.account_for(addresses, account)
    resources = read_lines(haresources)
    groups = read_together(files[1], resources, pair.nodes, account, lsb=lsb)
    if authkeys is not None:
        account_for_keys(files[2], read_lines(authkeys), account)
    account.sort(files)
    return Translation(corosync_conf.render(pair, addresses), cib.render(pair, groups), account)
