"""The errors that the toolkit shows as one line."""

from __future__ import annotations


class ToolkitError(Exception):
    """What went wrong and where, with the remedy in `hint`; shown without a traceback."""

    status = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        """The whole line: what, where, remedy."""
        message = super().__str__()
        return f"{message}; {self.hint}" if self.hint else message


class UnusableInput(ToolkitError):  # noqa: N818 - says what is
    """What the user gave cannot be used as it is: the command ends with 2, having done nothing."""

    status = 2
