"""What a removal is, and the files that most of them change."""

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


LIFECYCLE = "ocf_py/lifecycle.py"
INSTANCES = "ocf_py/instances.py"
RECORD = "ocf_py/start_record.py"
RUNNER = "ocf_py/runner.py"
ENVIRONMENT = "ocf_py/environment.py"
BACKGROUND = "ocf_py/system/background.py"
DUMMY = "ocfpy_agents/dummy.py"
STATEFUL = "ocfpy_agents/stateful.py"
MINDER = "ocfpy_agents/minder.py"
IPADDR = "ocfpy_agents/ipaddr.py"
