"""A pulse with the places where it was read, many pulses over each other, and dQ/dV with its peaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from jeoul.reports.axes import Axis, value_axis
from jeoul.reports.figures_frame import (
    BLUE,
    FOOT,
    GAP,
    GREY,
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
    ramp,
)
from jeoul.reports.svg import Point, area, curve, dashed, drawing, mark, text, width_of


@dataclass(frozen=True)
class Readout:
    """A place of a pulse at which it was read: time after the edge [s], voltage [V], and its name."""

    time: float
    voltage: float
    label: str
    before: bool = False


@dataclass(frozen=True)
class Pulse:
    """A pulse by time after its edge [s], [V], [A]."""

    times: Values
    voltage: Values
    current: Values
    before: float | None = None
    label: str = ""


def draw_pulse(pulse: Pulse, readouts: Sequence[Readout], titles: tuple[str, str, str]) -> str:
    """Voltage with its read-out points above, current below; titles: voltage, current, time (with units)."""
    across = _time(finite(pulse.times))
    times = _within(pulse.times, across)
    voltages = [*finite(pulse.voltage), *(one.voltage for one in readouts)]
    upper = Frame(HEAD, 118.0, across, value_axis(voltages, "V"))
    lower = Frame(upper.bottom + GAP, 52.0, across, value_axis([0.0, *finite(pulse.current)], "A"))
    parts = [*grid(upper), heading(upper, titles[0], BLUE)]
    drawn = pieces(upper, times, pulse.voltage)
    parts.append(curve(drawn, BLUE))
    parts += _readouts(upper, lower, readouts, drawn)
    parts += [*grid(lower), heading(lower, titles[1], VERMILION)]
    parts.append(curve(pieces(lower, times, pulse.current), VERMILION))
    parts += across_labels(lower, titles[2])
    return drawing(WIDTH, lower.bottom + FOOT, parts)


def _time(known: Sequence[float]) -> Axis:
    """From a little before the edge, however far back the row before it lies, to the last row."""
    last = max(known, default=1.0)
    return _tight(-0.08 * last, last, most=9)


def _tight(low: float, high: float, *, most: int) -> Axis:
    """An axis without margin."""
    loose = value_axis([low, high], "", most=most)
    return Axis(low, high, tuple(t for t in loose.ticks if low <= t <= high), loose.unit)


def _within(times: Values, across: Axis) -> list[float | None]:
    """The row before the edge, drawn at the left where it lies further back."""
    return [None if t is None else max(t, across.low) for t in times]


def _readouts(upper: Frame, lower: Frame, readouts: Sequence[Readout], drawn: _Curve) -> list[str]:
    """The marks, then their names, each as near to its mark as it covers nothing."""
    places = [upper.point(max(one.time, upper.across.low), one.voltage) for one in readouts]
    parts = []
    for one, place in zip(readouts, places, strict=True):
        if not one.before:
            parts.append(dashed((place[0], upper.top), (place[0], lower.bottom), "#b8c1cb", 0.6))
        parts.append(mark(place, _MARK, "#1d232b", shape="diamond" if one.before else "circle", hollow=True))
    taken = [_Box(x - _MARK - 1, x + _MARK + 1, y - _MARK - 1, y + _MARK + 1) for x, y in places]
    points = [point for piece in drawn for point in _dense(piece)]
    for one, place in zip(readouts, places, strict=True):
        box = _free(place, width_of(one.label, _SIZE), taken, points, upper)
        taken.append(box)
        anchor, x = ("end", box.right - _ROOM) if box.right < place[0] else ("start", box.left + _ROOM)
        words = (x, box.bottom - 0.25 * _SIZE)
        parts.append(text(words, one.label, size=_SIZE, anchor=anchor, colour="#1d232b", halo=True))
    return parts


_SIZE, _MARK, _ROOM = 7.0, 2.6, 1.5
_Curve = Sequence[Sequence[Point]]


@dataclass(frozen=True)
class _Box:
    """What a mark or a name covers."""

    left: float
    right: float
    top: float
    bottom: float

    def covers(self, other: _Box) -> bool:
        """Whether the two have an area in common."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    def holds(self, point: Point) -> bool:
        """Whether a point lies in it."""
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom


def _free(place: Point, wide: float, taken: Sequence[_Box], curve: Sequence[Point], frame: Frame) -> _Box:
    """Where a name stands: the nearest place that covers neither mark nor name, and best not the curve."""
    boxes = list(_around(place, wide, frame))
    alone = [box for box in boxes if not any(box.covers(other) for other in taken)]
    clear = [box for box in alone if not any(box.holds(point) for point in curve)]
    return (clear or alone or boxes)[0]


def _around(place: Point, wide: float, frame: Frame) -> Iterator[_Box]:
    """Places for a name beside a mark, the nearest first: above, below, to its right and to its left."""
    high, most = 1.25 * _SIZE, int((frame.bottom - frame.top) / _SIZE)
    sides = [place[0] + _MARK + 1.0, place[0] - _MARK - 1.0 - wide - 2 * _ROOM]
    inside = [x for x in sides if frame.left <= x and x + wide + 2 * _ROOM <= frame.right] or sides[1:]
    for step in sorted(range(-most, most + 1), key=lambda n: (abs(n + 0.5), n)):
        bottom = place[1] + 0.5 * _SIZE * (step + 0.5) + high / 2
        if frame.top <= bottom - high and bottom <= frame.bottom:
            yield from (_Box(x, x + wide + 2 * _ROOM, bottom - high, bottom) for x in inside)


