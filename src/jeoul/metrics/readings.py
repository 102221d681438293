"""Voltage and current at a moment of a step, each with every error that it may share with another reading.

Two readings of one channel share its gain and its offset, readings at several times after one edge share
the error of that edge and the noise of the row before it. So a difference or a quotient of readings is
left to `propagate`, which lets cancel what the readings have in common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from jeoul.metrics.selection import Conditions, Floats, invalid, lacking
from jeoul.steps import Step
from jeoul.uncertainty import (
    Accuracy,
    Contribution,
    ErrorSource,
    Evidence,
    Measured,
    RangeAccuracy,
    Term,
    propagate,
)
from jeoul.uncertainty.reduced import SECOND_PER_HOUR, Sensitivities, contributions, reading_terms

Shape = Literal["linear", "square_root"]

_COLUMNS = ("test_time_second", "voltage_volt", "current_ampere")
_STEP_TIME = "step_time_second"

LAST_ROW_TOLERANCE = 1e-3
# A "10 s" pulse whose last row is at 9.995 s is one. Relative to the time asked for.

UNDATED_TOLERANCE = 0.02
# So is one of 9.9 s whose edge may lie 0.1 s before its first row; the difference counts in u.

EDGE_FACTOR = 1.5
# An interval before the first row longer than this many of the longest of the pulse was logged by the rest.

REST_SHARE = 0.01
# A current before the edge below this share of the one after it is that of an open circuit.

LEAST_FIT_ROWS = 3

RANDOM_KINDS = ("noise", "rounding", "resolution")
# Errors of single rows.

CANCELLED = 1e-12
# What is left of an error after it cancelled is rounding of the arithmetic.


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a step after the one before it (at index 0), and when the step began."""

    step: Step
    time: Floats
    voltage: Floats
    current: Floats
    edge_second: float
    """Test time of the edge [s]."""
    edge_interval_second: float
    """How long an interval may hold the edge [s]: 0 where the instrument's step time dates it."""

    @property
    def before_second(self) -> float:
        """From the row before to the edge [s]."""
        return self.edge_second - float(self.time[0])

    def after_edge(self) -> Floats:
        """Times of the rows of the step after its edge [s]."""
        return np.asarray(self.time[1:] - self.edge_second, dtype=np.float64)

    def data_row(self, index: int) -> int:
        """The 1-based data row of the file at this index."""
        return int(self.step.row["row_first"]) - 1 + index

    def evidence(self, first: int, last: int) -> Evidence:
        """From this index to that."""
        rows = self.step.evidence
        return replace(rows, row_first=self.data_row(first), row_last=self.data_row(last))


@dataclass(frozen=True)
class Reading:
    """Voltage [V] and current [A] of one moment, and the last row that they were taken from."""

    voltage: Measured
    current: Measured
    row_last: int


@dataclass(frozen=True)
class _Part:
    """A weighted sum of readings of rows ``first`` to ``last``, of weights that sum to 1."""

    rows: Rows
    first: int
    weights: Floats

    @property
    def last(self) -> int:
        return self.first + len(self.weights) - 1

    def of(self, values: Floats) -> float:
        return float(self.weights @ values[self.first : self.last + 1])


def rows_of(step: Step) -> Rows:
    """The rows of a step and the one before it.

    Where the file has no step time the edge lies anywhere between the row before and the first row. After
    rows that were logged more rarely than those of the step, it lies within the longest interval of the step
    before its first row: a tester does not wait longer with the first row than between two others.

    Raises `InsufficientDataError` without a row before, `OutOfValidityError` for time that goes back.
    """
    number = step.row["step_count"]
    if step.row["row_first"] <= 1:
        raise lacking(step, f"there is no row before step {number}.", "Log a rest before the pulse.")
    table = _table(step)
    time, voltage, current = (table[name].to_numpy().astype(np.float64) for name in _COLUMNS)
    if np.any(np.diff(time) < 0):
        raise invalid(step, f"time goes back within step {number} or just before it.")
    return Rows(step, time, voltage, current, *_edge(step, table, time))


def reading_before(rows: Rows, accuracy: Accuracy | None) -> Reading:
    """Voltage and current of the last row before the step."""
    return _reading(rows, _Part(rows, 0, np.ones(1)), "before the edge", accuracy)


