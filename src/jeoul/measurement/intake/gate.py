"""One pass over a canonical table: refuse what is no number, find what is odd."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from jeoul.errors import BadValueError
from jeoul.measurement.columns import REQUIRED
from jeoul.measurement.intake.aggregates import Aggregate, aggregates, combined, findings_of, is_sound
from jeoul.measurement.intake.clock import Clock
from jeoul.measurement.intake.sweep import sweep_findings
from jeoul.measurement.measurement import Finding

TIME = "test_time_second"
BATCH_ROWS = 131_072
UNDER_CURRENT_SHARE = 0.01


@dataclass(frozen=True)
class Inspected:
    """How many rows there are and what is odd about them."""

    row_count: int
    findings: tuple[Finding, ...]
    seen: Mapping[str, Any] | None = None
    """What the gate has seen, as plain data, from which `inspect_more` goes on. None where it cannot."""


def gate_aggregates(names: Iterable[str]) -> list[pl.Expr]:
    """The aggregates of the gate, for a pass over all rows that is made anyway; see `inspect_rows`."""
    return [aggregate.column for aggregate in aggregates(names)]


def inspect_rows(
    rows: pl.LazyFrame,
    path: Path,
    *,
    first_line: int | None = None,
    known: Mapping[str, Any] | None = None,
) -> Inspected:
    """Inspect a canonical table. `known` holds the answers of `gate_aggregates` where they were taken.

    Raises `BadValueError` for an empty or non-finite required cell, with its row (and its line where
    `first_line` is known). Of a data logger's table the time is required; one without it (impedance) is only
    counted.
    """
    names = rows.collect_schema().names()
    spectrum = "frequency_hertz" in names
    sweep = tuple(sweep_findings(rows)) if spectrum else ()
    if not set(names) >= set(REQUIRED if spectrum else (TIME,)):
        return Inspected(int(rows.select(pl.len()).collect().item()), sweep)
    some = aggregates(names)
    clock = Clock()
    taken = _known_pass(rows, clock) if known is not None else _full_pass(rows, clock, some, path, first_line)
    answers = dict(known) if known is not None else combined(some, taken)
    if not is_sound(answers) and clock.rows:
        _refuse_first(rows, path, first_line)
    seen = None if spectrum else _seen(answers, clock)
    empty = [] if clock.rows else [Finding("no_rows", "The table has no rows: the test recorded nothing.")]
    odd = (*empty, *sweep, *clock.findings(rows), *findings_of(answers, clock.rows))
    return Inspected(clock.rows, (*odd, *_open_end(rows, answers, clock.rows)), seen)


def inspect_more(
    seen: Mapping[str, Any], fresh: pl.DataFrame, rows: pl.LazyFrame, path: Path, *, first_line: int | None
) -> Inspected:
    """Inspect rows after those of which `seen` tells (`Inspected.seen`), at the cost of the new ones.

    fresh: the new rows; rows: all rows, looked at only where something is odd. What it finds is what
    `inspect_rows` finds in all rows, where at least `BATCH_ROWS` were seen before. Errors are the same.
    """
    some = aggregates(fresh.columns)
    clock = Clock.from_dict(seen["clock"])
    before = clock.rows
    found = fresh.select([aggregate.column for aggregate in some]).row(0, named=True)
    if not is_sound(found):
        _refuse_in(fresh, before, path, first_line)
    clock.see(fresh["test_time_second"].to_numpy())
    answers = combined(some, [seen["answers"], found])
    more = _seen(answers, clock)
    odd = (*clock.findings(rows), *findings_of(answers, clock.rows))
    return Inspected(clock.rows, (*odd, *_open_end(fresh.lazy(), answers, clock.rows)), more)


def _seen(answers: Mapping[str, Any], clock: Clock) -> Mapping[str, Any] | None:
    """Plain data, or None where a number in it is none that JSON has."""
    numbers = [value for value in answers.values() if isinstance(value, float)]
    if not clock.rows or not np.isfinite([*numbers, *clock.last]).all():
        return None
    return {"answers": dict(answers), "clock": clock.as_dict()}


def _open_end(rows: pl.LazyFrame, found: Mapping[str, Any], count: int) -> list[Finding]:
    """A table whose last row still carries current: the test stopped there, or the file was cut there."""
    names = rows.collect_schema().names()
    if not count or "frequency_hertz" in names or "current_ampere" not in names:
        return []  # the current of a spectrum is an amplitude
    last = float(rows.select("current_ampere").tail(1).collect().item())
    largest = max(abs(found["current_ampere:min"]), abs(found["current_ampere:max"]))
    if abs(last) <= UNDER_CURRENT_SHARE * largest or count < 2:
        return []
    text = f"Row {count} is the last and carries {last:.6g} A: the test ended there, or the file is cut."
    return [Finding("ends_under_current", text, count, count, "current_ampere", {"ampere": last})]


def _known_pass(rows: pl.LazyFrame, clock: Clock) -> list[Mapping[str, Any]]:
    """The order of the rows is all that is left to see: one column."""
    for batch in rows.select("test_time_second").collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        clock.see(batch["test_time_second"].fill_null(np.nan).to_numpy())
    return []


def _full_pass(
    rows: pl.LazyFrame, clock: Clock, some: list[Aggregate], path: Path, first_line: int | None
) -> list[Mapping[str, Any]]:
    columns = [aggregate.column for aggregate in some]
    needed = sorted({name for column in columns for name in column.meta.root_names()} | {TIME})
    parts: list[Mapping[str, Any]] = []
    for batch in rows.select(needed).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        found = batch.select(columns).row(0, named=True)
        if batch.height and not is_sound(found):
            _refuse_in(batch, clock.rows, path, first_line)
        parts.append(found)
        clock.see(batch["test_time_second"].to_numpy())
    return parts


def _refuse_first(rows: pl.LazyFrame, path: Path, first_line: int | None) -> None:
    before = 0
    names = _required(rows.collect_schema().names())
    for batch in rows.select(names).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        _refuse_in(batch, before, path, first_line)
        before += batch.height


def _refuse_in(batch: pl.DataFrame, before: int, path: Path, first_line: int | None) -> None:
    """Raise for the first required cell of this batch that is no finite number, if there is one."""
    bad = [(_first_bad(batch[name]), name) for name in _required(batch.columns)]
    found = [(place, name) for place, name in bad if place is not None]
    if not found:
        return
    position, name = min(found)
    value = batch[name][position]
    row = before + position + 1
    raise BadValueError(
        "is empty." if value is None else f"holds {value}, which is no finite number.",
        advice="The row is damaged or the channel did not record; correct the export or cut the row.",
        path=path,
        row=row,
        line=None if first_line is None else first_line + row - 1,
        column=name,
    )


def _required(names: Iterable[str]) -> list[str]:
    """Those of the required columns that a table has: of a data logger's only the time."""
    have = set(names)
    return [name for name in REQUIRED if name in have]


def _first_bad(series: pl.Series) -> int | None:
    bad = series.is_null() | ~series.is_finite().fill_null(True)
    return int(bad.arg_max() or 0) if bad.any() else None
