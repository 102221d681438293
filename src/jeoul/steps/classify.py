"""What a step is: its mode and direction, from its sums and, where they leave it open, from its rows.

The current decides first. A step whose current stays within 2 % is at constant current however flat its
voltage, so the plateau of LFP is never taken for a constant voltage; constant voltage asks for a current
that falls as well. Rest, constant current and constant power are plain from the reduction. The rows of
what is left (tapers, profiles) are read once more, all such steps in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from jeoul.measurement import Finding, Measurement
from jeoul.steps.signal import LEVEL_SHARE, REST_SHARE, REST_SHARE_LIMIT, find_jumps
from jeoul.steps.steps import Step
from jeoul.steps.stream import Block, Flags, Floats, Integers, read_blocks

PULSE_SECOND = 60.0
"""A constant current between other currents is a pulse up to this length. Pulses of IEC 62660-1, ISO 12405-4
and the USABC manual last 2 s to 30 s; at 5C, 10 % of state of charge already takes 72 s."""
VOLTAGE_SHARE = 0.001
"""A voltage is constant within this share of itself (3.65 mV at 3.65 V)."""
POWER_SHARE = 0.01
"""A power is constant within this share of itself, if it varies three times less than the current."""
TIME_SHARE = 0.95
"""A step is what it is for at least this share of its time."""
MIXED_SHARE = 0.01
"""A step with at least this share of its charge in each direction is mixed."""
PULSE_CONTRAST = 0.1
"""A pulse differs from its neighbours by more than this share of itself."""
TAPER_ROWS, TAPER_SHARE = 3, 0.9
"""A constant-voltage part has at least so many rows, and its current falls to this share of the largest."""
PROFILE_JUMPS = 3
"""A step of one direction whose current jumps at least so often is a profile."""
DISAGREEMENT_ROWS = 3
"""A step of fewer rows (one that ended as it began) is not held against the instrument's word."""

# The instrument's word -> direction; the first that matches, in lower case. `^R$` are Maccor's letters.
STEP_WORDS: tuple[tuple[str, str], ...] = (
    (r"^d$|dch|dis|entlad|放电|방전", "discharge"),
    (r"^c$|chg|charg|laden|ladung|充电|충전", "charge"),
    (r"^r$|^p$|rest|pause|ocv|open circuit|静置|搁置|휴지", "rest"),
)

Words = npt.NDArray[np.object_]


def classify_steps(measurement: Measurement, table: pl.DataFrame) -> pl.DataFrame:
    """The table of `reduce_steps` with the columns ``mode`` and ``direction``."""
    facts = _facts(table)
    mode = _plain_modes(facts)
    open_steps = np.flatnonzero(mode == "")
    if open_steps.size:
        mode[open_steps] = _modes_from_rows(measurement, table, facts, open_steps)
    mode[_is_pulse(table, facts, mode)] = "pulse"
    return table.with_columns(
        pl.Series("mode", mode.tolist(), dtype=pl.String),
        pl.Series("direction", _directions(facts, mode).tolist(), dtype=pl.String),
    )


def cv_start(step: Step) -> int | None:
    """Data row (1-based) at which the constant voltage of a CC-CV or CV step begins; None for other steps.

    The last row of constant current: the later of the first row from which on the voltage stays within
    0.1 % of the last row's, and of the last row whose current is within 2 % of the largest. Up to that row
    the step is constant current, from that row on constant voltage, so the two share it as an edge.
    """
    if step.mode not in ("cccv", "cv"):
        return None
    rows = step.samples("voltage_volt", "current_ampere")
    voltage, current = rows["voltage_volt"].to_numpy(), np.abs(rows["current_ampere"].to_numpy())
    if step.mode == "cv":
        return int(step.row_first)
    away = np.flatnonzero(np.abs(voltage - voltage[-1]) > VOLTAGE_SHARE * abs(voltage[-1]))
    full = np.flatnonzero(current >= (1 - LEVEL_SHARE) * current.max())
    return int(step.row_first) + max(int(away[-1]) + 1 if away.size else 0, int(full[-1]))


def find_disagreements(table: pl.DataFrame) -> tuple[Finding, ...]:
    """One finding for each word of the instrument and each direction found that it does not name."""
    said = pl.col("step_type").str.strip_chars().str.to_lowercase()
    direction = pl.coalesce(
        *(pl.when(said.str.contains(pattern)).then(pl.lit(way)) for pattern, way in STEP_WORDS)
    )
    long_enough = pl.col("row_last") - pl.col("row_first") + 1 >= DISAGREEMENT_ROWS
    steps = table.with_columns(direction.alias("_said")).filter(
        long_enough & (pl.col("_said") != pl.col("direction"))
    )
    groups = steps.group_by("step_type", "direction", maintain_order=True).agg(
        pl.len(), pl.col("row_first", "row_last", "step_count").first()
    )
    return tuple(_disagreement(row) for row in groups.iter_rows(named=True))


