"""Test time, row by row: falling back, standing still, gaps, blocks that stand twice or changed places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.measurement.columns import REQUIRED
from jeoul.measurement.measurement import Finding

Array = npt.NDArray[np.float64]
GAP_TIMES = 10.0
GAP_LEAST_SECOND = 60.0
"""A gap is an interval at least this long and ten times as long as the intervals beside it."""

LONE_TIMES = 6.0
LONE_LEAST_SECOND = 5.0
LONE_LIKENESS = 0.95
"""Or six times as long, where the intervals beside it are alike: a hole in an even stretch of the log."""

REGULAR_SHARE = 0.98
REGULAR_TOLERANCE = 0.02
"""A log is regular when nearly all intervals are one length; there, one and a half of it is a gap."""
KEPT = 10
COMPARED_ROWS = 5


@dataclass
class Clock:
    """Follows test time across batches. It has a life: the last three times seen."""

    last: Array = field(default_factory=lambda: np.zeros(0))
    rows: int = 0
    back: list[tuple[int, float]] = field(default_factory=list)
    back_count: int = 0
    same_count: int = 0
    first_same: int | None = None
    same: list[int] = field(default_factory=list)
    gaps: list[tuple[int, float]] = field(default_factory=list)
    gap_count: int = 0
    beat: float | None = None
    on_beat: int = 0
    long: list[tuple[int, float]] = field(default_factory=list)
    long_count: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What was seen so far, as plain data for JSON; see `from_dict`."""
        return {**vars(self), "last": self.last.tolist()}

    @classmethod
    def from_dict(cls, seen: Mapping[str, Any]) -> Clock:
        """A clock that goes on from what another has seen."""
        pairs = {name: [(int(row), float(s)) for row, s in seen[name]] for name in ("back", "gaps", "long")}
        return cls(**{**seen, **pairs, "last": np.array(seen["last"], float), "same": list(seen["same"])})

    def see(self, time: Array) -> None:
        """Take in the next rows."""
        joined = np.concatenate((self.last, time))
        with np.errstate(over="ignore", invalid="ignore"):
            steps = np.diff(joined)
        # Row numbers are 1-based; steps[i] leads to joined[i + 1].
        first_row = self.rows - len(self.last) + 2
        fresh = max(len(self.last) - 1, 0)
        if self._is_even(steps):
            self.on_beat += len(steps) - fresh
            self.last, self.rows = joined[-3:], self.rows + len(time)
            return
        self._note_back(steps, fresh, first_row)
        self._note_same(steps, fresh, first_row)
        self._note_gaps(steps, first_row)
        self._note_beat(steps, fresh, first_row)
        self.last = joined[-3:]
        self.rows += len(time)

    def _is_even(self, steps: Array) -> bool:
        """Whether every interval is on the beat: then there is nothing odd, and no more to look at."""
        if self.beat is None or len(steps) < 3:
            return False
        low, high = float(steps.min()), float(steps.max())
        return 0 < (1 - REGULAR_TOLERANCE) * self.beat <= low and high <= (1 + REGULAR_TOLERANCE) * self.beat

    def _note_back(self, steps: Array, fresh: int, first_row: int) -> None:
        places = np.flatnonzero(steps[fresh:] < 0) + fresh
        self.back_count += len(places)
        self.back += [(first_row + int(p), float(-steps[p])) for p in places[: KEPT - len(self.back)]]

    def _note_same(self, steps: Array, fresh: int, first_row: int) -> None:
        places = np.flatnonzero(steps[fresh:] == 0) + fresh
        self.same_count += len(places)
        if len(places) and self.first_same is None:
            self.first_same = first_row + int(places[0])
        self.same += [first_row + int(p) for p in places[: KEPT - len(self.same)]]

    def _note_gaps(self, steps: Array, first_row: int) -> None:
        """A gap is judged by the intervals before and after it, so each interval is judged once."""
        if len(steps) < 3:
            return
        beside = np.maximum(steps[:-2], steps[2:])
        with np.errstate(over="ignore", invalid="ignore"):  # damaged files hold absurd times
            least = np.maximum(GAP_TIMES * np.maximum(beside, 0.1), GAP_LEAST_SECOND)
            long = steps[1:-1] >= least
            alike = np.minimum(steps[:-2], steps[2:]) >= LONE_LIKENESS * beside
            lone = np.maximum(LONE_TIMES * beside, LONE_LEAST_SECOND)
            long |= alike & (beside > 0) & (steps[1:-1] >= lone)
        places = np.flatnonzero(long) + 1
        self.gap_count += len(places)
        self.gaps += [(first_row + int(p), float(steps[p])) for p in places[: KEPT - len(self.gaps)]]

    def _note_beat(self, steps: Array, fresh: int, first_row: int) -> None:
        """How regular the log is, and the intervals that are too long if it is."""
        new = steps[fresh:]
        if self.beat is None and len(new):
            self.beat = float(np.median(new))
        beat = self.beat or 0.0
        self.on_beat += int(np.count_nonzero(np.abs(new - beat) <= REGULAR_TOLERANCE * beat))
        places = np.flatnonzero(new > 1.5 * beat)
        self.long_count += len(places)
        room = KEPT - len(self.long)
        self.long += [(first_row + fresh + int(p), float(new[p])) for p in places[: max(room, 0)]]

    def findings(self, rows: pl.LazyFrame) -> Iterator[Finding]:
        """What was odd; `rows` are looked at again only where time went back."""
        swapped = False
        if self.back:
            why = self._why_back(rows)
            swapped = why.code == "rows_swapped"  # which leaves a hole of its own
            yield why
        if self.first_same is not None and self.same_count > 0.5 * self.rows:
            yield self._stands_still()
        elif not self.back and (twice := _first_twin(rows, self.same)) is not None:
            text = f"Row {twice} is the row before it once more, to the last digit."
            yield Finding(
                "rows_repeated", text, twice, twice, None, {"earlier": twice - 1, "count": 1, "seconds": 0}
            )
        regular = self.rows > 50 and self.on_beat >= REGULAR_SHARE * (self.rows - 1)
        if regular and self.long and not self.back:
            self.gaps, self.gap_count = self.long, self.long_count
        if self.gaps and not swapped:
            yield self._gap()

    def _stands_still(self) -> Finding:
        text = (
            f"{self.same_count} of {self.rows} rows repeat the test time of the row before "
            f"(first: row {self.first_same})."
        )
        values = {"count": self.same_count, "rows": self.rows}
        return Finding("time_stands_still", text, self.first_same, None, "test_time_second", values)

    def _gap(self) -> Finding:
        row, seconds = max(self.gaps, key=lambda gap: gap[1])
        more = f" {self.gap_count} such gaps in all." if self.gap_count > 1 else ""
        text = f"No rows for {seconds:.6g} s before row {row}; nothing was filled in.{more}"
        values = {"count": self.gap_count, "seconds": seconds}
        return Finding("gap", text, row, row, "test_time_second", values)

    def _why_back(self, rows: pl.LazyFrame) -> Finding:
        row, seconds = self.back[0]
        more = f" {self.back_count} such rows in all." if self.back_count > 1 else ""
        values: dict[str, float | int | str] = {"count": self.back_count, "seconds": seconds}
        earlier = _same_rows_before(rows, row)
        if earlier is not None:
            text = f"Rows from {row} on repeat the rows from {earlier} on: a block stands twice.{more}"
            values["earlier"] = earlier
            return Finding("rows_repeated", text, row, None, "test_time_second", values)
        if _comes_back(rows, row):
            back = f"Row {row}: test time goes back by {seconds:.6g} s into a hole"
            text = f"{back}: blocks changed places.{more}"
            return Finding("rows_swapped", text, row, row, "test_time_second", values)
        text = f"Row {row}: test time goes back by {seconds:.6g} s; the interval counts as zero.{more}"
        return Finding("time_goes_back", text, row, row, "test_time_second", values)


