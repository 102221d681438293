"""Axes that a person reads with ease: round steps, few ticks, time in the unit that fits its length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.reports.numbers import show

# Unit of a time axis: (longest span it serves [s], its name, its length [s], steps that divide a clock).
_TIME_UNITS = (
    (180.0, "s", 1.0, (1, 2, 5, 10, 15, 20, 30, 60)),
    (3 * 3600.0, "min", 60.0, (1, 2, 5, 10, 15, 20, 30, 60)),
    (96 * 3600.0, "h", 3600.0, (0.5, 1, 2, 3, 4, 6, 12, 24)),
    (math.inf, "d", 86400.0, ()),
)

LEAST_SHARE = 1e-3
"""Least span of an axis as a share of its values: on less of it the ticks have more digits than fit."""


@dataclass(frozen=True)
class Axis:
    """A span of values with its ticks; `at` tells where a value lies, 0 at the start and 1 at the end."""

    low: float
    high: float
    ticks: tuple[float, ...]
    unit: str

    def at(self, value: float) -> float:
        """Share of the span at this value."""
        return (value - self.low) / (self.high - self.low)

    def label(self, tick: float) -> str:
        """The number at a tick, with the decimal places that the step between ticks needs."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 0.0
        places = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
        # A step of 0.25 or 2.5 needs one place more than its power of ten says.
        places += bool(step) and abs(round(step, places) - step) > 1e-9 * step
        text = f"{tick:.{places}f}" if step and abs(tick) < 1e7 else show(tick, "").value
        return text.replace("-", "\u2212") if float(text.replace("\u2212", "-") or 0) else text.lstrip("-")


def value_axis(values: Sequence[float], unit: str, *, most: int = 5, least_span: float = 0.0) -> Axis:
    """An axis over these values with a margin, and about `most` ticks at round numbers.

    least_span: the axis spans at least this much, so that noise on a constant does not look like a change.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    share = LEAST_SHARE if high > low else 1.0
    room = max(high - low, least_span, share * max(abs(low), abs(high))) or 1.0
    middle = (low + high) / 2
    low, high = middle - 0.56 * room, middle + 0.56 * room
    return Axis(low, high, _ticks(low, high, _round_step((high - low) / most)), unit)


def time_axis(first: float, last: float) -> Axis:
    """An axis of test time in s, min, h or d, with ticks at times that a clock shows."""
    last = last if last > first else first + 1.0
    _, unit, length, steps = next(entry for entry in _TIME_UNITS if last - first <= entry[0])
    span = (last - first) / length
    step = next((s for s in steps if span / s <= 10), None) or _round_step(span / 8)
    return Axis(first / length, last / length, _ticks(first / length, last / length, step), unit)


def count_axis(first: int, last: int) -> Axis:
    """An axis of whole numbers, such as cycles, with half a step of room at both ends."""
    step = max(1.0, _round_step((last - first) / 10)) if last > first else 1.0
    return Axis(first - 0.5, last + 0.5, _ticks(first - 0.5, last + 0.5, step), "")


def seconds_of(axis: Axis) -> float:
    """Length of the unit of a time axis [s]."""
    return next(length for _, unit, length, _ in _TIME_UNITS if unit == axis.unit)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _ticks(low: float, high: float, step: float) -> tuple[float, ...]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(n * step, 12) for n in range(first, last + 1))
