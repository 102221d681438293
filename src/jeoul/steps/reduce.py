"""From rows to one record a step: every sum that a metric or an uncertainty needs, in one pass.

The time that row k stands for is w_k = left_k + right_k. Inside a step both are half an interval, so that
``sum(w I)`` is the trapezoid. Between row k - 1 of one step and row k of the next there is a true edge:

- With the instrument's step time the edge is at ``t_k - step_time_k``, within [t_(k-1), t_k]. What lies
  before it belongs to the old step with the current of row k - 1, what lies after to the new one.
- Without it the whole interval belongs to the new step, if it is no longer than 1.5 times the first
  interval inside that step or inside the step before, whichever is longer. A longer one belongs to
  nobody, and a finding says so: the current in it is not known.

Where the time goes back the interval is zero (intake reports it). A row whose time jumps away and comes back
is left out of the sums (`strays.py`): the interval over it is that of the rows around it. Blocks are reduced
with ``np.add.reduceat`` and their records joined at the end in the order of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from jeoul.measurement import Finding, Measurement
from jeoul.steps.strays import Kept, stray_finding, stray_rows, without
from jeoul.steps.stream import BLOCK_ROWS, Block, Flags, Floats, Integers, read_blocks

GAP_FACTOR = 1.5
"""An interval before a step longer than this many logging intervals holds an unknown current."""
SETTLING_SECOND = 1.0
"""Rows in the first second of a step (ramp, overshoot, residue of the step before) do not tell its mode."""

Records = dict[str, Floats]
_Join = Callable[[Floats, Integers, Integers], Floats]


@dataclass
class _Carry:
    """What one block leaves to the next; also collects the edges."""

    interval: float = np.nan
    time_first: float = np.nan
    goes_back: bool = False
    left: list[Floats] = field(default_factory=list)
    right: list[Floats] = field(default_factory=list)
    gaps: list[Floats] = field(default_factory=list)


def reduce_steps(
    measurement: Measurement,
    starts: Integers,
    *,
    step_time: bool,
    temperature_column: str | None,
    block_rows: int = BLOCK_ROWS,
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """The numeric columns of `STEP_COLUMNS` for the steps that begin at `starts`, and findings.

    starts: first row of each step, 0-based, ascending, the first of them 0. step_time: whether
    ``step_time_second`` says where the edges are. Four more columns begin with an underscore (least and
    greatest current and power after the first second); they serve `classify`.
    """
    columns = ["test_time_second", "voltage_volt", "current_ampere"]
    columns += ["step_time_second"] if step_time else []
    columns += [temperature_column] if temperature_column else []
    table, findings, goes_back = _reduced(measurement, starts, columns, temperature_column, block_rows)
    strays = stray_rows(measurement) if goes_back else starts[:0]
    if not strays.size:
        return table, findings
    kept = without(measurement, strays, starts)
    sums, found, _ = _reduced(kept.measurement, kept.starts, columns, temperature_column, block_rows)
    return _as_recorded(sums, table), (stray_finding(measurement, strays), *_in_file(found, kept))


def _reduced(
    measurement: Measurement,
    starts: Integers,
    columns: list[str],
    temperature_column: str | None,
    block_rows: int,
) -> tuple[pl.DataFrame, tuple[Finding, ...], bool]:
    """The columns and findings of `reduce_steps`, and whether the time goes back anywhere."""
    carry, parts, owners = _Carry(), [], []
    for block in read_blocks(measurement, columns, block_rows, before=1, after=1):
        flags, first, step = _segments(block, starts)
        parts.append(_reduce_block(block, flags, first, carry, temperature_column))
        owners.append(step + np.arange(len(first)))
    joined = _join(parts, np.concatenate(owners))
    gaps = np.concatenate(carry.gaps)
    table = _finish(
        joined, starts, measurement.row_count, np.concatenate(carry.left), np.concatenate(carry.right)
    )
    lead = () if _is_spectrum(measurement) else _first_interval(table)
    return table, (*lead, *_edge_findings(gaps, starts), *_missing_findings(table)), carry.goes_back


_RECORDED = re.compile(r"row_(first|last)|(voltage|current|temperature)_(min|max)_\w+")
"""What stays as it was recorded although a row weighs nothing: where a step is, and its extremes."""


def _as_recorded(sums: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    return sums.with_columns(table.select(c for c in table.columns if _RECORDED.fullmatch(c)))


def _in_file(findings: tuple[Finding, ...], kept: Kept) -> Iterator[Finding]:
    """Findings of the rows that were kept, with the rows of the file."""
    for finding in findings:
        first, last = kept.in_file(finding.row_first), kept.in_file(finding.row_last)
        yield replace(finding, row_first=first, row_last=last)


def _is_spectrum(measurement: Measurement) -> bool:
    """Whether the first row is a point of an impedance spectrum: nothing flowed before it that counts."""
    if not measurement.has("frequency_hertz"):
        return False
    return (measurement.select(["frequency_hertz"], 1, 1).item() or 0.0) > 0.0


def _segments(block: Block, starts: Integers) -> tuple[Flags, Integers, int]:
    """Flags of first rows (with the row after the block), first row of each segment, step of the first."""
    low, high = np.searchsorted(starts, (block.start, block.start + block.rows + 1))
    flags = np.zeros(block.rows + 1, dtype=bool)
    flags[starts[low:high] - block.start] = True
    first = np.flatnonzero(flags[:-1])
    if not flags[0]:
        return flags, np.concatenate(([0], first)), int(low) - 1
    return flags, first, int(low)


def _reduce_block(
    block: Block, flags: Flags, first: Integers, carry: _Carry, temperature_column: str | None
) -> Records:
    time, voltage, current = (block[c] for c in ("test_time_second", "voltage_volt", "current_ampere"))
    last = np.concatenate((first[1:], [block.rows])) - 1
    weight, interval = _weights(block, flags, carry)
    records = _ends(time, voltage, current, first, last)
    records["max_interval_second"] = np.maximum.reduceat(np.where(flags[:-1], 0.0, interval[:-1]), first)
    records |= _extremes("voltage", "volt", voltage, first) | _extremes("current", "ampere", current, first)
    records |= _settled(time, voltage, current, first, last, bool(flags[0]), carry)
    records |= _sums(time, voltage, current, weight, first)
    if temperature_column:
        records |= _temperatures(block[temperature_column], weight, first, last)
    return records


# --- the time of each row ---------------------------------------------------------------------------


def _weights(block: Block, flags: Flags, carry: _Carry) -> tuple[Floats, Floats]:
    """w_k, and the interval before each row (and before the row after the block), never negative. [s]"""
    steps = np.diff(block.around("test_time_second"))
    interval = np.maximum(steps, 0.0)
    carry.goes_back = carry.goes_back or bool((steps < 0.0).any())
    known = interval.copy()
    if block.start == 0:
        interval[0] = 0.0
    if np.isnan(block.around("test_time_second")[-1]):
        interval[-1] = 0.0
    before, after = interval[:-1] / 2, interval[1:] / 2
    edges = np.flatnonzero(flags)
    left, right = _split(block, edges, interval[edges], known, flags, carry)
    here = edges < block.rows
    before[edges[here]] = right[here]
    if block.start == 0:
        before[0] = right[0] = _lead(block)
    old = edges > 0
    after[edges[old] - 1] = left[old]
    carry.left.append(left[here])
    carry.right.append(right[here])
    return before + after, interval


def _split(
    block: Block, edges: Integers, interval: Floats, known: Floats, flags: Flags, carry: _Carry
) -> tuple[Floats, Floats]:
    """How much of the interval before each edge row belongs to the old step and how much to the new. [s]"""
    old, new, gap = _split_by_interval(block, edges, interval, known, flags, carry)
    if "step_time_second" in block.columns:
        step_time = block.around("step_time_second")[1:][edges]
        told = np.isfinite(step_time)
        new = np.where(told, np.clip(np.nan_to_num(step_time), 0.0, interval), new)
        old = np.where(told, interval - new, old)
        gap[told] = 0.0
    carry.gaps.append(gap[edges < block.rows])
    return old, new


def _split_by_interval(
    block: Block, edges: Integers, interval: Floats, known: Floats, flags: Flags, carry: _Carry
) -> tuple[Floats, Floats, Floats]:
    inside = np.full(len(edges), np.nan)
    has_next = edges + 1 <= block.rows
    followed = edges[has_next] + 1
    inside[has_next] = np.where(flags[followed], np.nan, known[followed])
    scale = _carried_forward(np.concatenate(([carry.interval], inside)))
    allowed = GAP_FACTOR * np.fmax(scale[1:], scale[:-1])
    if (edges < block.rows).any():
        carry.interval = float(scale[1:][edges < block.rows][-1])
    unknown = interval > allowed
    new = np.where(unknown, 0.0, interval)
    return np.zeros(len(edges)), new, np.where(unknown, interval, 0.0)


def _carried_forward(values: Floats) -> Floats:
    """Each missing value becomes the last known before it."""
    known = np.where(np.isnan(values), 0, np.arange(len(values)))
    return values[np.maximum.accumulate(known)]


def _lead(block: Block) -> float:
    """Time from the start of the first step to the first row; no test starts before its time zero. [s]"""
    if "step_time_second" not in block.columns:
        return 0.0
    time, step_time = float(block["test_time_second"][0]), float(block["step_time_second"][0])
    if not np.isfinite(step_time):
        return 0.0
    return float(np.clip(step_time, 0.0, time if time >= 0 else np.inf))


# --- the columns ------------------------------------------------------------------------------------


def _ends(time: Floats, voltage: Floats, current: Floats, first: Integers, last: Integers) -> Records:
    return {
        "time_first_second": time[first],
        "time_last_second": time[last],
        "voltage_first_volt": voltage[first],
        "voltage_last_volt": voltage[last],
        "current_first_ampere": current[first],
        "current_last_ampere": current[last],
    }


def _extremes(name: str, unit: str, values: Floats, first: Integers) -> Records:
    return {
        f"{name}_min_{unit}": np.minimum.reduceat(values, first),
        f"{name}_max_{unit}": np.maximum.reduceat(values, first),
    }


def _settled(
    time: Floats,
    voltage: Floats,
    current: Floats,
    first: Integers,
    last: Integers,
    starts_anew: bool,
    carry: _Carry,
) -> Records:
    """Least and greatest current and power without the first second of each step."""
    begin = time[first].copy()
    if not starts_anew:
        begin[0] = carry.time_first
    carry.time_first = float(begin[-1])
    early = time - np.repeat(begin, last - first + 1) < SETTLING_SECOND
    power = voltage * current
    records = {}
    for name, values in (("current", current), ("power", power)):
        records[f"_{name}_min"] = np.minimum.reduceat(np.where(early, np.inf, values), first)
        records[f"_{name}_max"] = np.maximum.reduceat(np.where(early, -np.inf, values), first)
    return records


def _sums(time: Floats, voltage: Floats, current: Floats, weight: Floats, first: Integers) -> Records:
    def total(values: Floats) -> Floats:
        return np.add.reduceat(values, first)

    records = {
        "_second": total(weight),
        "_volt_second": total(weight * voltage),
        "_ampere_second": total(weight * current),
        "current_time_moment": total(weight * current * time),
    }
    for way, chosen in (("charge", current > 0), ("discharge", current < 0)):
        w = weight * chosen
        wu, wi = w * voltage, w * current
        records |= {
            f"{way}_capacity_ah": total(wi),
            f"{way}_energy_wh": total(wu * current),
            f"{way}_second": total(w),
            f"{way}_volt_second": total(wu),
            f"{way}_time_moment": total(w * time),
            f"{way}_volt_time_moment": total(wu * time),
            f"{way}_square_second": total(w * w),
            f"{way}_square_volt": total(wu * wu),
            f"{way}_square_ampere": total(wi * wi),
        }
    return records


def _temperatures(values: Floats, weight: Floats, first: Integers, last: Integers) -> Records:
    """As for the voltage, but a row without a reading is left out: loggers often write fewer of them."""
    present = ~np.isnan(values)
    return {
        "temperature_first_celsius": values[first],
        "temperature_last_celsius": values[last],
        "temperature_min_celsius": np.fmin.reduceat(values, first),
        "temperature_max_celsius": np.fmax.reduceat(values, first),
        "_kelvin_second": np.add.reduceat(np.where(present, weight * values, 0.0), first),
        "_temperature_second": np.add.reduceat(weight * present, first),
    }


# --- from blocks to steps ---------------------------------------------------------------------------


def _join(parts: list[Records], owner: Integers) -> Records:
    """One record a step from the records of the blocks that it runs through."""
    first = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1])))
    last = np.concatenate((first[1:], [len(owner)])) - 1
    return {c: _joiner(c)(np.concatenate([part[c] for part in parts]), first, last) for c in parts[0]}


def _joiner(column: str) -> _Join:
    """First, last, least and greatest by the word in the name; everything else is a sum."""
    if "_first_" in column:
        return lambda values, first, last: values[first]
    if "_last_" in column:
        return lambda values, first, last: values[last]
    ignore_missing = column.startswith("temperature_")
    if "_min" in column:
        return _by_step(np.fmin if ignore_missing else np.minimum)
    if "_max" in column or column.startswith("max_"):
        return _by_step(np.fmax if ignore_missing else np.maximum)
    return _by_step(np.add)


def _by_step(function: np.ufunc) -> _Join:
    return lambda values, first, last: function.reduceat(values, first)


def _finish(joined: Records, starts: Integers, row_count: int, left: Floats, right: Floats) -> pl.DataFrame:
    """Edges, means and signs."""
    end = joined["time_last_second"] + np.concatenate((left[1:], [0.0]))
    start = joined["time_first_second"] - right
    columns: dict[str, Floats | Integers] = {
        "row_first": starts + 1,
        "row_last": np.concatenate((starts[1:], [row_count])),
        "time_start_second": start,
        "time_end_second": end,
        "duration_second": end - start,
        **joined,
        "voltage_mean_volt": _mean(joined, "_volt_second", "_second", "voltage_{}_volt"),
        "current_mean_ampere": _mean(joined, "_ampere_second", "_second", "current_{}_ampere"),
    }
    if "_kelvin_second" in joined:
        columns["temperature_mean_celsius"] = _mean(
            joined, "_kelvin_second", "_temperature_second", "temperature_{}_celsius"
        )
    for way, sign in (("charge", 1.0), ("discharge", -1.0)):
        for column in (f"{way}_capacity_ah", f"{way}_energy_wh"):
            columns[column] = sign * joined[column] / 3600.0 + 0.0
    table = pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))
    return table.drop([c for c in columns if c.endswith("_second") and c.startswith("_")])


def _mean(joined: Records, total: str, weight: str, ends: str) -> Floats:
    """sum(w x) / sum(w); where no time passes (a single row), the mean of the first and the last row."""
    plain = (joined[ends.format("first")] + joined[ends.format("last")]) / 2
    empty = joined[weight] == 0
    return np.where(empty, plain, joined[total] / np.where(empty, 1.0, joined[weight]))


def _first_interval(table: pl.DataFrame) -> tuple[Finding, ...]:
    """A logger that writes its first row one interval after the start loses what flowed until then.

    A later first row is another matter: the file is then a part of a longer test.
    """
    step = table.row(0, named=True)
    second, interval = step["time_start_second"], step["max_interval_second"] or 0.0
    current = step["current_mean_ampere"]
    if not 0.0 < second <= 2.0 * interval or current == 0.0:
        return ()
    lost = float(f"{current * second / 3600.0:.4g}")
    message = (
        f"The first row stands at {second:.6g} s and the file has no step time: what flowed before it (about "
        f"{lost:+.4g} Ah at the current of the step) is in no step's capacity."
    )
    values = {"second": second, "capacity_ah": lost}
    return (Finding("first_interval_unknown", message, 1, 1, "test_time_second", values),)


def _edge_findings(gaps: Floats, starts: Integers) -> tuple[Finding, ...]:
    places = np.flatnonzero(gaps > 0)
    if not places.size:
        return ()
    row, longest = int(starts[places[0]]), float(gaps[places].max())
    message = (
        f"{len(places)} of {len(starts)} steps begin after a gap (the first after row {row}, the longest gap "
        f"{longest:.6g} s) and the file has no step time to say when; the gaps are in no step's capacity."
    )
    values = {"edges": len(places), "second": float(gaps[places].sum()), "longest_second": longest}
    return (Finding("edge_unresolved", message, row, row + 1, "test_time_second", values),)


# A column that no sum can do without, and the column of the table that is null where it has a hole.
_NEEDED = (
    ("test_time_second", "charge_second"),
    ("voltage_volt", "voltage_max_volt"),
    ("current_ampere", "current_max_ampere"),
)


def _missing_findings(table: pl.DataFrame) -> tuple[Finding, ...]:
    """Steps in which a time, voltage or current is missing have no sums; say which."""
    found = []
    for column, told_by in _NEEDED:
        steps = table.filter(pl.col(told_by).is_null())
        if steps.height:
            first, last = steps["row_first"][0], steps["row_last"][0]
            message = (
                f"{steps.height} steps hold rows without a value of {column}, so their sums are not known "
                f"(the first such step: rows {first} to {last})."
            )
            found.append(Finding("value_missing", message, first, last, column, {"steps": steps.height}))
    return tuple(found)
