"""Modules and packs: the cells of one item against each other.

The voltages are those of the columns ``cell_voltage_<n>_volt``, one for each cell or group of cells in
parallel. Spread at the top and at the bottom of charge tells imbalance; on the plateau of LFP cells with a
fifth of their charge between them agree to a few millivolt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.measurement import Measurement
from jeoul.metrics.selection import Floats, Selection, invalid, lacking
from jeoul.steps import Step
from jeoul.uncertainty import Accuracy, Contribution, ErrorSource, Evidence, Measured, propagate
from jeoul.uncertainty.accuracy import RangeAccuracy, choose_ranges
from jeoul.uncertainty.reduced import SECOND_PER_HOUR

At = Literal["first", "last"]

_CELL = re.compile(r"cell_voltage_(\d+)_volt")

LEAST_SLOPE_VOLT_PER_PERCENT = 1e-3
"""Slope of a cell's voltage per percent of rated capacity below which it is a plateau and tells no charge."""


def cell_numbers(measurement: Measurement) -> tuple[int, ...]:
    """The numbers of the cells whose voltage the file holds, rising."""
    found = (_CELL.fullmatch(column) for column in measurement.columns)
    return tuple(sorted(int(match[1]) for match in found if match))


def cell_voltages(step: Step, *, at: At, accuracy: Accuracy | None) -> Mapping[int, Measured]:
    """The voltage of each cell in the first or last row of a step, by cell number [V].

    accuracy
        Of the channels that read the cells (their voltage ranges); every cell is a channel of its own, with
        its own gain and offset. It need not be that of the tester.

    u from gain, offset, noise and resolution. Where it fails: groups of cells in parallel hide what is
    within the group.

    Raises `InsufficientDataError` for fewer than two cells or a missing reading.
    """
    numbers = _cells(step)
    row = int(step.row["row_first"] if at == "first" else step.row["row_last"])
    table = step.measurement.select([_column(n) for n in numbers], row, row)
    readings = {n: table[_column(n)][0] for n in numbers}
    missing = [n for n, u in readings.items() if u is None or not math.isfinite(u)]
    if missing:
        raise lacking(step, f"cell {missing[0]} has no voltage in row {row}.")
    evidence = replace(step.evidence, row_first=row, row_last=row)
    return {n: _voltage(n, float(u), step, evidence, accuracy) for n, u in readings.items()}


def cell_voltage_spread(step: Step, *, at: At, accuracy: Accuracy | None) -> Measured:
    """Highest less lowest cell voltage in the first or last row of a step [V].

    The last row of a charge is the top, of a discharge the bottom, of a rest the rest. Which cells they are
    stands in the conditions.

    u: two cells are two channels, so gain and offset stay, once each. The extremes of many equal cells lie
    apart by noise alone, by 2.5 standard deviations for 6 cells and 3.7 for 20.

    Where it fails: on a plateau a spread of 2 mV may be 20 % of charge: this is no measure of imbalance
    there (`charge_imbalance` refuses). Under current it holds the differences of resistance as well.
    """
    cells = cell_voltages(step, at=at, accuracy=accuracy)
    order = sorted(cells, key=lambda n: cells[n].value)
    low, high = order[0], order[-1]
    conditions: dict[str, float | int | str] = {
        "at": f"{at} row of a {step.row['direction']}",
        "highest_cell": high,
        "lowest_cell": low,
        "cells": len(cells),
        "mean_volt": float(np.mean([m.value for m in cells.values()])),
    }
    value = cells[high].value - cells[low].value
    inputs = cells[high], cells[low]
    return propagate("cell_voltage_spread", "V", value, inputs, (1.0, -1.0), conditions=conditions)