def _disagreement(row: dict[str, int | str]) -> Finding:
    message = (
        f"The instrument calls {row['len']} steps '{row['step_type']}' whose current says {row['direction']} "
        f"(first: step {row['step_count']}, rows {row['row_first']} to {row['row_last']}). "
        "Check the sign of the current and the map of the step words."
    )
    values = {"steps": row["len"], "step_type": row["step_type"], "direction": row["direction"]}
    first, last = int(row["row_first"]), int(row["row_last"])
    return Finding("step_type_disagrees", message, first, last, "step_type", values)


# --- from the reduction -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Facts:
    """Columns of the reduction that tell a mode; currents after the first second where there are any. [A]"""

    lowest: Floats
    highest: Floats
    mean: Floats
    charge: Floats
    discharge: Floats
    power_lowest: Floats
    power_highest: Floats

    @property
    def largest(self) -> Floats:
        """Largest size of the current. [A]"""
        return np.maximum(np.abs(self.lowest), np.abs(self.highest))

    @property
    def reference(self) -> Floats:
        """The current of largest size, with its sign. [A]"""
        return np.where(np.abs(self.lowest) > np.abs(self.highest), self.lowest, self.highest)


def _facts(table: pl.DataFrame) -> _Facts:
    def numbers(column: str) -> Floats:
        values: Floats = table[column].to_numpy()
        return values

    settled = np.isfinite(numbers("_current_min"))
    return _Facts(
        np.where(settled, numbers("_current_min"), numbers("current_min_ampere")),
        np.where(settled, numbers("_current_max"), numbers("current_max_ampere")),
        numbers("current_mean_ampere"),
        numbers("charge_capacity_ah"),
        numbers("discharge_capacity_ah"),
        np.where(settled, numbers("_power_min"), np.nan),
        np.where(settled, numbers("_power_max"), np.nan),
    )


def _plain_modes(facts: _Facts) -> Words:
    """Rest, cc, cp and mixed steps (profile); "" where only the rows can tell, "unknown" without values."""
    mode = np.full(len(facts.mean), "", dtype=object)
    spread = facts.highest - facts.lowest
    power_lowest, power_highest = _sizes(facts.power_lowest, facts.power_highest)
    power_share = _share(power_highest - power_lowest, power_highest)
    share = _share(spread, facts.largest)
    steady_power = (power_share <= POWER_SHARE) & (power_share < share / 3)
    mode[_is_mixed(facts)] = "profile"
    mode[share <= LEVEL_SHARE] = "cc"
    mode[steady_power & (share > LEVEL_SHARE / 4) & ~_is_mixed(facts)] = "cp"
    mode[_is_rest(facts)] = "rest"
    mode[np.isnan(facts.mean) | np.isnan(spread)] = "unknown"
    return mode


def _is_rest(facts: _Facts) -> Flags:
    """No current within 0.2 % of full scale, or noise about zero within 2 % of it."""
    largest = facts.largest
    full_scale = np.fmax.reduce(largest, initial=0.0)
    about_zero = (facts.lowest < 0) & (facts.highest > 0)
    about_zero &= np.abs(facts.mean) <= (facts.highest - facts.lowest) / 4
    noise = about_zero & (largest <= REST_SHARE_LIMIT * full_scale)
    rest: Flags = noise | (largest <= REST_SHARE * full_scale)
    return rest


def _is_mixed(facts: _Facts) -> Flags:
    mixed: Flags = np.minimum(facts.charge, facts.discharge) > MIXED_SHARE * (facts.charge + facts.discharge)
    return mixed


def _sizes(lowest: Floats, highest: Floats) -> tuple[Floats, Floats]:
    return np.minimum(np.abs(lowest), np.abs(highest)), np.maximum(np.abs(lowest), np.abs(highest))


def _share(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.inf)


def _directions(facts: _Facts, mode: Words) -> Words:
    direction = np.where(facts.charge >= facts.discharge, "charge", "discharge").astype(object)
    still = facts.charge + facts.discharge == 0
    direction[still] = np.where(facts.mean[still] > 0, "charge", "discharge")
    direction[_is_mixed(facts) | (mode == "unknown") & np.isnan(facts.mean)] = "mixed"
    direction[(mode == "rest") | (still & (facts.mean == 0))] = "rest"
    return direction


