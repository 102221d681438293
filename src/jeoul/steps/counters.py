"""The instrument's counters against the integral over the rows, and when each counter starts again.

Both are kept: under a pulsed load that is faster than the logging, the instrument's counter is right and
the integral of the logged rows is not; after a wrong unit or a lost block it is the other way round.
What differs is a finding that says by how much and in which step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from jeoul.measurement import Finding, Measurement
from jeoul.measurement.counters import Counter, canonical_counters
from jeoul.steps.causes import Beside, find_cause
from jeoul.steps.steps import Steps
from jeoul.steps.stream import Block, Flags, Floats, Integers, read_blocks

AGREEMENT = 1e-3
"""A step's counter agrees with the integral when they differ by less than this share."""

RESOLUTION_STEPS = 2.0
MOST_DECIMALS = 8
LARGE_SHARE = 0.01
EDGE_SECOND = 10.0
UNIT_RATIOS = (1e3, 1e-3, 3600.0, 1 / 3600.0, 60.0, 1 / 60.0, 3.6, 1 / 3.6)
_INTEGRALS = {
    ("charging", "capacity"): (1.0, 0.0, "capacity_ah"),
    ("discharging", "capacity"): (0.0, 1.0, "capacity_ah"),
    ("net", "capacity"): (1.0, -1.0, "capacity_ah"),
    ("cumulative", "capacity"): (1.0, 1.0, "capacity_ah"),
    ("charging", "energy"): (1.0, 0.0, "energy_wh"),
    ("discharging", "energy"): (0.0, 1.0, "energy_wh"),
    ("net", "energy"): (1.0, -1.0, "energy_wh"),
    ("cumulative", "energy"): (1.0, 1.0, "energy_wh"),
}


@dataclass(frozen=True, eq=False)
class CounterByStep:
    """What one counter counted in each step, and where it started again."""

    counter: Counter
    counted: Floats
    resets: Integers
    """Rows (0-based) in which the counter started again."""
    resolution: float


def counters_of(measurement: Measurement) -> tuple[Counter, ...]:
    """Every counter of the measurement: by canonical name, and those that its format describes."""
    return (*canonical_counters(measurement.columns), *measurement.counters)


def count_by_step(measurement: Measurement, starts: Integers) -> list[CounterByStep]:
    """What each counter counted in each step that begins at `starts` (0-based), in one pass."""
    counters = [c for c in counters_of(measurement) if _is_numeric(measurement, c.column)]
    if not counters or not len(starts):
        return []
    columns = ("test_time_second", "current_ampere", "voltage_volt", *(c.column for c in counters))
    counted = {c.column: np.zeros(len(starts)) for c in counters}
    resets: dict[str, list[Integers]] = {c.column: [] for c in counters}
    written = {c.column: _Written() for c in counters}
    for block in read_blocks(measurement, columns, before=1):
        step = np.searchsorted(starts, np.arange(block.start, block.start + block.rows), side="right") - 1
        for counter in counters:
            gained, again = _gained(block, counter, starts)
            counted[counter.column] += np.bincount(step, weights=gained, minlength=len(starts))
            resets[counter.column].append(block.start + np.flatnonzero(again))
            written[counter.column].see(block[counter.column])
    return [
        CounterByStep(
            c,
            counted[c.column] * c.factor,
            np.concatenate(resets[c.column]),
            written[c.column].step * c.factor,
        )
        for c in counters
    ]


def _is_numeric(measurement: Measurement, column: str) -> bool:
    return measurement.rows.select(column).collect_schema()[column].is_numeric()


def _gained(block: Block, counter: Counter, starts: Integers) -> tuple[Floats, Flags]:
    """What the counter gained up to each row since the row before, and where it started again from zero.

    A counter that the vendor defines by step may start again at a step and nowhere else.
    """
    values = block.around(counter.column)
    before, here = values[:-1], values[1:]
    change = here - before
    if counter.way == "net":
        expected = _expected(block, counter)
        again = np.abs(here - expected) + 1e-12 < np.abs(change - expected)
        again &= np.abs(change - expected) > 10 * np.abs(expected) + 1e-9
    else:
        again = np.abs(here) < 0.5 * np.abs(before)
    if counter.named_scope == "step":
        again &= np.isin(np.arange(block.start, block.start + block.rows), starts)
    gained = np.where(again, here, change)
    return np.nan_to_num(gained), again


def _expected(block: Block, counter: Counter) -> Floats:
    """What current (and voltage) of the row would add since the row before, in the unit of the column."""
    interval = np.maximum(np.diff(block.around("test_time_second")), 0.0) / 3600.0
    amount = block["current_ampere"] * interval
    if counter.quantity == "energy":
        amount = amount * block["voltage_volt"]
    expected: Floats = amount / counter.factor
    return expected


