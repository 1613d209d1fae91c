"""A file system comes, stays and goes, whatever its directory and its device are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.filesystem.world import RECURRING, asked, check

if TYPE_CHECKING:
    from tests.filesystem.world import World

_ODD_NAMES = (
    "a b", "a\tb", "a\nb", "a\\b", "a\\040b", "\u00e4\u4e2d", "a'b\"c", "$(id)", "#a", "a,b",
    "-a", "a.b",
)  # fmt: skip


@check
def it_comes_stays_and_goes(world: World) -> None:
    one = asked(world)
    assert world.call("monitor", **one) == 7
    assert world.call("start", **one) == 0, world.reason
    assert world.mounted(one["directory"]) == [one["device"]]
    assert world.call("start", **one) == 0
    assert world.call("monitor", **one) == 0
    assert world.call("monitor", interval=RECURRING, **one) == 0
    assert world.mounted(one["directory"]) == [one["device"]]
    assert world.call("stop", **one) == 0, world.reason
    assert world.mounted(one["directory"]) == []
    assert world.call("stop", **one) == 0
    assert world.call("monitor", **one) == 7
    assert world.records() == []


@check
def stop_needs_no_parameters(world: World) -> None:
    one = asked(world)
    assert world.call("start", **one) == 0, world.reason
    assert world.call("stop") == 0, world.reason
    assert world.mounted(one["directory"]) == []
    assert world.call("stop") == 0


@check
def stop_needs_no_right_parameters(world: World) -> None:
    one = asked(world)
    for wrong in ({"options": "-o ro"}, {"options": "a b"}, {"device": "/dev/x "}, {"mode": "x"}):
        assert world.call("start", **one) == 0, world.reason
        assert world.call("monitor", **{**one, **wrong}) == 0, world.reason
        assert world.call("monitor", interval=RECURRING, **{**one, **wrong}) == 190, wrong
        assert f"not taken over: {next(iter(wrong))}" in world.reason, world.reason
        assert world.call("stop", **{**one, **wrong}) == 0, (wrong, world.reason)
        assert world.mounted(one["directory"]) == []


@check
def any_name_of_a_directory_will_do(world: World) -> None:
    for name in _ODD_NAMES:
        one = asked(world, name=name)
        assert world.call("start", **one) == 0, (name, world.reason)
        assert world.call("monitor", interval=RECURRING, **one) == 0, name
        assert world.mounted(one["directory"]) == [one["device"]]
        assert world.call("stop") == 0, (name, world.reason)
        assert world.mounted(one["directory"]) == [], name


@check
def neighbours_whose_names_begin_alike_stay(world: World) -> None:
    """`vg-data` is a word of `vg-data--old` to some, and `a.b` a pattern for `aXb`."""
    ours, theirs = world.disk("a", "vg-data"), world.disk("b", "vg-data--old")
    for mine, other in (("data", "data-old"), ("a.b", "aXb"), ("data", "data/../data--old")):
        point = f"{world.base}/{mine}"
        world.mount(theirs, f"{world.base}/{other}")
        one: dict[str, Any] = {"device": ours, "directory": point, "fstype": "ext4"}
        assert world.call("monitor", **one) == 7
        assert world.call("start", **one) == 0, world.reason
        holder = world.hold(f"{world.base}/{other}")
        assert world.call("stop", **one) == 0, world.reason
        assert world.lives(holder)
        world.release(holder)
        assert world.mounted(f"{world.base}/{other.rpartition('../')[2]}") == [theirs]
        assert world.mounted(point) == []
        world.unmount(f"{world.base}/{other}")


@check
def a_directory_may_be_named_by_a_link(world: World) -> None:
    world.make_folder(f"{world.base}/real")
    world.make_folder(f"{world.base}/else")
    world.link(f"{world.base}/link", f"{world.base}/real")
    one = asked(world, name="link/./data//")
    assert world.call("start", **one) == 0, world.reason
    assert world.mounted(f"{world.base}/real/data") == [one["device"]]
    assert world.call("monitor", **one) == 0
    world.link(f"{world.base}/link", f"{world.base}/else")  # and is led elsewhere meanwhile
    assert world.call("stop", **one) == 0, world.reason
    assert world.mounted(f"{world.base}/real/data") == []


@check
def a_device_may_have_several_names(world: World) -> None:
    world.link(f"{world.base}/disk", world.disk("a"))
    one = asked(world)
    world.mount(world.disk("a"), one["directory"])
    for name in (f"{world.base}/disk", world.disk("a", "another")):
        assert world.call("monitor", interval=RECURRING, **{**one, "device": name}) == 0
    assert world.call("stop", **{**one, "device": f"{world.base}/disk"}) == 0
    assert world.mounted(one["directory"]) == []


@check
def what_somebody_else_has_mounted_is_ours_if_it_is_ours(world: World) -> None:
    one = asked(world)
    world.mount(one["device"], one["directory"])
    assert world.call("monitor", **one) == 0
    assert len(world.records()) == 1
    assert world.call("start", **one) == 0, world.reason
    assert world.mounted(one["directory"]) == [one["device"]]
    assert world.call("stop") == 0, world.reason
    assert world.mounted(one["directory"]) == []


@check
def what_is_mounted_in_it_goes_with_it(world: World) -> None:
    one = asked(world)
    top = one["directory"]
    assert world.call("start", **one) == 0, world.reason
    world.mount("inner", f"{top}/x", "tmpfs")
    world.mount("deeper", f"{top}/x/y", "tmpfs")
    world.mount("beside", f"{top}/z", "tmpfs")
    world.mount(world.disk("b"), f"{top}/x/y/z")
    assert world.call("stop") == 0, world.reason
    assert world.mounted(top) == []
    assert world.call("start", **one) == 0, world.reason
    assert world.mounted(f"{top}/x") == []
    assert world.call("stop") == 0


@check
def a_bind_shows_one_folder_of_another(world: World) -> None:
    world.mount(world.disk("a"), f"{world.base}/whole")
    world.make_folder(f"{world.base}/whole/part")
    point = f"{world.base}/view"
    for options in ("bind", "rbind", "bind,ro"):
        one: dict[str, Any] = {
            "device": f"{world.base}/whole/part",
            "directory": point,
            "fstype": "none",
            "options": options,
        }
        assert world.call("monitor", **one) == 7
        assert world.call("start", **one) == 0, (options, world.reason)
        assert world.call("monitor", interval=RECURRING, **one) == 0, (options, world.reason)
        holder = world.hold(f"{world.base}/whole/part")
        assert world.call("stop") == 0, world.reason
        assert world.lives(holder), "the source of a bind mount is not its home"
        assert world.mounted(point) == []
        assert world.mounted(f"{world.base}/whole") == [world.disk("a")]


@check
def memory_is_known_by_its_name(world: World) -> None:
    one: dict[str, Any] = {"device": "scratch", "directory": f"{world.base}/m", "fstype": "tmpfs"}
    assert world.call("start", options="size=1m,mode=0700", **one) == 0, world.reason
    assert world.call("monitor", interval=RECURRING, options="size=1m,mode=0700", **one) == 0
    assert world.call("monitor", **{**one, "device": "other"}) == 1, "the recorded one is alive"
    assert world.call("stop") == 0
