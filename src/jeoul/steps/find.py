"""From a measurement to its executed steps."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from jeoul.errors import InsufficientDataError
from jeoul.measurement import REQUIRED, TEMPERATURES, Finding, Measurement
from jeoul.steps.boundaries import instrument_columns, instrument_starts
from jeoul.steps.classify import classify_steps, find_disagreements
from jeoul.steps.counters import counter_findings
from jeoul.steps.reduce import reduce_steps
from jeoul.steps.signal import signal_starts
from jeoul.steps.steps import STEP_COLUMNS, Steps
from jeoul.steps.stream import Integers, read_at

ODD_ROWS, EDGE_ROWS = 6, 2
"""A step of fewer rows, and an edge so few rows from that of the instrument, are no disagreement."""
_INSTRUMENT_COLUMNS = ("step_count", "step_id", "cycle_count", "step_type")


def find_steps(
    measurement: Measurement, *, boundaries: Literal["auto", "instrument", "signal"] = "auto"
) -> Steps:
    """The executed steps of a measurement, one row each with the columns of `STEP_COLUMNS`.

    boundaries: ``instrument`` cuts where the instrument's step columns say (see `boundaries.py`),
    ``signal`` where time and current say (`signal.py`). ``auto`` takes the instrument's columns where
    there are any, unless they call a whole file one step while the current goes both ways; then it takes
    the signal and adds the finding ``step_column_constant``.

    Charge and energy are integrals over the rows; the instrument's counters are not used. A measurement
    without rows has no steps. Raises `InsufficientDataError` if ``instrument`` is asked for and no
    column says where steps start. An impedance spectrum has no steps either; the file of a data logger, in
    which there is a time but no voltage or no current, is one step of unknown mode, without charge.
    """
    if measurement.row_count and _is_logged(measurement):
        return Steps(_one_step(measurement), measurement, "signal")
    if measurement.row_count == 0 or not measurement.has(*REQUIRED):
        return Steps(_empty(), measurement, "signal" if boundaries == "signal" else "instrument")
    columns = () if boundaries == "signal" else instrument_columns(measurement)
    if boundaries == "instrument" and not columns:
        raise _no_step_column(measurement)
    if not columns:
        return _steps(measurement, signal_starts(measurement), "signal")
    steps = _steps(measurement, instrument_starts(measurement, columns), "instrument")
    if boundaries == "auto" and len(steps) == 1 and steps[0].direction == "mixed":
        steps = _steps(measurement, signal_starts(measurement), "signal", _constant_column(columns))
    return steps


def _steps(
    measurement: Measurement,
    starts: Integers,
    boundaries: Literal["instrument", "signal"],
    *findings: Finding,
) -> Steps:
    temperature = next((c for c in TEMPERATURES if measurement.has(c)), None)
    told = boundaries == "instrument" and measurement.has("step_time_second")
    sums, more = reduce_steps(measurement, starts, step_time=told, temperature_column=temperature)
    words = _instrument_words(measurement, starts, boundaries)
    table = _conformed(words.hstack(classify_steps(measurement, sums)))
    counted = counter_findings(measurement, table, starts)
    cuts = _missed_edges(measurement, table) if boundaries == "instrument" else ()
    findings = (*findings, *more, *find_disagreements(table), *cuts, *counted)
    return Steps(table, measurement, boundaries, temperature, findings)


def _is_logged(measurement: Measurement) -> bool:
    spectrum = measurement.has("frequency_hertz")
    return not spectrum and measurement.has("test_time_second") and not measurement.has(*REQUIRED)


def _one_step(measurement: Measurement) -> pl.DataFrame:
    """The whole file as a step of which only rows and time are known."""
    rows = measurement.row_count
    first, last = measurement.select(["test_time_second"]).to_series().gather([0, rows - 1])
    times = {"time_start_second": first, "time_first_second": first, "time_last_second": last}
    known = {"step_count": 1, "mode": "unknown", "direction": "mixed", "row_first": 1, "row_last": rows}
    return _conformed(
        pl.DataFrame([{**known, **times, "time_end_second": last, "duration_second": last - first}])
    )


def _missed_edges(measurement: Measurement, table: pl.DataFrame) -> tuple[Finding, ...]:
    """Where the signal starts a step within one of the instrument's that goes both ways or is of no mode.

    Those alone are asked: whatever is at constant current, voltage or power is one step by its mode.
    """
    rows = pl.col("row_last") - pl.col("row_first") + 1
    odd = (pl.col("direction") == "mixed") | (pl.col("mode") == "unknown")
    steps = table.filter(odd & (rows >= ODD_ROWS))
    if not steps.height:
        return ()
    starts = signal_starts(measurement)
    first, last = steps["row_first"].to_numpy(), steps["row_last"].to_numpy()
    inside = np.searchsorted(starts, last - EDGE_ROWS) - np.searchsorted(starts, first - 1 + EDGE_ROWS)
    places = np.flatnonzero(inside > 0)
    if not places.size:
        return ()
    row = steps.row(int(places[0]), named=True)
    more = int(inside[places].sum())
    message = (
        f"Within {places.size} steps of the instrument the signal starts {more} more (the first: step "
        f"{row['step_count']}, rows {row['row_first']} to {row['row_last']}). Look at them, or "
        "take boundaries='signal'."
    )
    values: dict[str, float | int | str] = {
        "steps": int(places.size),
        "inside": more,
        "step_count": row["step_count"],
    }
    return (
        Finding("step_boundaries_disagree", message, row["row_first"], row["row_last"], "step_count", values),
    )


def _instrument_words(measurement: Measurement, starts: Integers, boundaries: str) -> pl.DataFrame:
    """What the instrument wrote in the first row of each step; steps are numbered where it did not."""
    present = [c for c in _INSTRUMENT_COLUMNS if measurement.has(c)]
    words = pl.DataFrame({"_step": np.arange(1, len(starts) + 1)})
    if present:
        words = words.hstack(read_at(measurement, present, starts))
    if boundaries == "signal" or "step_count" not in present:
        words = words.with_columns(step_count="_step")
    return words.select(
        pl.col(c).cast(STEP_COLUMNS[c][0], strict=False) for c in words.columns if c != "_step"
    )


def _conformed(table: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, kind).alias(c) for c, (kind, _) in STEP_COLUMNS.items() if c not in table.columns]
    return table.with_columns(missing).select(pl.col(c).cast(kind) for c, (kind, _) in STEP_COLUMNS.items())


def _empty() -> pl.DataFrame:
    return pl.DataFrame(schema={c: kind for c, (kind, _) in STEP_COLUMNS.items()})


def _constant_column(columns: tuple[str, ...]) -> Finding:
    message = (
        f"The instrument's {' and '.join(columns)} call the whole file one step, but its current goes both "
        "ways; the steps were found from the signal instead."
    )
    return Finding("step_column_constant", message, column=columns[0])


def _no_step_column(measurement: Measurement) -> InsufficientDataError:
    return InsufficientDataError(
        "no column says where steps start (step_count, step_id or step_time_second).",
        advice="Take boundaries='signal' to find the steps from time and current.",
        path=measurement.provenance.file_name,
    )