def _dense(points: Sequence[Point]) -> Iterator[Point]:
    """The points of a curve and those between, no further apart than a name is high."""
    yield from points[:1]
    for (x0, y0), (x1, y1) in pairwise(points):
        count = 1 + int(max(abs(x1 - x0), abs(y1 - y0)) / (0.5 * _SIZE))
        yield from ((x0 + (x1 - x0) * n / count, y0 + (y1 - y0) * n / count) for n in range(1, count + 1))


def draw_pulses(pulses: Sequence[Pulse], titles: tuple[str, str], ends: tuple[str, str]) -> str:
    """The change of voltage of many pulses over each other, from dark (the first) to light (the last).

    titles: change of voltage, time. ends: names of the first and the last pulse.
    """
    changes = [_change(pulse) for pulse in pulses]
    across = _time([t for pulse in pulses for t in finite(pulse.times)])
    up = value_axis([v for change in changes for v in finite(change)], "mV")
    frame = Frame(HEAD, 128.0, across, up)
    parts = [*grid(frame), heading(frame, titles[0], GREY)]
    for number, (pulse, change) in enumerate(zip(pulses, changes, strict=True)):
        colour = ramp(number / max(len(pulses) - 1, 1))
        parts.append(curve(pieces(frame, _within(pulse.times, across), change), colour, 0.8))
    parts += _scale(frame, len(pulses), ends)
    parts += across_labels(frame, titles[1])
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def _change(pulse: Pulse) -> list[float | None]:
    """Voltage less that of the last row before the edge [mV]."""
    start = next(iter(finite(pulse.voltage)), 0.0) if pulse.before is None else pulse.before
    return [None if v is None else 1e3 * (v - start) for v in pulse.voltage]


def _scale(frame: Frame, count: int, ends: tuple[str, str]) -> list[str]:
    """What the colours mean, in the row of the heading."""
    right = frame.right - 1.1 * width_of(ends[1], 7.0) - 4.0
    left, y = right - 60.0, frame.top - 7.5
    shades = [
        (left + 60.0 * n / min(count, 24), ramp(n / max(min(count, 24) - 1, 1)))
        for n in range(min(count, 24))
    ]
    wide = 60.0 / min(count, 24) + 0.3
    parts: list[str] = [
        area([(x, y - 2.5), (x + wide, y - 2.5)], [(x, y + 2.5), (x + wide, y + 2.5)], c) for x, c in shades
    ]
    parts.append(text((left - 4.0, y + 2.5), ends[0], size=7.0, anchor="end"))
    return [*parts, text((frame.right, y + 2.5), ends[1], size=7.0, anchor="end")]


@dataclass(frozen=True)
class Derivative:
    """dQ/dV of one step: voltages, values, noise, and its peaks by voltage and height."""

    title: str
    voltage: Values
    values: Values
    noise: Values
    peaks: Sequence[tuple[float, float]]
    colour: str
    shape: str


def draw_derivatives(curves: Sequence[Derivative], up_title: str, across_title: str) -> str:
    """dQ/dV over voltage, each with a band of twice its noise and its peaks marked with their voltage."""
    names = [Name(one.title, one.colour, one.shape) for one in curves]
    voltages = [v for one in curves for v in _seen(one)]
    heights = [v for one in curves for v in finite(one.values)]
    up = value_axis([0.0, max(heights) * 1.05], "")
    frame = Frame(HEAD + 11.0, 150.0, _tight(min(voltages), max(voltages), most=9), up)
    parts = [*grid(frame), text((frame.left, frame.top - 4.5), up_title, bold=True)]
    parts += names_above(Frame(HEAD, 150.0, frame.across, up), names)
    for one in curves:
        parts += _derivative(frame, one)
    parts += across_labels(frame, across_title)
    return drawing(WIDTH, frame.bottom + FOOT, parts)


def _seen(one: Derivative) -> list[float]:
    """Voltages between which the curve is more than a trace: half a percent of its height."""
    least = 0.005 * max(finite(one.values))
    pairs = zip(one.voltage, one.values, strict=True)
    return [v for v, y in pairs if v is not None and y is not None and y >= least]


def _derivative(frame: Frame, one: Derivative) -> list[str]:
    known = [
        (v, y, s or 0.0)
        for v, y, s in zip(one.voltage, one.values, one.noise, strict=True)
        if v is not None and y is not None and frame.across.low <= v <= frame.across.high
    ]
    top = [frame.point(v, y + 2 * s) for v, y, s in known]
    bottom = [frame.point(v, y - 2 * s) for v, y, s in known]
    parts = [
        area(top, bottom, TINTS[one.colour]),
        curve([[frame.point(v, y) for v, y, _ in known]], one.colour),
    ]
    for number, (v, y) in enumerate(one.peaks, start=1):
        place = frame.point(v, y)
        parts.append(mark(place, 2.0, one.colour, shape=one.shape, hollow=True))
        parts.append(_peak_name(frame, place, f"{number}: {v:.3f} V", one.colour, right=number == 1))
    return parts


def _peak_name(frame: Frame, place: Point, label: str, colour: str, *, right: bool) -> str:
    """The voltage of a peak; that of the first, which is the highest in voltage, to its right."""
    wide = width_of(label, 6.5) + 6.0
    right = (right and place[0] + wide < frame.right) or place[0] - wide < frame.left
    x = place[0] + 5.0 if right else place[0] - 5.0
    return text(
        (x, place[1] - 2.5), label, size=6.5, anchor="start" if right else "end", colour=colour, halo=True
    )
