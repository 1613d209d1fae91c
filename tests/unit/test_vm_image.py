"""The guests' image: which recipe names it, how it is made once, what a failure leaves."""

from __future__ import annotations

import lzma
import os
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.lab.errors import LabError
from ocf_py.lab.progress import Silence
from ocf_py.lab.vm import accelerator, image_build, image_store, preparation, recipe
from ocf_py.lab.vm.guest_kernel import unpack_kernel
from ocf_py.lab.vm.image_store import Image, image_of, obtain_image
from ocf_py.lab.vm.recipe import Recipe, recipe_for_this_machine
from ocf_py.lab.vm.tools import run_tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_subprocess import FakeProcess
    from pytest_subprocess.fake_popen import FakePopen

    from ocf_py.lab.progress import Progress

RECIPE = Recipe("bookworm")


class Told:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)


def test_equal_recipes_have_one_digest() -> None:
    assert Recipe("bookworm").digest == RECIPE.digest
    assert len(RECIPE.digest) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"suite": "trixie"},
        {"packages": ("corosync",)},
        {"modules": ("drbd",)},
        {"kernel": "linux-image-cloud-amd64"},
        {"initrd_script": "#!/bin/busybox sh\n"},
        {"made_by": 0},
    ],
)
def test_whatever_changes_in_a_recipe_changes_its_digest(change: dict[str, Any]) -> None:
    assert replace(RECIPE, **change).digest != RECIPE.digest


@pytest.mark.parametrize(
    ("release", "suite"),
    [
        ("ID=debian\nVERSION_CODENAME=bookworm\n", "bookworm"),
        ('ID="ubuntu"\nID_LIKE="debian"\nVERSION_CODENAME="noble"\n', "noble"),
    ],
)
def test_the_recipe_is_of_this_machine_s_distribution(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, release: str, suite: str
) -> None:
    (tmp_path / "os-release").write_text(release)
    monkeypatch.setattr(recipe, "OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert recipe_for_this_machine().suite == suite


@pytest.mark.parametrize(
    ("release", "machine", "said"),
    [
        ("ID=fedora\nVERSION_CODENAME=x\n", "x86_64", "no Debian; use the namespace lab"),
        ("ID=debian\n", "x86_64", "no Debian"),
        ("ID=debian\nVERSION_CODENAME=sid\n", "aarch64", "guests are x86_64, this is aarch64"),
    ],
)
def test_a_machine_that_cannot_make_guests_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, release: str, machine: str, said: str
) -> None:
    (tmp_path / "os-release").write_text(release)
    monkeypatch.setattr(recipe, "OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(LabError, match=said):
        recipe_for_this_machine()


def build_as(
    monkeypatch: pytest.MonkeyPatch, build: Callable[[Recipe, Path, Progress], None]
) -> None:
    monkeypatch.setattr(image_store, "build_image", build)
    monkeypatch.setattr(image_store, "check_private", lambda _: None)


def test_an_image_is_made_once_and_appears_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built: list[Path] = []

    def build(_recipe: Recipe, folder: Path, _progress: Progress) -> None:
        assert not image_of(RECIPE, tmp_path).folder.exists()
        (folder / "root.img").write_text("root")
        built.append(folder)

    build_as(monkeypatch, build)
    told = Told()
    for _ in range(2):
        assert obtain_image(RECIPE, told, tmp_path).root.read_text() == "root"
    assert len(built) == 1
    assert not built[0].exists()
    assert told.steps[0] == "making the guests' image: about a minute, only this once"


def test_of_two_that_want_an_image_at_once_one_makes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun, go_on, built = threading.Event(), threading.Event(), []

    def build(_recipe: Recipe, folder: Path, _progress: Progress) -> None:
        begun.set()
        assert go_on.wait(60)
        built.append(folder)

    build_as(monkeypatch, build)
    told = [Told(), Told()]
    found: list[Image] = []
    makers = [
        threading.Thread(target=lambda t=t: found.append(obtain_image(RECIPE, t, tmp_path)))
        for t in told
    ]
    makers[0].start()
    assert begun.wait(60)
    makers[1].start()
    while told[1].steps != ["somebody else is making the guests' image: waiting"]:
        time.sleep(0.01)
    go_on.set()
    for maker in makers:
        maker.join(60)
    assert found == [image_of(RECIPE, tmp_path)] * 2
    assert len(built) == 1


@pytest.mark.parametrize("error", [LabError("mmdebstrap ended with 1"), KeyboardInterrupt()])
def test_a_making_that_fails_leaves_nothing_and_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException
) -> None:
    def fail(_recipe: Recipe, folder: Path, _progress: Progress) -> None:
        (folder / "half").write_text("a root")
        raise error

    build_as(monkeypatch, fail)
    with pytest.raises(type(error)):
        obtain_image(RECIPE, Silence(), tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]
    build_as(monkeypatch, lambda *_: None)
    assert obtain_image(RECIPE, Silence(), tmp_path).folder.is_dir()


