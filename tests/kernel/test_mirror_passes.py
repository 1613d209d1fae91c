"""Passes of the mirror between two hosts: the real rsync daemon of one, the rsync of the other."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance.sandbox import PLAIN_ENVIRONMENT
from ocf_py.mirror import trees
from ocf_py.mirror.build import build
from ocf_py.mirror.order import GUARD, SPACE, TRANSFER, Built, Order, PassRefused
from ocf_py.mirror.passes import Place
from ocf_py.mirror.record import seal
from ocf_py.mirror.transfer import Pulled, Source, TransferFailed
from tests.kernel.inside import inside
from tests.kernel.mirror_pair import HERE, PORT, SECRETS, THERE
from tests.kernel.mirror_trees import describe, fill

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox
    from tests.kernel.mirror_pair import Pair

KILLS, SEED = 12, 20261125
ROOT = Path(__file__).parents[2]
IMPORTING = {**PLAIN_ENVIRONMENT, "PYTHONPATH": f"{ROOT / 'src'}"}


def assert_refused(pair: Pair, kind: str, said: str, **wishes: object) -> None:
    refused = pair.build(**wishes)
    assert isinstance(refused, PassRefused)
    assert said in str(refused)
    assert "\n" not in str(refused)
    assert refused.kind == kind


def remove_files(top: Path, count: int) -> None:
    for number in range(count):
        (top / str(number)).unlink()


def empty(top: Path) -> None:
    shutil.rmtree(top)
    top.mkdir()


def test_everything_that_a_tree_may_hold_is_kept(pair: Pair) -> None:
    pair.write(fill)
    record = pair.pull()
    assert describe(pair.copy / "data") == describe(pair.source / "data")
    assert (pair.copy / "data/sparse").stat().st_blocks * 512 < 1 << 20
    assert record.tree is not None
    assert record.tree.began == record.tree.ended == 2
    assert record == pair.file(pair.copy).read()


def test_a_socket_is_left_out(pair: Pair) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(pair.source / "data/socket"))
        pair.write(lambda top: (top / "file").write_text("x"))
        pair.pull()
    assert [path.name for path in (pair.copy / "data").iterdir()] == ["file"]


def test_what_did_not_change_is_linked_and_costs_nothing(pair: Pair) -> None:
    pair.write(fill)
    pair.pull()
    before = (pair.copy / "data/sparse").stat().st_ino
    pair.write(lambda top: (top / "plain").write_text("changed, and longer\n"))
    pair.pull()
    assert (pair.copy / "data/sparse").stat().st_ino == before
    assert describe(pair.copy / "data") == describe(pair.source / "data")
    assert sorted(os.listdir(pair.copy / "store")) == ["record", "staging"]


def test_a_changed_mode_does_not_reach_the_live_tree_before_the_exchange(pair: Pair) -> None:
    pair.write(lambda top: (top / "file").write_text("x"))
    pair.pull()
    pair.write(lambda top: (top / "file").chmod(0o600))
    live = (pair.copy / "data/file").open()
    with live:
        mode = os.fstat(live.fileno()).st_mode
        pair.pull()
        assert os.fstat(live.fileno()).st_mode == mode
    assert (pair.copy / "data/file").stat().st_mode & 0o777 == 0o600


def test_a_source_that_moves_says_from_when_to_when(pair: Pair) -> None:
    pair.write(fill)

    def run(order: Order) -> Built:
        pull = Source.pull_tree

        def pull_late(*what: Any) -> Pulled:
            pair.write(lambda top: (top / "late").write_text("x"))
            return pull(*what)

        setattr(Source, "pull_tree", pull_late)  # noqa: B010 - in a fork of ours
        return build(order)

    record = inside(pair.here, lambda: pair.pull_here(run))
    assert record.tree is not None
    assert (record.tree.began, record.tree.ended) == (2, 3)


def test_a_demoted_source_gives_its_final_pass(pair: Pair) -> None:
    pair.write(fill)
    pair.publish(seal(pair.file(pair.source).read()))
    assert pair.pull().tree == pair.file(pair.source).read().tree


@pytest.mark.parametrize(
    ("guards", "kind", "said"),
    [
        ({"max_delete": 50}, GUARD, "6 of 10 entries would vanish"),
        ({"min_free": 1 << 60}, SPACE, f"less than min_free={1 << 40}"),
    ],
)
def test_what_the_guards_refuse_leaves_the_copy_as_it_was(
    pair: Pair, guards: dict[str, int], kind: str, said: str
) -> None:
    pair.write(lambda top: [(top / str(number)).write_text("x") for number in range(10)])
    pair.pull()
    before, record = describe(pair.copy / "data"), pair.file(pair.copy).read()
    pair.write(lambda top: remove_files(top, 6))
    assert_refused(pair, kind, said, **guards)
    assert describe(pair.copy / "data") == before
    assert pair.file(pair.copy).read() == record
    pair.pull(max_delete=60)
    assert describe(pair.copy / "data") == describe(pair.source / "data")


def test_an_empty_source_empties_nothing(pair: Pair) -> None:
    pair.write(fill)
    pair.pull()
    before = describe(pair.copy / "data")
    pair.write(empty)
    assert_refused(pair, GUARD, "the source is empty", max_delete=100)
    assert describe(pair.copy / "data") == before


def test_a_peer_that_vanishes_leaves_the_copy_as_it_was(pair: Pair) -> None:
    pair.write(fill)
    pair.pull()
    before = describe(pair.copy / "data")
    pair.write(lambda top: (top / "new").write_text("x"))

    pair.process.kill()
    pair.process.wait()
    assert_refused(pair, TRANSFER, "the peer cannot be reached")
    assert describe(pair.copy / "data") == before


def test_a_store_on_another_file_system_is_refused(pair: Pair) -> None:
    def body() -> None:
        store = pair.copy / "store"
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", store], check=True)
        try:
            with pytest.raises(PassRefused, match="two file systems"):
                pair.pull_here(build)
        finally:
            subprocess.run(["umount", store], check=True)

    inside(pair.here, body)


def test_what_was_found_in_the_directory_is_set_aside(pair: Pair) -> None:
    (pair.copy / "data/somebodys").write_text("mine\n")
    pair.write(fill)
    record = pair.pull()
    (aside,) = record.asides
    assert (pair.copy / "store" / aside.name / "somebodys").read_text() == "mine\n"
    assert describe(pair.copy / "data") == describe(pair.source / "data")


def test_after_a_promotion_no_tree_shares_an_inode_with_the_live_one(pair: Pair) -> None:
    fill(pair.copy / "data")
    fill(pair.source / "data")
    shutil.rmtree(pair.copy / "data")
    shutil.copytree(pair.source / "data", pair.copy / "data", symlinks=True, copy_function=os.link)
    pair.write(lambda top: (top / "new").write_text("x"))
    record = pair.pull()
    (aside,) = record.asides
    kept = pair.copy / "store" / aside.name
    wanted = describe(pair.copy / "data")
    (pair.copy / "data/plain").rename(pair.copy / "data/renamed")
    content = (kept / "plain").read_text()
    (kept / "own").write_text("nobody else has this")
    assert trees.part(str(kept), str(pair.copy / "data"))
    files = {path for path, entry in trees.walk(str(kept)) if not entry.is_dir()}
    assert files == {b"own", b"plain"}  # the other tree has the others under their names
    assert (kept / "plain").read_text() == content
    (pair.copy / "data/renamed").rename(pair.copy / "data/plain")
    assert describe(pair.copy / "data").keys() == wanted.keys()
    inodes = [
        {entry.inode() for _, entry in trees.walk(str(top)) if not entry.is_dir()}
        for top in (kept, pair.copy / "data")
    ]
    assert not inodes[0] & inodes[1]


# ---------------------------------------------------------------- killed at any point


def test_a_kill_at_any_point_leaves_a_complete_pass(pair: Pair) -> None:
    """Each state of the source is one number in all of its files: a copy has one number too."""
    chance = random.Random(SEED)  # noqa: S311 - reproducible is the point
    names = [f"{number % 7}/{number}" for number in range(200)]
    newest = -1
    for round_number in range(KILLS):

        def change(top: Path, state: int = round_number) -> None:
            for name in names:
                (top / name).parent.mkdir(exist_ok=True)
                (top / name).write_text(f"{state}\n")

        pair.write(change)
        script = [
            sys.executable,
            "-m",
            "tests.kernel.mirror_loop",
            str(pair.copy),
            str(pair.run),
            THERE,
            str(PORT),
            "first",
        ]
        process = pair.here.popen(script, cwd=str(ROOT), env=IMPORTING)
        time.sleep(0.15 + chance.random() * 0.6)
        process.kill()
        process.wait()
        await_no_rsync(pair.here)
        newest = check_state(pair, names, newest, chance)
    assert newest >= 1, "no pass was ever taken in: the kills come too early to show anything"


def await_no_rsync(sandbox: Sandbox) -> None:
    """A pass that is killed takes its rsync along: an orphan would write into the next one."""
    end = time.monotonic() + 5
    while "rsync" in (shown := sandbox.run(["ps", "-eo", "stat,ppid,args"]).stdout):
        assert time.monotonic() < end, shown
        time.sleep(0.02)


def check_state(pair: Pair, names: list[str], newest: int, chance: random.Random) -> int:
    """The live tree is one whole state, never an older one; and the record says which."""
    data = pair.copy / "data"
    if not any(data.iterdir()):
        assert newest == -1
        return newest
    states = {(data / name).read_text() for name in names}
    assert len(states) == 1, states
    state = int(states.pop())
    assert state >= newest
    if chance.random() < 0.5:
        place = Place(str(data), pair.file(pair.copy))
        record = inside(pair.here, place.recover)
        assert record.tree is not None
        assert record.tree.began == state + 2  # the first state was published as moment 2
    return state


# ---------------------------------------------------------------- who gets in


def attempt(pair: Pair, sandbox: Sandbox, secret: str, name: str, path: str) -> int:
    """What a plain rsync client gets that knows this secret: its exit status."""
    password = pair.run / "tried"
    password.write_text(secret + "\n")
    password.chmod(0o600)
    url = f"rsync://{name}@{THERE}:{PORT}/{path}"
    target = pair.run / "got"
    target.mkdir(exist_ok=True)
    argv = ["rsync", "-r", f"--password-file={password}", "--contimeout=5", url, str(target)]
    return sandbox.run(argv).returncode


def test_only_a_peer_with_a_secret_gets_in(pair: Pair) -> None:
    pair.write(fill)
    name, secret = SECRETS[0]
    assert attempt(pair, pair.here, secret, name, "tree/plain") == 0
    assert attempt(pair, pair.here, "a-secret-of-nobody-else", name, "tree/plain") == 5
    assert attempt(pair, pair.here, secret, "stranger", "tree/plain") == 5
    pair.here.run(["ip", "address", "add", "192.0.2.9/24", "dev", "eth0"], check=True)
    pair.here.run(["ip", "address", "delete", f"{HERE}/24", "dev", "eth0"], check=True)
    pair.here.run(["ip", "address", "add", "192.0.2.9/24", "dev", "eth0"])
    assert attempt(pair, pair.here, secret, name, "tree/plain") == 5


def test_of_the_store_nothing_but_the_record_is_seen(pair: Pair) -> None:
    (pair.source / "store/aside-1").mkdir()
    (pair.source / "store/aside-1/file").write_text("not for you\n")
    name, secret = SECRETS[0]
    assert attempt(pair, pair.here, secret, name, "state/record") == 0
    assert attempt(pair, pair.here, secret, name, "state/aside-1/file") != 0
    assert attempt(pair, pair.here, secret, name, "state/") == 0
    assert sorted(os.listdir(pair.run / "got")) == ["record"]


def test_nobody_writes_through_the_daemon(pair: Pair) -> None:
    password = pair.run / "here/presented"
    url = f"rsync://first@{THERE}:{PORT}/tree/"
    argv = ["rsync", f"--password-file={password}", "/etc/hostname", url]
    assert pair.here.run(argv).returncode != 0
    assert os.listdir(pair.source / "data") == []


def test_a_symlink_out_of_the_tree_leads_nowhere(pair: Pair) -> None:
    pair.write(lambda top: (top / "out").symlink_to("/etc"))
    name, secret = SECRETS[0]
    assert attempt(pair, pair.here, secret, name, "tree/out/hostname") != 0


def test_a_secret_is_changed_without_a_gap(pair: Pair) -> None:
    old, new = SECRETS
    accepted = {tuple(pair_of) for pair_of in ((old[0], old[1]), (new[0], new[1]))}

    def who_gets_in() -> set[tuple[str, str]]:
        tried = [(name, secret) for name, secret in accepted]
        return {
            (name, secret)
            for name, secret in tried
            if attempt(pair, pair.here, secret, name, "state/record") == 0
        }

    pair.configure([old])
    assert who_gets_in() == {old}
    pair.configure([old, new])
    assert who_gets_in() == {old, new}
    pair.configure([new])
    assert who_gets_in() == {new}


def test_no_secret_is_on_a_command_line_or_readable_by_others(pair: Pair) -> None:
    pair.write(fill)
    pair.pull()
    shown = pair.there.run(["ps", "-eo", "args"]).stdout
    for _, secret in SECRETS:
        assert secret not in shown
    files = [path for path in pair.run.rglob("*") if path.is_file() and path.name != "seen"]
    assert files
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_a_wrong_secret_is_said_in_a_line(pair: Pair) -> None:
    pair.client.configure("/nowhere", "/nowhere", HERE, PORT, [], [("first", "x" * 20)])

    def body() -> str:
        with pytest.raises(TransferFailed) as caught:
            pair.look()
        return str(caught.value)

    assert inside(pair.here, body).startswith("the peer refuses our secret")
