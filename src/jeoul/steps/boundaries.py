"""Where a step starts: from the instrument's own columns where it wrote them.

``step_count`` alone is enough: it counts executed steps, and a step starts where it changes. Without it a
step starts where ``step_id`` (the step of the test programme) changes, or where ``step_time_second`` falls
back while the test time does not: the same step, executed again in a loop.

A change of ``cycle_count`` alone never cuts. Where there is a step time, a new execution shows as its
reset and the counter adds nothing. Where there is only a step id, instruments are known to count a cycle
one row early or late, or in the middle of a step; a cut there would break a discharge in two, while a
one-step loop that is not cut keeps every ampere hour. A file with nothing but a cycle counter has no
step column, and its steps are found from the signal.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from jeoul.measurement import Measurement
from jeoul.steps.stream import Block, Flags, Floats, Integers, read_blocks


def instrument_columns(measurement: Measurement) -> tuple[str, ...]:
    """The columns that say where a step starts and hold a value; empty where the instrument wrote none."""
    present = [c for c in ("step_count", "step_id", "step_time_second") if measurement.has(c)]
    if not present:
        return ()
    found = tuple(c for c in present if _is_filled(measurement, c))
    return found[:1] if "step_count" in found else found


def _is_filled(measurement: Measurement, column: str) -> bool:
    """Whether the column holds anything; most do in their first rows, so those are looked at first."""
    values = measurement.rows.select(pl.col(column).is_not_null())
    return any(bool(part.collect().to_series().any()) for part in (values.head(1000), values))


def instrument_starts(measurement: Measurement, columns: tuple[str, ...]) -> Integers:
    """Index (0-based) of the first row of every step, from the columns that `instrument_columns` found."""
    starts = []
    needed = ("test_time_second", *columns) if "step_time_second" in columns else columns
    for block in read_blocks(measurement, needed, before=1):
        changed = np.zeros(block.rows, dtype=bool)
        for column in columns:
            changed |= _falls_back(block) if column == "step_time_second" else _differs(block.around(column))
        changed[0] |= block.start == 0
        starts.append(block.start + np.flatnonzero(changed))
    return np.concatenate(starts) if starts else np.zeros(0, dtype=np.int64)


def _differs(values: Floats) -> Flags:
    """Where a value is not the one before; a missing value equals a missing value."""
    changed: Flags = values[1:] != values[:-1]
    changed[np.isnan(values[1:]) & np.isnan(values[:-1])] = False
    return changed


def _falls_back(block: Block) -> Flags:
    """Where the step time falls and the test time does not: rows out of order are no new step."""
    step_time, time = block.around("step_time_second"), block.around("test_time_second")
    fallen: Flags = (step_time[1:] < step_time[:-1]) & (time[1:] >= time[:-1])
    return fallen
