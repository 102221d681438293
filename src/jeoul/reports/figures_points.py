"""Measured points with their expanded uncertainty: over state of charge, over dates, over cell numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.reports.axes import Axis, value_axis
from jeoul.reports.figures_frame import (
    FOOT,
    GAP,
    HEAD,
    WIDTH,
    Frame,
    Name,
    Values,
    across_labels,
    finite,
    grid,
    name_rows,
    names_above,
    pieces,
)
from jeoul.reports.svg import bar, box, curve, dashed, drawing, mark, text

_LIMIT = "#7a1f1f"


@dataclass(frozen=True)
class Points:
    """One series: places, values and U (None where unknown), and how it is drawn.

    hollow: by point, where some are told apart. joined: a thin line from point to point. error_bars: where
    False, U is not drawn.
    """

    title: str
    across: Sequence[float]
    values: Values
    spread: Values
    colour: str
    shape: str = "circle"
    joined: bool = True
    hollow: Sequence[bool] = ()
    named: bool = True


@dataclass(frozen=True)
class Line:
    """A level that the points are seen against, such as a limit, or a straight line between two places."""

    title: str
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True)
class PointPanel:
    """Series of one unit."""

    unit_title: str
    series: Sequence[Points]
    height: float
    lines: Sequence[Line] = ()
    least_span: float = 0.0


def draw_points(panels: Sequence[PointPanel], across: Axis, across_title: str) -> str:
    """Panels, one above the other, that share the level axis; the names of the series above each."""
    parts: list[str] = []
    top = 0.0
    for panel in panels:
        names = [Name(one.title, one.colour, one.shape) for one in panel.series if one.named]
        top += HEAD + 10.0 * (name_rows(names) - 1) + (11.0 if names else 0.0)
        frame = Frame(top, panel.height, across, _up(panel))
        parts += grid(frame)
        parts.append(text((frame.left, frame.top - 4.5), panel.unit_title, bold=True))
        raised = Frame(top - 11.0, panel.height, across, frame.up)
        parts += names_above(raised, names)
        for line in _near(panel):
            parts += _line(frame, line)
        for one in panel.series:
            parts += _points(frame, one)
        top += panel.height + GAP - HEAD
    parts += across_labels(frame, across_title)
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def _up(panel: PointPanel) -> Axis:
    values = [*_values(panel), *(place[1] for line in _near(panel) for place in (line.start, line.end))]
    return value_axis(values, "", least_span=panel.least_span)


def _values(panel: PointPanel) -> list[float]:
    values = [v for one in panel.series for v in finite(one.values)]
    return values + [v for one in panel.series for v in (*_edge(one, 1.0), *_edge(one, -1.0))]


def _near(panel: PointPanel) -> list[Line]:
    """The lines that do not press the points together: a limit far away says nothing of their course."""
    values = _values(panel)
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(1.5 * (high - low), panel.least_span)
    return [line for line in panel.lines if low - room <= line.end[1] <= high + room]


def _edge(one: Points, sign: float) -> list[float]:
    pairs = zip(one.values, one.spread, strict=False)
    return [v + sign * u for v, u in pairs if v is not None and u is not None]


def _line(frame: Frame, line: Line) -> list[str]:
    start, end = frame.point(*line.start), frame.point(*line.end)
    words = text((frame.right, end[1] - 2.5), line.title, size=6.5, anchor="end", colour=_LIMIT, halo=True)
    return [dashed(start, end, _LIMIT), words]


def _points(frame: Frame, one: Points) -> list[str]:
    parts = [curve(pieces(frame, one.across, one.values), one.colour, 0.5)] if one.joined else []
    for place, (x, y) in enumerate(zip(one.across, one.values, strict=True)):
        if y is None:
            continue
        u = one.spread[place] if place < len(one.spread) else None
        # A bar shorter than its mark would not be seen.
        if u is not None and abs(frame.y(y - u) - frame.y(y + u)) > 2.0:
            parts.append(bar(frame.point(x, y - u), frame.point(x, y + u), one.colour))
        hollow = bool(one.hollow[place]) if place < len(one.hollow) else False
        parts.append(mark(frame.point(x, y), 1.9, one.colour, shape=one.shape, hollow=hollow))
    return parts


@dataclass(frozen=True)
class Stem:
    """A number of one cell, such as how far it lies from the mean."""

    label: str
    values: Values
    colour: str
    shape: str


def draw_stems(numbers: Sequence[int], stems: Sequence[Stem], unit_title: str, across_title: str) -> str:
    """For each cell the numbers of several steps side by side, as stems from zero."""
    names = [Name(one.label, one.colour, one.shape) for one in stems]
    top = HEAD + 11.0 + 10.0 * (name_rows(names) - 1)
    places = [v for one in stems for v in finite(one.values)]
    up = value_axis([0.0, *places], "", least_span=1e-6)
    across = Axis(0.5, len(numbers) + 0.5, tuple(range(1, len(numbers) + 1)), "")
    frame = Frame(top, 96.0, across, up)
    parts = _stripes(frame, len(numbers)) + grid(Frame(top, 96.0, Axis(0.5, 1.5, (), ""), up))
    parts.append(text((frame.left, top - 4.5), unit_title, bold=True))
    parts += names_above(Frame(top - 11.0, 96.0, across, up), names)
    for number, one in enumerate(stems):
        parts += _stem(frame, one, (number + 1) / (len(stems) + 1) - 0.5)
    step = max(1, -(-len(numbers) // 30))
    for place in range(1, len(numbers) + 1, step):
        label = str(numbers[place - 1])
        parts.append(text((frame.x(place), frame.bottom + 10.0), label, anchor="middle"))
    parts.append(text((frame.right, frame.bottom + 20.5), across_title, anchor="end"))
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def _stripes(frame: Frame, count: int) -> list[str]:
    wide = (frame.right - frame.left) / count
    tops = [(frame.x(n) - wide / 2, frame.top) for n in range(1, count + 1, 2)]
    return [box(corner, wide, frame.height, "#f7f9fa") for corner in tops]


def _stem(frame: Frame, one: Stem, shift: float) -> list[str]:
    parts = []
    for place, value in enumerate(one.values, start=1):
        if value is not None:
            foot, head = frame.point(place + shift, 0.0), frame.point(place + shift, value)
            parts += [curve([[foot, head]], one.colour, 0.7), mark(head, 1.9, one.colour, shape=one.shape)]
    return parts
