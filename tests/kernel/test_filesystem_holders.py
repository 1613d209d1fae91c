"""Who and what keeps a file system from being given up, on a real kernel."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.filesystem.world import asked

if TYPE_CHECKING:
    from tests.kernel.storage_world import KernelStorage

# How to hold `top`, by the word that says so.
_SCRIPTS = {
    "open": "f = open(top + '/f', 'w')",
    "open deleted": "f = open(top + '/f', 'w'); os.unlink(top + '/f')",
    "open socket": "s = socket.socket(socket.AF_UNIX); s.bind(top + '/s')",
    "maps": "f = open(top + '/f', 'w+b'); f.truncate(9); m = mmap.mmap(f.fileno(), 9); "
    "os.closerange(3, 99)",
    "root": "os.chroot(top)",
    "cwd": "os.chdir(top)",
    "exe": "shutil.copy('/bin/sleep', top); os.execv(top + '/sleep', ['x', '99'])",
}


class TestHolders:
    @pytest.mark.parametrize("what", sorted(_SCRIPTS))
    def test_of_every_kind_are_found_and_named(self, storage: KernelStorage, what: str) -> None:
        one = asked(storage, name="data dir", force_unmount="false")
        assert storage.call("start", **one) == 0, storage.reason
        say = "sys.stdout.write(f'{os.getpid()}\\n'); sys.stdout.flush()"
        script = _SCRIPTS[what]
        order = (say, script) if what == "exe" else (script, say)
        text = "import os, mmap, shutil, socket, sys, time; top = sys.argv[1]; "
        text += "; ".join((*order, "time.sleep(99)"))
        holder = storage.hold_by(sys.executable, "-c", text, one["directory"])
        if what == "exe":
            program = storage.sandbox.root / f"proc/{holder}/exe"
            storage.wait_for(lambda: program.readlink().name == "sleep", "it is not executed")
        assert storage.call("stop", timeout=3, **one) == 1
        assert f"pid {holder} (" in storage.reason, storage.reason
        assert f": {what.partition(' ')[0]} " in storage.reason, storage.reason
        assert storage.call("reload-agent", **{**one, "force_unmount": "true"}) == 0
        assert storage.call("stop") == 0, storage.reason
        assert not storage.lives(holder)

    def test_are_found_beside_a_socket_of_a_confusing_name(self, storage: KernelStorage) -> None:
        """Anybody can bind it: the kernel writes line breaks into /proc/net/unix as they are."""
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold(one["directory"])
        for name in (r"\0a\nb", r"\0a\x0bb c", r"\0a\n0: 1 2 3 4 5 6 /run/t/data"):
            bind = f"import os, socket, time; s = socket.socket(1); s.bind('{name}'); "
            tell = "print(os.getpid(), flush=True); time.sleep(99)"
            storage.hold_by("setpriv", "--reuid=65534", sys.executable, "-c", bind + tell)
        assert storage.call("stop", timeout=6) == 0, storage.reason
        assert not storage.lives(holder)

    def test_whom_the_name_of_a_socket_accuses_is_left_alone(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold(one["directory"])
        sleep = "print(os.getpid(), flush=True); time.sleep(99)"
        innocent = storage.hold_by(
            sys.executable, "-c", f"import os, socket, time; s = socket.socket(1); {sleep}"
        )
        links = storage.run("sh", "-c", f"readlink /proc/{innocent}/fd/*").split()
        (inode,) = (link[8:-1] for link in links if link.startswith("socket:"))
        name = rf"\0a\n0: 1 2 3 4 5 {inode} /run/t/data"
        bind = f"import os, socket, time; s = socket.socket(1); s.bind('{name}'); {sleep}"
        storage.hold_by("setpriv", "--reuid=65534", sys.executable, "-c", bind)
        assert storage.call("stop", timeout=6) == 0, storage.reason
        assert not storage.lives(holder)
        assert storage.lives(innocent)

    def test_a_strangers_program_of_a_cluster_name_is_no_part_of_it(
        self, storage: KernelStorage
    ) -> None:
        one = asked(storage)
        storage.run("cp", "/bin/sleep", "/run/corosync")
        storage.run("mount", "-o", "remount,exec", "/run")
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold_by(
            "setpriv",
            "--reuid=65534",
            "--clear-groups",
            "sh",
            "-c",
            "echo $$; exec /run/corosync 99",
            cwd=one["directory"],
        )
        assert storage.call("stop", timeout=6) == 0, storage.reason
        assert not storage.lives(holder)

    def test_an_ancestor_is_spared_and_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        answer = storage.stop_from_within(one["directory"], "echo shell lives")
        assert answer.stdout == "shell lives\n"
        assert "(sh, root): cwd /run/t/data, spared" in answer.stderr
        assert storage.call("stop") == 0, storage.reason

    def test_a_part_of_the_cluster_is_spared_and_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        storage.run("cp", "/bin/sleep", "/run/pacemakerd")
        storage.run("mount", "-o", "remount,exec", "/run")
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold_by(
            "sh", "-c", "echo $$; exec /run/pacemakerd 99", cwd=one["directory"]
        )
        assert storage.call("stop", timeout=4, **one) == 1
        assert "(pacemakerd, root): cwd /run/t/data, spared" in storage.reason
        assert storage.lives(holder)
        storage.release(holder)
        assert storage.call("stop") == 0, storage.reason

    def test_a_loop_device_of_an_image_on_it_is_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        storage.run("truncate", "-s", "1M", f"{one['directory']}/inner.img")
        loop = storage.run("losetup", "-f", "--show", f"{one['directory']}/inner.img").strip()
        try:
            assert storage.call("stop", timeout=3, **one) == 1
            assert f"{loop}, whose image is /run/t/data/inner.img" in storage.reason
        finally:
            storage.run("losetup", "-d", loop)
        assert storage.call("stop") == 0, storage.reason

    def test_an_overlay_above_it_is_named(self, storage: KernelStorage) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        for name in ("lower", "upper", "work"):
            storage.make_folder(f"{one['directory']}/{name}")
        layers = ",".join(
            f"{name}dir={one['directory']}/{name}" for name in ("lower", "upper", "work")
        )
        storage.mount("overlay", "/run/t/merged", "overlay", layers)
        assert storage.call("stop", timeout=3, **one) == 1
        assert "the overlay on /run/t/merged" in storage.reason
        storage.unmount("/run/t/merged")
        assert storage.call("stop") == 0, storage.reason

    def test_a_copy_in_another_namespace_keeps_stop_from_saying_that_it_is_free(
        self, storage: KernelStorage
    ) -> None:
        one = asked(storage)
        assert storage.call("start", **one) == 0, storage.reason
        holder = storage.hold_by(
            "unshare", "-m", "--propagation", "private", "sh", "-c", "echo $$; exec sleep 99"
        )
        assert storage.call("stop", timeout=3, **one) == 1
        assert f"held by the mount namespace of pid {holder} (sleep)" in storage.reason
        assert storage.lives(holder)
        assert storage.call("stop", timeout=3) == 1, "and that does not change by asking again"
        storage.release(holder)
        assert storage.call("stop") == 0, storage.reason