def _is_pulse(table: pl.DataFrame, facts: _Facts, mode: Words) -> Flags:
    """Short constant currents that are neither what came before nor what comes after."""
    current, rest = facts.mean, mode == "rest"
    contrast = PULSE_CONTRAST * np.abs(current)
    before = table["current_last_ampere"].to_numpy()
    after = table["current_first_ampere"].to_numpy()
    pulse: Flags = (mode == "cc") & (table["duration_second"].to_numpy() <= PULSE_SECOND)
    pulse[:1] = False
    pulse[1:] &= rest[:-1] | (np.abs(before[:-1] - current[1:]) > contrast[1:])
    pulse[:-1] &= rest[1:] | (np.abs(after[1:] - current[:-1]) > contrast[:-1])
    return pulse


# --- from the rows ----------------------------------------------------------------------------------


class _Times(NamedTuple):
    """How long a step did what, in seconds, in how many rows it tapered and how often its current jumped.

    `rises` are the jumps to a larger current: the taper of an LFP cell may fall by a jump with each row.
    """

    total: Floats
    at_level: Floats
    at_voltage: Floats
    taper: Floats
    taper_rows: Floats
    jumps: Floats
    rises: Floats


def _modes_from_rows(measurement: Measurement, table: pl.DataFrame, facts: _Facts, chosen: Integers) -> Words:
    times = _measure_times(measurement, table, facts, chosen)
    last = np.abs(table["current_last_ampere"].to_numpy()[chosen])
    falls = (last <= TAPER_SHARE * facts.largest[chosen]) & (times.taper_rows >= TAPER_ROWS)
    falls &= times.rises < PROFILE_JUMPS
    enough = TIME_SHARE * times.total
    mode = np.full(len(chosen), "unknown", dtype=object)
    mode[times.jumps >= PROFILE_JUMPS] = "profile"
    mode[times.at_level >= enough] = "cc"
    mode[falls & (times.at_level > 0) & (times.at_level + times.taper >= enough)] = "cccv"
    mode[falls & (times.at_voltage >= enough)] = "cv"
    mode[times.total <= 0] = "unknown"
    return mode


def _measure_times(measurement: Measurement, table: pl.DataFrame, facts: _Facts, chosen: Integers) -> _Times:
    count = table.height
    totals = np.zeros((len(_Times._fields), count))
    wanted = np.zeros(count, dtype=bool)
    wanted[chosen] = True
    row_first = table["row_first"].to_numpy() - 1
    columns = ("test_time_second", "voltage_volt", "current_ampere")
    end_voltage = table["voltage_last_volt"].to_numpy()
    threshold = REST_SHARE * float(np.fmax.reduce(facts.largest))
    for block in read_blocks(measurement, columns, before=2, after=1):
        step = _steps_of(block, row_first)
        if wanted[step[0] : step[-1] + 1].any():
            rows = np.flatnonzero(wanted[step])
            _add_times(totals, block, rows, step[rows], facts.reference, end_voltage, row_first, threshold)
    return _Times(*(values[chosen] for values in totals))


def _steps_of(block: Block, row_first: Integers) -> Integers:
    """Index of the step of each row of the block."""
    low, high = np.searchsorted(row_first, (block.start, block.start + block.rows - 1), side="right")
    inside = row_first[low:high] - block.start
    length = np.diff(np.concatenate(([0], inside, [block.rows])))
    return np.repeat(np.arange(low - 1, high), length)


def _add_times(
    totals: Floats,
    block: Block,
    rows: Integers,
    step: Integers,
    reference: Floats,
    end_voltage: Floats,
    row_first: Integers,
    threshold: float,
) -> None:
    """Add the interval before each row to what the step did in it; the first row of a step has none."""
    time, voltage = block.around("test_time_second"), block["voltage_volt"][rows]
    current = block["current_ampere"][rows]
    old = block.start + rows > row_first[step]
    interval = np.where(old, np.maximum(time[rows + 2] - time[rows + 1], 0.0), 0.0)
    level = np.abs(reference[step])
    at_level = np.abs(current - reference[step]) <= LEVEL_SHARE * level
    jumps = old & find_jumps(block, threshold)[rows]
    rises = np.abs(current) > np.abs(block.around("current_ampere")[rows + 1])
    at_voltage = np.abs(voltage - end_voltage[step]) <= VOLTAGE_SHARE * np.abs(end_voltage[step])
    parts = (
        interval,
        interval * at_level,
        interval * at_voltage,
        interval * (at_voltage & ~at_level),
        (at_voltage & ~at_level).astype(np.float64),
        jumps.astype(np.float64),
        (jumps & rises).astype(np.float64),
    )
    first = np.flatnonzero(np.concatenate(([True], step[1:] != step[:-1])))
    for total, part in zip(totals, parts, strict=True):
        total[step[first]] += np.add.reduceat(part, first)
