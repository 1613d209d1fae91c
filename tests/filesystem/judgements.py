"""What is there is judged by what it is: foreign, covered, read-only, gone, or there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.filesystem.world import RECURRING, asked, check

if TYPE_CHECKING:
    from tests.filesystem.world import World


@check
def what_is_foreign_is_not_running_and_is_left_alone(world: World) -> None:
    one = asked(world)
    world.mount(world.disk("b"), one["directory"])
    holder = world.hold(one["directory"])
    assert world.call("monitor", **one) == 7
    assert world.call("monitor", interval=RECURRING, **one) == 1
    assert world.disk("b") in world.reason
    assert world.call("monitor", interval=RECURRING, on_wrong_device="stopped", **one) == 7
    assert world.call("start", **one) == 1
    assert world.disk("b") in world.reason
    for parameters in (one, {}):
        assert world.call("stop", **parameters) == 0, world.reason
    assert world.mounted(one["directory"]) == [world.disk("b")]
    assert world.lives(holder)


@check
def what_covers_ours_is_seen_and_goes_with_it(world: World) -> None:
    one = asked(world)
    assert world.call("start", **one) == 0, world.reason
    world.mount("cover", one["directory"], "tmpfs")
    assert world.call("monitor", interval=RECURRING, **one) == 1
    assert "covered by cover" in world.reason
    assert world.call("monitor", **one) == 1, "it is mounted all the same"
    assert world.call("stop", **one) == 0, world.reason
    assert world.mounted(one["directory"]) == []


@check
def what_a_mount_further_up_covers_cannot_be_stopped_and_is_named(world: World) -> None:
    one = asked(world, name="up/data")
    assert world.call("start", **one) == 0, world.reason
    world.mount("cover", f"{world.base}/up", "tmpfs")
    assert world.call("monitor", **one) == 1
    assert "covered by cover" in world.reason
    assert world.call("stop", timeout=3, **one) == 1
    assert f"lies under {world.base}/up" in world.reason
    world.unmount(f"{world.base}/up")
    assert world.call("stop", **one) == 0, world.reason


@check
def what_was_made_read_only_has_failed(world: World) -> None:
    one = asked(world)
    assert world.call("start", **one) == 0, world.reason
    for options in ("remount,bind,ro", "remount,ro"):
        world.remount(one["directory"], options)
        assert world.call("monitor", interval=RECURRING, **one) == 1, options
        assert "read-only" in world.reason
        world.remount(one["directory"], options.replace("ro", "rw"))
        assert world.call("monitor", interval=RECURRING, **one) == 0, (options, world.reason)
    assert world.call("stop") == 0


@check
def what_was_asked_to_be_read_only_is(world: World) -> None:
    one = asked(world, options="noatime,ro")
    assert world.call("start", **one) == 0, world.reason
    assert world.call("monitor", interval=RECURRING, **one) == 0
    world.remount(one["directory"], "remount,rw")
    assert world.call("monitor", interval=RECURRING, **one) == 1
    assert "ro was asked for" in world.reason
    assert world.call("start", **one) == 0, world.reason
    assert world.call("monitor", interval=RECURRING, **one) == 0
    assert world.call("stop") == 0


@check
def a_second_writer_is_refused(world: World) -> None:
    one = asked(world)
    world.mount(one["device"], f"{world.base}/first")
    assert world.call("start", **one) == 1
    assert f"is mounted on {world.base}/first" in world.reason
    assert world.mounted(one["directory"]) == []
    world.unmount(f"{world.base}/first")
    assert world.call("start", **one) == 0, world.reason
    assert world.call("stop") == 0


@check
def a_later_bind_of_it_goes_with_it(world: World) -> None:
    """As long as it is there the device is in use, and the next node writes to it."""
    one = asked(world)
    assert world.call("start", **one) == 0, world.reason
    world.make_folder(f"{one['directory']}/part")
    world.mount(f"{one['directory']}/part", f"{world.base}/bound", "none", "bind")
    assert world.call("stop") == 0, world.reason
    assert world.mounted(f"{world.base}/bound") == []
    assert world.mounted(one["directory"]) == []


@check
def a_device_that_is_not_here_is_unusable_here(world: World) -> None:
    one: dict[str, Any] = {**asked(world), "device": "/nonexistent/disk"}
    assert world.call("monitor", **one) == 7
    assert world.call("start", **one) == 2
    assert "device='/nonexistent/disk' is not here" in world.reason
    assert world.call("validate-all", level=10, **one) == 2
    assert world.call("validate-all", **one) == 0
    assert world.call("stop", **one) == 0
    assert world.records() == []


@check
def a_folder_is_no_device(world: World) -> None:
    world.make_folder(f"{world.base}/folder")
    assert world.call("start", **{**asked(world), "device": f"{world.base}/folder"}) == 2
    assert "options=bind" in world.reason


@check
def clones_of_a_local_file_system_are_refused(world: World) -> None:
    one = asked(world)
    meta = {"clone": "0", "globally_unique": "false"}
    assert world.call("start", meta=meta, **one) == 6
    assert world.mounted(one["directory"]) == []
    assert world.call("validate-all", **one) == 0
    both: tuple[dict[str, Any], ...] = ({"options": "ro"}, {"force_clones": "true"})
    for more in both:
        assert world.call("start", meta=meta, **one, **more) == 0, world.reason
        assert world.call("stop", meta=meta, **one, **more) == 0


@check
def wrong_parameters_are_told_apart(world: World) -> None:
    table: tuple[tuple[dict[str, Any], int, str], ...] = (
        ({"device": "sdb1"}, 6, "neither an absolute path nor a tag"),
        ({"device": "-L"}, 6, "names nothing"),
        ({"directory": "data"}, 6, "not an absolute path"),
        ({"directory": "//usr/."}, 6, "the system's own"),
        ({"fstype": "-t"}, 6, "is no type"),
        ({"options": "remount"}, 6, "remount"),
        ({"mode": "rwx"}, 6, "is no mode"),
        ({"term_signals": "TERM,STOPP"}, 6, "no signal"),
        ({"kill_signals": ","}, 6, "names no signal"),
        ({"force_unmount": "perhaps"}, 6, "none of true, safe, false"),
        ({"statusfile_prefix": "a/../../b"}, 6, "leads out"),
        ({"signal_delay": "-1"}, 6, "is not a time"),
        ({"options": "-o ro"}, 6, "leave -o away"),
        ({"options": "rw, noatime"}, 6, "a blank beside a comma"),
        ({"options": "rw noatime"}, 6, "with commas alone"),
        ({"owner": "nobody-of-this-name"}, 2, "owner='nobody-of-this-name' is not known here"),
        ({"group": "nobody-of-this-name"}, 2, "make that group on every node"),
        ({"device": world.disk("a") + " "}, 6, "ends with a blank (leave it away)"),
        ({"device": "/dev/null"}, 2, "device='/dev/null' is neither a block device nor an image"),
        ({"directory": "/proc/foo"}, 2, "cannot be made"),
        ({"directory": "/etc/passwd/x"}, 2, "is a file"),
        ({"directory": "/proc/self/root/usr"}, 2, "the system's own"),
        ({"fstype": "such-a-type"}, 5, "such-a-type"),
    )
    for wrong, code, words in table:
        one: dict[str, Any] = {**asked(world), **wrong}
        assert world.call("start", **one) == code, (wrong, world.reason)
        assert words in world.reason, wrong
        assert world.call("validate-all", **one) == (6 if code == 6 else 0), wrong
        assert world.call("monitor", **one) in (7, 1), wrong
        assert world.call("stop", **one) == 0, (wrong, world.reason)


@check
def the_words_of_heartbeats_agent_are_taken(world: World) -> None:
    one = asked(world)
    table: tuple[dict[str, Any], ...] = (
        {"force_unmount": "safe"},
        {"force_unmount": "yes nomove,noxargs ps"},
        {"term_signals": "SIGTERM 2, hup", "kill_signals": "9", "signal_delay": "0.5"},
        {"run_fsck": "force"},
        {"fast_stop": "yes"},
    )
    for more in table:
        assert world.call("start", **one, **more) == 0, (more, world.reason)
        assert world.call("stop", **one, **more) == 0, (more, world.reason)
