"""Pieces of a run in detail, for figures: pulses, dQ/dV of a slow step, cells of a module, signals of a file.

They are chosen by the results and by the conditions: what neither looked at has no excerpt. What a figure
cannot be made of (too few rows, a curve lost in noise) is left out, for no result rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import cycle_table, incremental_capacity_curve
from jeoul.metrics.pack import cell_numbers
from jeoul.metrics.selection import Floats
from jeoul.standards.evaluation import ClauseResult, Excerpt
from jeoul.standards.signal_excerpts import signal_excerpts
from jeoul.steps import Step, Steps, find_cycles
from jeoul.steps.stream import Block, read_blocks
from jeoul.uncertainty import Accuracy, Measured

MOST_PULSES = 48
"""Pulses that are kept in detail; of more, evenly chosen ones with the first and the last."""
MOST_STEPS_OF_CELLS = 3
POINTS = 120
CELL_POINTS = 600

SLOW = 0.21
"""Mean current over the rated capacity [1/h] above which dQ/dV has no peaks worth a figure: C/5."""
WHOLE = 0.5
"""Share of the rated capacity that a step must move for its dQ/dV."""
TRACE_SHARE = 0.005
"""Share of the highest dQ/dV from which the curve is kept in detail."""
LEAD = 0.15
"""Time before the edge of a pulse that is kept, as a share of its duration; after it, the duration itself."""

_SIGNAL = ("test_time_second", "voltage_volt", "current_ampere")


def excerpts_of(
    steps: Steps, judged: Sequence[ClauseResult], *, rated_capacity_ah: float | None
) -> tuple[Excerpt, ...]:
    """The excerpts of one measurement that the results of the clauses ask for."""
    found = list(_results_of(steps, judged))
    places = {count: n for n, count in enumerate(steps.table["step_count"].to_list())}
    return (
        *_pulses(steps, places, found),
        *_incremental(steps, places, found, rated_capacity_ah),
        *_cells(steps, places, found),
        *signal_excerpts(steps, judged),
    )


def cycle_rows(steps: Steps, *, accuracy: Accuracy | None) -> list[dict[str, Any]]:
    """The cycles of a run with the standard uncertainty of both capacities, where it is known."""
    cycles = find_cycles(steps)
    table = cycles.table
    if accuracy is None or len(cycles) < 2:
        return list(table.iter_rows(named=True))
    try:
        known = cycle_table(cycles, accuracy=accuracy)
    except OutOfValidityError:
        # A range of the accuracy does not hold the readings; the results that rest on it have said so.
        return list(table.iter_rows(named=True))
    names = ("charge_capacity", "discharge_capacity")
    more = [known[f"u_{name}"].alias(f"u_{name}_ah") for name in names]
    return list(table.with_columns(more).iter_rows(named=True))


def _results_of(steps: Steps, judged: Iterable[ClauseResult]) -> Iterator[Measured]:
    """The results that came from steps of this measurement."""
    sha256 = steps.measurement.provenance.sha256
    for clause in judged:
        for result in clause.results:
            evidence = result.measured.evidence
            if any(rows.sha256 == sha256 and rows.step_counts for rows in evidence):
                yield result.measured


# --- pulses --------------------------------------------------------------------------------------------


def _pulses(steps: Steps, places: dict[int, int], found: Sequence[Measured]) -> Iterator[Excerpt]:
    read = [m.evidence[0].step_counts for m in found if "time_after_edge_second" in m.conditions]
    counts = sorted({counts[-1] for counts in read if counts and counts[-1] in places})
    for count in _evenly(counts, MOST_PULSES):
        yield _pulse(steps[places[count]])


def _evenly(counts: Sequence[int], most: int) -> list[int]:
    if len(counts) <= most:
        return list(counts)
    return [counts[round(n * (len(counts) - 1) / (most - 1))] for n in range(most)]


def _pulse(step: Step) -> Excerpt:
    """A pulse with the last of the rest before it and as long a piece of what follows."""
    row = step.row
    length = float(row["duration_second"])
    rows = int(row["row_last"]) - int(row["row_first"]) + 1
    first = max(1, int(row["row_first"]) - max(rows, 2))
    table = step.measurement.select(_SIGNAL, first, int(row["row_last"]) + 2 * rows)
    t, u, i = (table[name].cast(pl.Float64).to_numpy() for name in _SIGNAL)
    after = t - float(row["time_start_second"])
    begins = int(row["row_first"]) - first
    kept = (after >= -LEAD * length) & (after <= 2.0 * length)
    # The row just before the edge stays however far back it is: both readings of a resistance need it.
    kept[max(begins - 1, 0)] = True
    columns = _thinned(
        {"time_after_edge_second": after[kept], "voltage_volt": u[kept], "current_ampere": i[kept]}
    )
    before = float(u[begins - 1]) if begins > 0 else None
    numbers = {"duration_second": length, "voltage_before_volt": before}
    return Excerpt("pulse", int(row["step_count"]), columns, numbers)


def _thinned(columns: dict[str, Floats]) -> dict[str, tuple[float | None, ...]]:
    """No more than about `POINTS` rows: of each stretch of time those with an extreme of a column."""
    time, *others = columns.values()
    kept = np.arange(len(time))
    if len(time) > POINTS:
        # The first row may lie far back; the others are what is seen.
        edges = np.linspace(time[1], time[-1], POINTS // 4 + 1)
        bins = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, POINTS // 4 - 1)
        kept = np.unique(
            [place for n in np.unique(bins) for place in _extremes(np.flatnonzero(bins == n), others)]
        )
        kept = np.unique([0, *kept.tolist(), len(time) - 1])
    return {name: _listed(values[kept]) for name, values in columns.items()}


def _extremes(rows: np.ndarray[Any, Any], columns: Sequence[Floats]) -> Iterator[int]:
    for values in columns:
        yield int(rows[np.nan_to_num(values[rows], nan=np.inf).argmin()])
        yield int(rows[np.nan_to_num(values[rows], nan=-np.inf).argmax()])


def _listed(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if math.isfinite(value) else None for value in values.tolist())


# --- incremental capacity ------------------------------------------------------------------------------


def _incremental(
    steps: Steps, places: dict[int, int], found: Sequence[Measured], rated: float | None
) -> Iterator[Excerpt]:
    """Of each direction the slowest step that a capacity or energy came from."""
    if not rated:
        return
    counts = {m.evidence[0].step_counts[0] for m in found if len(m.evidence[0].step_counts) == 1}
    moved = [steps[places[count]] for count in sorted(counts) if count in places]
    for direction in ("charge", "discharge"):
        slow = [step for step in moved if step.row["direction"] == direction and _is_slow(step, rated)]
        for step in sorted(slow, key=lambda one: abs(one.row["current_mean_ampere"]))[:1]:
            yield from _curve(step, rated)


def _is_slow(step: Step, rated: float) -> bool:
    moved = step.row[f"{step.row['direction']}_capacity_ah"]
    return bool(abs(step.row["current_mean_ampere"]) <= SLOW * rated and moved >= WHOLE * rated)


def _curve(step: Step, rated: float) -> Iterator[Excerpt]:
    try:
        curve = incremental_capacity_curve(step, bandwidth_volt="auto", accuracy=None)
    except (InsufficientDataError, OutOfValidityError):
        return
    tops = [int(np.abs(curve.x - peak.position.value).argmin()) for peak in curve.peaks]
    seen = np.flatnonzero(curve.y >= TRACE_SHARE * curve.y.max())
    kept = np.unique([*_spaced(np.arange(len(curve.x)), POINTS), *_spaced(seen, 5 * POINTS), *tops])
    columns = {
        "voltage_volt": _listed(curve.x[kept]),
        "incremental_capacity_ah_per_volt": _listed(curve.y[kept]),
        "noise_ah_per_volt": _listed(curve.noise[kept]),
    }
    peaks = [{"voltage_volt": p.position.value, "height_ah_per_volt": p.height.value} for p in curve.peaks]
    numbers = {
        "direction": curve.direction,
        "rate_per_hour": abs(curve.mean_current_ampere) / rated,
        "bandwidth_volt": curve.bandwidth,
        "peaks": peaks,
    }
    yield Excerpt("incremental_capacity", int(step.row["step_count"]), columns, numbers)


def _spaced(places: np.ndarray[Any, Any], most: int) -> list[int]:
    """Evenly chosen places, no more than so many."""
    chosen = np.linspace(0, len(places) - 1, min(most, len(places))).round().astype(int)
    return [int(place) for place in places[chosen]]


# --- cells ---------------------------------------------------------------------------------------------


def _cells(steps: Steps, places: dict[int, int], found: Sequence[Measured]) -> Iterator[Excerpt]:
    numbers = cell_numbers(steps.measurement)
    if len(numbers) < 2:
        return
    names = [f"cell_voltage_{n}_volt" for n in numbers]
    yield _spread(steps, names)
    counts = {count for m in found for rows in m.evidence for count in rows.step_counts if count in places}
    moved = [steps[places[count]] for count in sorted(counts)]
    chosen = [step for step in moved if step.row["direction"] in ("charge", "discharge")]
    largest = sorted(chosen, key=_moved, reverse=True)[:MOST_STEPS_OF_CELLS]
    for step in sorted(largest, key=lambda one: int(one.row["step_count"])):
        yield _at_end(step, numbers, names)


def _moved(step: Step) -> float:
    return float(step.row["charge_capacity_ah"]) + float(step.row["discharge_capacity_ah"])


def _spread(steps: Steps, names: Sequence[str]) -> Excerpt:
    """Lowest, mean and highest cell over the run: of each stretch the rows of least and greatest spread."""
    measurement = steps.measurement
    size = max(-(-measurement.row_count // (CELL_POINTS // 2)), 1)
    parts = [
        _spread_of(block, names) for block in read_blocks(measurement, ("test_time_second", *names), size)
    ]
    time, low, mean, high = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
    columns = {
        "test_time_second": _listed(time),
        "lowest_volt": _listed(low),
        "mean_volt": _listed(mean),
        "highest_volt": _listed(high),
    }
    return Excerpt("cells", None, columns, {"cells": len(names)})


def _spread_of(block: Block, names: Sequence[str]) -> Floats:
    cells = np.stack([block[name] for name in names])
    whole = np.flatnonzero(np.isfinite(cells).all(axis=0))
    if not whole.size:
        return np.zeros((4, 0))
    cells, time = cells[:, whole], block["test_time_second"][whole]
    spread = cells.max(axis=0) - cells.min(axis=0)
    rows = np.unique([int(spread.argmin()), int(spread.argmax())])
    kept = cells[:, rows]
    return np.stack([time[rows], kept.min(axis=0), kept.mean(axis=0), kept.max(axis=0)])


def _at_end(step: Step, numbers: Sequence[int], names: Sequence[str]) -> Excerpt:
    last = int(step.row["row_last"])
    table = step.measurement.select(names, last, last)
    voltages = tuple(None if (u := table[name][0]) is None else float(u) for name in names)
    columns: dict[str, tuple[float | None, ...]] = {
        "cell": tuple(float(n) for n in numbers), "voltage_volt": voltages,
    }  # fmt: skip
    return Excerpt("cells_at_end", int(step.row["step_count"]), columns, {"direction": step.row["direction"]})
