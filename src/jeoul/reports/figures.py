"""The drawings of a run as SVG: quiet grid, few ticks, names beside what they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.reports.axes import count_axis, seconds_of, time_axis, value_axis
from jeoul.reports.figures_frame import (
    BLUE,
    FOOT,
    GAP,
    GREEN,
    HEAD,
    TINTS,
    VERMILION,
    WIDTH,
    Frame,
    Name,
    Values,
    across_labels,
    finite,
    grid,
    heading,
    names_above,
    pieces,
)
from jeoul.reports.svg import Point, area, box, curve, dashed, dot, drawing, shortened, text, width_of

__all__ = [
    "BLUE",
    "GREEN",
    "VERMILION",
    "Band",
    "Panel",
    "Series",
    "draw_against_time",
    "draw_by_cycle",
]
_BAND, _BAND_NAME = "#f3f6ea", "#55642f"
_LEAST_NAME = 70.0
_LIMIT = "#8a2f00"


@dataclass(frozen=True)
class Panel:
    """One quantity against time, its height on the page [pt] and the least span of its axis [unit].

    lower, upper: the edges of a shaded envelope about the values, or nothing.
    limits: values that are drawn as dashed lines and lie on the axis.
    """

    title: str
    unit: str
    values: Values
    colour: str
    height: float
    least_span: float = 0.0
    lower: Values = ()
    upper: Values = ()
    limits: Sequence[float] = ()


@dataclass(frozen=True)
class Band:
    """A stretch of time that a result was taken from. [s]"""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Series:
    """One quantity by cycle; `spread` is its expanded uncertainty, where it is known."""

    title: str
    values: Values
    colour: str
    hollow: bool = False
    spread: Values = ()


def draw_against_time(times: Values, panels: Sequence[Panel], bands: Sequence[Band], time_title: str) -> str:
    """Panels, one above the other, that share the axis of time.

    times: test time [s], beside the values of every panel; a None breaks the curve.
    time_title: name of the axis, to which the unit is added.
    """
    known = finite(times)
    across = time_axis(known[0] if known else 0.0, max(known, default=1.0))
    second = 1.0 / seconds_of(across)
    scaled = [None if t is None else t * second for t in times]
    parts: list[str] = []
    top = HEAD
    for number, panel in enumerate(panels):
        every = [*finite(panel.values), *finite(panel.lower), *finite(panel.upper), *panel.limits]
        up = value_axis(every, panel.unit, least_span=panel.least_span)
        frame = Frame(top, panel.height, across, up)
        title = f"{panel.title} ({panel.unit})"
        parts += _bands(frame, bands, second, beside=title if number == 0 else None)
        parts += _envelope(frame, scaled, panel.lower, panel.upper, panel.colour)
        parts += grid(frame)
        parts += [dashed((frame.left, y), (frame.right, y), _LIMIT) for y in map(frame.y, panel.limits)]
        parts.append(heading(frame, title, panel.colour))
        parts.append(curve(pieces(frame, scaled, panel.values), panel.colour))
        top += panel.height + GAP
    parts += across_labels(frame, f"{time_title} ({across.unit})")
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def draw_by_cycle(cycles: Sequence[int], series: Sequence[Series], unit: str, cycle_title: str) -> str:
    """One mark for each cycle, joined by a thin line, in a band of U where that is known."""
    values = [v for one in series for v in finite(one.values)]
    edges = [v for one in series for v in finite(_edge(one, 1.0)) + finite(_edge(one, -1.0))]
    up = value_axis([*values, *edges], unit, least_span=0.02 * max(values, default=1.0))
    frame = Frame(HEAD, 120.0, count_axis(min(cycles), max(cycles)), up)
    numbers: list[float | None] = [float(cycle) for cycle in cycles]
    parts = []
    for one in series:
        parts += _envelope(frame, numbers, _edge(one, -1.0), _edge(one, 1.0), one.colour)
    parts += grid(frame)
    for one in series:
        parts += _series(frame, numbers, one)
    names = [Name(f"{one.title} ({unit})", one.colour, hollow=one.hollow) for one in series]
    parts += names_above(frame, names)
    parts += across_labels(frame, cycle_title)
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def _edge(one: Series, sign: float) -> list[float | None]:
    """The edge of the band of U."""
    pairs = zip(one.values, one.spread, strict=False)
    return [None if v is None or u is None else v + sign * u for v, u in pairs]


def _envelope(frame: Frame, across: Values, lower: Values, upper: Values, colour: str) -> list[str]:
    if not finite(lower) or not finite(upper):
        return []
    bottoms, tops = pieces(frame, across, lower), pieces(frame, across, upper)
    return [area(top, bottom, TINTS[colour]) for top, bottom in zip(tops, bottoms, strict=True)]


def _series(frame: Frame, numbers: Values, one: Series) -> list[str]:
    found = pieces(frame, numbers, one.values)
    marks = [dot(point, 1.8, one.colour, hollow=one.hollow) for piece in found for point in piece]
    # Hundreds of marks would hide each other; the line alone then says more.
    return [curve(found, one.colour, 0.6), *(marks if len(marks) <= 150 else [])]


def _bands(frame: Frame, bands: Sequence[Band], second: float, *, beside: str | None) -> list[str]:
    """The shades, and in the panel whose heading is `beside` the names of their clauses."""
    parts = []
    taken = frame.left + 1.1 * width_of(beside or "") + 4.0
    inside = frame.left
    last = ""
    for band in sorted(bands, key=lambda one: one.start):
        left, right = frame.x(band.start * second), frame.x(band.end * second)
        parts.append(box((left, frame.top), max(right - left, 1.0), frame.height, _BAND))
        # Of pulse after pulse of one clause the first bears its name.
        again, last = band.label == last, band.label
        if beside is None or again:
            continue
        label = shortened(band.label, max(right - left, _LEAST_NAME), 6.5)
        middle, half = (left + right) / 2, width_of(label, 6.5) / 2
        # Beside the heading where there is room, else within the panel; else it stands in the results alone.
        if middle - half > taken:
            parts.append(_band_name((middle, frame.top - 4.5), label))
            taken = middle + half + 3.0
        elif middle - half > inside:
            parts.append(_band_name((middle, frame.top + 8.0), label))
            inside = middle + half + 3.0
    return parts


def _band_name(place: Point, label: str) -> str:
    return text(place, label, size=6.5, anchor="middle", colour=_BAND_NAME)
