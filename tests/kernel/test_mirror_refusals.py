"""What goes wrong with a pass is refused in a line, and the copy stays the last whole one."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.mirror.build import build
from ocf_py.mirror.layout import Layout
from ocf_py.mirror.order import BUSY, GUARD, PLACE, SPACE, TRANSFER, PassRefused
from ocf_py.mirror.passes import Place
from ocf_py.mirror.transfer import Source
from tests.kernel.inside import inside
from tests.kernel.mirror_pair import THERE, wait_for
from tests.kernel.mirror_pass import child_argv, run_child, sweep
from tests.kernel.mirror_trees import describe, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocf_py.mirror.order import Built, Order
    from ocf_py.mirror.transfer import Pulled
    from tests.kernel.mirror_pair import Pair

_WEAK = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")


@pytest.fixture
def filled(pair: Pair) -> Pair:
    """A pair whose copy has a whole pass."""
    pair.write(fill)
    pair.pull()
    return pair


@contextlib.contextmanager
def unchanged(pair: Pair) -> Iterator[None]:
    before, record = describe(pair.copy / "data"), pair.file(pair.copy).read()
    yield
    assert describe(pair.copy / "data") == before
    assert pair.file(pair.copy).read() == record


def assert_refused(answer: Built | PassRefused, kind: str, said: str) -> None:
    assert isinstance(answer, PassRefused), answer
    assert said in str(answer)
    assert "\n" not in str(answer)
    assert answer.kind == kind


def build_here(pair: Pair, **wishes: Any) -> Built | PassRefused:
    """As `Pair.build`, from within the host of the copy."""
    try:
        return run_child(pair.order(**wishes))
    except PassRefused as refused:
        return refused


# ---------------------------------------------------------------- the source


def serve_weakly(pair: Pair) -> None:
    """Have the daemon be a root that cannot read what is not its own, as over NFS."""
    pair.process.kill()
    pair.process.wait()
    pair.process = pair.there.popen([*_WEAK, *pair.daemon.argv], stderr=subprocess.DEVNULL)
    inside(pair.here, lambda: wait_for(THERE))


def make_unreadable(path: Path) -> None:
    os.chown(path, 1234, 1234)
    path.chmod(0)


def test_a_file_that_cannot_be_read(filled: Pair) -> None:
    serve_weakly(filled)
    filled.write(lambda top: (top / "other").write_text("x"))
    filled.write(lambda top: make_unreadable(top / "other"))
    with unchanged(filled):
        said = "some files could not be copied (rsync 23: rsync: [sender] "
        assert_refused(filled.build(), TRANSFER, said)


def test_a_folder_that_cannot_be_read_is_not_taken_for_empty(filled: Pair) -> None:
    serve_weakly(filled)
    filled.write(lambda top: make_unreadable(top / "folder"))
    with unchanged(filled):
        assert_refused(filled.build(max_delete=100), TRANSFER, "could not be copied (rsync 23: ")


def test_a_source_that_was_unmounted(pair: Pair) -> None:
    data = str(pair.source / "data")
    pair.there.run(["mount", "-t", "tmpfs", "tmpfs", data], check=True)
    pair.there.run(["touch", f"{data}/file"], check=True)
    pair.pull()
    pair.there.run(["umount", data], check=True)
    with unchanged(pair):
        assert_refused(pair.build(max_delete=100), GUARD, "the source is empty: is its file system")
    assert (pair.copy / "data/file").exists()


def test_all_that_was_in_a_folder_counts_where_a_file_takes_its_place(filled: Pair) -> None:
    filled.write(lambda top: [(top / f"folder/deeper/{n}").write_text("x") for n in range(60)])
    filled.pull()
    filled.write(lambda top: shutil.rmtree(top / "folder"))
    filled.write(lambda top: (top / "folder").write_text("x"))
    with unchanged(filled):
        assert_refused(filled.build(), GUARD, "63 of 71 entries would vanish")


def build_while(meanwhile: Callable[[], object], order: Order) -> Built:
    """Something happens to the source between the look at it and the copy. In a fork of ours."""
    pull = Source.pull_some

    def pull_late(*what: Any, **more: Any) -> Pulled:
        meanwhile()
        return pull(*what, **more)

    setattr(Source, "pull_some", pull_late)  # noqa: B010 - mypy knows it for a method
    return build(order)


def test_a_file_that_vanishes_is_told_of(filled: Pair) -> None:
    filled.write(lambda top: (top / "short-lived").write_text("x"))
    filled.write(lambda top: (top / "stays").write_text("x"))

    def run(order: Order) -> Built:
        built = build_while((filled.source / "data/short-lived").unlink, order)
        assert built.vanished
        return built

    inside(filled.here, lambda: filled.pull_here(run))
    names = {path.name for path in (filled.copy / "data").iterdir()}
    assert "stays" in names
    assert "short-lived" not in names


def test_a_source_that_loses_all_of_it_while_it_is_copied_is_still_not_believed(pair: Pair) -> None:
    """The copy of a directory whose file system goes amid a pass would be empty as well."""
    pair.write(lambda top: (top / "file").write_text("before"))
    pair.pull()
    pair.write(lambda top: (top / "file").write_text("after"))
    file = pair.source / "data/file"

    def run() -> Built | PassRefused:
        try:
            return build_while(file.unlink, pair.order())
        except PassRefused as refused:
            return refused

    with unchanged(pair):
        assert_refused(inside(pair.here, run), GUARD, "the source is empty: is its file system")
    assert (pair.copy / "data/file").read_text() == "before"


def test_a_clock_that_was_set_back_hides_no_change(filled: Pair) -> None:
    def change(top: Path, seconds: int) -> None:
        (top / "plain").write_text(f"at {seconds}\n")
        os.utime(top / "plain", (seconds, seconds))

    for seconds in (4_000_000_000, 1_000_000_000, 1_000_000_001):
        filled.write(lambda top, seconds=seconds: change(top, seconds))  # type: ignore[misc]
        filled.pull()
        assert describe(filled.copy / "data") == describe(filled.source / "data")


# ---------------------------------------------------------------- the place


def test_a_full_disk(pair: Pair) -> None:
    """What had come before it was full is given back, and the next pass finds room."""

    def body() -> None:
        image = pair.run / "image"
        for command in (["truncate", "-s", "16M"], ["mkfs.ext4", "-q"]):
            subprocess.run([*command, image], check=True)
        for side in ("data", "store"):
            (pair.copy / side).rmdir()
        subprocess.run(["mount", "-o", "loop", image, pair.copy], check=True)
        try:
            (pair.copy / "data").mkdir()
            (pair.copy / "store").mkdir(mode=0o700)
            fill_up()
        finally:
            subprocess.run(["umount", pair.copy], check=True)

    def fill_up() -> None:
        pair.write(lambda top: (top / "small").write_text("x"))
        pair.pull_here(run_child)
        free = os.statvfs(pair.copy).f_bavail
        for number in (1, 2, 3):
            pair.write(lambda top, n=number: (top / f"big{n}").write_bytes(os.urandom(8 << 20)))  # type: ignore[misc]
        with unchanged(pair):
            assert_refused(build_here(pair), SPACE, "No space left on device")
        assert free - os.statvfs(pair.copy).f_bavail < 64  # blocks of folders and the journal
        for number in (2, 3):
            pair.write(lambda top, n=number: (top / f"big{n}").unlink())  # type: ignore[misc]
        pair.pull_here(run_child)
        assert describe(pair.copy / "data") == describe(pair.source / "data")

    inside(pair.here, body)


def test_a_file_system_that_is_read_only(filled: Pair) -> None:
    filled.write(lambda top: (top / "new").write_text("x"))

    def body() -> None:
        subprocess.run(["mount", "--bind", filled.copy, filled.copy], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", filled.copy], check=True)
        with unchanged(filled):
            assert_refused(build_here(filled), PLACE, "Read-only file system")

    inside(filled.here, body)


def test_a_directory_that_became_a_symlink(filled: Pair) -> None:
    data = filled.copy / "data"
    data.rename(filled.copy / "elsewhere")
    data.symlink_to("elsewhere")
    assert_refused(filled.build(), PLACE, f"{data} is no directory")


def test_a_directory_that_is_gone(filled: Pair) -> None:
    (filled.copy / "data").rename(filled.copy / "elsewhere")
    assert_refused(filled.build(), PLACE, "No such file or directory: is it mounted?")


@pytest.mark.parametrize(("where", "said"), [("data", "two file systems"), ("data/folder", "moun")])
def test_something_that_is_mounted_in_the_copy(filled: Pair, where: str, said: str) -> None:
    filled.write(lambda top: (top / "new").write_text("x"))

    def body() -> None:
        point = filled.copy / where
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", point], check=True)
        (point / "precious").write_text("x")
        assert_refused(build_here(filled), PLACE, said)
        assert (point / "precious").exists()

    inside(filled.here, body)


def test_what_is_mounted_in_rubbish_is_not_removed(filled: Pair) -> None:
    Place(str(filled.copy / "data"), filled.file(filled.copy)).retire()
    filled.write(lambda top: (top / "new").write_text("x"))
    filled.pull()

    def body() -> None:
        layout = Layout(str(filled.copy / "data"), str(filled.copy / "store"))
        layout.discard(layout.staging)
        (rubbish,) = [path for path in layout.rubbish if Path(path, "folder").is_dir()]
        point = Path(rubbish, "folder")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", point], check=True)
        (point / "precious").write_text("x")
        sweep(filled.order())
        assert (point / "precious").exists()
        subprocess.run(["umount", point], check=True)
        sweep(filled.order())
        assert layout.rubbish == []

    inside(filled.here, body)


def test_two_passes_at_once(filled: Pair) -> None:
    def body() -> None:
        with Layout(str(filled.copy / "data"), str(filled.copy / "store")).lock():
            assert_refused(build_here(filled), BUSY, "another pass works in")
        assert not isinstance(build_here(filled), PassRefused)

    inside(filled.here, body)


def test_a_pass_whose_caller_is_gone_does_nothing(filled: Pair) -> None:
    filled.write(lambda top: (top / "new").write_text("x"))

    def body() -> str:
        order = filled.order(parent=1_000_000)
        argv = child_argv("build")
        return subprocess.run(
            argv, input=order.dump(), stdout=subprocess.PIPE, text=True, check=False
        ).stdout

    with unchanged(filled):
        assert inside(filled.here, body) == ""
    assert not (filled.copy / "store/staging/new").exists()


# ---------------------------------------------------------------- what the twin could do wrong


def test_a_file_with_all_the_links_it_may_have(pair: Pair) -> None:
    """ext4 allows 65,000, and a twin would double them."""

    def link(top: Path) -> None:
        (top / "0").write_text("x")
        for number in range(1, 33_000):
            os.link(top / "0", top / str(number))

    def body() -> None:
        image = pair.run / "image"
        for command in (["truncate", "-s", "64M"], ["mkfs.ext4", "-q"]):
            subprocess.run([*command, image], check=True)
        for side in ("data", "store"):
            (pair.copy / side).rmdir()
        subprocess.run(["mount", "-o", "loop", image, pair.copy], check=True)
        try:
            (pair.copy / "data").mkdir()
            (pair.copy / "store").mkdir(mode=0o700)
            pair.write(link)
            pair.pull_here(run_child)
            pair.write(lambda top: (top / "other").write_text("x"))
            pair.pull_here(run_child)
            assert (pair.copy / "data/32999").stat().st_nlink == 33_000
            assert describe(pair.copy / "data") == describe(pair.source / "data")
        finally:
            subprocess.run(["umount", pair.copy], check=True)

    inside(pair.here, body, seconds=120)


def test_a_folder_that_was_given_its_time_back_has_it_in_the_copy(filled: Pair) -> None:
    """rsync does not name it then, but the twin's is another once an entry is gone."""

    def change(top: Path) -> None:
        folder = top / "folder/deeper"
        found = folder.stat()
        (folder / "file").unlink()
        os.utime(folder, ns=(found.st_atime_ns, found.st_mtime_ns))

    filled.write(lambda top: (top / "folder/deeper/file").write_text("x"))
    filled.pull()
    filled.write(lambda top: (top / "plain").write_text("changed\n"))
    filled.pull()  # now both trees have the folder as it is
    filled.write(change)
    filled.pull()
    assert describe(filled.copy / "data") == describe(filled.source / "data")


