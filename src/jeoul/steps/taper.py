"""The constant-voltage part of every CV and CC-CV step, all of them in one go over the rows.

The split is that of `cv_start`: the last row of constant current. The charge of the part is the trapezoid
over its rows and what follows the last row to the true edge; for a CV step all of it is the part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from jeoul.steps.classify import VOLTAGE_SHARE
from jeoul.steps.signal import LEVEL_SHARE
from jeoul.steps.steps import Steps
from jeoul.steps.stream import Block, Floats, Integers, read_blocks

TAPER_COLUMNS: dict[str, tuple[pl.DataType | type[pl.DataType], str]] = {
    "row_first": (pl.Int64, "data row at which the constant voltage begins, 1-based; null without one"),
    "second": (pl.Float64, "how long it lasted [s]; 0 without one"),
    "capacity_ah": (pl.Float64, "charge moved in it, positive [Ah]"),
    "split_second": (pl.Float64, "interval of two rows within which a CC-CV step changed over [s]"),
    "current_first_ampere": (pl.Float64, "current at its first row; null without one [A]"),
    "current_last_ampere": (pl.Float64, "current at its last row; null without one [A]"),
}


def find_tapers(steps: Steps) -> pl.DataFrame:
    """The constant-voltage part of each of these steps, one row a step, with the columns of `TAPER_COLUMNS`.

    Two passes over the rows, whatever the number of steps. A step that is neither CV nor CC-CV has none.
    """
    table = steps.table
    cccv, cv = ((table["mode"] == mode).to_numpy() for mode in ("cccv", "cv"))
    first = np.where(cv, table["row_first"].to_numpy() - 1, -1)
    if cccv.any():
        first[cccv] = _splits(steps, np.flatnonzero(cccv))
    parts = _parts(steps, first) if (first >= 0).any() else _Parts.none(len(first))
    charge = (table["charge_capacity_ah"] + table["discharge_capacity_ah"]).cast(pl.Float64).to_numpy()
    tail = (table["time_end_second"] - table["time_last_second"]).to_numpy()
    last = table["current_last_ampere"].cast(pl.Float64).to_numpy()
    found = first >= 0
    coulomb = parts.coulomb + tail * np.abs(last)
    columns = {
        "row_first": pl.Series(first + 1, dtype=pl.Int64).replace(0, None),
        "second": np.where(
            cv, table["duration_second"].to_numpy(), np.where(found, parts.second + tail, 0.0)
        ),
        "capacity_ah": np.where(cv, charge, np.where(found, coulomb / 3600.0, 0.0)),
        "split_second": np.where(cccv, parts.split, 0.0),
        "current_first_ampere": np.where(found, parts.current, np.nan),
        "current_last_ampere": np.where(found, last, np.nan),
    }
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


# --- the split --------------------------------------------------------------------------------------


def _splits(steps: Steps, places: Integers) -> Integers:
    """Row (0-based) at which each of these CC-CV steps comes to its voltage; see `cv_start`."""
    table = steps.table[places]
    begin, end = table["row_first"].to_numpy() - 1, table["row_last"].to_numpy()
    voltage = table["voltage_last_volt"].to_numpy()
    largest = table.select(
        pl.max_horizontal(pl.col("current_min_ampere").abs(), pl.col("current_max_ampere").abs())
    )
    level = (1 - LEVEL_SHARE) * largest.to_series().to_numpy()
    away, full = begin - 1, begin.copy()
    for block in read_blocks(steps.measurement, ("voltage_volt", "current_ampere")):
        rows, step = _rows_of(block, begin, end)
        if rows.size:
            index = block.start + rows
            off = np.abs(block["voltage_volt"][rows] - voltage[step]) > VOLTAGE_SHARE * np.abs(voltage[step])
            _keep_last(away, step[off], index[off])
            high = np.abs(block["current_ampere"][rows]) >= level[step]
            _keep_last(full, step[high], index[high])
    split: Integers = np.maximum(away + 1, full)
    return split


def _rows_of(block: Block, begin: Integers, end: Integers) -> tuple[Integers, Integers]:
    """The rows of the block (from 0) that lie in one of the steps, and in which: steps lie in order."""
    low = int(np.searchsorted(end, block.start, side="right"))
    high = int(np.searchsorted(begin, block.start + block.rows))
    first = np.maximum(begin[low:high] - block.start, 0)
    length = np.minimum(end[low:high] - block.start, block.rows) - first
    step = np.repeat(np.arange(low, high), length)
    before = np.concatenate(([0], np.cumsum(length)))[: high - low]
    return np.arange(len(step)) - np.repeat(before - first, length), step


def _keep_last(found: Integers, step: Integers, index: Integers) -> None:
    """Rows come in order, so that of equal steps the last one stays."""
    if step.size:
        last = np.flatnonzero(np.concatenate((step[1:] != step[:-1], [True])))
        found[step[last]] = index[last]


# --- the part ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Parts:
    """Trapezoid [A s] and time [s] from the split to the last row, first current [A] and interval [s]."""

    coulomb: Floats
    second: Floats
    current: Floats
    split: Floats

    @staticmethod
    def none(count: int) -> _Parts:
        return _Parts(np.zeros(count), np.zeros(count), np.full(count, np.nan), np.zeros(count))


def _parts(steps: Steps, first: Integers) -> _Parts:
    places = np.flatnonzero(first >= 0)
    begin, end = first[places], steps.table["row_last"].to_numpy()[places]
    parts = _Parts.none(len(first))
    for block in read_blocks(steps.measurement, ("test_time_second", "current_ampere"), before=1):
        rows, step = _rows_of(block, begin, end)
        if rows.size:
            _add(parts, block, rows, places[step], block.start + rows - begin[step])
    return parts


def _add(parts: _Parts, block: Block, rows: Integers, owner: Integers, after: Integers) -> None:
    """The interval before each row but the first of a part; rows are counted from the split in `after`."""
    time, current = block.around("test_time_second"), block.around("current_ampere")
    interval = time[rows + 1] - time[rows]
    mean = np.abs(current[rows + 1] + current[rows]) / 2
    inside = after > 0
    start = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1])))
    parts.coulomb[owner[start]] += np.add.reduceat(np.where(inside, interval * mean, 0.0), start)
    parts.second[owner[start]] += np.add.reduceat(np.where(inside, interval, 0.0), start)
    parts.current[owner[after == 0]] = current[rows[after == 0] + 1]
    parts.split[owner[after == 1]] = interval[after == 1]
