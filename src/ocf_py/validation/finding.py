"""A finding: what is wrong where, what comes of it, and what to do about it."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class Severity(enum.Enum):
    """How bad it is."""

    #: It will not work, or it loses data or service.
    ERROR = "error"
    #: It works until something else goes wrong.
    WARNING = "warning"
    #: Worth knowing; nobody has to do anything.
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One finding.

    `check` is the id of what found it, stable for scripts. `file` is the path or the agent's name
    as the user gave it, `line` that of the document (0: none of them). `subject` is the resource,
    parameter or action meant, "" for the document as a whole. `consequence` is what the cluster
    or its tools make of it, `remedy` what to do; both are sentences without a full stop.
    """

    check: str
    severity: Severity
    file: str
    line: int
    subject: str
    message: str
    consequence: str
    remedy: str

    def as_json(self) -> dict[str, Any]:
        """Its fields, for json.dumps."""
        return {**asdict(self), "severity": self.severity.value}
