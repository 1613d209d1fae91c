"""What the lab says when it cannot do what was asked."""

from __future__ import annotations

from ocf_py.toolkit.errors import ToolkitError, UnusableInput


class LabError(ToolkitError):
    """What went wrong in the lab and where; the remedy in `hint`."""


class UnsuitableLabError(LabError):
    """A lab was asked for that there cannot be: a matter of usage."""

    status = UnusableInput.status


class UnseenError(LabError):
    """What was to be seen was not, by no fault of what was looked at: it may be tried again."""
