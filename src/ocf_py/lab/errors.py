"""What the lab says when it cannot do what was asked."""

from __future__ import annotations

from ocf_py.toolkit.errors import ToolkitError


class LabError(ToolkitError):
    """What went wrong in the lab and where; the remedy in `hint`."""