def test_linked_symlinks_in_a_folder_that_replaces_a_file(filled: Pair) -> None:
    """A dry run of rsync takes offence at the file."""

    def change(top: Path) -> None:
        (top / "plain").unlink()
        (top / "plain/below\n").mkdir(parents=True)
        (top / "plain/below\n/symlink").symlink_to("nowhere")
        os.link(top / "plain/below\n/symlink", top / "plain/other", follow_symlinks=False)

    filled.write(change)
    filled.pull()
    assert describe(filled.copy / "data") == describe(filled.source / "data")


def test_a_symlink_in_the_way_leads_no_removal_out_of_the_twin(filled: Pair) -> None:
    """A folder takes the place of a symlink to a folder outside that has a file of that name."""
    outside = filled.run / "outside"
    outside.mkdir()
    (outside / "victim").write_text("mine")
    filled.write(lambda top: (top / "way").symlink_to(outside))
    filled.pull()

    def change(top: Path) -> None:
        (top / "way").unlink()
        (top / "way").mkdir()
        (top / "way/victim").write_text("new")

    filled.write(change)
    filled.pull()
    assert (outside / "victim").read_text() == "mine"
    assert describe(filled.copy / "data") == describe(filled.source / "data")


def test_what_is_excluded_is_neither_copied_nor_kept(filled: Pair) -> None:
    filled.write(lambda top: (top / "folder/deeper/cache").write_text("x"))
    filled.pull()
    assert (filled.copy / "data/folder/deeper/cache").exists()
    for number in range(2):
        filled.write(lambda top, n=number: (top / "new").write_text(f"{n}"))  # type: ignore[misc]
        filled.pull(exclude=("cache",), bwlimit=10_000, compress=True)
        assert not (filled.copy / "data/folder/deeper/cache").exists()
        assert (filled.copy / "data/new").read_text() == f"{number}"


def test_nothing_is_built_where_nothing_has_changed(filled: Pair) -> None:
    """Nor where a socket is all that is new, which is never copied."""
    inode = (filled.copy / "data").stat().st_ino
    os.mknod(filled.source / "data/socket", 0o140755)
    filled.pull()  # the folder's own time has changed by it
    assert (filled.copy / "data").stat().st_ino != inode
    inode = (filled.copy / "data").stat().st_ino
    filled.write(lambda top: None)
    record = filled.pull()
    assert (filled.copy / "data").stat().st_ino == inode
    assert record.tree is not None
    assert record.tree.began == 3
    assert not (filled.copy / "data/socket").exists()
