"""The drawings of a report as SVG: quiet grid, few ticks, names beside what they name.

Colours are from the set of Okabe and Ito, told apart by eyes of every kind; where two curves share a
panel they differ in shape too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.reports.axes import Axis, count_axis, seconds_of, time_axis, value_axis
from jeoul.reports.svg import Point, box, curve, dot, drawing, line, text

BLUE, VERMILION, GREEN = "#0072B2", "#C2500A", "#007A5A"
_GRID, _ZERO, _FRAME, _BAND = "#e4e8ed", "#9aa5b1", "#b8c1cb", "#f3f6ea"
_WIDTH, _LEFT, _RIGHT = 482.0, 32.0, 6.0
_HEAD, _GAP, _FOOT = 15.0, 21.0, 26.0

Values = Sequence[float | None]


@dataclass(frozen=True)
class Panel:
    """One quantity against time, its height on the page [pt] and the least span of its axis [unit]."""

    title: str
    unit: str
    values: Values
    colour: str
    height: float
    least_span: float = 0.0


@dataclass(frozen=True)
class Band:
    """A stretch of time that a result was taken from. [s]"""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Series:
    """One quantity by cycle."""

    title: str
    values: Values
    colour: str
    hollow: bool = False


@dataclass(frozen=True)
class _Frame:
    """Where a panel lies on the page."""

    top: float
    height: float
    across: Axis
    up: Axis

    def x(self, value: float) -> float:
        return _LEFT + self.across.at(value) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return self.top + self.height * (1.0 - self.up.at(value))


def draw_against_time(times: Values, panels: Sequence[Panel], bands: Sequence[Band], time_title: str) -> str:
    """Panels, one above the other, that share the axis of time.

    times: test time [s], beside the values of every panel; a None breaks the curve.
    time_title: name of the axis, to which the unit is added.
    """
    known = _finite(times)
    across = time_axis(known[0] if known else 0.0, max(known, default=1.0))
    second = 1.0 / seconds_of(across)
    scaled = [None if t is None else t * second for t in times]
    parts: list[str] = []
    top = _HEAD
    for number, panel in enumerate(panels):
        up = value_axis(_finite(panel.values), panel.unit, least_span=panel.least_span)
        frame = _Frame(top, panel.height, across, up)
        parts += _bands(frame, bands, second, named=number == 0)
        parts += _grid(frame)
        parts.append(_heading(frame, f"{panel.title} ({panel.unit})", panel.colour))
        parts.append(curve(_pieces(frame, scaled, panel.values), panel.colour))
        top += panel.height + _GAP
    parts += _across_labels(frame, f"{time_title} ({across.unit})")
    return drawing(_WIDTH, frame.top + frame.height + _FOOT, parts)


def draw_by_cycle(cycles: Sequence[int], series: Sequence[Series], unit: str, cycle_title: str) -> str:
    """One mark for each cycle, joined by a thin line; the names of the series stand above the panel."""
    values = [v for one in series for v in _finite(one.values)]
    up = value_axis(values, unit, least_span=0.02 * max(values, default=1.0))
    frame = _Frame(_HEAD, 120.0, count_axis(min(cycles), max(cycles)), up)
    parts = _grid(frame)
    place = _LEFT
    for one in series:
        parts += _series(frame, cycles, one)
        parts.append(dot((place + 2.5, frame.top - 7.5), 2.2, one.colour, hollow=one.hollow))
        title = f"{one.title} ({unit})"
        parts.append(text((place + 8.0, frame.top - 5.0), title, colour=one.colour, bold=True))
        place += 20.0 + 6.5 * len(title)
    parts += _across_labels(frame, cycle_title)
    return drawing(_WIDTH, frame.top + frame.height + _FOOT, parts)


def _series(frame: _Frame, cycles: Sequence[int], one: Series) -> list[str]:
    numbers: list[float | None] = [float(cycle) for cycle in cycles]
    pieces = _pieces(frame, numbers, one.values)
    marks = [dot(point, 1.8, one.colour, hollow=one.hollow) for piece in pieces for point in piece]
    # Hundreds of marks would hide each other; the line alone then says more.
    return [curve(pieces, one.colour, 0.6), *(marks if len(marks) <= 150 else [])]


def _finite(values: Values) -> list[float]:
    return [v for v in values if v is not None and math.isfinite(v)]


def _pieces(frame: _Frame, across: Values, values: Values) -> list[list[Point]]:
    """Points of the page in unbroken pieces: a missing value ends one."""
    pieces: list[list[Point]] = [[]]
    for x, y in zip(across, values, strict=False):
        if x is None or y is None or not (math.isfinite(x) and math.isfinite(y)):
            pieces.append([])
        else:
            pieces[-1].append((frame.x(x), frame.y(y)))
    return [piece for piece in pieces if piece]


def _bands(frame: _Frame, bands: Sequence[Band], second: float, *, named: bool) -> list[str]:
    parts = []
    for band in bands:
        left, right = frame.x(band.start * second), frame.x(band.end * second)
        parts.append(box((left, frame.top), max(right - left, 1.0), frame.height, _BAND))
        if named:
            middle = ((left + right) / 2, frame.top - 4.5)
            parts.append(text(middle, band.label, size=6.5, anchor="middle", colour="#55642f"))
    return parts


def _grid(frame: _Frame) -> list[str]:
    left, right, bottom = _LEFT, _WIDTH - _RIGHT, frame.top + frame.height
    parts = [line((frame.x(t), frame.top), (frame.x(t), bottom), _GRID) for t in frame.across.ticks]
    for tick in frame.up.ticks:
        y = frame.y(tick)
        colour = _ZERO if tick == 0 else _GRID
        parts.append(line((left, y), (right, y), colour))
        parts.append(text((left - 5.0, y + 2.6), frame.up.label(tick), anchor="end"))
    parts.append(line((left, bottom), (right, bottom), _FRAME, 0.7))
    return parts


def _heading(frame: _Frame, title: str, colour: str) -> str:
    return text((_LEFT, frame.top - 5.0), title, colour=colour, bold=True)


def _across_labels(frame: _Frame, title: str) -> list[str]:
    bottom = frame.top + frame.height
    ticks = frame.across.ticks
    parts = [text((frame.x(t), bottom + 10.0), frame.across.label(t), anchor="middle") for t in ticks]
    parts.append(text((_WIDTH - _RIGHT, bottom + 20.5), title, anchor="end"))
    return parts
