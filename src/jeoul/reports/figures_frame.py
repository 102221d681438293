"""What every figure shares: the frame of a panel with its grid and labels, the colours, a row of names.

Colours are from the set of Okabe and Ito, darkened where they are too light for a thin line, told apart by
eyes of every kind; where series share a panel their marks differ in shape too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.reports.axes import Axis
from jeoul.reports.svg import SHAPES, Point, line, mark, text, width_of

BLUE, VERMILION, GREEN = "#0072B2", "#C2500A", "#007A5A"
PURPLE, BROWN, GREY = "#9C3D7A", "#8A6400", "#5A6472"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, BROWN, GREY)
GRID, ZERO, FRAME = "#e4e8ed", "#9aa5b1", "#b8c1cb"
TINTS = {BLUE: "#cfe4f1", VERMILION: "#f6dccb", GREEN: "#cfe8e0"}
WIDTH, LEFT, RIGHT = 482.0, 32.0, 6.0
HEAD, GAP, FOOT = 15.0, 21.0, 26.0

Values = Sequence[float | None]

# Five stops of cividis (Nunez, Anderton, Renslow, PLoS ONE 13 (2018) e0199239), its lightest left out.
_RAMP = ((0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102))


@dataclass(frozen=True)
class Frame:
    """Where a panel lies on the page."""

    top: float
    height: float
    across: Axis
    up: Axis
    left: float = LEFT
    right: float = WIDTH - RIGHT

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def x(self, value: float) -> float:
        """Place of a value on the page, from the left."""
        return self.left + self.across.at(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Place of a value on the page, from the top."""
        return self.top + self.height * (1.0 - self.up.at(value))

    def point(self, x: float, y: float) -> Point:
        """The place of both."""
        return self.x(x), self.y(y)


def finite(values: Values) -> list[float]:
    """The values that are there."""
    return [v for v in values if v is not None and math.isfinite(v)]


def pieces(frame: Frame, across: Values, values: Values) -> list[list[Point]]:
    """Points of the page in unbroken pieces: a missing value ends one."""
    found: list[list[Point]] = [[]]
    for x, y in zip(across, values, strict=False):
        if x is None or y is None or not (math.isfinite(x) and math.isfinite(y)):
            found.append([])
        else:
            found[-1].append(frame.point(x, y))
    return [piece for piece in found if piece]


def grid(frame: Frame) -> list[str]:
    """The quiet lines at the ticks, and the numbers of the upright axis."""
    parts = [line((frame.x(t), frame.top), (frame.x(t), frame.bottom), GRID) for t in frame.across.ticks]
    for tick in frame.up.ticks:
        y = frame.y(tick)
        parts.append(line((frame.left, y), (frame.right, y), ZERO if tick == 0 else GRID))
        parts.append(text((frame.left - 5.0, y + 2.6), frame.up.label(tick), anchor="end"))
    parts.append(line((frame.left, frame.bottom), (frame.right, frame.bottom), FRAME, 0.7))
    return parts


def heading(frame: Frame, title: str, colour: str) -> str:
    """The name of what a panel shows, above it."""
    return text((frame.left, frame.top - 5.0), title, colour=colour, bold=True)


def across_labels(frame: Frame, title: str) -> list[str]:
    """The numbers of the level axis and its name."""
    ticks = frame.across.ticks
    parts = [text((frame.x(t), frame.bottom + 10.0), frame.across.label(t), anchor="middle") for t in ticks]
    parts.append(text((frame.right, frame.bottom + 20.5), title, anchor="end"))
    return parts


def shape_of(place: int) -> str:
    """The shape of the marks of the series in this place."""
    return SHAPES[place % len(SHAPES)]


def colour_of(place: int) -> str:
    """The colour of the series in this place."""
    return COLOURS[place % len(COLOURS)]


def ramp(share: float) -> str:
    """The colour of an ordered series, 0 the darkest and 1 the lightest."""
    at = min(max(share, 0.0), 1.0) * (len(_RAMP) - 1)
    low = min(int(at), len(_RAMP) - 2)
    pair = zip(_RAMP[low], _RAMP[low + 1], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (at - low)):02x}" for a, b in pair)


@dataclass(frozen=True)
class Name:
    """The name of a series with its mark."""

    words: str
    colour: str
    shape: str = "circle"
    hollow: bool = False


def name_rows(names: Sequence[Name]) -> int:
    """Rows that the names of the series fill."""
    return len(_placed(names))


def names_above(frame: Frame, names: Sequence[Name]) -> list[str]:
    """The names of the series above a panel, in as many rows as they need."""
    rows = _placed(names)
    parts = []
    for number, row in enumerate(rows):
        y = frame.top - 5.0 - 10.0 * (len(rows) - 1 - number)
        for x, name in row:
            parts.append(mark((x + 2.5, y - 2.5), 2.2, name.colour, shape=name.shape, hollow=name.hollow))
            parts.append(text((x + 8.0, y), name.words, colour=name.colour, bold=True))
    return parts


def _placed(names: Sequence[Name]) -> list[list[tuple[float, Name]]]:
    rows: list[list[tuple[float, Name]]] = [[]]
    place = LEFT
    for name in names:
        wide = 20.0 + 1.06 * width_of(name.words)
        if rows[-1] and place + wide > WIDTH:
            rows.append([])
            place = LEFT
        rows[-1].append((place, name))
        place += wide
    return rows
