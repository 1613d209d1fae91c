"""What stop and monitor owe, taken out: codes, the record, what is ours, whom we kill."""

from __future__ import annotations

from tests.contract.removals.removal import DUMMY, INSTANCES, IPADDR, LIFECYCLE, RECORD, Removal

STOPPING = (
    # ---------------------------------------------------------------- 1: no hard codes
    Removal(
        "idle-without-parameters",
        "IPaddr-v4",
        LIFECYCLE,
        "    def _stop(self) -> None:\n",
        "    def _stop(self) -> None:\n        self._instances.usable\n",
    ),
    Removal(
        "idle-with-garbage",
        "IPaddr-v4",
        LIFECYCLE,
        '        if self._call.is_recurring:\n            raise Failure(f"cannot tell',
        '        if True:\n            raise Failure(f"cannot tell',
    ),
    Removal(
        "without-tools",
        "Dummy",
        DUMMY,
        "        is_ours = ",
        "        __import__('shutil').which('true')[0]\n        is_ours = ",
    ),
    Removal(
        "stop-needs-no-parameters",
        "Dummy",
        LIFECYCLE,
        "            self._end(self._instances.recorded)\n        if self._instances.given is not",
        "            pass\n        if self._instances.given is not",
    ),
    Removal(
        "stop-takes-any-parameters",
        "IPaddr-v6",
        INSTANCES,
        'if call.action != "validate-all":',
        'if call.action == "monitor":',
    ),
    Removal(
        "unreadable-record",
        "Dummy",
        INSTANCES,
        "            self.unreadable = failure\n",
        "",
    ),
    Removal(
        "unreadable-record",
        "Dummy",
        RECORD,
        "            if status.st_uid != posix.geteuid():\n                raise RecordUnreadable",
        "            if False:\n                raise RecordUnreadable",
    ),
    Removal(
        "demote-needs-no-parameters",
        "Stateful",
        LIFECYCLE,
        "self._instances.given or self._instances.recorded\n        if agent is None and",
        "self._instances.given\n        if agent is None and",
    ),
    # ---------------------------------------------------------------- 2: the record
    Removal(
        "record-is-private",
        "Dummy",
        "ocf_py/system/run_directory.py",
        "mkdir(path, 0o700)",
        "mkdir(path, 0o755)",
    ),
    Removal(
        "start-records-or-does-nothing",
        "Dummy",
        LIFECYCLE,
        "        except OSError as error:\n            raise Failure(\n",
        "        except OSError as error:\n            print(\n",
    ),
    Removal(
        "record-comes-first",
        "Dummy",
        LIFECYCLE,
        "        given.validate_here()\n        try:",
        "        given.start()\n        try:",
    ),
    Removal(
        "record-goes-last",
        "Dummy",
        LIFECYCLE,
        "    def _stop(self) -> None:\n",
        "    def _stop(self) -> None:\n        self._file.remove()\n",
    ),
    Removal(
        "killed-start-can-be-stopped",
        "Dummy",
        INSTANCES,
        "        self._file.write(self._record)\n",
        "",
    ),
    Removal(
        "monitor-adopts",
        "Dummy",
        LIFECYCLE,
        "                self._adopt(self._instances.given)\n",
        "                pass\n",
    ),
    Removal(
        "record-of-another-boot-is-void",
        "Dummy",
        RECORD,
        "return record if boot == self._boot_id() else None",
        "return record",
    ),
    Removal(
        "record-is-no-proof",
        "Dummy",
        LIFECYCLE,
        "return status if status and status.is_active and is_recorded else None",
        "return status if is_recorded else None",
    ),
    Removal(
        "instances-do-not-collide",
        "Dummy",
        RECORD,
        "else _escape_letter(letter) for",
        'else "_" for',
    ),
    Removal(
        "start-ends-another-identity",
        "Dummy",
        LIFECYCLE,
        "            self._end(self._instances.recorded)\n            self._instances.forget",
        "            self._instances.forget",
    ),
    Removal(
        "probe-tells-of-another-identity",
        "Dummy",
        LIFECYCLE,
        "            self._refuse_recorded_alive(self._instances.recorded)\n",
        "            pass\n",
    ),
    Removal(
        "stop-follows-both",
        "Dummy",
        LIFECYCLE,
        "if before is None or before.is_active or self._instances.unreadable:",
        "if False:",
    ),
    Removal(
        "monitor-follows-environment",
        "Dummy",
        LIFECYCLE,
        "        if self._instances.given is None:\n            return",
        "        if self._instances.recorded or self._instances.given is None:\n            return",
    ),
    # ---------------------------------------------------------------- 3: what is ours
    Removal("foreign-is-left-alone", "Dummy", DUMMY, " and not os.path.islink(self.state)", ""),
    Removal(
        "foreign-survives-a-life",
        "IPaddr-v4",
        IPADDR,
        "if wanted.nic is not None else not link.is_loopback:",
        "or True:",
    ),
    Removal(
        "ours-is-ours",
        "Dummy",
        LIFECYCLE,
        "        status = self._ask(self._instances.given)\n",
        "        status = STOPPED\n"
        "        if self._instances.was_started:\n"
        "            status = self._ask(self._instances.given)\n",
    ),
    # ---------------------------------------------------------------- 4: whom we kill
    Removal(
        "stranger-with-the-pid-survives",
        "Minder",
        "ocf_py/system/processes.py",
        "int(found[START_TIME]) == self.start_time and lives(found)",
        "lives(found)",
    ),
    Removal(
        "ancestors-survive",
        "Minder",
        "ocf_py/system/processes.py",
        "            if protection:\n",
        "            if False:\n",
    ),
)
