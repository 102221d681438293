"""A measurement thinned for a figure: few points, and no extreme lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.measurement import TEMPERATURES, Measurement
from jeoul.steps.stream import Block, Floats, Integers, read_blocks

TIME = "test_time_second"


def trace(measurement: Measurement, *, points: int) -> dict[str, list[float]]:
    """Time, voltage, current and temperature at no more than `points` rows of the measurement, in order.

    The rows are cut into bins of equal count, and of each bin those rows are kept at which one of the
    voltage, current and temperature is least or greatest; the first and the last row are kept as well. Each
    point is a row as it was recorded, so all series share one time list. The keys are the canonical column
    names; what was not logged at all has none, and an impedance spectrum has no trace. Where the temperature
    was not logged in a row, the last reading before it stands (the first one, at the start); this is for the
    eye, not for computing. Fewer rows than `points` come back whole.

    points: at least 8. Raises `OutOfValidityError` below.
    """
    if points < 8:
        raise OutOfValidityError(
            f"a trace of {points} points cannot keep the extremes.", advice="Ask for 8 or more."
        )
    temperature = next((c for c in TEMPERATURES if measurement.has(c)), None)
    series = tuple(c for c in ("voltage_volt", "current_ampere", temperature) if c and measurement.has(c))
    if not series or not measurement.has(TIME):
        return {}
    columns = (TIME, *series)
    parts = [np.zeros((len(columns), 0))]
    for block in read_blocks(measurement, columns, _bin_rows(measurement.row_count, points, len(series))):
        rows = (
            np.arange(block.rows)
            if measurement.row_count <= points
            else _kept(block, series, measurement.row_count)
        )
        parts.append(np.stack([block[c][rows] for c in columns]))
    values = dict(zip(columns, np.concatenate(parts, axis=1), strict=True))
    if temperature:
        values[temperature] = _filled(values[temperature])
    return {
        c: numbers.tolist() for c, numbers in values.items() if np.isfinite(numbers).any() or not numbers.size
    }


def _bin_rows(row_count: int, points: int, series: int) -> int:
    bins = max((points - 2) // (2 * series), 1)
    return max(-(-row_count // bins), 1)


def _kept(block: Block, series: Sequence[str], row_count: int) -> Integers:
    kept = [extreme for c in series for extreme in _extremes(block[c])]
    kept += [0] if block.start == 0 else []
    kept += [block.rows - 1] if block.start + block.rows == row_count else []
    return np.unique(np.array(kept, dtype=np.int64))


def _extremes(values: Floats) -> tuple[int, int]:
    """Rows of the least and the greatest value; a missing value is neither."""
    missing = np.isnan(values)
    least, greatest = np.where(missing, np.inf, values), np.where(missing, -np.inf, values)
    return int(least.argmin()), int(greatest.argmax())


def _filled(values: Floats) -> Floats:
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return values
    before = np.searchsorted(known, np.arange(len(values)), side="right") - 1
    return values[known[np.maximum(before, 0)]]