def test_what_a_killed_maker_has_left_goes_with_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / f"{RECIPE.digest}-killed").mkdir()
    build_as(monkeypatch, lambda *_: None)
    obtain_image(RECIPE, Silence(), tmp_path)
    assert not (tmp_path / f"{RECIPE.digest}-killed").exists()


def test_an_image_that_no_lab_has_used_for_a_month_goes_when_another_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, days in (("of-last-week", 7), ("of-last-year", 300)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "root.img").write_text("root")
        then = time.time() - days * 86400
        os.utime(tmp_path / name, (then, then))
    build_as(monkeypatch, lambda *_: None)
    told = Told()
    image = obtain_image(RECIPE, told, tmp_path)
    kept = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert kept == {"of-last-week", image.folder.name}
    assert told.steps[-1].endswith(f"for a month: {tmp_path / 'of-last-year'}")
    os.utime(image.folder, (0, 0))
    obtain_image(RECIPE, told, tmp_path)
    assert time.time() - image.folder.stat().st_mtime < 86400, "it is used"


def test_a_tool_that_fails_is_shown_with_its_last_lines() -> None:
    script = "import sys; print('fetching'); sys.exit('no such suite')"
    with pytest.raises(LabError, match=r"ended with 1; it said last:\n  fetching\n  no such suite"):
        run_tool([sys.executable, "-c", script])


def test_a_tool_that_is_not_there_is_named() -> None:
    with pytest.raises(LabError, match="^nosuchtool is not installed$"):
        run_tool(["nosuchtool"])


def test_apt_without_sources_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(image_build, "_APT", tmp_path)
    (tmp_path / "sources.list").touch()
    with pytest.raises(LabError, match="no source of packages"):
        image_build.find_sources()
    (tmp_path / "sources.list.d").mkdir()
    for name in ("debian.sources", "old.list.disabled"):
        (tmp_path / "sources.list.d" / name).write_text("Types: deb\n")
    assert image_build.find_sources() == [f"{tmp_path}/sources.list.d/debian.sources"]


def pack_kernel(payload: bytes) -> bytes:
    """A bzImage as the boot protocol describes it: one sector of set-up, then the payload."""
    image = bytearray(1024)
    image[0x1F1] = 1
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", image, 0x248, 0, len(payload))
    return bytes(image) + payload + b"what follows"


def test_a_kernel_packed_by_xz_is_unpacked_and_any_other_taken_as_it_is() -> None:
    assert unpack_kernel(pack_kernel(lzma.compress(b"\x7fELF kernel"))) == b"\x7fELF kernel"
    for other in (pack_kernel(b"\x28\xb5\x2f\xfd zstd"), b"\x7fELF" * 1000):
        assert unpack_kernel(other) == other


def test_a_tool_that_guests_need_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(
        "shutil.which", lambda name: None if name.startswith("qemu") else f"/bin/{name}"
    )
    said = "^qemu-system-x86_64 is not installed.*; `apt-get install .* qemu-system-x86`$"
    with pytest.raises(LabError, match=said):
        preparation.prepare_guests(preparation_settings(), Silence())


def preparation_settings() -> Any:
    from ocf_py.lab.settings import Settings

    return Settings.build("x", kind="vm")


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A /dev/kvm that can be opened."""
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(accelerator, "_DEVICE", device)
    return device


def _hang(process: FakePopen) -> None:
    raise subprocess.TimeoutExpired(process.args, 0)


@pytest.mark.parametrize(("code", "chosen"), [(0, "kvm"), (1, "tcg"), (None, "tcg")])
def test_kvm_is_taken_where_a_boot_has_proven_it_and_asked_once(
    device: Path, fp: FakeProcess, tmp_path: Path, code: int | None, chosen: str
) -> None:
    if code is None:
        fp.register([fp.any()], callback=_hang)
    else:
        fp.register([fp.any()], returncode=code)
    image = Image(tmp_path)
    (tmp_path / "accelerator-of-an-older-boot").write_text("kvm")
    assert [accelerator.choose_accelerator(image) for _ in range(2)] == [chosen] * 2
    assert len(fp.calls) == 1
    assert len(list(tmp_path.glob("accelerator-*"))) == 1


def test_without_kvm_nothing_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(accelerator, "_DEVICE", tmp_path / "nowhere")
    assert accelerator.choose_accelerator(Image(tmp_path)) == "tcg"
    assert list(tmp_path.iterdir()) == []
