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


def text(
    place: Point, words: str, *, size: float = 7.5, anchor: str = "start", colour: str = "#3d4653",
    bold: bool = False,
) -> str:  # fmt: skip
    """A line of text; `anchor` is start, middle or end."""
    style = f'font-size="{size}" text-anchor="{anchor}" fill={quoteattr(colour)}'
    weight = ' font-weight="700"' if bold else ""
    where = f'x="{_n(place[0])}" y="{_n(place[1])}"'
    return f"<text {where} {style}{weight}>{escape(printable(words))}</text>"


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