@dataclass
class _Written:
    """How finely a counter is written. It has a life: what the blocks so far need."""

    decimals: int = 0
    single: bool = True
    largest: float = 0.0

    def see(self, values: Floats) -> None:
        """Take in the next rows; a zero is written in any step."""
        known = values[np.isfinite(values) & (values != 0)]
        self.largest = max(self.largest, float(np.abs(known).max(initial=0.0)))
        while self.decimals < MOST_DECIMALS and not _has_step(known, 10.0**-self.decimals):
            self.decimals += 1
        self.single = self.single and bool(np.all(known.astype(np.float32) == known))

    @property
    def step(self) -> float:
        """A power of ten that divides every value; else that of single precision; 0 for none."""
        if not self.largest:
            return 0.0
        if self.decimals < MOST_DECIMALS:
            return float(10.0**-self.decimals)
        return float(np.spacing(np.float32(self.largest))) if self.single else 0.0


def _has_step(values: Floats, step: float) -> bool:
    scaled = values / step
    return bool(np.all(np.abs(scaled - np.round(scaled)) < 1e-6 * np.maximum(np.abs(scaled), 1.0)))


def counter_findings(measurement: Measurement, table: pl.DataFrame, starts: Integers) -> Iterator[Finding]:
    """What each counter says against the integral of its steps, and when it starts again.

    Where they differ and the record shows why, a finding ``counter_cause_...`` follows (see `causes`).
    """
    counts = [(found, _integral(table, found.counter)) for found in count_by_step(measurement, starts)]
    for found, integral in counts:
        unit = _unit_ratio(found.counted, integral)
        if unit is not None:
            yield _wrong_unit(found, unit)
            continue
        scope = _scope(found, table, starts)
        if found.counter.named_scope != scope and scope:
            yield _scope_finding(found, scope)
        worst = _worst(found, integral, table)
        if worst is None:
            continue
        yield _disagreement(found, integral, table, worst)
        step = table.row(worst[0], named=True)
        beside: Beside = {
            (other.counter.way, other.counter.quantity): (
                other.counter.column,
                float(other.counted[worst[0]]),
                float(its[worst[0]]),
            )
            for other, its in counts
            if other is not found
        }
        here = float(found.counted[worst[0]]), float(integral[worst[0]])
        cause = find_cause(measurement, found.counter, step, *here, beside)
        if cause is not None:
            yield cause


@dataclass(frozen=True, eq=False)
class CounterShares:
    """How far a counter is from the integral in each step that moved at least 1 % of the largest such step.

    share: relative difference [1]. excused: whether it is no more than 0.1 %, the resolution of the counter
    and what flowed between the outer rows and the edges of the step. said: whether a finding of the steps
    says that this counter differs.
    """

    counter: Counter
    share: Floats
    excused: Flags
    said: bool


def counter_shares(steps: Steps) -> list[CounterShares]:
    """Every counter of a measurement against the integral of its steps, where it counted something."""
    starts = steps.table["row_first"].to_numpy() - 1
    said = {f.column for f in steps.findings if f.code in ("counter_disagrees", "counter_unit_contradicted")}
    found = []
    for one in count_by_step(steps.measurement, starts):
        integral = np.abs(_integral(steps.table, one.counter))
        large = (integral > LARGE_SHARE * np.max(integral, initial=0.0)) & (integral > 0)
        if large.any():
            difference = np.abs(np.abs(one.counted) - integral)
            excused = difference <= _allowed(one, integral, steps.table)
            share = difference[large] / integral[large]
            found.append(CounterShares(one.counter, share, excused[large], one.counter.column in said))
    return found


def _integral(table: pl.DataFrame, counter: Counter) -> Floats:
    charge, discharge, name = _INTEGRALS[counter.way, counter.quantity]
    total = table[f"charge_{name}"] * charge + table[f"discharge_{name}"] * discharge
    values: Floats = total.fill_null(0.0).to_numpy()
    return values


def _unit_ratio(counted: Floats, integral: Floats) -> float | None:
    large = np.abs(integral) > 0.05 * np.max(np.abs(integral), initial=0.0)
    if not large.any() or not np.all(np.abs(integral[large]) > 0):
        return None
    ratio = abs(float(np.median(counted[large] / integral[large])))
    return next((unit for unit in UNIT_RATIOS if abs(ratio / unit - 1) < 0.02), None)


