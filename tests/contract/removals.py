"""Each rule taken out: rule → an agent that breaks it then → file → text → replacement.

A removal is the smallest change to the library, or to an agent, that no longer keeps the rule.
"""

from __future__ import annotations

from typing import NamedTuple


class Removal(NamedTuple):
    """`text`, which stands exactly once in `file` of an installed library, gives way.

    `also` holds more of (file, text, replacement), where a rule is kept twice over.
    """

    rule: str
    subject: str
    file: str
    text: str
    replacement: str
    also: tuple[tuple[str, str, str], ...] = ()


_LIFECYCLE = "ocf_py/lifecycle.py"
_INSTANCES = "ocf_py/instances.py"
_RECORD = "ocf_py/start_record.py"
_RUNNER = "ocf_py/runner.py"
_ENVIRONMENT = "ocf_py/environment.py"
_BACKGROUND = "ocf_py/system/background.py"
_DUMMY = "ocfpy_agents/dummy.py"
_STATEFUL = "ocfpy_agents/stateful.py"
_MINDER = "ocfpy_agents/minder.py"
_IPADDR = "ocfpy_agents/ipaddr.py"

REMOVALS = (
    # ---------------------------------------------------------------- the protocol
    Removal("life", "Dummy", _LIFECYCLE, "        given.start()\n", ""),
    Removal("life", "Dummy", _LIFECYCLE, "        agent.stop()\n", ""),
    Removal(
        "start-is-idempotent",
        "IPaddr-v4",
        _LIFECYCLE,
        "return bool(status and status.is_active and is_recorded)",
        "return False",
    ),
    Removal(
        "stop-is-idempotent",
        "Dummy",
        _LIFECYCLE,
        "    def _stop(self) -> None:\n",
        "    def _stop(self) -> None:\n        self._active_or_not_running()\n",
    ),
    Removal(
        "monitor-changes-nothing",
        "Dummy",
        _LIFECYCLE,
        "        if status.is_active:\n            if not self._instances",
        "        if status:\n            if not self._instances",
    ),
    Removal(
        "unknown-action-is-unimplemented",
        "Dummy",
        _RUNNER,
        "        _refuse_unknown(agent_class, name)\n",
        "",
    ),
    Removal("advertised-actions-exist", "Dummy", _RUNNER, ' and name != "validate-all"', ""),
    Removal(
        "further-arguments-are-ignored",
        "Dummy",
        _RUNNER,
        'arguments[0] if arguments else ""',
        '" ".join(arguments)',
    ),
    Removal(
        "other-major-version-is-refused",
        "Dummy",
        _RUNNER,
        "        _refuse_other_protocols(environment)\n",
        "",
    ),
    Removal(
        "optional-variables-are-optional",
        "Dummy",
        _ENVIRONMENT,
        'self._get("OCF_RESOURCE_INSTANCE", "default")',
        'self._variables["OCF_RESOURCE_INSTANCE"]',
    ),
    Removal(
        "empty-value-means-absent",
        "Dummy",
        _ENVIRONMENT,
        "name.startswith(_PARAMETER) and value:",
        "name.startswith(_PARAMETER):",
    ),
    Removal("wrong-parameters-are-refused", "Dummy", _INSTANCES, "if problems:", "if False:"),
    Removal(
        "notify-takes-empty-lists",
        "Stateful",
        _STATEFUL,
        "' '.join(told.nodes(told.operation))",
        "told.nodes(told.operation)[0]",
    ),
    Removal(
        "metadata-is-valid",
        "Dummy",
        "ocf_py/metadata.py",
        ' timeout="{element.timeout:g}s"',
        "",
    ),
    Removal(
        "metadata-is-valid",
        "Dummy",
        "ocf_py/metadata.py",
        "    yield f'<shortdesc lang=\"en\">{_text(parameter.text)}</shortdesc>'\n",
        "",
    ),
    Removal(
        "metadata-carries-its-dtd",
        "Dummy",
        "ocf_py/metadata.py",
        "{_DTD}<resource-agent",
        "<resource-agent",
    ),
    Removal("monitors-differ", "Stateful", _STATEFUL, "interval=11", "interval=10"),
    Removal(
        "roles",
        "Stateful",
        _LIFECYCLE,
        "if status.is_promoted:  # OCF 1.1",
        "if False:  # OCF 1.1",
    ),
    Removal(
        "roles",
        "Stateful",
        _LIFECYCLE,
        "                agent.promote()\n",
        "",
    ),
    Removal(
        "roles-of-the-stopped",
        "Stateful",
        _LIFECYCLE,
        "if agent is None or not self._ask(agent).is_active:",
        "if agent is None:",
    ),
    # ---------------------------------------------------------------- 1: no hard codes
    Removal(
        "idle-without-parameters",
        "IPaddr-v4",
        _LIFECYCLE,
        "    def _stop(self) -> None:\n",
        "    def _stop(self) -> None:\n        self._instances.usable\n",
    ),
    Removal(
        "idle-with-garbage",
        "IPaddr-v4",
        _LIFECYCLE,
        '        if self._call.is_recurring:\n            raise Failure(f"cannot tell',
        '        if True:\n            raise Failure(f"cannot tell',
    ),
    Removal(
        "without-tools",
        "Dummy",
        _DUMMY,
        "        is_ours = ",
        "        __import__('shutil').which('true')[0]\n        is_ours = ",
    ),
    Removal(
        "stop-needs-no-parameters",
        "Dummy",
        _LIFECYCLE,
        "            self._end(self._instances.recorded)\n        if self._instances.given is not",
        "            pass\n        if self._instances.given is not",
    ),
    Removal(
        "stop-takes-any-parameters",
        "IPaddr-v6",
        _INSTANCES,
        'if call.action != "validate-all":',
        'if call.action == "monitor":',
    ),
    Removal(
        "unreadable-record",
        "Dummy",
        _INSTANCES,
        "            self.unreadable = str(error)\n",
        "",
    ),
    Removal(
        "unreadable-record",
        "Dummy",
        _RECORD,
        "            if status.st_uid != posix.geteuid():\n                raise RecordUnreadable",
        "            if False:\n                raise RecordUnreadable",
    ),
    Removal(
        "demote-needs-no-parameters",
        "Stateful",
        _LIFECYCLE,
        "self._instances.given or self._instances.recorded\n        if agent is None and",
        "self._instances.given\n        if agent is None and",
    ),
    # ---------------------------------------------------------------- 2: the record
    Removal(
        "record-is-private", "Dummy", _RECORD, "self.directory, 0o700", "self.directory, 0o755"
    ),
    Removal(
        "start-records-or-does-nothing",
        "Dummy",
        _LIFECYCLE,
        "        except OSError as error:\n            raise Failure(\n",
        "        except OSError as error:\n            print(\n",
    ),
    Removal(
        "record-comes-first",
        "Dummy",
        _LIFECYCLE,
        "        given.validate_here()\n        try:",
        "        given.start()\n        try:",
    ),
    Removal(
        "record-goes-last",
        "Dummy",
        _LIFECYCLE,
        "    def _stop(self) -> None:\n",
        "    def _stop(self) -> None:\n        self._file.remove()\n",
    ),
    Removal(
        "killed-start-can-be-stopped",
        "Dummy",
        _INSTANCES,
        "        self._file.write(self._record)\n",
        "",
    ),
    Removal(
        "monitor-adopts",
        "Dummy",
        _LIFECYCLE,
        "                self._adopt()\n",
        "                pass\n",
    ),
    Removal(
        "record-of-another-boot-is-void",
        "Dummy",
        _RECORD,
        "return record if boot == self._boot_id() else None",
        "return record",
    ),
    Removal(
        "record-is-no-proof",
        "Dummy",
        _LIFECYCLE,
        "return bool(status and status.is_active and is_recorded)",
        "return bool(is_recorded)",
    ),
    Removal(
        "instances-do-not-collide",
        "Dummy",
        _RECORD,
        "else _escape_letter(letter) for",
        'else "_" for',
    ),
    Removal(
        "start-ends-another-identity",
        "Dummy",
        _LIFECYCLE,
        "            self._end(self._instances.recorded)\n            self._instances.forget",
        "            self._instances.forget",
    ),
    Removal(
        "probe-tells-of-another-identity",
        "Dummy",
        _LIFECYCLE,
        "            self._refuse_recorded_alive(self._instances.recorded)\n",
        "            pass\n",
    ),
    Removal(
        "stop-follows-both",
        "Dummy",
        _LIFECYCLE,
        "if before is None or before.is_active or self._instances.unreadable:",
        "if False:",
    ),
    Removal(
        "monitor-follows-environment",
        "Dummy",
        _LIFECYCLE,
        "        if self._instances.given is None:\n            return",
        "        if self._instances.recorded or self._instances.given is None:\n            return",
    ),
    # ---------------------------------------------------------------- 3: what is ours
    Removal("foreign-is-left-alone", "Dummy", _DUMMY, " and not os.path.islink(self.state)", ""),
    Removal(
        "foreign-survives-a-life",
        "IPaddr-v4",
        _IPADDR,
        "if self.nic is not None else not link.is_loopback:",
        "or True:",
    ),
    Removal(
        "ours-is-ours",
        "Dummy",
        _LIFECYCLE,
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
        "            and int(found[_START_TIME]) == self.start_time\n",
        "",
    ),
    Removal(
        "ancestors-survive",
        "Minder",
        "ocf_py/system/processes.py",
        "        _refuse_protected(identity.pid)\n",
        "",
    ),
    # ---------------------------------------------------------------- 5: the deadline
    Removal(
        "late-action-gives-up", "Dummy", _RUNNER, "    _arm(deadline)\n    is_rec", "    is_rec"
    ),
    Removal(
        "hanging-action-gives-up",
        "Sleeper",
        "ocf_py/deadline.py",
        "self.end = self.start + timeout - self.margin",
        "self.end = self.start + timeout + 5",
    ),
    Removal(
        "deadline-counts-from-the-process",
        "Sleeper",
        _RUNNER,
        "began=process_start()",
        "began=None",
    ),
    Removal(
        "advertised-timeout-holds",
        "Dummy",
        _RUNNER,
        "max(element.timeout for element in declared.elements) if declared else _VALIDATE_TIMEOUT",
        "0.001",
    ),
    # ---------------------------------------------------------------- 6: hostile surroundings
    Removal(
        "few-descriptors",
        "Stateful",
        "ocf_py/log.py",
        "except (OSError, ImportError):",
        "except BlockingIOError:",
    ),
    Removal(
        "bare-system",
        "Dummy",
        _RECORD,
        "if error.errno != errno.EROFS or self._is_there():",
        "if error:",
    ),
    Removal(
        "bare-system",
        "Minder",
        "ocf_py/system/processes.py",
        '        posix.stat("/proc/self/stat")\n',
        "        pass\n",
    ),
    Removal(
        "closed-descriptors",
        "Dummy",
        _RUNNER,
        "except (OSError, AttributeError):  # the caller no longer listens, or never did",
        "except OSError:",
    ),
    Removal("full-log", "IPaddr-v4", "ocf_py/log.py", "_socket.MSG_DONTWAIT | ", ""),
    Removal(
        "odd-variables",
        "Dummy",
        _ENVIRONMENT,
        'value.decode("utf-8", "surrogateescape")',
        'value.decode("utf-8")',
    ),
    Removal(
        "unforeseen-exception",
        "Keeper",
        _RUNNER,
        'detail = " ".join(str(error).split())',
        "detail = str(error)",
    ),
    # ---------------------------------------------------------------- 7: levels
    Removal(
        "monitor-takes-every-level",
        "Dummy",
        _ENVIRONMENT,
        'return _whole(self._get("OCF_CHECK_LEVEL"))',
        'return int(self._get("OCF_CHECK_LEVEL", "0"))',
    ),
    Removal(
        "validation-takes-every-level",
        "Dummy",
        _ENVIRONMENT,
        'return _whole(self._get("OCF_CHECK_LEVEL"))',
        'return int(self._get("OCF_CHECK_LEVEL", "0"))',
    ),
    Removal(
        "validation-looks-at-words-alone",
        "IPaddr-v4",
        _LIFECYCLE,
        "if self._call.level >= _LOOKS_AT_THE_MACHINE:",
        "if True:",
    ),
    Removal(
        "unusable-here-is-told",
        "IPaddr-v4",
        _LIFECYCLE,
        "if self._call.level >= _LOOKS_AT_THE_MACHINE:",
        "if False:",
    ),
    # ---------------------------------------------------------------- 8: meta-data
    Removal(
        "metadata-needs-nothing",
        "Dummy",
        _RUNNER,
        '    if name == "meta-data":\n',
        '    if name == "meta-data":\n'
        '        posix.close(posix.open("/run/ocfpy.log", posix.O_WRONLY | posix.O_CREAT))\n',
    ),
    # ---------------------------------------------------------------- 9: reload-agent
    Removal(
        "reload-takes-changes-over",
        "Keeper",
        _LIFECYCLE,
        "        self._call.changed = self._instances.differences(reloadable=True)\n",
        "",
    ),
    Removal(
        "reload-is-recorded",
        "Keeper",
        _LIFECYCLE,
        "        given.reload_agent()\n        self._instances.write_record()\n",
        "        given.reload_agent()\n",
    ),
    Removal(
        "reload-refuses-a-restart",
        "IPaddr-v4",
        _LIFECYCLE,
        "        if fixed:\n",
        "        if False:\n",
    ),
    # ---------------------------------------------------------------- 10: by hand
    Removal(
        "forced-calls-work",
        "Dummy",
        _ENVIRONMENT,
        '_whole(self.meta.get("interval", ""))',
        '_whole(self.meta["interval"])',
    ),
    Removal(
        "forced-trace-keeps-the-reason",
        "Keeper",
        _RUNNER,
        'line = f"ocf-exit-reason:{reason}\\n"',
        'line = f"ocf-exit-reason:{reason}"',
    ),
    # ---------------------------------------------------------------- 11: children
    Removal(
        "survivors-are-detached",
        "Minder",
        _BACKGROUND,
        "        posix.setsid()\n        if posix.fork():",
        "        if posix.fork():",
    ),
    Removal(
        "survivors-are-detached",
        "Minder",
        _BACKGROUND,
        "        posix.dup2(null, standard)\n",
        "        pass\n",
    ),
    Removal(
        "survivors-are-detached",
        "Minder",
        _BACKGROUND,
        "if int(name) not in (*_STANDARD, writer):",
        "if False:",
    ),
    Removal(
        "survivors-are-detached",
        "Minder",
        _BACKGROUND,
        "posix.execve(argv[0], argv, _ENVIRONMENT)",
        "posix.execve(argv[0], argv, posix.environ)",
    ),
    Removal("survivors-are-detached", "Minder", _BACKGROUND, "    posix.umask(_UMASK)\n", ""),
    Removal(
        "survivors-are-detached",
        "Minder",
        _BACKGROUND,
        "    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())\n",
        "",
    ),
    Removal("survivors-are-detached", "Minder", _BACKGROUND, 'posix.write(score, b"0")', "pass"),
    Removal(
        "nothing-else-leaves-survivors",
        "Minder",
        _MINDER,
        "        return ocf.RUNNING if self._process() else ocf.STOPPED\n",
        "        from ocf_py.system import background\n\n"
        '        background.start("ocfpy_agents.minder", [])\n'
        "        return ocf.RUNNING if self._process() else ocf.STOPPED\n",
    ),
    Removal(
        "survivors-end-with-the-resource",
        "IPaddr-v4",
        _IPADDR,
        "        self._end_announcer()\n        for link",
        "        for link",
    ),
    # ---------------------------------------------------------------- 12: promotion scores
    Removal(
        "score-is-set",
        "Stateful",
        _LIFECYCLE,
        "            self._set_score(self._instances.given, status)\n        return status\n",
        "        return status\n",
    ),
    Removal(
        "score-is-deleted-by-stop",
        "Stateful",
        _LIFECYCLE,
        "            self._call.cluster.delete_promotion_score()\n",
        "            pass\n",
    ),
    Removal(
        "refused-promote-steps-back",
        "Stateful",
        _LIFECYCLE,
        "            self._call.cluster.set_promotion_score(MINUS_INFINITY)\n            raise\n",
        "            raise\n",
    ),
    Removal(
        "score-does-not-hang",
        "Stateful",
        "ocf_py/cluster.py",
        "limit = min(_LIMIT, max(self._deadline.remaining, self._deadline.margin / 4))",
        "limit = 1000.0",
        also=((_RUNNER, "    _arm(deadline)\n    is_rec", "    is_rec"),),
    ),
    Removal(
        "score-that-fails-is-no-failure",
        "Stateful",
        "ocf_py/cluster.py",
        '            self._log.warning(f"promotion score: {failure.reason}")\n',
        "            raise\n",
    ),
    # ---------------------------------------------------------------- 13: log, trace, secrets
    Removal("log-names-its-source", "Dummy", "ocf_py/log.py", 'f"{agent}({instance})"', "agent"),
    Removal(
        "log-follows-the-facility",
        "Dummy",
        "ocf_py/log.py",
        'None if facility == "none" else _FACILITIES.get(facility, 3) * 8',
        "24",
    ),
    Removal("debug-is-honoured", "Keeper", "ocf_py/log.py", "if self._wants_debug:", "if True:"),
    Removal(
        "trace-can-be-had",
        "Dummy",
        "ocf_py/trace.py",
        '_LIBRARY = __file__.rsplit("/", 2)[0]',
        "_LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))",
    ),
    Removal(
        "trace-is-no-reason-to-fail",
        "Dummy",
        "ocf_py/trace.py",
        "    except OSError as error:\n        log.warning",
        "    except KeyError as error:\n        log.warning",
    ),
    Removal(
        "secrets-stay-secret",
        "Keeper",
        _INSTANCES,
        "if name in parameters and not parameters[name].is_secret",
        "if name in parameters",
    ),
    Removal(
        "secrets-stay-secret",
        "Keeper",
        "ocf_py/parameters.py",
        '"(a secret)" if parameter.is_secret else repr(text)',
        "repr(text)",
    ),
)