def reading_at(rows: Rows, time_second: float, accuracy: Accuracy | None) -> Reading:
    """Voltage and current at this time after the edge, on the straight line between two rows of the step.

    Raises `InsufficientDataError` where the step was not logged by then or is shorter; the row before the
    step is never one of the two, for between it and the first row lies the edge.
    """
    right, weight, gap = _bracket(rows, time_second)
    left = right - 1
    part = (
        _Part(rows, right, np.ones(1)) if weight == 1.0 else _Part(rows, left, np.array([1 - weight, weight]))
    )
    reading = _reading(rows, part, f"at {time_second:g} s", accuracy)
    reading = replace(reading, row_last=rows.data_row(right))
    return _with_timing(reading, rows, _slopes_between(rows, right), f"at {time_second:g} s", gap, accuracy)


def slopes_at(rows: Rows, time_second: float) -> list[float]:
    """How fast voltage and current change at this time after the edge [V/s], [A/s]. Raises as that."""
    return _slopes_between(rows, _bracket(rows, time_second)[0])


def _slopes_between(rows: Rows, right: int) -> list[float]:
    """From the row before this one to this one."""
    span = float(rows.time[right] - rows.time[right - 1])
    return [float(x[right] - x[right - 1]) / span if span > 0 else 0.0 for x in (rows.voltage, rows.current)]


def reading_at_edge(
    rows: Rows, window_second: tuple[float, float], shape: Shape, accuracy: Accuracy | None
) -> Reading:
    """Voltage and current at the edge itself, extrapolated from the rows in a window after it.

    Least squares ``x(t) = a + b t`` (``linear``) or ``x(t) = a + b sqrt(t)`` (``square_root``: diffusion);
    the reading is a. Where the voltage scatters about its line by more than the noise of the instrument,
    the scatter counts, with n - 2 degrees of freedom.
    """
    chosen = _window(rows, window_second)
    part = _Part(rows, int(chosen[0]), _intercept(rows.after_edge()[chosen - 1], shape))
    label = f"edge from {window_second[0]:g} s to {window_second[1]:g} s"
    reading = _reading(rows, part, label, accuracy)
    if accuracy is None:
        return reading
    reading = replace(reading, voltage=_with_scatter(reading.voltage, part, shape, label, accuracy))
    return _with_timing(reading, rows, _slopes_of_shift(part, shape), label, 0.0, accuracy)


# --- where the edge is and which rows count ---------------------------------------------------------


def _table(step: Step) -> pl.DataFrame:
    measurement = step.measurement
    columns = [*_COLUMNS, *([_STEP_TIME] if measurement.has(_STEP_TIME) else [])]
    return measurement.select(columns, step.row["row_first"] - 1, step.row["row_last"])


def _edge(step: Step, table: pl.DataFrame, time: Floats) -> tuple[float, float]:
    """When the step began, and how long an interval may hold that moment [s]."""
    start, before = float(step.row["time_start_second"]), float(time[1] - time[0])
    if _STEP_TIME in table.columns and _is_number(table[_STEP_TIME][1]):
        return start, 0.0
    longest = float(np.diff(time[1:]).max()) if len(time) > 2 else before
    if before <= EDGE_FACTOR * longest:
        return start, before
    return max(start, float(time[1]) - longest), longest


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _bracket(rows: Rows, time: float) -> tuple[int, float, float]:
    """The row at or after the time, its weight against the row before, how far off they are [s]."""
    t, target, number = rows.time, rows.edge_second + time, rows.step.row["step_count"]
    slack = LAST_ROW_TOLERANCE * time
    if t[1] > target + slack:
        found = f"the first row of step {number} comes later than {time:g} s after its edge."
        raise lacking(rows.step, found, "Log the pulse more often, or ask for a later time.")
    if t[-1] < target - max(slack, min(rows.edge_interval_second, UNDATED_TOLERANCE * time)):
        found = f"step {number} ends {t[-1] - rows.edge_second:g} s after its edge, before {time:g} s."
        raise lacking(rows.step, found, "Ask for a time within the pulse.")
    inside = float(np.clip(target, t[1], t[-1]))
    right = min(max(int(np.searchsorted(t, inside)), 2), len(t) - 1)
    return right, _weight(t, right, inside), abs(target - inside)


def _weight(t: Floats, right: int, target: float) -> float:
    span = float(t[right] - t[right - 1])
    return 1.0 if right < 2 or span == 0 else (target - float(t[right - 1])) / span


