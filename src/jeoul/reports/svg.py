"""A small SVG writer: just the shapes that the figures draw. Lengths are points of the printed page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from jeoul.reports.typeface import FAMILY, printable

Point = tuple[float, float]


def drawing(width: float, height: float, parts: Iterable[str]) -> str:
    """A whole SVG document."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}pt" height="{_n(height)}pt" font-family="{FAMILY}">'
    )
    return "\n".join([head, *parts, "</svg>"])


def line(start: Point, end: Point, colour: str, width: float = 0.5) -> str:
    """A straight line."""
    ends = f'x1="{_n(start[0])}" y1="{_n(start[1])}" x2="{_n(end[0])}" y2="{_n(end[1])}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def box(corner: Point, width: float, height: float, fill: str) -> str:
    """A filled rectangle without a border."""
    place = f'x="{_n(corner[0])}" y="{_n(corner[1])}" width="{_n(width)}" height="{_n(height)}"'
    return f'<rect {place} fill="{fill}"/>'


def dot(centre: Point, radius: float, colour: str, *, hollow: bool = False) -> str:
    """A round mark, filled or hollow."""
    fill = "#ffffff" if hollow else colour
    place = f'cx="{_n(centre[0])}" cy="{_n(centre[1])}" r="{radius}"'
    return f'<circle {place} fill="{fill}" stroke="{colour}" stroke-width="1"/>'


def curve(pieces: Iterable[Sequence[Point]], colour: str, width: float = 0.9) -> str:
    """One path of several unbroken pieces."""
    d = " ".join(_piece(points) for points in pieces if points)
    style = f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"'
    return f'<path d="{d}" {style} stroke-linecap="round"/>'


def bar(start: Point, end: Point, colour: str, *, cap: float = 1.8) -> str:
    """An error bar with a cap at each end; upright or level."""
    (x0, y0), (x1, y1) = start, end
    across, along = (cap, 0.0) if x0 == x1 else (0.0, cap)
    strokes = [f"M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}"]
    strokes += [
        f"M{_n(x - across)} {_n(y - along)}L{_n(x + across)} {_n(y + along)}" for x, y in (start, end)
    ]
    return f'<path d="{"".join(strokes)}" fill="none" stroke="{colour}" stroke-width="0.7"/>'


SHAPES = ("circle", "square", "triangle", "diamond")
_CORNERS = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((0.0, -1.2), (1.15, 0.85), (-1.15, 0.85)),
    "diamond": ((0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)),
}


def mark(centre: Point, radius: float, colour: str, *, shape: str = "circle", hollow: bool = False) -> str:
    """A mark of one of `SHAPES`, filled or hollow."""
    if shape == "circle":
        return dot(centre, radius, colour, hollow=hollow)
    d = "L".join(f"{_n(centre[0] + radius * x)} {_n(centre[1] + radius * y)}" for x, y in _CORNERS[shape])
    fill = "#ffffff" if hollow else colour
    return f'<path d="M{d}Z" fill="{fill}" stroke="{colour}" stroke-width="1" stroke-linejoin="round"/>'


def area(upper: Sequence[Point], lower: Sequence[Point], fill: str) -> str:
    """What lies between two curves over the same places."""
    d = "L".join(_thinned([*upper, *reversed(lower)]))
    return f'<path d="M{d}Z" fill="{fill}"/>'


def dashed(start: Point, end: Point, colour: str, width: float = 0.8) -> str:
    """A straight dashed line."""
    ends = f'x1="{_n(start[0])}" y1="{_n(start[1])}" x2="{_n(end[0])}" y2="{_n(end[1])}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}" stroke-dasharray="3 2"/>'


def width_of(words: str, size: float = 7.5) -> float:
    """About how wide a text is; Hangul is as wide as it is high."""
    return size * sum(0.92 if ord(c) > 0x1100 else 0.3 if c in " .,:;il|'" else 0.57 for c in words)


def shortened(words: str, width: float, size: float = 7.5) -> str:
    """The text cut to a width, with an ellipsis where it was cut."""
    if width_of(words, size) <= width:
        return words
    while words and width_of(words + "\u2026", size) > width:
        words = words[:-1]
    return words.rstrip() + "\u2026"


def text(
    place: Point, words: str, *, size: float = 7.5, anchor: str = "start", colour: str = "#3d4653",
    bold: bool = False, halo: bool = False,
) -> str:  # fmt: skip
    """A line of text; `anchor` is start, middle or end. halo: on white, over curves that it crosses."""
    style = f'font-size="{size}" text-anchor="{anchor}" fill={quoteattr(colour)}'
    weight = ' font-weight="700"' if bold else ""
    where = f'x="{_n(place[0])}" y="{_n(place[1])}"'
    behind = _ground(place, words, size, anchor) if halo else ""
    return f"{behind}<text {where} {style}{weight}>{escape(printable(words))}</text>"


def _ground(place: Point, words: str, size: float, anchor: str) -> str:
    wide = width_of(words, size)
    left = place[0] - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
    corner = f'x="{_n(left - 1)}" y="{_n(place[1] - 0.8 * size)}" width="{_n(wide + 2)}" height="{_n(size)}"'
    return f'<rect {corner} fill="#ffffff" fill-opacity="0.85"/>'


def _piece(points: Sequence[Point]) -> str:
    steps = _thinned(points)
    # A single point has no length; a line back to itself with round caps prints it as a dot.
    return "M" + "L".join(steps if len(steps) > 1 else steps * 2)


def _thinned(points: Sequence[Point]) -> list[str]:
    steps: list[str] = []
    for x, y in points:
        step = f"{_n(x)} {_n(y)}"
        if not steps or steps[-1] != step:
            steps.append(step)
    return steps


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
