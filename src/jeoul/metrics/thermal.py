"""How temperature runs: spread between sensors, sustained rate of rise, soaking to a stable temperature."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.measurement import TEMPERATURES, Measurement
from jeoul.metrics.selection import Floats, Selection, invalid, lacking, select
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Contribution, Error, ErrorSource, Evidence, Measured

Places = NDArray[np.signedinteger[Any]]
_OF_A_CELL = re.compile(r"cell_temperature_\d+_celsius")


def temperature_sensors(measurement: Measurement) -> tuple[str, ...]:
    """The columns that hold a temperature of the item (not of the chamber), in order."""
    cells = [c for c in measurement.columns if _OF_A_CELL.fullmatch(c)]
    cells.sort(key=lambda name: int(name.split("_")[2]))
    return (*(c for c in TEMPERATURES if measurement.has(c)), *cells)


def temperature_spread(
    step_or_steps: Step | Steps | Sequence[Step], *, sensors: Sequence[str], accuracy: Accuracy | None
) -> Measured:
    """Greatest difference between the warmest and the coldest sensor at one time [K].

    max over rows of (max - min over `sensors`), the columns to compare (`temperature_sensors` lists them).

    u: each sensor has offset, gain, noise and resolution of its own, so the offset stays twice. Two
    sensors of one make that are off alike agree better than u says.

    Where it fails: the greatest of many noisy rows lies above the truth by about 3 standard deviations of
    the noise of a difference for 1000 rows; sensors see the surface, not the inside.

    Raises `InsufficientDataError` for fewer than two sensors or none with a reading.
    """
    selection = _some(select(step_or_steps))
    if len(sensors) < 2:
        raise lacking(selection.steps[0], f"a spread needs two sensors; {len(sensors)} were given.")
    table, first_row = _rows(selection, sensors)
    spread = np.max(table[1:], axis=0) - np.min(table[1:], axis=0)
    if np.isnan(spread).all():
        raise lacking(selection.steps[0], "no row has a reading of every sensor.")
    place = int(np.nanargmax(spread))
    at = table[1:, place]
    warm, cold = sensors[int(np.argmax(at))], sensors[int(np.argmin(at))]
    row = first_row + place
    evidence = replace(selection.evidence[0], row_first=row, row_last=row)
    conditions: dict[str, float | int | str] = {
        "warmest": warm, "coldest": cold, "sensors": len(sensors),
        "warmest_celsius": float(at.max()), "coldest_celsius": float(at.min()),
        "time_second": float(table[0, place]),
    }  # fmt: skip
    parts = None
    if (sensor := _sensor(accuracy)) is not None:
        parts = (
            *sensor.parts(warm, evidence, float(at.max()), 1.0, 1.0),
            *sensor.parts(cold, evidence, -float(at.min()), -1.0, 1.0),
        )
    return Measured("temperature_spread", float(spread[place]), "K", parts, (evidence,), conditions)


def sustained_temperature_rate(
    step_or_steps: Step | Steps | Sequence[Step],
    *,
    sensor: str,
    duration_second: float,
    span_second: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Highest rate of rise that was kept up for a time without a break [K/s].

    x = max over t0 of min over t in [t0, t0 + duration] of dT/dt, with dT/dt = (T(t) - T(t - span)) / span
    and T a straight line between rows. "dT/dt >= 1 K/s for >= 3 s" (thermal runaway, GB 38031 and UN GTR 20)
    holds where the result for 3 s is 1 K/s or more; the span must be stated since it changes the result.

    u: the offset of the sensor cancels; gain stays, noise and resolution twice over the span.

    Where it fails: the least of many noisy rates lies below the truth, so a noisy sensor hides a rise unless
    the span is long; a sensor of time constant tau lags and flattens by about exp(-duration / tau). A gap in
    the log longer than the span is bridged by a straight line: ``longest_gap_second``.

    Raises `InsufficientDataError` where the rows do not last span and duration, `OutOfValidityError` for
    times that are not positive.
    """
    _check_times(duration_second, span_second)
    selection = _some(select(step_or_steps))
    table, first_row = _rows(selection, [sensor])
    t, reading = _readings(selection.steps[0], table)
    if t[-1] - t[0] < span_second + duration_second:
        found = f"{t[-1] - t[0]:g} s of temperature are shorter than {span_second:g} + {duration_second:g} s."
        raise lacking(selection.steps[0], found)
    grid, rate = _rates(t, reading, span_second)
    starts, least = _least_within(grid, rate, duration_second)
    place = int(np.argmax(least))
    value, began = float(least[place]), float(starts[place])
    rows = first_row + np.searchsorted(t, [began - span_second, began + duration_second])
    evidence = replace(selection.evidence[0], row_first=int(rows[0]), row_last=int(rows[1]))
    conditions: dict[str, float | int | str] = {
        "sensor": sensor, "duration_second": duration_second, "span_second": span_second,
        "began_second": began, "longest_gap_second": float(np.diff(t).max()),
        "temperature_celsius": float(np.interp(began, t, reading)),
    }  # fmt: skip
    known = _sensor(accuracy)
    parts = None if known is None else known.parts(sensor, evidence, value, 0.0, math.sqrt(2.0) / span_second)
    return Measured("sustained_temperature_rate", value, "K/s", parts, (evidence,), conditions)


