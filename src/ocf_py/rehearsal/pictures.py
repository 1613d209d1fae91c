"""Draws the course of a play, and the outages of all plays, as SVG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ocf_py.lab.cib import FENCE_PREFIX
from ocf_py.rehearsal.record import LOST, WRITER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes

    from ocf_py.rehearsal.record import Heard, Held, Moment, Play

_NODES = ("#2f6fbf", "#d9822b", "#2f9e77", "#8a5fbf", "#5c6b7a")
_ANSWERED, _OUTAGE, _OFF = "#c4e6d3", "#c9302c", "#eceef1"
_MARKS = {"fault": "#c9302c", "repair": "#1f7a55", "detection": "#6b4fa0", "fencing": "#1d1f24"}
_INK, _FAINT, _MUTED = "#1d1f24", "#e3e6ea", "#55606b"
_WIDTH = 10.5  # inches
_LEFT = 2.5  # of it, for the names of the lanes
_LANE, _NODE_LANE, _TOP, _BOTTOM = 0.34, 0.92, 0.68, 0.55
_BEFORE, _AFTER = 1.0, 1.5  # seconds that are shown around what happened
_INSTANT = 0.001  # seconds: Pacemaker counts in milliseconds
_LONGEST = 38  # letters of a lane's name
_ROWS = 3  # of labels of a node's operations
_MARK_ROWS = 4  # of the words above all lanes
_LETTER = 0.068  # inches that a letter of a label takes
# Behind a label that lies on no bar: the lines of the marks do not cross it.
_CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
_STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "svg.hashsalt": "ocf-py",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "sans-serif"],
    "font.size": 9,
    "text.parse_math": False,  # a name may have a $
    "text.color": _INK,
    "axes.edgecolor": "#9aa3ad",
    "axes.labelcolor": _MUTED,
    "xtick.color": _MUTED,
    "ytick.color": _INK,
}


def draw_course(play: Play) -> str:
    """Clients, holders and operations over the seconds since the fault, as an <svg> element."""
    with mpl.rc_context(_STYLE):
        return _Course(play).draw()


class _Course:
    """One picture; the y axis is in inches, from the bottom of the lowest lane."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._nodes = _name_nodes(play)
        self._colours = {node: _choose_colour(node) for node in self._nodes}
        self._end = _find_end(play)
        lanes = len(play.heard) + len(play.held)
        self._height = lanes * _LANE + len(self._nodes) * _NODE_LANE
        self._figure, self._axes = _begin(self._height)
        self._per_inch = (self._end + _BEFORE) / (_WIDTH - _LEFT - 0.2)

    def draw(self) -> str:
        axes, place, ticks = self._axes, self._height, []
        axes.set_xlim(-_BEFORE, self._end)
        axes.set_ylim(0, self._height)
        for heard in self._play.heard:
            place -= _LANE
            self._draw_client(place + _LANE / 2, heard)
            ticks.append((place + _LANE / 2, _shorten(_name_client(heard.client))))
        for held in self._play.held:
            place -= _LANE
            self._draw_stays(place + _LANE / 2, held)
            ticks.append((place + _LANE / 2, _shorten(f"{held.kind} {held.name}")))
        for node in self._nodes:
            place -= _NODE_LANE
            self._draw_node(place, node)
            ticks.append((place + 0.18, node))
        self._draw_marks()
        axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
        axes.set_xlabel("seconds since the fault")
        return _write(self._figure)

    def _draw_client(self, place: float, heard: Heard) -> None:
        self._bar(place, -_BEFORE, self._end, _ANSWERED)
        for gap in heard.gaps:
            until = self._end if gap.until is None else min(gap.until, self._end)
            self._bar(place, gap.since, until, _OUTAGE)
            shown = f"{gap.seconds(self._play.ended):.2f} s"
            if (until - gap.since) / self._per_inch > _LETTER * (len(shown) + 2):
                self._label((gap.since + until) / 2, place, shown, "white", "center")

    def _draw_stays(self, place: float, held: Held) -> None:
        for stay in held.stays:
            since = max(stay.since, -_BEFORE)
            until = self._end if stay.until is None else min(stay.until, self._end)
            if until > since:
                self._bar(place, since, until, self._colours[stay.node])
                if (until - since) / self._per_inch > _LETTER * 5:
                    self._label((since + until) / 2, place, stay.node, "white", "center")

    def _draw_node(self, place: float, node: str) -> None:
        self._axes.axhline(place + _NODE_LANE, color=_FAINT, linewidth=0.8, zorder=0)
        for since, until in _find_off(self._play.moments, node, self._end):
            self._bar(place + 0.18, since, until, _OFF)
            if (until - since) / self._per_inch > _LETTER * 5:
                self._label((since + until) / 2, place + 0.18, "off", _MUTED, "center")
        ends = [-_BEFORE] * _ROWS
        for one in self._play.moments:
            if one.node != node or one.at > self._end or not _is_shown(one):
                continue
            colour = self._colours[node] if one.kind == "operation" else _OUTAGE
            least = 0.03 * self._per_inch  # what takes no time is seen all the same
            self._bar(place + 0.18, one.at - max(one.lasted, least), one.at, colour)
            text = _name_operation(one)
            width = _LETTER * len(text) * self._per_inch
            begin = min(one.at - one.lasted, self._end - width)
            row = next((row for row in range(_ROWS) if ends[row] <= begin), None)
            if row is not None:
                ends[row] = begin + width
                self._label(begin, place + 0.41 + 0.15 * row, text, colour, "left", _CLEAR)

    def _draw_marks(self) -> None:
        """The lines behind all lanes; each word is at the top, in the lowest row with room."""
        ends = [-_BEFORE] * _MARK_ROWS
        said: dict[str, float] = {}
        for one in self._play.moments:
            colour = _MARKS.get(one.kind)
            if colour is None or one.resource or not -_BEFORE <= one.at <= self._end:
                continue
            self._axes.axvline(one.at, color=colour, linewidth=1.2, linestyle=(0, (3, 2)), zorder=1)
            word = {"detection": "lost" if LOST in one.text else "to be fenced"}.get(
                one.kind, f"{one.node} fenced" if one.kind == "fencing" else one.kind
            )
            row = next((row for row in range(_MARK_ROWS) if ends[row] <= one.at), None)
            if row is not None and said.get(word, -_BEFORE) <= one.at:  # two survivors say the same
                self._label(one.at, self._height + 0.1 + 0.14 * row, word, colour, "left")
                said[word] = ends[row] = one.at + _LETTER * (len(word) + 1) * self._per_inch

    def _bar(self, place: float, since: float, until: float, colour: str) -> None:
        self._axes.barh(place, until - since, 0.2, since, color=colour, zorder=2)

    def _label(
        self,
        at: float,
        place: float,
        text: str,
        colour: str,
        side: str,
        box: dict[str, Any] | None = None,
    ) -> None:
        style: dict[str, Any] = {"color": colour, "ha": side, "fontsize": 8, "bbox": box}
        self._axes.text(at, place, text, va="center", zorder=3, clip_on=False, **style)


