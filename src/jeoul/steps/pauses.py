"""Where a test stopped and went on: gaps, stopped clocks, steps in two parts, joined files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from jeoul.steps.steps import Steps
from jeoul.steps.stream import read_at

PAUSE_SECOND = 10.0
"""A shorter stop is the instrument's own way from step to step."""
GAP_FACTOR = 10.0
"""A hole in a step is this many times as long as its other intervals are in the mean ..."""
GAP_SECOND = 60.0
"""... and this long at least."""
CLOCK_SECOND = 60.0
"""The wall clock moves on by this much more than the test time; less is how clocks are written."""
SAME_SHARE = 0.02
"""A step goes on after a pause with its current, within this share."""

PAUSE_COLUMNS: dict[str, tuple[pl.DataType | type[pl.DataType], str]] = {
    "kind": (pl.String, "joined, clock, split or gap"),
    "row": (pl.Int64, "first data row after it, 1-based"),
    "second": (pl.Float64, "how long; null where nothing tells [s]"),
    "step_before": (pl.Int64, "position of the step before it, from 0"),
    "step_after": (pl.Int64, "position of the step after it: the same where it lies within one"),
    "resumed": (pl.Boolean, "whether the step before goes on after it"),
}
_ORDER = ("joined", "clock", "split", "gap")


def find_pauses(steps: Steps) -> pl.DataFrame:
    """Where the test stood still, one row each, with the columns of `PAUSE_COLUMNS`.

    ``joined``: the first row of another file of the same test (`read_joined`). ``clock``: the wall clock
    moved on by a minute more than the test time. ``split``: two steps with the number of one and
    the same step of the programme, whose step time runs on from the first to the second, with nothing or a
    rest between them. ``gap``: no rows for a minute and ten times the usual interval within a step that is
    no rest, or for more than 10 s between two steps where neither has them.

    Where it fails: a pause in a rest is a rest; a pause that the tester wrote as a rest and without a step
    time looks like the loop of a titration and is not called one.
    """
    found = [*_joined(steps), *_clock(steps), *_split(steps), *_gaps_between(steps), *_gaps_inside(steps)]
    first: dict[int, dict[str, Any]] = {}
    for pause in sorted(found, key=lambda pause: _ORDER.index(pause["kind"])):
        first.setdefault(pause["row"], pause)
    rows = [first[row] for row in sorted(first)]
    return pl.DataFrame(rows, schema={name: kind for name, (kind, _) in PAUSE_COLUMNS.items()})


def _pause(
    steps: Steps, kind: str, row: int, second: float | None, before: int | None = None
) -> dict[str, Any]:
    """A pause before this data row; the steps around it are those of the rows around it."""
    starts = steps.table["row_first"].to_numpy()
    after = max(int(np.searchsorted(starts, row, side="right")) - 1, 0)
    if before is None:
        before = max(int(np.searchsorted(starts, row - 1, side="right")) - 1, 0)
    resumed = before == after or kind == "split" or _goes_on(steps.table, before, after)
    places = {"step_before": before, "step_after": after}
    return {"kind": kind, "row": row, "second": second, **places, "resumed": resumed}


def _goes_on(table: pl.DataFrame, before: int, after: int) -> bool:
    one, other = (table.row(place, named=True) for place in (before, after))
    if one["direction"] != other["direction"] or one["step_id"] != other["step_id"]:
        return False
    if one["step_id"] is not None or one["direction"] == "rest":
        return True
    last, first = one["current_last_ampere"], other["current_first_ampere"]
    return bool(abs(first - last) <= SAME_SHARE * abs(last))


def _joined(steps: Steps) -> Iterator[dict[str, Any]]:
    for part in steps.measurement.provenance.parts[1:]:
        yield _pause(steps, "joined", part.row_first, _time_before(steps, part.row_first))


def _time_before(steps: Steps, row: int) -> float | None:
    time = steps.measurement.select(["test_time_second"], row - 1, row).to_series()
    return float(time[-1] - time[0]) if len(time) == 2 and time.null_count() == 0 else None


def _clock(steps: Steps) -> Iterator[dict[str, Any]]:
    """By how much the wall clock moved on beyond the test time since the row before."""
    if not steps.measurement.has("unix_time_second", "test_time_second") or not len(steps):
        return
    more = pl.col("unix_time_second").diff() - pl.col("test_time_second").diff()
    rows = steps.measurement.rows.select(more=more, second=pl.col("unix_time_second").diff())
    for row, _, second in (
        rows.with_row_index("row").filter(pl.col("more") > GAP_SECOND).collect().iter_rows()
    ):
        yield _pause(steps, "clock", int(row) + 1, float(second))


def _split(steps: Steps) -> Iterator[dict[str, Any]]:
    """The same step of the programme in two parts whose step time runs on."""
    table = steps.table
    if not steps.measurement.has("step_time_second") or table["step_id"].null_count() == table.height:
        return
    ids, rest = table["step_id"].to_list(), (table["direction"] == "rest").to_list()
    pairs = [(i, i + 1) for i in range(len(ids) - 1) if ids[i] is not None and ids[i] == ids[i + 1]]
    pairs += [
        (i, i + 2)
        for i in range(len(ids) - 2)
        if ids[i] is not None and ids[i] == ids[i + 2] and rest[i + 1] and not rest[i]
    ]
    last = _step_times(steps, "row_last", [i for i, _ in pairs])
    first = _step_times(steps, "row_first", [j for _, j in pairs])
    for i, j in pairs:
        if first[j] > last[i] > 0:
            second = table["time_first_second"][j] - table["time_last_second"][i]
            yield _pause(steps, "split", table["row_first"][j], second, before=i)


def _step_times(steps: Steps, column: str, places: list[int]) -> dict[int, float]:
    """The step time in the first or last row of these steps."""
    order = np.array(sorted(set(places)), dtype=np.int64)
    rows = steps.table[column].to_numpy()[order] - 1
    values = (
        read_at(steps.measurement, ["step_time_second"], rows).to_series().to_list() if len(order) else []
    )
    return {int(p): float("nan") if v is None else float(v) for p, v in zip(order, values, strict=True)}


def _gaps_between(steps: Steps) -> Iterator[dict[str, Any]]:
    start, end = (steps.table[f"time_{name}_second"].to_numpy() for name in ("start", "end"))
    for place in np.flatnonzero(start[1:] - end[:-1] > PAUSE_SECOND).tolist():
        yield _pause(steps, "gap", steps.table["row_first"][place + 1], float(start[place + 1] - end[place]))


def _gaps_inside(steps: Steps) -> Iterator[dict[str, Any]]:
    rows = pl.col("row_last") - pl.col("row_first")
    others = (pl.col("time_last_second") - pl.col("time_first_second") - pl.col("max_interval_second")) / (
        rows - 1
    )
    least = pl.max_horizontal(GAP_FACTOR * others, pl.lit(GAP_SECOND))
    holed = (rows >= 3) & (pl.col("direction") != "rest") & (pl.col("max_interval_second") > least)
    chosen = steps.table.with_columns(_least=least).filter(holed)
    for first, last, limit in chosen.select("row_first", "row_last", "_least").iter_rows():
        time = steps.measurement.select(["test_time_second"], first, last).to_series().to_numpy()
        for place in np.flatnonzero(np.diff(time) > limit).tolist():
            yield _pause(steps, "gap", first + place + 1, float(time[place + 1] - time[place]))
