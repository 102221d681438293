"""Why an instrument's counter and the integral of the rows differ in a step, where the rows show it.

Each cause is judged by its size: what it could do to the integral must be at least half of the difference.
They are asked in this order, and the first that suffices is named:

- ``few``: the step has fewer than three rows, so what its current did is not recorded;
- ``clock``: the test time goes back within the step, so its intervals are not those of the test;
- ``hole``: an interval without rows, ten times the mean of the others and at least a minute long;
- ``way``: the counter of the other way counted what this one should have: the sign of the current is wrong;
- ``edge``: the first or last row shows a current that is not the step's (it was logged before the current
  rose or after it fell);
- ``voltage``: an energy differs and the charge of the same step does not;
- ``resolution``: the current is written in steps so coarse;
- ``fast``: the current moves so much from row to row that what it did between them may be as much;
- ``before``: the counter had already moved in the first row, by what flowed before the step began;
- ``factor``: in every row the counter is the same multiple of the integral: a unit, a range, the cells,
  or pulses between all rows;
- ``interval``: the difference arose between two rows; between all others the two agree;
- ``spread``: it arose all over the step: the counter was fed by another current than the logged one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoul.measurement import Finding, Measurement
from jeoul.measurement.counters import Counter
from jeoul.steps.stream import Floats

HOLE_FACTOR, HOLE_SECOND = 10.0, 60.0
LIKE_SHARE = 0.25
"""Ratios are alike that differ by less than this share of what they differ from 1."""
ENOUGH = 0.5
"""A cause suffices if it could make this share of the difference."""
COARSEST_AMPERE = 0.01
"""Round currents are no sign of a coarse record above this step."""
Beside = Mapping[tuple[str, str], tuple[str, float, float]]
OTHER_WAY = {"charging": "discharging", "discharging": "charging"}


@dataclass(frozen=True, eq=False)
class Case:
    """One counter in the step in which it differs most: the step, its rows and what the others say there.

    counted, integral: of the counter in the step [Ah or Wh]. beside: the other counters' values and
    integrals in the step, by way and quantity.
    """

    counter: Counter
    step: Mapping[str, Any]
    counted: float
    integral: float
    beside: Beside
    time: Floats
    current: Floats
    moved: Floats
    """What the counter moved between each row and the next [Ah or Wh]."""
    flowed: Floats
    """What the integral of the rows says of the same interval [Ah or Wh]."""

    @property
    def difference(self) -> float:
        """Of the counter and the integral [Ah or Wh]."""
        return abs(abs(self.counted) - abs(self.integral))

    @property
    def share(self) -> float:
        """By how much it differs from the integral, relative to that."""
        return self.difference / abs(self.integral) if self.integral else math.inf

    def suffices(self, ampere_second: float) -> bool:
        """Whether a charge of this size [A s] could make half of the difference."""
        charge = 3600.0 * ((self.step["charge_capacity_ah"] or 0) + (self.step["discharge_capacity_ah"] or 0))
        return ampere_second >= ENOUGH * self.share * charge > 0


def find_cause(
    measurement: Measurement,
    counter: Counter,
    step: Mapping[str, Any],
    counted: float,
    integral: float,
    beside: Beside,
) -> Finding | None:
    """The finding that names the cause; None where the rows show none."""
    columns = ["test_time_second", "current_ampere", "voltage_volt", counter.column]
    rows = measurement.select(columns, step["row_first"], step["row_last"])
    time, current, voltage, read = (rows[name].to_numpy().astype(np.float64) for name in columns)
    moved = np.nan_to_num(np.diff(read)) * counter.factor
    flowed = _flowed(counter, time, current, voltage)
    case = Case(counter, step, counted, integral, beside, time, current, moved, flowed)
    for name, judge in _CAUSES.items():
        said = judge(case)
        if said is not None:
            text, values = said
            number = step["step_count"]
            return Finding(
                f"counter_cause_{name}",
                f"Step {number}: {text}",
                step["row_first"],
                step["row_last"],
                counter.column,
                {"step_count": number, "share": case.share if case.integral else 1.0, **values},
            )
    return None


_PART: Mapping[str, Callable[[Floats], Floats]] = {
    "charging": lambda current: np.maximum(current, 0.0),
    "discharging": lambda current: np.maximum(-current, 0.0),
    "net": lambda current: current,
    "cumulative": np.abs,
}


def _flowed(counter: Counter, time: Floats, current: Floats, voltage: Floats) -> Floats:
    """The trapezoid of each interval, of what the counter counts [Ah or Wh]."""
    part = _PART[counter.way](current)
    rate = part * voltage if counter.quantity == "energy" else part
    flowed: Floats = np.nan_to_num((rate[1:] + rate[:-1]) / 2 * np.maximum(np.diff(time), 0.0) / 3600.0)
    return flowed


Said = tuple[str, dict[str, float | int | str]]


def _few(case: Case) -> Said | None:
    rows = len(case.time)
    if rows >= 3:
        return None
    return f"{rows} rows do not show what '{case.counter.column}' counted.", {"rows": rows}


def _hole(case: Case) -> Said | None:
    intervals = np.diff(case.time)
    longest = float(intervals.max())
    others = float(intervals.sum() - longest) / max(len(intervals) - 1, 1)
    size = longest * float(np.abs(case.current).max())
    if longest <= max(HOLE_SECOND, HOLE_FACTOR * others) or not case.suffices(size):
        return None
    text = f"there are no rows for {longest:.6g} s; what '{case.counter.column}' counted then is not in them."
    return text, {"second": longest}


def _way(case: Case) -> Said | None:
    other = case.beside.get((OTHER_WAY.get(case.counter.way, ""), case.counter.quantity))
    if other is None or case.share < ENOUGH:
        return None
    column, counted, integral = other
    if not (_equal(counted, case.integral) or _equal(case.counted, integral)):
        return None
    return f"'{column}' counted it: the sign of the current is not that of the counters.", {"other": column}


def _equal(counted: float, integral: float) -> bool:
    return abs(integral) > 0 and abs(abs(counted) - abs(integral)) <= 0.01 * abs(integral)


def _edge(case: Case) -> Said | None:
    mean = float(np.median(case.current))
    intervals = np.diff(case.time)
    first = abs(case.current[0] - mean) * float(intervals[0]) / 2
    last = abs(case.current[-1] - mean) * float(intervals[-1]) / 2
    odd = max(abs(case.current[0] - mean), abs(case.current[-1] - mean)) > 0.5 * abs(mean)
    if case.step["mode"] == "cv" or not odd or not case.suffices(first + last):
        return None
    return "its first or last row shows a current that is not the current of the step.", {}


def _voltage(case: Case) -> Said | None:
    charge = case.beside.get((case.counter.way, "capacity"))
    if case.counter.quantity != "energy" or charge is None or not case.integral:
        return None
    column, counted, integral = charge
    if abs(abs(counted) - abs(integral)) > case.share / 4 * abs(integral):
        return None
    text = (
        f"'{column}' agrees with the integral and '{case.counter.column}' differs by {case.share:.3%}: its "
        "voltage is not the logged one, or moved between the rows."
    )
    return text, {"capacity_column": column}


def _resolution(case: Case) -> Said | None:
    """Currents that are all whole multiples of a power of ten are written in steps of it."""
    known = case.current[np.isfinite(case.current)]
    step = next((10.0**-d for d in range(10) if len(known) and _divides(10.0**-d, known)), 0.0)
    duration = float(case.time[-1] - case.time[0])
    if step > COARSEST_AMPERE or not case.suffices(step / 2 * duration):
        return None
    return f"the current is written in steps of {step:.6g} A.", {"ampere": step}


def _divides(step: float, values: Floats) -> bool:
    ratio = values / step
    return bool(np.all(np.abs(ratio - np.round(ratio)) < 1e-6 * np.maximum(np.abs(ratio), 1.0)))


def _fast(case: Case) -> Said | None:
    """Between two rows the current may be that of either: half their difference for the interval."""
    intervals = np.diff(case.time)
    if not case.suffices(float(np.sum(np.abs(np.diff(case.current)) * intervals)) / 2):
        return None
    longest = float(intervals.max())
    return f"the current changes faster than the log of up to {longest:.6g} s shows.", {"second": longest}


def _clock(case: Case) -> Said | None:
    intervals = np.diff(case.time)
    back = float(-intervals.min())
    if back <= 0 or not case.suffices(back * float(np.abs(case.current).max())):
        return None
    return f"the test time goes back by {back:.6g} s within it.", {"second": back}


def _before(case: Case) -> Said | None:
    """What the counter had moved in the first row since the row before, not by the current of this step."""
    earlier = abs(case.counted) - abs(float(case.moved.sum()))
    rest = abs(abs(float(case.moved.sum())) - abs(case.integral))
    if earlier < ENOUGH * case.difference or rest > ENOUGH * case.difference:
        return None
    column = case.counter.column
    text = f"'{column}' had moved by {earlier:.6g} in its first row, by what flowed before it began."
    return text, {"amount": earlier}


def _factor(case: Case) -> Said | None:
    flows = np.abs(case.flowed) > LIKE_SHARE * float(np.abs(case.flowed).max(initial=0.0))
    if np.count_nonzero(flows) < 3:
        return None
    ratios = case.moved[flows] / case.flowed[flows]
    ratio = float(np.median(ratios))
    if np.any(np.abs(ratios - ratio) > LIKE_SHARE * abs(ratio - 1.0)):
        return None
    text = (
        f"'{case.counter.column}' moves {ratio:.6g} times as much as the integral from row to row: a unit, a "
        "range or a number of cells is not that of the current, or as much flows between any two rows."
    )
    return text, {"ratio": ratio}


def _interval(case: Case) -> Said | None:
    off = case.moved - case.flowed
    place = int(np.argmax(np.abs(off)))
    others = float(np.abs(off).sum() - abs(off[place]))
    if abs(off[place]) < ENOUGH * case.difference or others > ENOUGH * case.difference:
        return None
    row = int(case.step["row_first"]) + place
    column, moved, flowed = case.counter.column, float(case.moved[place]), float(case.flowed[place])
    text = (
        f"between rows {row} and {row + 1} '{column}' moved by {moved:.6g}, and their time and current say "
        f"{flowed:.6g}; elsewhere the two agree."
    )
    return text, {"row": row, "moved": moved, "flowed": flowed}


def _spread(case: Case) -> Said | None:
    """The difference between the outer rows, no half of it within one interval."""
    off = case.moved - case.flowed
    inside = abs(float(off.sum()))
    if inside < ENOUGH * case.difference or float(np.abs(off).max()) > ENOUGH * inside:
        return None
    column = case.counter.column
    return f"it arose over all its rows: the current that '{column}' counts is not the logged one.", {}


_CAUSES: Mapping[str, Callable[[Case], Said | None]] = {
    "few": _few,
    "clock": _clock,
    "hole": _hole,
    "way": _way,
    "edge": _edge,
    "voltage": _voltage,
    "resolution": _resolution,
    "fast": _fast,
    "before": _before,
    "factor": _factor,
    "interval": _interval,
    "spread": _spread,
}