def soak_time(
    step_or_steps: Step | Steps | Sequence[Step],
    *,
    sensors: Sequence[str],
    target_celsius: float,
    tolerance_kelvin: float,
    dwell_second: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Time from the start until every sensor has come into a band and stayed there for a dwell [s].

    The first t0 after which all sensors lie within `target_celsius` +- `tolerance_kelvin` until t0 +
    `dwell_second`; t0 by a straight line between rows. The soak is complete at t0 + dwell
    (``complete_second``).

    u: the offset of the sensor over the rate at which it came into the band, and its noise and resolution;
    none where the sensors were within the band from the start.

    Where it fails: an offset near the tolerance decides whether there is a dwell at all, which is no
    matter of seconds: ``least_margin_kelvin`` is how far within the band the readings stayed.

    Raises `InsufficientDataError` where there is no such dwell; it names the longest.
    """
    if not (tolerance_kelvin > 0 and dwell_second > 0):
        raise OutOfValidityError("a tolerance and a dwell must be positive.")
    selection = _some(select(step_or_steps))
    table, first_row = _rows(selection, sensors)
    if np.isnan(table).any():
        raise lacking(selection.steps[0], "a temperature is missing in some rows.")
    away = np.max(np.abs(table[1:] - target_celsius), axis=0)
    stay = _first_stay(selection.steps[0], table[0], away - tolerance_kelvin, dwell_second)
    start = float(selection.steps[0].row["time_start_second"])
    last = min(int(np.searchsorted(table[0], stay.began + dwell_second)), table.shape[1] - 1)
    inside = slice(stay.row, last + 1)
    evidence = replace(selection.evidence[0], row_first=first_row + stay.row, row_last=first_row + last)
    conditions: dict[str, float | int | str] = {
        "target_celsius": target_celsius, "tolerance_kelvin": tolerance_kelvin, "dwell_second": dwell_second,
        "complete_second": stay.began + dwell_second - start, "stayed_second": stay.seconds,
        "least_margin_kelvin": float(tolerance_kelvin - away[inside].max()), "sensors": len(sensors),
    }  # fmt: skip
    parts, known = None, _sensor(accuracy)
    if known is not None:
        name = sensors[int(np.argmax(np.abs(table[1:, max(stay.row - 1, 0)] - target_celsius)))]
        per_kelvin = 0.0 if stay.rate == 0.0 else 1.0 / abs(stay.rate)
        parts = known.parts(name, evidence, target_celsius * per_kelvin, per_kelvin, per_kelvin)
    return Measured("soak_time", stay.began - start, "s", parts, (evidence,), conditions)


def stability_time(
    step_or_steps: Step | Steps | Sequence[Step],
    *,
    sensor: str,
    change_kelvin: float,
    window_second: float,
    accuracy: Accuracy | None,
) -> Measured:
    """Time from the start until a temperature has changed by less than a limit over a window [s].

    The end of the first window of `window_second` in which max T - min T < `change_kelvin`: "less than 1 K in
    1 h" is 1 and 3600 (the other way to a complete soak in IEC 62660-1).

    The offset of the sensor cancels. u from its noise and resolution over the rate of change at that time.

    Where it fails: noise and rounding widen the range, and so delay the result; a change slower than the
    limit over the window counts as stable for ever.

    Raises `InsufficientDataError` where no window is that calm; it names the calmest.
    """
    if not (change_kelvin > 0 and window_second > 0):
        raise OutOfValidityError("a change and a window must be positive.")
    selection = _some(select(step_or_steps))
    table, first_row = _rows(selection, [sensor])
    t, reading = _readings(selection.steps[0], table)
    ranges = _range_within(t, reading, window_second)
    calm = np.flatnonzero(ranges < change_kelvin)
    if not len(calm):
        least = (
            "no window is that long"
            if np.isnan(ranges).all()
            else f"the calmest has {np.nanmin(ranges):.3g} K"
        )
        found = f"no {window_second:g} s change by less than {change_kelvin:g} K; {least}."
        raise lacking(selection.steps[0], found, "Soak longer.")
    end = int(calm[0])
    first = int(np.searchsorted(t, t[end] - window_second))
    start = float(selection.steps[0].row["time_start_second"])
    evidence = replace(selection.evidence[0], row_first=first_row + first, row_last=first_row + end)
    conditions: dict[str, float | int | str] = {
        "sensor": sensor, "change_kelvin": change_kelvin, "window_second": window_second,
        "range_kelvin": float(ranges[end]), "temperature_celsius": float(reading[end]),
    }  # fmt: skip
    speed = abs(float(reading[end] - reading[first])) / window_second
    known, per_kelvin = _sensor(accuracy), 0.0 if speed == 0.0 else math.sqrt(2.0) / speed
    parts = None if known is None else known.parts(sensor, evidence, 0.0, 0.0, per_kelvin)
    return Measured("stability_time", float(t[end]) - start, "s", parts, (evidence,), conditions)


@dataclass(frozen=True)
class _Sensor:
    """The errors of one kind of sensor; each column is a sensor of its own."""

    instrument: str
    errors: tuple[tuple[str, Error | None], ...]

    def parts(
        self, column: str, evidence: Evidence, gain: float, offset: float, noise: float
    ) -> tuple[Contribution, ...]:
        """Contributions for these sensitivities: to the gain [K], the offset and the noise of one row."""
        sensitivity = {"gain": gain, "offset": offset, "noise": noise, "resolution": noise}
        rows = f"rows {evidence.row_first}-{evidence.row_last} of test {evidence.sha256[:12]}"
        found = []
        for kind, error in self.errors:
            if error is None or error.standard_uncertainty == 0.0 or sensitivity[kind] == 0.0:
                continue
            scope = column if kind in ("gain", "offset") else f"{column}, {rows}"
            freedom = error.degrees_of_freedom
            source = ErrorSource(self.instrument, "temperature", kind, scope, error.distribution, freedom)
            found.append(Contribution(source, error.standard_uncertainty, sensitivity[kind]))
        return tuple(found)


def _sensor(accuracy: Accuracy | None) -> _Sensor | None:
    if accuracy is None or accuracy.temperature is None:
        return None
    t = accuracy.temperature
    errors = ("gain", t.gain), ("offset", t.offset), ("noise", t.noise), ("resolution", t.rounding)
    return _Sensor(accuracy.instrument, errors)


def _some(selection: Selection) -> Selection:
    if not len(selection):
        raise InsufficientDataError("a temperature was asked of no step.", advice="Choose at least one step.")
    return selection


def _rows(selection: Selection, sensors: Sequence[str]) -> tuple[Floats, int]:
    """Time in the first line and one line for each sensor, of all rows from the first to the last step."""
    first, last = selection.steps[0], selection.steps[-1]
    for name in sensors:
        if not first.measurement.has(name):
            known = ", ".join(temperature_sensors(first.measurement)) or "none"
            raise lacking(first, f"there is no column '{name}'.", f"Temperatures here: {known}.")
    columns = ["test_time_second", *sensors]
    table = first.measurement.select(columns, first.row["row_first"], last.row["row_last"])
    numbers = np.array([table[c].to_numpy() for c in columns], dtype=np.float64)
    if np.any(np.diff(numbers[0]) < 0):
        raise invalid(first, "time goes back within the steps.")
    return numbers, int(first.row["row_first"])


def _readings(step: Step, table: Floats) -> tuple[Floats, Floats]:
    if np.isnan(table).any() or table.shape[1] < 3:
        raise lacking(step, "a temperature is missing in some rows, or there are fewer than 3.")
    return table[0], table[1]


def _check_times(duration: float, span: float) -> None:
    if not (duration > 0 and span > 0):
        raise OutOfValidityError(f"a duration of {duration:g} s and a span of {span:g} s must be positive.")


def _rates(t: Floats, reading: Floats, span: float) -> tuple[Floats, Floats]:
    """Times and rates wherever an end of the span passes a row; between them the rate is a straight line."""
    grid = np.unique(np.concatenate([t, t + span]))
    grid = grid[(grid >= t[0] + span) & (grid <= t[-1])]
    rate = (np.interp(grid, t, reading) - np.interp(grid - span, t, reading)) / span
    return grid, rate


def _least_within(grid: Floats, rate: Floats, duration: float) -> tuple[Floats, Floats]:
    """Starts of windows and the least rate within each, with the best of all windows among them."""
    starts = _window_starts(grid, rate, duration)
    first, end = np.searchsorted(grid, starts), np.searchsorted(grid, starts + duration, side="right")
    least = np.minimum(np.interp(starts, grid, rate), np.interp(starts + duration, grid, rate))
    some = end > first
    least[some] = np.minimum(least[some], _sliding(rate, first[some], end[some], np.minimum))
    return starts, least


def _window_starts(grid: Floats, rate: Floats, duration: float) -> Floats:
    """Where the best window can start.

    The rate is made of straight lines. As a window moves, its least rate can be greatest only where one of
    its ends passes from one line to the next, or where the rates at both ends are equal.
    """
    starts = np.unique(np.concatenate([grid, grid - duration]))
    starts = starts[(starts >= grid[0]) & (starts + duration <= grid[-1] * (1 + 1e-12))]
    apart = np.interp(starts, grid, rate) - np.interp(starts + duration, grid, rate)
    turns = np.flatnonzero(apart[:-1] * apart[1:] < 0)
    share = apart[turns] / (apart[turns] - apart[turns + 1])
    between = starts[turns] + share * np.diff(starts)[turns]
    return np.asarray(np.union1d(starts, between), dtype=np.float64)


def _sliding(values: Floats, first: Places, end: Places, least_or_most: np.ufunc) -> Floats:
    """Extremes over [first, end) for rising windows, by doubling: O(n log n) and no loop over rows."""
    levels = [values]
    width = 1
    longest = int((end - first).max()) if len(first) else 0
    while 2 * width <= longest:
        before = levels[-1]
        levels.append(least_or_most(before[: len(before) - width], before[width:]))
        width *= 2
    size = np.maximum(end - first, 1)
    level = np.floor(np.log2(size)).astype(int)
    out = np.empty(len(first))
    for k in range(len(levels)):
        here = level == k
        out[here] = least_or_most(levels[k][first[here]], levels[k][first[here] + size[here] - 2**k])
    return out


def _range_within(t: Floats, reading: Floats, window: float) -> Floats:
    """Max - min over the window that ends at each row; not a number where the rows start later."""
    first = np.searchsorted(t, t - window * (1 + 1e-12))
    whole = np.flatnonzero(t - t[0] >= window * (1 - 1e-12))
    ranges = np.full(len(t), np.nan)
    if len(whole):
        high = _sliding(reading, first[whole], whole + 1, np.maximum)
        ranges[whole] = high - _sliding(reading, first[whole], whole + 1, np.minimum)
    return ranges


@dataclass(frozen=True)
class _Stay:
    """When a stay within the band began, at which row, how long it lasted, and how fast it was entered."""

    began: float
    row: int
    seconds: float
    rate: float


def _first_stay(step: Step, t: Floats, excess: Floats, dwell: float) -> _Stay:
    """The first stretch with excess <= 0 that lasts for the dwell."""
    inside = np.concatenate([[False], excess <= 0, [False]])
    begins, ends = np.flatnonzero(~inside[:-1] & inside[1:]), np.flatnonzero(inside[:-1] & ~inside[1:])
    longest = 0.0
    for first, end in zip(begins.tolist(), ends.tolist(), strict=True):
        began, rate = _crossing(t, excess, first - 1)
        left = _crossing(t, excess, end - 1)[0] if end < len(t) else float(t[-1])
        if left - began >= dwell:
            return _Stay(began, first, left - began, rate)
        longest = max(longest, left - began)
    found = f"no stay of {dwell:g} s within the band; the longest lasted {longest:.6g} s."
    raise lacking(step, found, "Soak longer, or look at the sensor that was outside.")


def _crossing(t: Floats, excess: Floats, before: int) -> tuple[float, float]:
    """Time and rate at which the excess passes zero after a row; the first row where there is none before."""
    if before < 0:
        return float(t[0]), 0.0
    rate = float((excess[before + 1] - excess[before]) / (t[before + 1] - t[before]))
    return float(t[before] - excess[before] / rate), rate