def draw_outages(rows: Sequence[tuple[str, float, float, bool]], unit: str) -> str:
    """A bar a row: name, seconds, a mark (the bound, the peers' seconds), whether it passed."""
    with mpl.rc_context(_STYLE):
        figure, axes = _begin(0.3 * len(rows))
        for number, (_, seconds, mark, passed) in enumerate(rows):
            place = 0.3 * (len(rows) - number) - 0.15
            axes.barh(place, seconds, 0.17, color=_NODES[0] if passed else _OUTAGE, zorder=2)
            axes.plot(
                [mark, mark], [place - 0.11, place + 0.11], color=_INK, linewidth=1.6, zorder=3
            )
            axes.text(seconds, place, f"  {seconds:.2f}", va="center", fontsize=8, zorder=4)
        places = [0.3 * (len(rows) - number) - 0.15 for number in range(len(rows))]
        axes.set_yticks(places, [name for name, *_ in rows])
        axes.set_ylim(0, 0.3 * len(rows))
        axes.set_xlim(0, None)
        axes.set_xlabel(unit)
        return _write(figure)


def _begin(height: float) -> tuple[Figure, Axes]:
    """A figure whose axes are as high as the lanes need, in inches."""
    whole = height + _TOP + _BOTTOM
    figure = Figure(figsize=(_WIDTH, whole))
    FigureCanvasSVG(figure)
    box = (_LEFT / _WIDTH, _BOTTOM / whole, (_WIDTH - _LEFT - 0.2) / _WIDTH, height / whole)
    axes = figure.add_axes(box)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _write(figure: Figure) -> str:
    file = io.StringIO()
    # No date: two pictures of the same are the same.
    figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
    text = file.getvalue()
    return text[text.index("<svg") :]


def _name_nodes(play: Play) -> list[str]:
    named = {play.victim, *(one.node for one in play.moments if one.node)}
    named |= {stay.node for held in play.held for stay in held.stays}
    return sorted(named - {""})


def _find_end(play: Play) -> float:
    """Up to the last thing that happened to a client or a resource, and a little more."""
    last = [play.repair or 0.0]
    last += [gap.until for one in play.heard for gap in one.gaps if gap.until is not None]
    last += [one.at for one in play.moments if one.kind in ("operation", "failure", "fencing")]
    return min(max(last) + _AFTER, max(play.ended, _AFTER))


def _find_off(moments: Sequence[Moment], node: str, end: float) -> list[tuple[float, float]]:
    found, since = [], None
    for one in moments:
        if one.kind == "power" and one.node == node:
            if one.text.endswith("off") and since is None:
                since = one.at
            elif one.text.endswith("on") and since is not None:
                found.append((since, min(one.at, end)))
                since = None
    if since is not None:
        found.append((since, end))
    return [(begin, until) for begin, until in found if until > begin]


def _name_operation(one: Moment) -> str:
    what = one.text.partition(" on ")[0].replace(" of ", " ", 1)
    failed = "" if one.kind == "operation" else "failed: "
    return f"{failed}{what}{f' {one.lasted * 1000:.0f} ms' if one.lasted >= _INSTANT else ''}"


def _choose_colour(node: str) -> str:
    """The same for a node in every picture, by its number."""
    number = int(node[1:]) if node[1:].isdecimal() else 1
    return _NODES[(number - 1) % len(_NODES)]


def _is_shown(one: Moment) -> bool:
    """The lab's own fence devices start and stop with everything, and say nothing."""
    return bool(one.resource) and not one.resource.startswith(FENCE_PREFIX)


def _name_client(client: str) -> str:
    """A writer is no client of anything else."""
    return client if client.startswith(WRITER) else f"client of {client}"


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
