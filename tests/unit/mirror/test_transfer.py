"""What is made of an rsync that could not copy everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.order import Order
from ocf_py.mirror.transfer import Source, TransferFailed
from ocf_py.system import commands
from ocf_py.system.commands import Completed

if TYPE_CHECKING:
    from collections.abc import Sequence

ORDER = Order("/data", "/store", "/run/m", "192.0.2.1", 8730, "site", "/run/m/presented")
SUMMARY = "rsync error: some files/attrs were not transferred (see previous errors) (code 23)\n"
TOO_LATE = (
    "rsync: [sender] get_acl: sys_acl_get_file(4/34.new, ACL_TYPE_ACCESS): "
    "No such file or directory (2)\n"
)
REFUSED = 'rsync: [sender] send_files failed to open "a": Permission denied (13)\n'


class Rsync:
    """Ends as it is told to, one time after the other; then well."""

    def __init__(self, *said: str) -> None:
        self.said = list(said)
        self.runs = 0

    def __call__(self, argv: Sequence[str], seconds: float, limit: int = 0) -> Completed:
        self.runs += 1
        if not self.said:
            return Completed(argv, 0, "received 7 bytes", "")
        return Completed(argv, 23, "", self.said.pop(0))


def pull(monkeypatch: pytest.MonkeyPatch, rsync: Rsync) -> int:
    monkeypatch.setattr(commands, "run", rsync)
    source = Source(ORDER.address, ORDER.port, ORDER.user, ORDER.secret_file)
    return source.pull_tree("tree", "/store/staging", "/data", ORDER).bytes


def test_what_came_too_late_for_a_file_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rsync = Rsync(TOO_LATE + SUMMARY, TOO_LATE * 2 + SUMMARY)
    assert pull(monkeypatch, rsync) == 7
    assert rsync.runs == 3


def test_it_is_not_run_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    rsync = Rsync(*[TOO_LATE + SUMMARY] * 100)
    with pytest.raises(TransferFailed, match="could not be copied"):
        pull(monkeypatch, rsync)
    assert rsync.runs == 5


@pytest.mark.parametrize(
    "said",
    [REFUSED + SUMMARY, TOO_LATE + REFUSED + SUMMARY, SUMMARY, ""],
    ids=["refused", "both", "summary", "silence"],
)
def test_any_other_error_counts_at_once(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    rsync = Rsync(said)
    with pytest.raises(TransferFailed, match="rsync 23"):
        pull(monkeypatch, rsync)
    assert rsync.runs == 1
