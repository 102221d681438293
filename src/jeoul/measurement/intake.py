"""The intake gate: what every table must hold, whatever its reader, and what is odd in it.

One streaming pass over the required columns. A row that has no time, voltage or current, or holds
something that is no finite number there, is refused by name; what is odd but usable is a finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.errors import BadValueError
from jeoul.measurement.columns import REQUIRED
from jeoul.measurement.measurement import Finding

BATCH_ROWS = 131_072
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Inspected:
    """How many rows there are and what is odd about them."""

    row_count: int
    findings: tuple[Finding, ...]


def is_sound(names: Iterable[str]) -> pl.Expr:
    """Whether every required cell is a finite number: one aggregate, for a pass that is made anyway."""
    cells = [pl.col(name) for name in REQUIRED if name in set(names)]
    each = [(cell.null_count() == 0) & cell.is_finite().all() for cell in cells]
    return pl.all_horizontal(each or [pl.lit(False)]).alias("sound")


def inspect_rows(
    rows: pl.LazyFrame, path: Path, *, first_line: int | None = None, sound: bool = False
) -> Inspected:
    """Inspect a canonical table in one pass; when it is known to be `sound`, the clock alone.

    Raises `BadValueError` for an empty or non-finite required cell, with its row (and its line where
    `first_line` is known).
    """
    names = rows.collect_schema().names()
    columns = [name for name in REQUIRED if name in names]
    if len(columns) < len(REQUIRED):
        return Inspected(int(rows.select(pl.len()).collect().item()), ())
    clock = _Clock()
    count = 0
    needed = columns[:1] if sound else columns
    for batch in rows.select(needed).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        if not sound:
            _refuse_unusable(batch, count, path, first_line)
        clock.see(batch["test_time_second"].to_numpy(), count)
        count += batch.height
    empty = [] if count else [Finding("no_rows", "The table has no rows: the test recorded nothing.")]
    return Inspected(count, (*empty, *clock.findings(count)))


def _refuse_unusable(batch: pl.DataFrame, before: int, path: Path, first_line: int | None) -> None:
    for name in batch.columns:
        series = batch[name]
        if series.null_count() == 0 and bool(np.isfinite(series.to_numpy()).all()):
            continue
        position = int((series.is_null() | ~series.is_finite()).arg_max() or 0)
        value = series[position]
        row = before + position + 1
        raise BadValueError(
            "is empty." if value is None else f"holds {value}, which is no finite number.",
            advice="The row is damaged or the channel did not record; correct the export or cut the row.",
            path=path,
            row=row,
            line=None if first_line is None else first_line + row - 1,
            column=name,
        )


class _Clock:
    """Follows test time across batches. A class because it has a life: the last time seen."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.back: list[tuple[int, float]] = []
        self.back_count = 0
        self.same_count = 0
        self.first_same: int | None = None

    def see(self, time: Array, before: int) -> None:
        if not time.size:
            return
        head = time[:1] if self.last is None else np.array([self.last])
        steps = np.diff(np.concatenate((head, time)))
        start = 1 if self.last is None else 0
        self._note_back(np.flatnonzero(steps[start:] < 0) + start, steps, before)
        same = np.flatnonzero(steps[start:] == 0) + start
        self.same_count += same.size
        if same.size and self.first_same is None:
            self.first_same = before + int(same[0]) + 1
        self.last = float(time[-1])

    def _note_back(self, places: npt.NDArray[np.intp], steps: Array, before: int) -> None:
        self.back_count += places.size
        self.back += [(before + int(p) + 1, float(-steps[p])) for p in places[: 10 - len(self.back)]]

    def findings(self, count: int) -> Iterable[Finding]:
        if self.back:
            row, seconds = self.back[0]
            more = f" {self.back_count} such rows in all." if self.back_count > 1 else ""
            yield Finding(
                "time_goes_back",
                f"Row {row}: test time goes back by {seconds:.6g} s; the interval counts as zero.{more}",
                row,
                row,
                "test_time_second",
                {"count": self.back_count, "seconds": seconds},
            )
        if self.first_same is not None and self.same_count > 0.5 * count:
            yield Finding(
                "time_stands_still",
                f"{self.same_count} of {count} rows repeat the test time of the row before "
                f"(first: row {self.first_same}).",
                self.first_same,
                None,
                "test_time_second",
                {"count": self.same_count},
            )