def _window(rows: Rows, window: tuple[float, float]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Indices of the rows between these times after the edge."""
    first, last = window
    if not (math.isfinite(last) and 0 <= first < last):
        raise invalid(rows.step, f"a window from {first} s to {last} s after the edge is none.")
    t, slack = rows.after_edge(), LAST_ROW_TOLERANCE * last
    chosen = np.flatnonzero((t >= first - slack) & (t <= last + slack)) + 1
    if len(chosen) < LEAST_FIT_ROWS or t[chosen[-1] - 1] == t[chosen[0] - 1]:
        found = f"step {rows.step.row['step_count']} has {len(chosen)} rows from {first:g} s to {last:g} s."
        raise lacking(
            rows.step, found, f"The line needs {LEAST_FIT_ROWS}: log more often or widen the window."
        )
    return chosen


def _intercept(time: Floats, shape: Shape) -> Floats:
    """Weights of the rows in the intercept of the line."""
    design = np.stack([np.ones(len(time)), _abscissa(time, shape)], axis=1)
    return np.asarray(np.linalg.pinv(design)[0], dtype=np.float64)


def _abscissa(time: Floats, shape: Shape) -> Floats:
    return np.sqrt(np.maximum(time, 0.0)) if shape == "square_root" else time


# --- what is known of the errors --------------------------------------------------------------------


def _reading(rows: Rows, part: _Part, label: str, accuracy: Accuracy | None) -> Reading:
    values = [part.of(x) for x in (rows.voltage, rows.current)]
    if not all(math.isfinite(value) for value in values):
        number = rows.step.row["step_count"]
        raise lacking(rows.step, f"a voltage or current is missing around the edge of step {number}.")
    evidence = (rows.evidence(part.first, part.last),)
    parts = (None, None) if accuracy is None else _errors(part, values, label, accuracy)
    voltage = Measured("voltage", values[0], "V", parts[0], evidence)
    current = Measured("current", values[1], "A", parts[1], evidence)
    return Reading(voltage, current, rows.data_row(part.last))


def _errors(
    part: _Part, values: Sequence[float], label: str, accuracy: Accuracy
) -> tuple[tuple[Contribution, ...], tuple[Contribution, ...]]:
    """Of the voltage, and of the current, which at rest is a true zero: many testers open the circuit."""
    rows, way = part.rows, _way(part.rows)
    volts = float(np.nanmax(np.abs(rows.voltage)))
    voltage = _reading_errors(accuracy.voltage, volts, way, part, values[0], True, label, accuracy)
    loaded = rows.current[1:] if part.first else rows.current[:1]
    ampere, open_circuit = float(np.nanmax(np.abs(loaded))), _is_open(part)
    direction = "rest" if open_circuit else "charge" if values[1] > 0 else "discharge"
    return voltage, _reading_errors(
        accuracy.current, ampere, direction, part, values[1], not open_circuit, label, accuracy
    )


def _way(rows: Rows) -> str:
    """Of the step, so that the voltage before its edge and the voltage after are of one range."""
    direction = str(rows.step.row["direction"])
    if direction in ("charge", "discharge", "rest"):
        return direction
    return "charge" if rows.current[1:].sum() > 0 else "discharge"


def _is_open(part: _Part) -> bool:
    """Whether these rows are of an open circuit."""
    current = np.abs(part.rows.current)
    if part.first:
        return str(part.rows.step.row["direction"]) == "rest"
    return bool(current[0] <= REST_SHARE * np.nanmax(current[1:]))


def _reading_errors(
    entries: Sequence[RangeAccuracy],
    largest: float,
    direction: str,
    part: _Part,
    value: float,
    systematic: bool,
    label: str,
    accuracy: Accuracy,
) -> tuple[Contribution, ...]:
    """Gain, offset, drift, noise and rounding of one weighted sum of readings of one range."""
    on = 1.0 if systematic else 0.0
    hours = part.of(part.rows.time) / SECOND_PER_HOUR
    noise = float(np.linalg.norm(part.weights))
    each = Sensitivities(*(np.array([x]) for x in (on * value, on, on * hours, noise, 1.0)))
    found: list[Contribution] = []
    for term in reading_terms(entries, np.array([largest]), direction, each):
        by_row = term.kind in ("noise", "rounding") and len(part.weights) <= 2
        found += _by_row(term, part, accuracy) if by_row else _as_one(term, part, label, accuracy)
    return tuple(found)


def _by_row(term: Term, part: _Part, accuracy: Accuracy) -> list[Contribution]:
    """Errors of single rows, each a source of its own, which two results from one row share."""
    found: list[Contribution] = []
    for k, weight in enumerate(part.weights.tolist()):
        one = replace(term, sensitivity=np.array([weight]))
        row = part.rows.evidence(part.first + k, part.first + k)
        found += contributions([one], accuracy.instrument, [row])[0]
    return found


def _as_one(term: Term, part: _Part, label: str, accuracy: Accuracy) -> list[Contribution]:
    named = replace(term, part=label) if term.extent == "rows" else term
    return list(contributions([named], accuracy.instrument, [part.rows.evidence(part.first, part.last)])[0])


def _with_timing(
    reading: Reading, rows: Rows, slopes: Sequence[float], label: str, gap: float, accuracy: Accuracy | None
) -> Reading:
    """The error of the edge, common to all readings after it, and of a last row taken for the time."""
    if accuracy is None:
        return reading
    test = f"test {rows.step.measurement.provenance.sha256[:12]}"
    edge = f"rows {rows.data_row(0)}-{rows.data_row(1)} of {test}"
    errors = [("edge", edge, rows.edge_interval_second), ("last row", f"{label}, {edge}", gap)]
    found = [
        (ErrorSource(accuracy.instrument, "time", kind, scope, "rectangular"), second / math.sqrt(3.0))
        for kind, scope, second in errors
        if second > 0
    ]
    voltage, current = (
        replace(m, contributions=(*(m.contributions or ()), *(Contribution(s, u, slope) for s, u in found)))
        for m, slope in zip((reading.voltage, reading.current), slopes, strict=True)
    )
    return replace(reading, voltage=voltage, current=current)


def _with_scatter(voltage: Measured, part: _Part, shape: Shape, label: str, accuracy: Accuracy) -> Measured:
    """With what the rows scatter about their line beyond the noise of the instrument."""
    time = part.rows.time[part.first : part.last + 1] - part.rows.edge_second
    design = np.stack([np.ones(len(time)), _abscissa(time, shape)], axis=1)
    readings = part.rows.voltage[part.first : part.last + 1]
    residual = readings - design @ (np.linalg.pinv(design) @ readings)
    freedom = len(time) - 2
    scatter = float(np.linalg.norm(residual) / math.sqrt(freedom) * np.linalg.norm(part.weights))
    parts = voltage.contributions or ()
    known = math.hypot(*(p.value for p in parts if p.source.kind in RANDOM_KINDS), 0.0)
    if scatter <= known:
        return voltage
    rows = part.rows.evidence(part.first, part.last)
    scope = f"{label}, rows {rows.row_first}-{rows.row_last} of test {rows.sha256[:12]}"
    source = ErrorSource(accuracy.instrument, "voltage", "scatter", scope, degrees_of_freedom=freedom)
    more = Contribution(source, math.sqrt(scatter**2 - known**2), 1.0)
    return replace(voltage, contributions=(*parts, more))


def _slopes_of_shift(part: _Part, shape: Shape) -> list[float]:
    """How voltage and current at the edge move when the edge is later by one second."""
    rows, shift = part.rows, part.rows.edge_interval_second / math.sqrt(3.0)
    if shift == 0.0:
        return [0.0, 0.0]
    time = rows.time[part.first : part.last + 1] - rows.edge_second
    later, earlier = (replace(part, weights=_intercept(time + s, shape)) for s in (-shift, shift))
    return [(later.of(x) - earlier.of(x)) / (2 * shift) for x in (rows.voltage, rows.current)]


def change_over(
    metric: str,
    unit: str,
    value: float,
    inputs: Sequence[Measured],
    derivatives: Sequence[float],
    evidence: Evidence,
    conditions: Conditions,
) -> Measured:
    """`propagate` of readings with the rows they span as one evidence, without the errors that cancel."""
    found = propagate(metric, unit, value, inputs, derivatives, conditions=conditions)
    if found.contributions is None:
        return replace(found, evidence=(evidence,))
    gross: dict[ErrorSource, float] = {}
    for measured, derivative in zip(inputs, derivatives, strict=True):
        for part in measured.contributions or ():
            gross[part.source] = gross.get(part.source, 0.0) + abs(derivative * part.value)
    kept = (part for part in found.contributions if abs(part.value) > CANCELLED * gross[part.source])
    return replace(found, contributions=tuple(kept), evidence=(evidence,))
