"""Rows that two consecutive files of one test share: found by clocks, refused where they contradict.

A tester that is asked for a file twice, or that starts a new one before it closed the last, writes the same
records into both. Counted twice they add charge and time that never were.

What tells a record is a *clock*: the wall clock, else the record number, else a test time that runs on from
file to file. Counters that start again with each file (test time from zero, records from one) tell nothing by
themselves; they only must run alike over the rows that are taken for the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from jeoul.errors import ReadError
from jeoul.measurement.measurement import Measurement

CLOCKS = ("unix_time_second", "record_index", "test_time_second")
"""What may tell one record from another, the surest first."""
READINGS = ("voltage_volt", "current_ampere")
ALIKE_ROWS = 1000
"""Of a clock that stands still over more rows alike (a date without the time of day) nothing can be told."""
ANEW_INTERVALS = 2.0
"""A test time that begins within so many of its own first intervals has started again."""
SECOND = 1e-6
"""Two differences of test time within this are one: times of day count in 2e-7 s as float numbers."""


@dataclass(frozen=True)
class Seam:
    """How a file begins beside the end of the one before it.

    shared: how many of its first rows are the last rows of the other. clock: the column that told. back: by
    how much that clock goes back where no row is shared, 0 where it runs on. [s, or records]
    """

    shared: int = 0
    clock: str = ""
    back: float = 0.0


def find_seam(before: Measurement, part: Measurement) -> Seam:
    """How `part` begins beside the end of `before`; both as they were read.

    Rows are the same where clock, voltage and current are equal and the other clocks differ by one constant.

    Raises `ReadError` where both files hold the same times or record numbers with other values, where rows
    of one are missing in the other, and where every row of `part` stands in `before`.
    """
    clock = _clock(before, part)
    if clock is None:
        return Seam()
    shared = _shared_rows(before, part, clock)
    if shared == part.row_count:
        raise _nothing_new(before, part)
    if shared:
        return Seam(shared, clock)
    last, first = value_at(before, clock, before.row_count), value_at(part, clock, 1)
    if last is None or first is None or first >= last or starts_again(part, clock):
        return Seam()
    _refuse_contradiction(before, part, clock)
    return Seam(0, clock, last - first)


def starts_again(part: Measurement, clock: str) -> bool:
    """Whether a counter begins anew with this file; the wall clock never does.

    A record number does at one, a test time within `ANEW_INTERVALS` of its first intervals.
    """
    first, second = value_at(part, clock, 1), value_at(part, clock, min(2, part.row_count))
    if clock == "unix_time_second" or first is None or second is None:
        return False
    return first <= (1 if clock == "record_index" else ANEW_INTERVALS * (second - first))


def value_at(measurement: Measurement, name: str, row: int) -> float | None:
    """The number in this column and row (1-based), None where there is none."""
    value = measurement.select([name], row, row).item()
    return None if value is None else float(value)


def _clock(before: Measurement, part: Measurement) -> str | None:
    """The surest clock that both files have; None where any of them runs on from file to file."""
    if not (before.row_count and part.row_count and before.has(*READINGS) and part.has(*READINGS)):
        return None
    both = [name for name in CLOCKS if before.has(name) and part.has(name)]
    ends = [(name, value_at(before, name, before.row_count), value_at(part, name, 1)) for name in both]
    known = [(name, last, first) for name, last, first in ends if last is not None and first is not None]
    if any(first > last for _, last, first in known):
        return None
    # A test time from zero in each file tells no record from another; a record number with it does.
    return next((n for n, _, _ in known if n != "test_time_second" or not starts_again(part, n)), None)


def _shared_rows(before: Measurement, part: Measurement, clock: str) -> int:
    """How many of the first rows of `part` are the last rows of `before`: the longest run that is."""
    names = [clock, *READINGS]
    head = part.select(names, 1, 1).row(0, named=True)
    same = (pl.col(name).eq_missing(pl.lit(value)) for name, value in head.items())
    places = before.rows.select(names).with_row_index("place").filter(*same).collect()["place"]
    for place in places.to_list() if len(places) <= ALIKE_ROWS else ():
        count = before.row_count - place
        if count <= part.row_count and _equal(before, part, place, count, clock):
            return int(count)
    return 0


def _equal(before: Measurement, part: Measurement, place: int, count: int, clock: str) -> bool:
    others = [name for name in CLOCKS if name != clock and before.has(name) and part.has(name)]
    fixed, numbers = [clock, *READINGS], pl.all().cast(pl.Float64)
    tail = before.select([*fixed, *others], place + 1).select(numbers)
    head = part.select([*fixed, *others], 1, count).select(numbers)
    alike = all(_runs_alike(tail[name], head[name]) for name in others)
    return alike and tail.select(fixed).equals(head.select(fixed))


def _runs_alike(one: pl.Series, other: pl.Series) -> bool:
    """Whether two counters differ by one constant, row by row."""
    apart = (other - one).drop_nulls().to_list()
    return not apart or max(apart) - min(apart) <= SECOND


# --- what contradicts itself --------------------------------------------------------------------------


def _refuse_contradiction(before: Measurement, part: Measurement, clock: str) -> None:
    """Raise where both files hold rows of one time or number that are not the same row by row."""
    both = _beside(before, part, clock)
    if not both.height:
        return
    for name in READINGS:
        other = both.filter(pl.col(name).ne_missing(pl.col(f"{name}_before")))
        if other.height:
            raise _other_value(before, part, clock, name, other.row(0, named=True))
    raise _some_missing(before, part, clock, both)


def _beside(before: Measurement, part: Measurement, clock: str) -> pl.DataFrame:
    """The rows of `part` whose time or number is that of a row of `before`, beside the first such row."""
    names = [pl.col(name).cast(pl.Float64) for name in (clock, *READINGS)]
    last, first = value_at(before, clock, before.row_count), value_at(part, clock, 1)
    old = before.rows.select(names).with_row_index("row_before", 1).filter(pl.col(clock) >= first)
    new = part.rows.select(names).with_row_index("row", 1).filter(pl.col(clock) <= last)
    pairs = new.join(old.unique(clock, keep="first"), on=clock, how="inner", suffix="_before")
    return pairs.sort("row").collect()


def _other_value(
    before: Measurement, part: Measurement, clock: str, name: str, pair: dict[str, float]
) -> ReadError:
    there = before.provenance.file_name
    return ReadError(
        f"{clock} {pair[clock]:.15g} stands in row {pair['row_before']} of '{there}' too, with "
        f"{pair[name + '_before']:.10g} where {pair[name]:.10g} is here.",
        advice="The files overlap and contradict each other: export the test again, or leave one out.",
        path=part.provenance.file_name,
        row=int(pair["row"]),
        column=name,
    )


def _some_missing(before: Measurement, part: Measurement, clock: str, both: pl.DataFrame) -> ReadError:
    there, first = before.provenance.file_name, both.row(0, named=True)
    return ReadError(
        f"{both.height} rows from {clock} {first[clock]:.15g} on stand in '{there}' too (from its row "
        f"{first['row_before']} on), but not as its last rows one after the other.",
        advice="The files overlap in part: give them in the order of the test, or export it again.",
        path=part.provenance.file_name,
        row=int(first["row"]),
        column=clock,
    )


def _nothing_new(before: Measurement, part: Measurement) -> ReadError:
    return ReadError(
        f"every row of it is one of the last {part.row_count} rows of '{before.provenance.file_name}' too.",
        advice="Leave it out.",
        path=part.provenance.file_name,
    )
