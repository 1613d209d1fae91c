"""The stages in which a process tree is asked, and at last forced, to end."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal

_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0}
_MOST = 8


class Stage:
    """A signal, and when it is due: at a ``fraction`` of the time, or after ``seconds``."""

    __slots__ = ("fraction", "seconds", "signal")

    def __init__(self, signal: int, *, fraction: float = 0.0, seconds: float | None = None) -> None:
        self.signal = signal
        self.fraction = fraction
        self.seconds = seconds


def parse_stages(text: str) -> list[Stage]:
    """Read ``TERM@0 INT@50% KILL@80%`` or ``QUIT KILL@10s``; a bare signal is due at once.

    ValueError, as a phrase that follows the text, for what is none. The last is always KILL: where
    it is not named, it comes at 80 %.
    """
    stages = []
    for word in text.replace(",", " ").split():
        name, _, when = word.partition("@")
        stages.append(_read_stage(parse_signal(name), when or "0", word))
    if not stages:
        raise ValueError("names no signal")
    if len(stages) > _MOST:
        raise ValueError(f"has more than {_MOST} stages")
    for former, latter in zip(stages, stages[1:]):
        if former.signal == _signal.SIGKILL:
            raise ValueError("has a signal behind KILL, which none survives")
        if (former.seconds is None) == (latter.seconds is None) and (
            (former.seconds or former.fraction) > (latter.seconds or latter.fraction)
        ):
            raise ValueError("has a stage that comes before the one in front of it")
    if stages[-1].signal != _signal.SIGKILL:
        stages.append(Stage(_signal.SIGKILL, fraction=0.8))
    return stages


def _read_stage(signal: int, when: str, word: str) -> Stage:
    number = when.rstrip("%abcdefghijklmnopqrstuvwxyz")
    unit = when[len(number) :]
    whole, _, part = number.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdecimal() or len(number) > 9:  # noqa: PLR2004
        raise ValueError(f"has {word!r}, which is not SIGNAL@TIME, such as KILL@80% or KILL@10s")
    if unit == "%":
        if not 0 <= float(number) < 100:  # noqa: PLR2004 - per cent
            raise ValueError(f"has {word!r}, which leaves no time")
        return Stage(signal, fraction=float(number) / 100)
    if unit not in _SECONDS:
        raise ValueError(f"has {word!r}, whose time is none of %, ms, s, min")
    return Stage(signal, seconds=float(number) * _SECONDS[unit])


def parse_signal(name: str) -> int:
    """Read TERM, SIGTERM or 15; ValueError, as a phrase that follows the text, for what is none."""
    from ocf_py.system.signal_names import parse_signals

    numbers = parse_signals(name)
    if len(numbers) > 1:
        raise ValueError("names more than one signal")
    return numbers[0]
