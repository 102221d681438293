"""Rows whose test time jumps away and comes back: what they weigh, and what that would have been in charge.

A record that a tester wrote late, or with a stale or damaged time, stands between two rows that follow each
other. By its own time it would weigh an interval of hours, and with it add charge that never flowed. Its
readings stay (least, greatest, evidence); its time is taken for no time at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from jeoul.measurement import Finding, Measurement
from jeoul.steps.stream import Floats, Integers, read_at

TIME, CURRENT = "test_time_second", "current_ampere"
LARGEST_SHARE = 0.1
"""Of the rows. If more of them jump and come back, the time is another clock (of the step, of a channel)."""
FEW = 3
"""So many are strays in the shortest file."""


def stray_rows(measurement: Measurement) -> Integers:
    """Rows (0-based, ascending) whose test time is not between those of the rows around, which are in order.

    One after the other: a row that is found is no neighbour of the next. Of two rows that changed places the
    first is taken. The first and the last row have no neighbours and are never found.
    """
    time = measurement.select([TIME]).to_series().cast(pl.Float64).to_numpy()
    before, here, after = time[:-2], time[1:-1], time[2:]
    likely = np.flatnonzero((before <= after) & ((here > after) | (here < before))) + 1
    found: list[int] = []
    for row in likely.tolist():
        last = _kept_before(row, found)
        if last >= 0 and time[last] <= time[row + 1] and not time[last] <= time[row] <= time[row + 1]:
            found.append(row)
    if len(found) > max(FEW, LARGEST_SHARE * len(time)):
        return np.empty(0, dtype=np.int64)
    return np.array(found, dtype=np.int64)


def _kept_before(row: int, found: list[int]) -> int:
    """The last row before this one that is not among those found (ascending)."""
    for taken in reversed(found):
        row -= 1
        if taken != row:
            return row
    return row - 1


@dataclass(frozen=True, eq=False)
class Kept:
    """A measurement without its stray rows: where its steps start there, and the rows left out (0-based)."""

    measurement: Measurement
    starts: Integers
    gone: Integers

    def in_file(self, row: int | None) -> int | None:
        """The row of the file (1-based) that is this row of what was kept."""
        if row is not None:
            for gone in self.gone.tolist():
                row += int(gone < row)
        return row


def without(measurement: Measurement, strays: Integers, starts: Integers) -> Kept:
    """The measurement without these rows, cut into the same steps; `starts` is 0-based.

    A step of nothing but strays keeps its first, at the edge between the steps around it: it has no time of
    its own and weighs nothing.
    """
    ends = np.concatenate((starts[1:], [measurement.row_count]))
    within = np.searchsorted(strays, ends) - np.searchsorted(strays, starts)
    lone = starts[within == ends - starts]
    gone = np.setdiff1d(strays, lone)
    rows = _at_edges(measurement, lone, strays).filter(~pl.col("_row").is_in(gone.tolist())).drop("_row")
    kept = replace(measurement, rows=rows, row_count=measurement.row_count - len(gone))
    return Kept(kept, starts - np.searchsorted(gone, starts), gone)


def _at_edges(measurement: Measurement, lone: Integers, strays: Integers) -> pl.LazyFrame:
    """The rows, numbered, with those of `lone` at the time at which the next step begins by its step time."""
    rows = measurement.rows.with_row_index("_row")
    if not lone.size:
        return rows
    told = "step_time_second" if measurement.has("step_time_second") else None
    time = {row: _edge(measurement, row, strays.tolist(), told) for row in lone.tolist()}
    chosen = pl.col("_row").is_in(list(time))
    at = pl.col("_row").replace_strict(time, default=None, return_dtype=pl.Float64)
    moved = [pl.when(chosen).then(at).otherwise(TIME).alias(TIME)]
    moved += [pl.when(chosen).then(0.0).otherwise(told).alias(told)] if told else []
    return rows.with_columns(moved)


def _edge(measurement: Measurement, row: int, strays: list[int], told: str | None) -> float:
    """The time at which the step after this row (0-based) begins, within the rows around it. [s]"""
    after = next(n for n in range(row + 1, measurement.row_count) if n not in strays)
    before = _kept_before(row, [n for n in strays if n < row])
    last, first = (measurement.select([TIME], n + 1, n + 1).item() for n in (before, after))
    into = measurement.select([told], after + 1, after + 1).item() if told else None
    return float(last if into is None else first - min(max(into, 0.0), first - last))


def stray_finding(measurement: Measurement, strays: Integers) -> Finding:
    """How many rows there are, which is the first, and the charge that their own times would have added."""
    row = int(strays[0])
    time, phantom = measurement.select([TIME], row + 1, row + 1).item(), _phantom(measurement, strays)
    last, first = measurement.select([TIME], row, row + 2).to_series().gather([0, 2])
    message = (
        f"{len(strays)} rows have a test time that is not between those of the rows around them (the first: "
        f"row {row + 1} at {time:.9g} s between {last:.9g} and {first:.9g} s). They weigh no interval; about "
        f"{phantom:.4g} Ah hung on their own times."
    )
    values: dict[str, float | int | str] = {"rows": len(strays), "capacity_ah": float(f"{phantom:.4g}")}
    return Finding("row_out_of_time", message, row + 1, row + 1, TIME, values)


def _phantom(measurement: Measurement, strays: Integers) -> float:
    """Sum over the rows of |trapezoid by their own times - that over them|, backward counted as zero. [Ah]"""
    window = np.unique(np.concatenate([strays - 1, strays, strays + 1]))
    table = read_at(measurement, [TIME, CURRENT], window).cast(pl.Float64)
    time, current = table[TIME].to_numpy(), table[CURRENT].to_numpy()

    def flowed(one: Integers, other: Integers) -> Floats:
        charge: Floats = np.maximum(time[other] - time[one], 0.0) * (current[one] + current[other]) / 2.0
        return charge

    before, here, after = (np.searchsorted(window, strays + step) for step in (-1, 0, 1))
    extra = flowed(before, here) + flowed(here, after) - flowed(before, after)
    return float(np.abs(np.nan_to_num(extra)).sum()) / 3600.0
