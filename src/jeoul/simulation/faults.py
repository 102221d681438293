"""A record damaged in one way: what a test bench does to data, done on purpose.

Each function takes a `Measurement` and gives another with one fault, to prove that the fault is noticed. What
went wrong in the test itself, and not in its record, is in `jeoul.plans.mutations`. Times are those of the
record (``test_time_second``) [s]; both ends belong to the span. A fault that would change nothing is refused:
it would prove nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace

import polars as pl

from jeoul.errors import InsufficientDataError
from jeoul.measurement import Measurement
from jeoul.simulation.recording import provenance_of

TIME = "test_time_second"


def lose_sensor(
    measurement: Measurement, column: str, *, from_second: float = 0.0, to_second: float = math.inf
) -> Measurement:
    """No reading in a column for a while: a wire fell off.

    Raises `InsufficientDataError` where the column or a row in that time is missing.
    """
    return _changed(measurement, column, pl.lit(None, pl.Float64), from_second, to_second)


def stick_sensor(
    measurement: Measurement, column: str, *, from_second: float, to_second: float = math.inf
) -> Measurement:
    """A sensor that shows one value, the first of that time, until its end. Raises as `lose_sensor`."""
    during = pl.col(TIME).is_between(from_second, to_second)
    first = pl.col(column).filter(during).first()
    return _changed(measurement, column, first, from_second, to_second)


def lose_rows(measurement: Measurement, *, from_second: float, to_second: float) -> Measurement:
    """A gap in the record: the test went on, the logger did not.

    Raises `InsufficientDataError` where no row or every row lies in that time.
    """
    return _kept(measurement, ~pl.col(TIME).is_between(from_second, to_second))


def stop_record(measurement: Measurement, *, at_second: float) -> Measurement:
    """A record that ends before the test does. Raises as `lose_rows`."""
    return _kept(measurement, pl.col(TIME) <= at_second)


def keep_every(
    measurement: Measurement, nth: int, *, from_second: float = 0.0, to_second: float = math.inf
) -> Measurement:
    """Only every nth row of a time, as of a logger set too slow; the edges of steps are not spared.

    Raises `InsufficientDataError` for a nth below 2 and as `lose_rows`.
    """
    if nth < 2:
        raise InsufficientDataError(f"every {nth}th row is every row.", advice="Give 2 or more.")
    during = pl.col(TIME).is_between(from_second, to_second)
    turn = pl.int_range(pl.len()) - during.arg_max()
    return _kept(measurement, ~during | (turn % nth == 0))


def _changed(
    measurement: Measurement, column: str, value: pl.Expr, from_second: float, to_second: float
) -> Measurement:
    if not measurement.has(column):
        raise InsufficientDataError("the record has no such column.", column=column)
    during = pl.col(TIME).is_between(from_second, to_second)
    if not measurement.table.select(during.any()).item():
        raise InsufficientDataError(f"no row lies between {from_second:g} s and {to_second:g} s.")
    changed = pl.when(during).then(value).otherwise(pl.col(column)).alias(column)
    return _with_table(measurement, measurement.table.with_columns(changed))


def _kept(measurement: Measurement, keep: pl.Expr) -> Measurement:
    table = measurement.table.filter(keep)
    if table.height in (0, measurement.row_count):
        count = "none" if table.height else "all"
        raise InsufficientDataError(f"{count} of the {measurement.row_count} rows would be lost.")
    return _with_table(measurement, table)


def _with_table(measurement: Measurement, table: pl.DataFrame) -> Measurement:
    provenance = provenance_of(table, measurement.provenance.file_name)
    return replace(measurement, rows=table.lazy(), row_count=table.height, columns=(), provenance=provenance)
