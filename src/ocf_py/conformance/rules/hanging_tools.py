"""Safety rule 5 for any agent: a tool of the system that hangs does not cost the exit reason."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import PATH
from ocf_py.conformance.rule import NotApplicable, rule

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.conformance.stage import Stage

_FOLDER = "/dev/hanging-tools"
_ADMIN = "/usr/sbin"
#: Tools of /usr/bin that ask the kernel, a daemon or the network; those that read text do not hang.
_OTHERS = ("findmnt", "lsblk", "mount", "mountpoint", "ping", "rsync", "ssh", "systemctl", "umount")
_HANGS = f'#!/bin/sh\necho "${{0##*/}}" >>{_FOLDER}/asked\nexec /bin/sleep 1000\n'
_TIMEOUT = 2.0  # seconds


@rule("an action whose tools hang ends by itself, with a reason, before its timeout", safety=5)
def hanging_tool_is_given_up(stage: Stage) -> None:
    folder = stage.path(_FOLDER)
    _make_stand_ins(folder)
    hangs: dict[str, str | None] = {"PATH": f"{_FOLDER}:{PATH}"}
    asked = folder / "asked"
    has_hung = False
    for action in ("start", "monitor", "stop"):
        if action != "start":
            stage.start()
        asked.unlink(missing_ok=True)
        answer = stage.call(action, environment=hangs, timeout=_TIMEOUT, politely=False)
        if asked.exists():
            has_hung = True
            tools = ", ".join(sorted(set(asked.read_text().split())))
            stage.expect(
                not answer.timed_out,
                f"{action} to give up by itself before its timeout of {_TIMEOUT:.0f} s, as {tools} "
                "does not return",
                "",
                answer,
            )
            given_up = answer.code == 0 or answer.reason
            stage.expect(given_up, f"{action} to say what it waited for", "", answer)
        stage.stop()
    if not has_hung:
        raise NotApplicable("no action of it runs an administrator's tool by its name")


def _make_stand_ins(folder: Path) -> None:
    folder.mkdir()
    stand_in = folder / ".hangs"
    stand_in.write_text(_HANGS)
    stand_in.chmod(0o755)
    for name in {*os.listdir(_ADMIN), *_OTHERS}:
        (folder / name).symlink_to(stand_in.name)