def _first_twin(rows: pl.LazyFrame, places: list[int]) -> int | None:
    """The first of these rows (1-based) that equals the row before it in every column."""
    for row in places:
        pair = rows.slice(row - 2, 2).collect()
        if pair.height == 2 and pair[:1].equals(pair[1:]):
            return row
    return None


def _same_rows_before(rows: pl.LazyFrame, row: int) -> int | None:
    """The earlier row (1-based) whose rows are repeated from `row` on, or None."""
    columns = [name for name in REQUIRED if name in rows.collect_schema().names()]
    here = rows.select(columns).slice(row - 1, COMPARED_ROWS).collect()
    before = rows.select(columns).head(row - 1).with_row_index("at")
    first = here.row(0, named=True)
    same = pl.all_horizontal(pl.col(name) == value for name, value in first.items())
    for at in before.filter(same).select("at").collect().to_series():
        there = rows.select(columns).slice(int(at), here.height).collect()
        if there.equals(here):
            return int(at) + 1
    return None


def _comes_back(rows: pl.LazyFrame, row: int) -> bool:
    """Whether the rows that went back fill a hole that earlier rows left: sorted, they run evenly."""
    time = rows.select("test_time_second").collect().to_series().to_numpy()
    later = time[row - 1 :]
    latest = float(time[: row - 1].max())
    moved = later[later < latest]
    if not len(moved):
        return False
    earlier = np.sort(time[: row - 1])
    place = int(np.searchsorted(earlier, moved[0]))
    inside = earlier[place - 1 : place + 1] if place else earlier[:1]
    if len(inside) < 2 or inside[1] - inside[0] <= 1.5 * float(np.median(np.diff(earlier))):
        return False
    return bool(np.all((moved > inside[0]) & (moved < inside[1])))
