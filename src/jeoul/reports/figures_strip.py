"""Rows of one line each: how far results lie from their limits, and where items lie among each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.reports.axes import Axis, value_axis
from jeoul.reports.blocks import Tone
from jeoul.reports.figures_frame import (
    BLUE,
    FOOT,
    GREY,
    GRID,
    HEAD,
    VERMILION,
    WIDTH,
    Frame,
    across_labels,
    finite,
)
from jeoul.reports.svg import Point, bar, box, dashed, drawing, line, mark, shortened, text, width_of

_ROW = 13.0
_INK: dict[Tone, str] = {
    "good": "#00795d",
    "bad": VERMILION,
    "caution": "#8A6400",
    "muted": GREY,
    "plain": GREY,
}
_SHAPE: dict[Tone, str] = {
    "good": "circle",
    "bad": "diamond",
    "caution": "triangle",
    "muted": "square",
    "plain": "square",
}
REACH = 6.0
"""Margins beyond this many U are drawn at the edge, with an arrow."""


@dataclass(frozen=True)
class Margin:
    """A decided result: its name, its distance from the limit to the accepted side in U, and what it says.

    guard: width of the guard band in U; 0 without one.
    """

    label: str
    margin: float
    guard: float
    words: str
    tone: Tone


def draw_margins(rows: Sequence[Margin], titles: tuple[str, str, str]) -> str:
    """One row a result: the limit in the middle, accepted to the right; the bar is U.

    titles: not accepted, accepted, name of the axis.
    """
    across = Axis(-REACH, REACH, (-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0), "")
    frame = Frame(HEAD, _ROW * len(rows), across, Axis(0.0, 1.0, (), ""), left=178.0, right=352.0)
    zero = frame.x(0.0)
    parts = [box((frame.left, frame.top), zero - frame.left, frame.height, "#fdf1ea")]
    parts.append(box((zero, frame.top), frame.right - zero, frame.height, "#edf7f3"))
    parts += [line((frame.x(t), frame.top), (frame.x(t), frame.bottom), "#ffffff", 0.6) for t in across.ticks]
    parts.append(text((zero - 5.0, frame.top - 4.5), titles[0], anchor="end", colour="#a33a00", size=7.0))
    parts.append(text((zero + 5.0, frame.top - 4.5), titles[1], colour="#00604a", size=7.0))
    for number, row in enumerate(rows):
        parts += _margin(frame, row, frame.top + _ROW * (number + 0.5))
    parts.append(line((zero, frame.top - 2.0), (zero, frame.bottom + 2.0), "#1d232b", 0.9))
    parts += [text((frame.x(t), frame.bottom + 10.0), across.label(t), anchor="middle") for t in across.ticks]
    parts.append(text((zero, frame.bottom + 20.5), titles[2], anchor="middle"))
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def _margin(frame: Frame, row: Margin, y: float) -> list[str]:
    colour = _INK[row.tone]
    at = min(max(row.margin, -REACH), REACH)
    low, high = max(row.margin - 1.0, -REACH), min(row.margin + 1.0, REACH)
    label = shortened(row.label, frame.left - 8.0)
    parts = [
        text((frame.left - 6.0, y + 2.6), label, anchor="end"),
        text((frame.right + 12.0, y + 2.6), row.words),
    ]
    if row.guard > 0:
        wide = frame.x(min(row.guard, REACH)) - frame.x(0.0)
        parts.insert(0, box((frame.x(0.0), y - _ROW / 2 + 1.0), wide, _ROW - 2.0, "#d9d7b8"))
    if low < high:
        parts.append(bar((frame.x(low), y), (frame.x(high), y), colour))
    if abs(row.margin) > REACH:
        parts.append(
            text(
                (frame.x(at) + (3.0 if at > 0 else -3.0), y + 2.6),
                "\u203a" if at > 0 else "\u2039",
                colour=colour,
                bold=True,
                anchor="start" if at > 0 else "end",
            )
        )
    return [*parts, mark((frame.x(at), y), 2.3, colour, shape=_SHAPE[row.tone])]


@dataclass(frozen=True)
class Item:
    """One item of a strip plot: value, U (None where unknown), and whether it stands out or stands apart."""

    label: str
    value: float
    spread: float | None
    outlier: bool
    hollow: bool


def draw_strip(
    items: Sequence[Item], middle: float, fences: tuple[float, float] | None, titles: Sequence[str]
) -> str:
    """One row an item, sorted as given: its value with U, the median, and the fences of the outlier rule.

    titles: name of the axis with its unit, median, fence. Many items share one row each of small height.
    """
    row = _ROW if len(items) <= 30 else max(4.5, 390.0 / len(items))
    edges = [v + s * (u or 0.0) for v, u in ((i.value, i.spread) for i in items) for s in (1.0, -1.0)]
    across = value_axis([*edges, middle, *_seen(fences, edges)], "", most=7)
    frame = Frame(HEAD, row * len(items), across, Axis(0.0, 1.0, (), ""), left=112.0)
    parts = [line((frame.x(t), frame.top), (frame.x(t), frame.bottom), GRID) for t in across.ticks]
    parts += _levels(frame, middle, fences, titles)
    named = _named(items, row)
    for number, item in enumerate(items):
        y = frame.top + row * (number + 0.5)
        colour, shape = (VERMILION, "diamond") if item.outlier else (BLUE, "circle")
        if number in named:
            label = shortened(item.label, frame.left - 8.0)
            parts.append(
                text(
                    (frame.left - 6.0, y + 2.6),
                    label,
                    anchor="end",
                    colour=colour if item.outlier else "#3d4653",
                    bold=item.outlier,
                )
            )
        parts += _spread(frame, item, y, colour)
        parts.append(
            mark((frame.x(item.value), y), min(2.3, row / 2.4), colour, shape=shape, hollow=item.hollow)
        )
    parts.append(line((frame.left, frame.bottom), (frame.right, frame.bottom), "#b8c1cb", 0.7))
    parts += across_labels(frame, titles[0])
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def _spread(frame: Frame, item: Item, y: float, colour: str) -> list[str]:
    if not item.spread:
        return []
    return [bar((frame.x(item.value - item.spread), y), (frame.x(item.value + item.spread), y), colour)]


def _named(items: Sequence[Item], row: float) -> set[int]:
    """All rows that are high enough for a name; else every outlier and one row in a few."""
    if row >= 9.0:
        return set(range(len(items)))
    loud = [n for n, item in enumerate(items) if item.outlier]
    step = -(-9 // max(int(row), 1))
    return set(loud) | {n for n in range(0, len(items), step) if all(abs(n - o) >= step for o in loud)}


def _seen(fences: tuple[float, float] | None, edges: Sequence[float]) -> list[float]:
    """The fences that lie near enough to the values to be drawn."""
    if fences is None:
        return []
    low, high = min(edges), max(edges)
    room = 0.6 * (high - low)
    return [f for f in fences if low - room <= f <= high + room]


def _levels(
    frame: Frame, middle: float, fences: tuple[float, float] | None, titles: Sequence[str]
) -> list[str]:
    parts = [_level(frame, middle, titles[1], GREY)]
    known = [f for f in finite(fences or ()) if frame.left <= frame.x(f) <= frame.right]
    apart = 1.1 * width_of(titles[1], 6.5)
    for fence in known:
        near = abs(frame.x(fence) - frame.x(middle)) < apart
        parts.append(_level(frame, fence, "" if near else titles[2], "#7a1f1f"))
    return ["".join(parts)]


def _level(frame: Frame, value: float, title: str, colour: str) -> str:
    x = frame.x(value)
    start: Point = (x, frame.top - 1.0)
    words = text((x, frame.top - 4.0), title, size=6.5, anchor="middle", colour=colour) if title else ""
    return dashed(start, (x, frame.bottom), colour) + words
