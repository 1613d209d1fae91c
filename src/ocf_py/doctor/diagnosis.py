"""One line of the doctor's: what was looked at, how it is, and what to do about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """How it is."""

    FINE = "fine"
    #: It works until something else goes wrong, or could not be looked at.
    WARNING = "warning"
    #: A resource will not work on this node, or data are at risk.
    PROBLEM = "problem"


@dataclass(frozen=True)
class Diagnosis:
    """What one check found.

    `check` is its id, stable for scripts; `subject` what was looked at (a tool, a resource, a
    path); `consequence` and `remedy` are sentences without a full stop, "" where all is fine.
    """

    check: str
    verdict: Verdict
    subject: str
    message: str
    consequence: str = ""
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """Its fields, for json.dumps."""
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "subject": self.subject,
            "message": self.message,
            "consequence": self.consequence,
            "remedy": self.remedy,
        }


def fine(check: str, subject: str, message: str) -> Diagnosis:
    """Nothing to do."""
    return Diagnosis(check, Verdict.FINE, subject, message)


def warning(check: str, subject: str, message: str, consequence: str, remedy: str) -> Diagnosis:
    """It works until something else goes wrong."""
    return Diagnosis(check, Verdict.WARNING, subject, message, consequence, remedy)


def problem(check: str, subject: str, message: str, consequence: str, remedy: str) -> Diagnosis:
    """It does not work, or data are at risk."""
    return Diagnosis(check, Verdict.PROBLEM, subject, message, consequence, remedy)
