"""The protocol, levels, meta-data, reload-agent and calls by hand, taken out."""

from __future__ import annotations

from tests.contract.removals.removal import (
    ENVIRONMENT,
    INSTANCES,
    LIFECYCLE,
    RUNNER,
    STATEFUL,
    Removal,
)

PROTOCOL = (
    # ---------------------------------------------------------------- the protocol
    Removal("life", "Dummy", LIFECYCLE, "        given.start()\n", ""),
    Removal("life", "Dummy", LIFECYCLE, "        agent.stop()\n", ""),
    Removal(
        "start-is-idempotent",
        "IPaddr-v4",
        LIFECYCLE,
        "return status if status and status.is_active and is_recorded else None",
        "return None",
    ),
    Removal(
        "stop-is-idempotent",
        "Dummy",
        LIFECYCLE,
        "    def _stop(self) -> None:\n",
        "    def _stop(self) -> None:\n        self._active_or_not_running()\n",
    ),
    Removal(
        "monitor-changes-nothing",
        "Dummy",
        LIFECYCLE,
        "        if status.is_active:\n            if ",
        "        if status:\n            if ",
    ),
    Removal(
        "unknown-action-is-unimplemented",
        "Dummy",
        RUNNER,
        "        _refuse_unknown(agent_class, name)\n",
        "",
    ),
    Removal("advertised-actions-exist", "Dummy", RUNNER, ' and name != "validate-all"', ""),
    Removal(
        "further-arguments-are-ignored",
        "Dummy",
        RUNNER,
        'arguments[0] if arguments else ""',
        '" ".join(arguments)',
    ),
    Removal(
        "other-major-version-is-refused",
        "Dummy",
        RUNNER,
        "        _refuse_other_protocols(environment)\n",
        "",
    ),
    Removal(
        "optional-variables-are-optional",
        "Dummy",
        ENVIRONMENT,
        'self._get("OCF_RESOURCE_INSTANCE", "default")',
        'self._variables["OCF_RESOURCE_INSTANCE"]',
    ),
    Removal(
        "empty-value-means-absent",
        "IPaddr-v4",
        ENVIRONMENT,
        "name.startswith(_PARAMETER) and value:",
        "name.startswith(_PARAMETER):",
    ),
    Removal(
        "wrong-parameters-are-refused",
        "Dummy",
        INSTANCES,
        "return None, Misconfigured(",
        "Misconfigured(",
    ),
    Removal(
        "notify-takes-empty-lists",
        "Stateful",
        STATEFUL,
        "' '.join(told.nodes(told.operation))",
        "told.nodes(told.operation)[0]",
    ),
    Removal(
        "metadata-is-valid",
        "Dummy",
        "ocf_py/metadata.py",
        'name="{name}" timeout=',
        'name="{name}" duration=',
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
    Removal("monitors-differ", "Stateful", STATEFUL, "interval=11", "interval=10"),
    Removal(
        "roles",
        "Stateful",
        LIFECYCLE,
        "if status.is_promoted:  # OCF 1.1",
        "if False:  # OCF 1.1",
    ),
    Removal(
        "roles",
        "Stateful",
        LIFECYCLE,
        "                agent.promote()\n",
        "",
    ),
    Removal(
        "roles-of-the-stopped",
        "Stateful",
        LIFECYCLE,
        "if agent is None or not self._ask(agent).is_active:",
        "if agent is None:",
    ),
    # ---------------------------------------------------------------- 7: levels
    Removal(
        "monitor-takes-every-level",
        "Dummy",
        ENVIRONMENT,
        'return _whole(self._get("OCF_CHECK_LEVEL"))',
        'return int(self._get("OCF_CHECK_LEVEL", "0"))',
    ),
    Removal(
        "validation-takes-every-level",
        "Dummy",
        ENVIRONMENT,
        'return _whole(self._get("OCF_CHECK_LEVEL"))',
        'return int(self._get("OCF_CHECK_LEVEL", "0"))',
    ),
    Removal(
        "validation-looks-at-words-alone",
        "IPaddr-v4",
        LIFECYCLE,
        "if self._call.level >= _LOOKS_AT_THE_MACHINE:",
        "if True:",
    ),
    Removal(
        "unusable-here-is-told",
        "IPaddr-v4",
        LIFECYCLE,
        "if self._call.level >= _LOOKS_AT_THE_MACHINE:",
        "if False:",
    ),
    # ---------------------------------------------------------------- 8: meta-data
    Removal(
        "metadata-needs-nothing",
        "Dummy",
        RUNNER,
        '    if name == "meta-data":\n',
        '    if name == "meta-data":\n'
        '        posix.close(posix.open("/run/ocfpy.log", posix.O_WRONLY | posix.O_CREAT))\n',
    ),
    # ---------------------------------------------------------------- 9: reload-agent
    Removal(
        "reload-takes-changes-over",
        "Keeper",
        LIFECYCLE,
        "        self._call.changed = self._instances.differences(reloadable=True)\n",
        "",
    ),
    Removal(
        "reload-is-recorded",
        "Keeper",
        LIFECYCLE,
        "        given.reload_agent()\n        self._instances.write_record()\n",
        "        given.reload_agent()\n",
    ),
    Removal(
        "reload-refuses-a-restart",
        "IPaddr-v4",
        LIFECYCLE,
        "        if fixed:\n",
        "        if False:\n",
    ),
    # ---------------------------------------------------------------- 10: by hand
    Removal(
        "forced-calls-work",
        "Dummy",
        ENVIRONMENT,
        '_whole(self.meta.get("interval", ""))',
        '_whole(self.meta["interval"])',
    ),
    Removal(
        "forced-trace-keeps-the-reason",
        "Keeper",
        RUNNER,
        "_MARK[:-1])}\\n",
        "_MARK[:-1])}",
    ),
)
