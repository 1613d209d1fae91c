"""Values for a parameter: such as somebody might give it, and such as nobody should."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from ocf_py.catalogue.description import Parameter

_LONG = 300  # more than a file name or an interface's name may have
_HUGE = 100_000  # the kernel takes 128 KiB a variable (MAX_ARG_STRLEN)
_DIGITS = 5000  # more than int() reads (sys.set_int_max_str_digits)

#: What is no value, by what is wrong with it; lone surrogates stand for bytes that are no UTF-8.
#: None names a regular file that is there already: an agent whose resource is a file might rightly
#: take that for its own.
GARBAGE: dict[str, Sequence[str]] = {
    "empty": ("",),
    "blanks": (" ", "   ", "\t", " \t "),
    "long": ("x" * _LONG, "/" + "x" * _LONG, "1" * _LONG, "a." * _LONG),
    "huge": ("x" * _HUGE,),
    "control characters": ("\x01", "a\x07b", "\x1b[31mred\x1b[0m", "x\x7f", "\r", "\x85"),
    "newlines": ("\n", "a\nb", "x\n", "\nocf-exit-reason:no\n", "a\r\nb"),
    "not ASCII": ("\u00e4\u00f6", "\u0661\u0662", "\uff11\uff12", "e\u0301", "\U0001f600"),
    "not UTF-8": ("\udcff", "\udcff\udcfe", "a\udc80", "\udcc3", "/run/\udcff"),
    "negative numbers": ("-1", "-0", "-2147483649", "-9223372036854775809"),
    "huge numbers": ("4294967296", "9" * 19, "9" * 20, "9" * _LONG, "9" * _DIGITS, "1e999"),
    "odd numbers": ("1.5", "0x10", "1_000", "+1", "007", "1e3", "nan", "inf", ".", "1.", "--1"),
    "shell": ("$(id)", "`id`", "; exit 0", "| cat", "a&&b", ">/run/fuzz", "*", "'", '"', "\\"),
    "paths": ("/", "/etc", "/run", "/dev/null", "/proc/self", "..", "/run/../etc", "//", "~"),
    "formats": ("%s", "%n%n%n", "%(x)s", "{0}", "{x.__class__}", "%"),
    "expansions": ("${x}", "$x", "$$", "${IFS}", "$((1/0))", "!!"),
    "placeholders": ("lrm://vip", "<none>", "None", "null", "default", "-", "+", "--help", "-n"),
}  # fmt: skip

_WORDS = (
    *(
        "lo",
        "eth0",
        "eth7",
        "a",
        "A-b_c.1",
        "localhost",
        "10s",
        "200ms",
        "1h",
        "0",
        "1",
        "24",
        "64",
    ),
    *("::1", "127.0.0.1", "::", "192.0.2.77", "2001:db8::77", "::ffff:192.0.2.9"),
    *("/run/fuzz", "/run/fuzz-folder/file", "/tmp/fuzz", "/nonexistent/x"),  # noqa: S108 - names
)
_BOOLEANS = ("true", "false", "yes", "no", "on", "off", "1", "0", "TRUE", "No", "t", "2", "maybe")
_INTEGERS = ("0", "1", "2", "3", "5", "10", "60", "100", "255", "1000", "65535", "65536",
             "2147483647", "2147483648", "-1", "+5", "05")  # fmt: skip


def choose_garbage(random: Random) -> str:
    """A value that nobody should give, of one kind as likely as of any other."""
    return random.choice(GARBAGE[random.choice(list(GARBAGE))])


def choose_plausible(random: Random, parameter: Parameter, known: Sequence[str]) -> str:
    """A value that somebody might give; `known` are some that this parameter takes, or does not."""
    if parameter.content == "boolean":
        return random.choice(_BOOLEANS)
    if parameter.content == "integer":
        return random.choice(_INTEGERS)
    if parameter.content == "select":
        option = random.choice([*parameter.options, ""])
        return option if random.random() < 0.8 else option.upper()  # noqa: PLR2004 - most of them
    values = [one for one in (*known, parameter.default) if one]
    if not values or random.random() < 0.3:  # noqa: PLR2004 - some
        return random.choice(_WORDS)
    return random.choice(_CHANGES)(random, random.choice(values))


def _change_digit(random: Random, text: str) -> str:
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text + str(random.randrange(10))
    place = random.choice(places)
    return f"{text[:place]}{random.randrange(10)}{text[place + 1 :]}"


def _leave_out(random: Random, text: str) -> str:
    place = random.randrange(len(text))
    return text[:place] + text[place + 1 :]


def _put_in(random: Random, text: str) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice("0az./: -%") + text[place:]


_CHANGES: tuple[Callable[[Random, str], str], ...] = (
    _change_digit,
    _change_digit,  # the change that most often leaves a value as good as it was
    _leave_out,
    _put_in,
    lambda _, text: text,
    lambda _, text: text.upper(),
    lambda _, text: f" {text} ",
    lambda _, text: text + text,
)
