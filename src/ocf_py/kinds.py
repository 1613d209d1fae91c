"""The kinds of parameter an agent can declare; each reads its text strictly.

What a kind refuses it says in a phrase that follows the text: "is not a whole number".
"""

from __future__ import annotations

from .parameters import UNSET, Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar, overload

    from typing_extensions import Unpack

    from .parameters import Common
    from .system.address import Address

    T = TypeVar("T")

_LONGEST = 19  # digits: more than any sane number has would meet int()'s own limit
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


class String(Parameter["T"]):
    """Any text."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: String[str | None], text: str, *, default: None, **common: Unpack[Common]
        ) -> None: ...
        @overload
        def __init__(
            self: String[str], text: str, *, default: str = ..., **common: Unpack[Common]
        ) -> None: ...
        def __init__(self, text: str, **keywords: Any) -> None: ...

    def parse(self, text: str) -> Any:
        """Take the text as it is."""
        return text


class Integer(Parameter["T"]):
    """A whole number, `minimum` and `maximum` included."""

    content = "integer"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Integer[int | None],
            text: str,
            *,
            default: None,
            minimum: int | None = ...,
            maximum: int | None = ...,
            **common: Unpack[Common],
        ) -> None: ...
        @overload
        def __init__(
            self: Integer[int],
            text: str,
            *,
            default: int = ...,
            minimum: int | None = ...,
            maximum: int | None = ...,
            **common: Unpack[Common],
        ) -> None: ...

    def __init__(
        self, text: str, *, minimum: int | None = None, maximum: int | None = None, **common: Any
    ) -> None:
        super().__init__(text, **common)
        self.minimum = minimum
        self.maximum = maximum
        if isinstance(self.default, int):
            self.parse(str(self.default))  # a default out of range is the author's mistake

    def parse(self, text: str) -> Any:
        """Read decimal digits with an optional sign; nothing else that int() would swallow."""
        digits = text[1:] if text[:1] in ("+", "-") else text
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST):
            raise ValueError("is not a whole number")
        value = int(text)
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"is below {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"is above {self.maximum}")
        return value


class Boolean(Parameter["T"]):
    """True or false, in every spelling that Pacemaker's own agents take."""

    content = "boolean"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Boolean[bool | None], text: str, *, default: None, **common: Unpack[Common]
        ) -> None: ...
        @overload
        def __init__(
            self: Boolean[bool], text: str, *, default: bool = ..., **common: Unpack[Common]
        ) -> None: ...
        def __init__(self, text: str, **keywords: Any) -> None: ...

    def parse(self, text: str) -> Any:
        """Read one of true/false, yes/no, on/off, 1/0."""
        word = text.lower()
        if word not in TRUE + _FALSE:
            raise ValueError("is neither true nor false")
        return word in TRUE

    def format(self, value: Any) -> str:
        """Write true or false."""
        return "true" if value else "false"


class Select(Parameter["T"]):
    """One of `options`."""

    content = "select"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Select[str | None],
            text: str,
            *,
            options: Sequence[str],
            default: None,
            **common: Unpack[Common],
        ) -> None: ...
        @overload
        def __init__(
            self: Select[str],
            text: str,
            *,
            options: Sequence[str],
            default: str = ...,
            **common: Unpack[Common],
        ) -> None: ...

    def __init__(self, text: str, *, options: Sequence[str], **common: Any) -> None:
        super().__init__(text, **common)
        self.options = tuple(options)
        if self.default is not UNSET and self.default is not None and self.default not in options:
            raise TypeError(f"the default {self.default!r} is not among the options")

    def parse(self, text: str) -> Any:
        """Take one of the options, exactly as it is written."""
        if text not in self.options:
            raise ValueError(f"is none of {', '.join(self.options)}")
        return text


class Duration(Parameter["T"]):
    """A time in seconds: a number with ms, s, min (m), h or d; a bare one counts in `unit`."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Duration[float | None],
            text: str,
            *,
            default: None,
            unit: str = ...,
            **common: Unpack[Common],
        ) -> None: ...
        @overload
        def __init__(
            self: Duration[float],
            text: str,
            *,
            default: float = ...,
            unit: str = ...,
            **common: Unpack[Common],
        ) -> None: ...

    def __init__(self, text: str, *, unit: str = "s", **common: Any) -> None:
        super().__init__(text, **common)
        self.unit = unit
        _SECONDS[unit]  # a unit that does not exist is the author's mistake: let it show

    def parse(self, text: str) -> Any:
        """Read the number and its unit into seconds."""
        number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = text[len(number) :] or self.unit
        whole, _, fraction = number.partition(".")
        digits = whole + fraction
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST
        if unit not in _SECONDS or not is_number:
            raise ValueError("is not a time such as 200ms, 10s, 5min or 1h")
        return float(number) * _SECONDS[unit]

    def format(self, value: Any) -> str:
        """Write whole milliseconds or seconds."""
        return in_words(value)


def in_words(seconds: float) -> str:
    """Write a time in whole seconds, or else in whole milliseconds: 90s, 200ms."""
    return f"{int(seconds)}s" if seconds == int(seconds) else f"{round(seconds * 1000)}ms"


class Path(Parameter["T"]):
    """An absolute path, as text."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Path[str | None], text: str, *, default: None, **common: Unpack[Common]
        ) -> None: ...
        @overload
        def __init__(
            self: Path[str], text: str, *, default: str = ..., **common: Unpack[Common]
        ) -> None: ...
        def __init__(self, text: str, **keywords: Any) -> None: ...

    def parse(self, text: str) -> Any:
        """Take a path that begins at the root: an agent's working directory means nothing."""
        if not text.startswith("/"):
            raise ValueError("is not an absolute path")
        return text


class IPAddress(Parameter["T"]):
    """An IPv4 or IPv6 address, compared as a value."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: IPAddress[Address | None],
            text: str,
            *,
            default: None,
            **common: Unpack[Common],
        ) -> None: ...
        @overload
        def __init__(self: IPAddress[Address], text: str, **common: Unpack[Common]) -> None: ...
        def __init__(self, text: str, **keywords: Any) -> None: ...

    def parse(self, text: str) -> Any:
        """Read either family, in any spelling."""
        from .system.address import Address

        return Address.parse(text)
