"""Rows that stand twice in a joined record: files that overlap count the same charge twice.

`jeoul.read_joined` keeps such rows once where a clock of the whole test or a record number tells them. Where
only the time of a step does, they stay in: whatever is counted over the seam is then wrong, so a clause that
looks at it is not evaluable, and the rows are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from jeoul.measurement import Measurement

LOOKS_BACK = 2000
"""Rows before a seam among which those of the next file are looked for."""
_CLOCKS = ("unix_time_second", "step_time_second")


@dataclass(frozen=True)
class Doubled:
    """Rows `first` to `last` (1-based) of a joined record, which are those just before them once more."""

    first: int
    last: int
    file: str


@lru_cache(maxsize=8)
def doubled_rows(measurement: Measurement) -> Sequence[Doubled]:
    """Every place where a joined file begins with rows that the file before it ends with."""
    seams = [f for f in measurement.findings if f.code == "seam" and f.row_first is not None]
    found = [(seam, _overlap(measurement, int(seam.row_first or 0))) for seam in seams]
    return tuple(
        Doubled(row, row + count - 1, str(seam.values.get("file", "")))
        for seam, count in found
        if count and (row := int(seam.row_first or 0))
    )


def _overlap(measurement: Measurement, row: int) -> int:
    """How many rows from this one on are the rows before it once more; 0 where none are."""
    clocks = [name for name in _CLOCKS if measurement.has(name)]
    if not clocks or row < 2:
        return 0
    columns = ["voltage_volt", "current_ampere", *clocks]
    before = measurement.select(columns, max(1, row - LOOKS_BACK), row - 1)
    after = measurement.select(columns, row, min(measurement.row_count, row + LOOKS_BACK - 1))
    same = (pl.col(name).eq_missing(pl.lit(after[name][0])) for name in columns)
    places = before.with_row_index("place").filter(*same)["place"].to_list()
    for place in places:
        tail = before.slice(place)
        if tail.equals(after.head(tail.height)):
            return tail.height
    return 0
