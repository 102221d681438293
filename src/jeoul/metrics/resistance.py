"""Resistance from the answer of the voltage to a step of the current."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jeoul.metrics.selection import Floats, Selection, invalid, lacking
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Error, Evidence, Measured, Term
from jeoul.uncertainty.reduced import Sensitivities, contributions, reading_terms

_COLUMNS = ("test_time_second", "voltage_volt", "current_ampere")
_STEP_TIME = "step_time_second"

LAST_ROW_TOLERANCE = 1e-3
# A "10 s" pulse whose last row is at 9.995 s is one. Relative to the time asked for.

EDGE_FACTOR = 1.5
# An interval before the first row longer than this many of the longest of the pulse was logged by the rest.

LEAST_CURRENT_CHANGE = 0.01
# Relative to the larger of the two currents; below it the quotient is that of two drifts.

LEAST_SIGNIFICANCE = 10.0
# Current change over its own random uncertainty.


@dataclass(frozen=True)
class _Edge:
    """Readings around the edge of a pulse and around the time asked for."""

    voltage_before: float
    current_before: float
    voltage_at: float
    current_at: float
    slope: float
    """dU/dt between the two rows around the time [V/s]."""
    reading_noise: float
    """Noise of the reading at that time over the noise of one row."""
    timing: float
    """u(t): of the edge, and of a last row that is taken for the time [s]."""
    before_second: float
    """From the row before to the edge [s]."""
    row_last: int


def dc_resistance(step: Step, *, time_after_edge_second: float, accuracy: Accuracy | None) -> Measured:
    """Change of voltage over change of current at a stated time after the edge of a step [ohm].

    R(t) = (U(t_edge + t) - U_before) / (I(t_edge + t) - I_before), with U_before and I_before from the last
    row before the step, and both readings at t interpolated linearly in time between two rows of the step.
    Positive for charge and for discharge.

    u(R): the offset of the voltage cancels; its gain, and noise and resolution of both readings stay; the
    offset of the current stays, because many testers open the circuit at rest and so read a true zero; the
    edge adds abs(dU/dt) u(t) / abs(dI). Where the file has no step time the edge lies anywhere between the
    row before and the first row, and u(t) is that interval over sqrt(3) (it is one-sided). After a rest that
    was logged more rarely than the pulse, the edge lies within the longest interval of the pulse before its
    first row: a tester does not wait longer with the first row than between two others.

    Where it fails: with few rows the straight line between two of them cuts the bend of the voltage (below
    (dt)^2 abs(d2U/dt2) / 8); a rest that has not relaxed adds its own drift; temperature (2 to 3 %/K for
    LFP), state of charge and contacts are not in u. An accuracy that states a class in percent of full
    scale and no gain makes u(R) too small, for an offset cancels.

    Raises `InsufficientDataError` where there is no row before, the step is shorter than the time or has no
    row before it; `OutOfValidityError` at rest, for a time that is not positive, for time that goes back,
    and where the change of current is too small to divide by.
    """
    _check_question(step, time_after_edge_second)
    edge = _find_edge(step, time_after_edge_second)
    change = edge.current_at - edge.current_before
    _check_change(step, edge, change)
    value = (edge.voltage_at - edge.voltage_before) / change
    parts = None
    evidence = _evidence(step, edge)
    if accuracy is not None:
        terms = _terms(step, edge, value, change, accuracy, f"at {time_after_edge_second:g} s")
        _check_significance(step, terms, value, change)
        parts = contributions(terms, accuracy.instrument, [evidence])[0]
    return Measured(
        "dc_resistance", value, "ohm", parts, (evidence,), _conditions(step, edge, time_after_edge_second)
    )


def _check_question(step: Step, time: float) -> None:
    if not (math.isfinite(time) and time > 0):
        raise invalid(step, f"a time of {time} s after the edge is not positive.")
    if step.row["direction"] == "rest":
        raise invalid(step, f"step {step.row['step_count']} is a rest: no current starts at its edge.")
    if step.row["row_first"] <= 1:
        advice = "Log a rest before the pulse."
        raise lacking(step, f"there is no row before step {step.row['step_count']}.", advice)


def _find_edge(step: Step, time: float) -> _Edge:
    table = _rows_with_the_one_before(step)
    t, voltage, current = (table[name].to_numpy().astype(np.float64) for name in _COLUMNS)
    if np.any(np.diff(t) < 0):
        raise invalid(step, f"time goes back within step {step.row['step_count']} or just before it.")
    start, unresolved = _edge_time(step, table, t)
    right, weight, gap = _bracket(step, t, start + time, time)
    left = right - 1
    at = [float(x[left] + weight * (x[right] - x[left])) for x in (voltage, current)]
    _check_readings(step, [voltage[0], current[0], *at])
    span = t[right] - t[left]
    return _Edge(
        voltage_before=float(voltage[0]),
        current_before=float(current[0]),
        voltage_at=at[0],
        current_at=at[1],
        slope=float((voltage[right] - voltage[left]) / span) if span > 0 else 0.0,
        reading_noise=math.hypot(weight, 1.0 - weight),
        timing=math.hypot(unresolved, gap) / math.sqrt(3.0),
        before_second=start - float(t[0]),
        row_last=int(step.row["row_first"]) - 1 + right,
    )


def _rows_with_the_one_before(step: Step) -> pl.DataFrame:
    measurement = step.measurement
    columns = [*_COLUMNS, *([_STEP_TIME] if measurement.has(_STEP_TIME) else [])]
    return measurement.select(columns, step.row["row_first"] - 1, step.row["row_last"])


def _bracket(step: Step, t: Floats, target: float, time: float) -> tuple[int, float, float]:
    """The row at or after the target, the weight of it against the row before, and how far off they are.

    Row 0 is the row before the step and is never one of the two: between it and the first row lies the edge.
    """
    slack = LAST_ROW_TOLERANCE * time
    if len(t) < 2 or t[1] > target + slack:
        found = f"the first row of step {step.row['step_count']} comes later than {time:g} s after its edge."
        raise lacking(step, found, "Log the pulse more often, or ask for a later time.")
    if t[-1] < target - slack:
        end = t[-1] - target + time
        found = f"step {step.row['step_count']} ends {end:g} s after its edge, before {time:g} s."
        raise lacking(step, found, "Ask for a time within the pulse.")
    inside = _clip_to_rows(t[1:], target)
    right = min(max(int(np.searchsorted(t, inside)), 2), len(t) - 1)
    return right, _weight(t, right, inside), abs(target - inside)


def _clip_to_rows(t: Floats, target: float) -> float:
    return float(np.clip(target, t[0], t[-1]))


def _weight(t: Floats, right: int, target: float) -> float:
    span = float(t[right] - t[right - 1])
    return 1.0 if right < 2 or span == 0 else (target - float(t[right - 1])) / span


def _edge_time(step: Step, table: pl.DataFrame, t: Floats) -> tuple[float, float]:
    """When the step began, and how long an interval may hold that moment [s]: 0 where step time dates it."""
    start, before = float(step.row["time_start_second"]), float(t[1] - t[0])
    if _STEP_TIME in table.columns and _is_number(table[_STEP_TIME][1]):
        return start, 0.0
    longest = float(np.diff(t[1:]).max()) if len(t) > 2 else before
    if before <= EDGE_FACTOR * longest:
        return start, before
    return max(start, float(t[1]) - longest), longest


def _is_number(reading: float | None) -> bool:
    return reading is not None and math.isfinite(reading)


def _check_readings(step: Step, readings: list[float]) -> None:
    if not all(math.isfinite(reading) for reading in readings):
        raise lacking(
            step, f"a voltage or current is missing around the edge of step {step.row['step_count']}."
        )


def _check_change(step: Step, edge: _Edge, change: float) -> None:
    largest = max(abs(edge.current_at), abs(edge.current_before))
    if abs(change) <= LEAST_CURRENT_CHANGE * largest:
        found = (
            f"the current changes by {change:g} A from {edge.current_before:g} A: too little to divide by."
        )
        raise invalid(step, found, "Choose a step that starts with an edge of the current.")


def _check_significance(step: Step, terms: tuple[Term, ...], value: float, change: float) -> None:
    random = [t.value[0] for t in terms if t.quantity == "current" and t.extent == "rows"]
    u_change = math.hypot(*random) * abs(change / value) if value else 0.0
    if abs(change) < LEAST_SIGNIFICANCE * u_change:
        least = f"{LEAST_SIGNIFICANCE:g} times its noise of {u_change:g} A"
        found = f"the current changes by {change:g} A, less than {least}."
        raise invalid(step, found, "Choose a step that starts with an edge of the current.")


def _terms(
    step: Step, edge: _Edge, value: float, change: float, accuracy: Accuracy, part: str
) -> tuple[Term, ...]:
    """dR for each error; the range is that of the largest reading of the step, as for its capacity."""
    selection, way = Selection([step]), _way(step, change)
    zero, two = _one(0.0), math.hypot(1.0, edge.reading_noise)
    per_volt, per_ampere = 1.0 / change, -value / change
    voltage = _one(two * per_volt), _one(math.sqrt(2.0) * per_volt)
    current = _one(two * per_ampere), _one(math.sqrt(2.0) * per_ampere)
    in_voltage = Sensitivities(_one(value), zero, zero, *voltage)
    in_current = Sensitivities(_one(-value), _one(per_ampere), zero, *current)
    return (
        *reading_terms(accuracy.voltage, _largest(selection, "voltage", "volt"), way, in_voltage, part=part),
        *reading_terms(
            accuracy.current, _largest(selection, "current", "ampere"), way, in_current, part=part
        ),
        *_edge_term(edge, change, part),
    )


def _edge_term(edge: _Edge, change: float, part: str) -> tuple[Term, ...]:
    if edge.timing == 0.0:
        return ()
    entry: NDArray[np.intp] = np.zeros(1, dtype=np.intp)
    error = Error(edge.timing, "rectangular")
    return (Term("time", "edge", "rows", (error,), ("",), entry, _one(edge.slope / change), part),)


def _way(step: Step, change: float) -> str:
    direction = str(step.row["direction"])
    return direction if direction in ("charge", "discharge") else "charge" if change > 0 else "discharge"


def _one(number: float) -> Floats:
    return np.array([number], dtype=np.float64)


def _largest(selection: Selection, quantity: str, unit: str) -> Floats:
    low, high = selection[f"{quantity}_min_{unit}"], selection[f"{quantity}_max_{unit}"]
    return np.maximum(np.abs(low), np.abs(high))


def _evidence(step: Step, edge: _Edge) -> Evidence:
    """From the row before the edge to the row after the time asked for."""
    of_step = step.evidence
    first = of_step.row_first - 1
    return Evidence(of_step.file_name, of_step.sha256, first, edge.row_last, of_step.step_counts)


def _conditions(step: Step, edge: _Edge, time: float) -> dict[str, float | int | str]:
    conditions: dict[str, float | int | str] = {
        "time_after_edge_second": time,
        "current_change_ampere": edge.current_at - edge.current_before,
        "voltage_before_volt": edge.voltage_before,
        "voltage_at_time_volt": edge.voltage_at,
        "before_edge_second": edge.before_second,
    }
    temperature = step.row.get("temperature_first_celsius")
    return conditions if temperature is None else {**conditions, "temperature_celsius": temperature}