def _wrong_unit(found: CounterByStep, ratio: float) -> Finding:
    column = found.counter.column
    text = f"'{column}' counts {ratio:.6g} times the integral of the rows: a unit in the header is wrong."
    return Finding("counter_unit_contradicted", text, column=column, values={"ratio": ratio})


def _scope(found: CounterByStep, table: pl.DataFrame, starts: Integers) -> str:
    """``step``, ``cycle``, ``test`` (never again) or ``other``; empty where there is nothing to tell from."""
    moved = np.abs(found.counted) > max(RESOLUTION_STEPS * found.resolution, 1e-9)
    if moved.sum() < 2:
        return ""
    if not len(found.resets):
        return "test"
    # Where the counter could start again: at the step after one that moved it.
    chances = starts[1:][moved[:-1]]
    hit = np.isin(found.resets, starts).mean()
    if hit > 0.9 and len(chances) and np.isin(chances, found.resets).mean() > 0.8:
        return "step"
    cycle = table["cycle_count"]
    if cycle.null_count() == 0 and cycle.n_unique() > 1:
        changes = starts[1:][np.diff(cycle.to_numpy()) != 0]
        if np.isin(found.resets, changes).mean() > 0.9 and np.isin(changes, found.resets).mean() > 0.8:
            return "cycle"
    return "other"


def _scope_finding(found: CounterByStep, scope: str) -> Finding:
    column, count = found.counter.column, len(found.resets)
    named = found.counter.named_scope
    words = {
        "step": "starts again at every step",
        "cycle": "starts again at every cycle",
        "test": "never starts again",
        "other": f"starts again {count} times, neither at every step nor at every cycle",
    }
    promised = f", though its name says {named}" if named and named != "schedule" else ""
    values: dict[str, float | int | str] = {"scope": scope, "resets": count, "named": named}
    return Finding("counter_scope", f"'{column}' {words[scope]}{promised}.", column=column, values=values)


def _at_edges(table: pl.DataFrame, counter: Counter) -> Floats:
    """What flowed between the outer rows of a step and its edges: no row shows the counter there.

    No more than one interval of the log at each end: a longer one is a hole, and not excused.
    """
    longest = pl.max_horizontal("max_interval_second", pl.lit(EDGE_SECOND))
    before = pl.min_horizontal(pl.col("time_first_second") - pl.col("time_start_second"), longest)
    after = pl.min_horizontal(pl.col("time_end_second") - pl.col("time_last_second"), longest)
    amount = before * pl.col("current_first_ampere").abs() + after * pl.col("current_last_ampere").abs()
    scale = pl.col("voltage_max_volt").abs() if counter.quantity == "energy" else pl.lit(1.0)
    values: Floats = table.select((amount * scale / 3600.0).fill_null(0.0)).to_series().to_numpy()
    return values


def _worst(found: CounterByStep, integral: Floats, table: pl.DataFrame) -> tuple[int, int] | None:
    """The step in which the two differ most, of those in which they do, and in how many; None for none."""
    difference = np.abs(np.abs(found.counted) - np.abs(integral))
    off = difference > _allowed(found, integral, table)
    return (int(np.argmax(np.where(off, difference, -1.0))), int(off.sum())) if off.any() else None


def _allowed(found: CounterByStep, integral: Floats, table: pl.DataFrame) -> Floats:
    allowed = AGREEMENT * np.abs(integral) + RESOLUTION_STEPS * found.resolution + 1e-9
    return np.asarray(allowed + _at_edges(table, found.counter), dtype=np.float64)


def _disagreement(
    found: CounterByStep, integral: Floats, table: pl.DataFrame, place: tuple[int, int]
) -> Finding:
    worst, steps = place
    counted, whole = float(found.counted[worst]), float(integral[worst])
    row = table.row(worst, named=True)
    unit = "Ah" if found.counter.quantity == "capacity" else "Wh"
    total_counted, total = float(np.abs(found.counted).sum()), float(np.abs(integral).sum())
    text = (
        f"'{found.counter.column}' and the integral of the rows differ by more than {AGREEMENT:.1%} in "
        f"{steps} of {len(integral)} steps; most in step {row['step_count']}: counter {counted:.6g} {unit}, "
        f"integral {whole:.6g} {unit}. Over the whole test: {total_counted:.6g} and {total:.6g} {unit}."
    )
    share = abs(abs(counted) - abs(whole)) / max(abs(whole), 1e-12) if whole else 1.0
    values: dict[str, float | int | str] = {
        "steps": steps,
        "step_count": int(row["step_count"]),
        "counter": counted,
        "integral": whole,
        "share": share,
        "total_counter": total_counted,
        "total_integral": total,
    }
    return Finding("counter_disagrees", text, row["row_first"], row["row_last"], found.counter.column, values)
