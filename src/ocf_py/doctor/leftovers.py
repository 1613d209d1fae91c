"""What crashed actions have left in the run directory: records, folders, halves of files."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.drbd.marks import BEGINNING as FENCE_MARKS
from ocf_py.mirror.status import folder_of
from ocf_py.start_record import RecordFile, StartRecord
from ocf_py.system import RUN_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node
    from ocf_py.doctor.resources import Resource

_OTHERS_WRITE, _OTHERS_READ = 0o022, 0o055
_MIRRORS = folder_of("")[:-1]
_HALF_SECONDS = 60  # a file that is being written is older than a moment only if its writer died
_INSTANCE_MARK = "%3A"  # the ":" before the number of a clone's instance, as records quote it


def check_run_directory(
    node: Node, resources: list[Resource] | None, now: float, *, is_attended: bool = True
) -> Iterator[Diagnosis]:
    """The directory itself, and all that lies in it; `resources` are those of the CIB, if known.

    `is_attended` is false where no cluster runs here, which would know what was started.
    """
    status = node.status(RUN_DIRECTORY)
    if status is None:
        yield fine("leftovers", RUN_DIRECTORY, "nothing was started since this node booted")
        return
    fault = _judge_directory(status.st_mode, status.st_uid)
    if fault is not None:
        yield fault
        if not stat.S_ISDIR(status.st_mode):
            return
    try:
        names = node.names(RUN_DIRECTORY)
    except PermissionError:
        yield warning(
            "leftovers",
            RUN_DIRECTORY,
            "is root's alone",
            "what crashed actions have left cannot be told as this user",
            "run it as root",
        )
        return
    boot = (node.read("/proc/sys/kernel/random/boot_id") or "").strip()
    found = [one for name in names for one in _judge(node, name, boot, resources, now)]
    records = [name for name in names if not name.startswith(".") and "." in name]
    if records and not is_attended:
        found.append(_tell_unattended(records))
    yield from found
    if fault is None and not found:
        count = f"{len(records)} start record{'' if len(records) == 1 else 's'}"
        yield fine("leftovers", RUN_DIRECTORY, f"{count}, none left by a crash")


def _tell_unattended(records: list[str]) -> Diagnosis:
    is_one = len(records) == 1
    count = "1 resource was" if is_one else f"{len(records)} resources were"
    return warning(
        "leftovers",
        f"{RUN_DIRECTORY}/{records[0]}",
        f"{count} started here and not stopped, and no cluster runs here",
        "it may still run, unwatched, while another node starts it too"
        if is_one
        else "they may still run, unwatched, while another node starts them too",
        "start Pacemaker, whose probes find them, or stop each, which takes no parameters: "
        "`ocf-py run AGENT stop --instance NAME`",
    )


def _judge_directory(mode: int, owner: int) -> Diagnosis | None:
    if not stat.S_ISDIR(mode):
        return problem(
            "permissions", RUN_DIRECTORY, "is no directory", "no start succeeds", "remove it"
        )
    if owner != 0 or mode & _OTHERS_WRITE:
        return problem(
            "permissions",
            RUN_DIRECTORY,
            f"user {owner}, mode {stat.S_IMODE(mode):04o}: others than root can write to it",
            "no start succeeds: what a stop believes could be anybody's",
            f"stop the resources here, then remove {RUN_DIRECTORY}; the next start makes it",
        )
    if mode & _OTHERS_READ:
        return warning(
            "permissions",
            RUN_DIRECTORY,
            f"mode {stat.S_IMODE(mode):04o}: others than root can look into it",
            "they see the parameters of the resources",
            f"chmod 0700 {RUN_DIRECTORY}",
        )
    return None


def _judge(
    node: Node, name: str, boot: str, resources: list[Resource] | None, now: float
) -> Iterator[Diagnosis]:
    path = f"{RUN_DIRECTORY}/{name}"
    if path == _MIRRORS:
        yield from _judge_mirrors(node, resources)
    elif name.startswith(FENCE_MARKS):
        return  # which the monitor of what is promoted empties
    elif name.startswith("."):
        status = node.status(path)
        if status is not None and now - status.st_mtime > _HALF_SECONDS:
            yield warning(
                "leftovers",
                path,
                "half of a file, left by an action that was killed while it wrote",
                "takes room in /run",
                f"rm {path}",
            )
    else:
        yield from _judge_record(node, path, name, boot, resources)


def _judge_record(
    node: Node, path: str, name: str, boot: str, resources: list[Resource] | None
) -> Iterator[Diagnosis]:
    try:
        text = node.path(path).read_bytes()
        written, _record = StartRecord.load(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield problem(
            "leftovers",
            path,
            f"cannot be read as a start record: {reason}",
            "the stop of its resource fails, which has this node fenced",
            "make sure that nothing of the resource runs here, then remove the file",
        )
        return
    if written != boot:
        yield warning(
            "leftovers",
            path,
            "of an earlier boot of this node",
            "nothing: no action follows it",
            f"rm {path}, and see why /run outlived the boot",
        )
    elif resources is not None and not _is_known(name, resources):
        yield warning(
            "leftovers",
            path,
            "the CIB has no resource to whom this record belongs, and it was never stopped here",
            "what it started may still run: an address, a mount, a process",
            "look whether it does (the file says what it is), stop it, then remove the file",
        )


def _is_known(name: str, resources: list[Resource]) -> bool:
    for resource in resources:
        own = RecordFile(resource.type, resource.id).name
        if name == own or name.startswith(own + _INSTANCE_MARK):
            return True
    return False


def _judge_mirrors(node: Node, resources: list[Resource] | None) -> Iterator[Diagnosis]:
    """The folders of the mirrors' workers: one for each directory that is mirrored."""
    if resources is None:
        return
    directories = [one.parameters.get("directory", "") for one in resources]
    known = {folder_of(one) for one in directories if one}
    for name in node.names(_MIRRORS):
        path = f"{_MIRRORS}/{name}"
        if path not in known:
            yield warning(
                "leftovers",
                path,
                "of a mirror that the CIB does not have",
                "its worker may still run, and serve the directory to its peers",
                f"end what `fuser -v {path}` shows, then remove the folder",
            )