def weakest_cell_margin(step: Step, *, accuracy: Accuracy | None) -> Measured:
    """By how much the lowest cell lies below the second lowest at the end of a discharge [V].

    The cell that ends the discharge is ``weakest_cell`` in the conditions. It is told from the next
    where the margin exceeds U; the conditions say so.

    Where it fails: the weakest at the bottom has the least charge left, by less capacity or by imbalance;
    a discharge after a balanced full charge tells these apart. At high current it may be the coldest.

    Raises `OutOfValidityError` for a step that is no discharge.
    """
    if step.row["direction"] != "discharge":
        raise invalid(step, f"step {step.row['step_count']} is '{step.row['direction']}', no discharge.")
    cells = cell_voltages(step, at="last", accuracy=accuracy)
    first, second = sorted(cells, key=lambda n: cells[n].value)[:2]
    value = cells[second].value - cells[first].value
    conditions: dict[str, float | int | str] = {
        "weakest_cell": first,
        "next_cell": second,
        "weakest_cell_volt": cells[first].value,
    }
    inputs = cells[second], cells[first]
    margin = propagate("weakest_cell_margin", "V", value, inputs, (1.0, -1.0), conditions=conditions)
    u = margin.expanded_uncertainty
    if u is None:
        return margin
    return margin.named("weakest_cell_margin", significance="told apart" if value > u else "not told apart")


def charge_imbalance(
    step: Step, *, level_volt: float, rated_capacity_ah: float, accuracy: Accuracy | None
) -> Measured:
    """Charge between the first and the last cell that passes a voltage, in one charge or discharge [Ah].

    dQ = abs(Q(t_last) - Q(t_first)), with t_n the time at which cell n passes `level_volt` (falling in a
    discharge, rising in a charge; the first passing, by a straight line between rows) and Q the charge of
    the step until then. With `level_volt` at the bottom it is the difference of what the cells have left;
    at the top, of what they lack. With both, capacity and balance come apart.

    u: error of each of the two cells' voltages over the slope of that cell there, dV/dQ; the current's
    share is in proportion to dQ and small.

    Where it fails: cells of different resistance pass the level at different charge under current: use a
    slow step. On a plateau the voltage says nothing of the charge, and it is refused: below 1 mV per
    percent of `rated_capacity_ah` around the level, in any of the two cells.

    Raises `InsufficientDataError` where a cell does not pass the level, `OutOfValidityError` on a plateau
    and for a rest.
    """
    way = step.row["direction"]
    if way not in ("charge", "discharge"):
        raise invalid(step, f"step {step.row['step_count']} is '{way}'; a charge or a discharge is needed.")
    if not (math.isfinite(rated_capacity_ah) and rated_capacity_ah > 0):
        raise OutOfValidityError(f"a rated capacity of {rated_capacity_ah} Ah is not positive.")
    numbers = _cells(step)
    passings = _passings(step, numbers, level_volt)
    first, last = (pick(passings, key=lambda n: passings[n].charge) for pick in (min, max))
    for n in (first, last):
        _check_slope(step, n, passings[n], level_volt, rated_capacity_ah)
    value = passings[last].charge - passings[first].charge
    rows = sorted(passings[n].row for n in (first, last))
    evidence = replace(step.evidence, row_first=rows[0] - 1, row_last=rows[1])
    conditions: dict[str, float | int | str] = {
        "level_volt": level_volt, "first_cell": first, "last_cell": last, "cells": len(numbers),
        "share_of_rated": value / rated_capacity_ah, "rated_capacity_ah": rated_capacity_ah,
    }  # fmt: skip
    parts = None
    if accuracy is not None:
        each = {n: _voltage(n, level_volt, step, evidence, accuracy) for n in (first, last)}
        parts = tuple(
            replace(part, sensitivity=part.sensitivity * sign / passings[n].slope)
            for n, sign in ((first, -1.0), (last, 1.0))
            for part in each[n].contributions or ()
        )
        parts = (*parts, *_current_gain(step, value, accuracy))
    return Measured("charge_imbalance", value, "Ah", parts, (evidence,), conditions)


@dataclass(frozen=True)
class _Passing:
    """Where a cell passes the level: charge of the step until then [Ah], slope there [V/Ah], row after."""

    charge: float
    slope: float
    row: int


def _column(number: int) -> str:
    return f"cell_voltage_{number}_volt"


def _cells(step: Step) -> tuple[int, ...]:
    numbers = cell_numbers(step.measurement)
    if len(numbers) < 2:
        found = f"the file has the voltage of {len(numbers)} cells; two or more are needed."
        raise lacking(step, found, "Cell voltages stand in columns 'cell_voltage_<n>_volt'.")
    return numbers


def _voltage(
    number: int, value: float, step: Step, evidence: Evidence, accuracy: Accuracy | None
) -> Measured:
    parts = None if accuracy is None else _channel_parts(number, value, step, evidence, accuracy)
    return Measured("cell_voltage", value, "V", parts, (evidence,), {"cell": number})


