"""A pulse with the places where it was read, many pulses over each other, and dQ/dV with its peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    parts.append(curve(pieces(upper, times, pulse.voltage), BLUE))
    parts += _readouts(upper, lower, readouts)
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


def _readouts(upper: Frame, lower: Frame, readouts: Sequence[Readout]) -> list[str]:
    parts = []
    taken: list[tuple[float, float]] = []
    for one in readouts:
        place = upper.point(max(one.time, upper.across.low), one.voltage)
        if not one.before:
            parts.append(dashed((place[0], upper.top), (place[0], lower.bottom), "#b8c1cb", 0.6))
        parts.append(mark(place, 2.6, "#1d232b", shape="diamond" if one.before else "circle", hollow=True))
        wide = width_of(one.label, 7.0)
        right = place[0] + 5.0 + wide > upper.right
        x = place[0] - 5.0 if right else place[0] + 5.0
        y = _free(place[1] - 4.0, (x - wide if right else x), wide, taken, upper)
        parts.append(
            text((x, y), one.label, size=7.0, anchor="end" if right else "start", colour="#1d232b", halo=True)
        )
    return parts


def _free(y: float, x: float, wide: float, taken: list[tuple[float, float]], frame: Frame) -> float:
    """The height of a label, moved down until it covers no other."""
    y = max(y, frame.top + 7.0)
    while any(abs(y - other) < 8.5 for _, other in taken) and y < frame.bottom - 4.0:
        y += 8.5
    taken.append((x + wide, y))
    return y


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