def _channel_parts(
    number: int, value: float, step: Step, evidence: Evidence, accuracy: Accuracy
) -> tuple[Contribution, ...]:
    direction = str(step.row["direction"])
    way = direction if direction in ("charge", "discharge") else "rest"
    entry = accuracy.voltage[int(choose_ranges(accuracy.voltage, np.array([abs(value)]), way)[0])]
    rows = f"rows {evidence.row_first}-{evidence.row_last} of test {evidence.sha256[:12]}"
    found = []
    for kind, error, sensitivity in (
        ("gain", entry.gain, value), ("offset", entry.offset, 1.0), ("noise", entry.noise, 1.0),
        ("resolution", entry.rounding, 1.0),
    ):  # fmt: skip
        if error is None or error.standard_uncertainty == 0.0:
            continue
        scope = _scope(entry, number, rows if kind in ("noise", "resolution") else "")
        freedom = error.degrees_of_freedom
        source = ErrorSource(accuracy.instrument, "voltage", kind, scope, error.distribution, freedom)
        found.append(Contribution(source, error.standard_uncertainty, sensitivity))
    return tuple(found)


def _scope(entry: RangeAccuracy, number: int, rows: str) -> str:
    return ", ".join(word for word in (entry.label, f"cell {number}", rows) if word)


def _current_gain(step: Step, value: float, accuracy: Accuracy) -> tuple[Contribution, ...]:
    selection = Selection([step])
    low, high = selection["current_min_ampere"], selection["current_max_ampere"]
    largest = np.maximum(np.abs(low), np.abs(high))
    entry = accuracy.current[int(choose_ranges(accuracy.current, largest, str(step.row["direction"]))[0])]
    if entry.gain is None or entry.gain.standard_uncertainty == 0.0:
        return ()
    error = entry.gain
    source = ErrorSource(
        accuracy.instrument, "current", "gain", entry.label, error.distribution, error.degrees_of_freedom
    )
    return (Contribution(source, error.standard_uncertainty, value),)


def _passings(step: Step, numbers: tuple[int, ...], level: float) -> dict[int, _Passing]:
    columns = ["test_time_second", "current_ampere", *(_column(n) for n in numbers)]
    table = step.samples(*columns)
    t, current = (table[c].to_numpy().astype(np.float64) for c in columns[:2])
    sign = 1.0 if step.row["direction"] == "charge" else -1.0
    moved = sign * (current[1:] + current[:-1]) / 2.0 * np.diff(t) / SECOND_PER_HOUR
    charge = np.concatenate([[0.0], np.cumsum(moved)])
    return {
        n: _passing(step, n, charge, sign * (table[_column(n)].to_numpy().astype(np.float64) - level), sign)
        for n in numbers
    }


def _passing(step: Step, number: int, charge: Floats, above: Floats, sign: float) -> _Passing:
    """The first row at or beyond the level, the charge where the straight line passes it, and the slope.

    The slope is taken over a percent of the charge of the step on either side: that of two rows is noise.
    """
    beyond = np.flatnonzero(above >= 0)
    if not len(beyond) or beyond[0] == 0:
        state = "is beyond it from the start" if len(beyond) else "does not reach it"
        raise lacking(step, f"cell {number} does not pass the level: it {state}.", "Choose another level.")
    row = int(beyond[0])
    share = float(-above[row - 1] / (above[row] - above[row - 1]))
    at = float(charge[row - 1] + share * (charge[row] - charge[row - 1]))
    near = np.abs(charge - at) <= 0.01 * charge[-1]
    near[[row - 1, row]] = True
    slope = float(np.polyfit(charge[near] - at, above[near], 1)[0])
    return _Passing(at, sign * slope, int(step.row["row_first"]) + row)


def _check_slope(step: Step, number: int, passing: _Passing, level: float, rated: float) -> None:
    per_percent = abs(passing.slope) * rated / 100.0
    if per_percent < LEAST_SLOPE_VOLT_PER_PERCENT:
        found = (
            f"cell {number} has {per_percent * 1e3:.3g} mV per percent of charge at {level:g} V: a plateau."
        )
        raise invalid(step, found, "Choose a level at the top or the bottom, where the voltage is steep.")
