"""Cycles: steps grouped by the counter of the instrument, by pairs of charge and discharge, or by each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from jeoul.errors import InsufficientDataError
from jeoul.steps.steps import Steps

ACTIVE_SHARE = 0.02
"""A step makes a charge or a discharge of a cycle if it moves this share of the largest such step; pulses
of any size do not."""
PRESENT_SHARE = 0.1
"""A cycle has a charge (discharge) if its charging (discharging) steps moved this share of the other way."""
NET_SHARE = 0.5
"""A profile that goes both ways counts by its net charge, if that is this share of what it moved."""
UNFINISHED_SHARE = 0.5
"""A step that ends with the file and moved less than this share of the cycle before was cut off ..."""
SHORT_SHARE = 0.98
"""... and so was one that moved less than this share and did not come to the voltage and current at which
the one before ended."""
END_VOLTAGE_SHARE, END_CURRENT_FACTOR = 0.02, 1.5
"""How near is that voltage, as a share of the voltage span of the cycle before, and that current."""

By = Literal["counter", "pairs", "half_cycles"]

_WAYS = ("charge", "discharge")

CYCLE_COLUMNS: dict[str, tuple[pl.DataType | type[pl.DataType], str]] = {
    "cycle_count": (pl.Int64, "the instrument's cycle where it counts them, else 1, 2, 3 ..."),
    "step_first": (pl.Int64, "position of the first step among the steps, from 0: steps[step_first]"),
    "step_last": (pl.Int64, "position of the last step, inclusive"),
    "row_first": (pl.Int64, "first data row, 1-based"),
    "row_last": (pl.Int64, "last data row, inclusive"),
    "time_start_second": (pl.Float64, "test time at the true edge before the first row [s]"),
    "time_end_second": (pl.Float64, "test time at the true edge after the last row [s]"),
    "charge_capacity_ah": (pl.Float64, "sum over the steps [Ah]"),
    "discharge_capacity_ah": (pl.Float64, "sum over the steps, positive [Ah]"),
    "charge_energy_wh": (pl.Float64, "sum over the steps [Wh]"),
    "discharge_energy_wh": (pl.Float64, "sum over the steps, positive [Wh]"),
    "charge_voltage_mean_volt": (pl.Float64, "charge energy / charge capacity; null without charge [V]"),
    "discharge_voltage_mean_volt": (pl.Float64, "discharge energy / discharge capacity; null without [V]"),
    "coulombic_efficiency": (pl.Float64, "discharge / charge capacity; null where either is missing [1]"),
    "energy_efficiency": (pl.Float64, "discharge / charge energy; null where either is missing [1]"),
    "voltage_min_volt": (pl.Float64, "[V]"),
    "voltage_max_volt": (pl.Float64, "[V]"),
    "temperature_min_celsius": (pl.Float64, "null where the file has no temperature [degC]"),
    "temperature_max_celsius": (pl.Float64, "[degC]"),
    "complete": (
        pl.Boolean,
        "has a charge and a discharge (a half cycle: one of them), and the file does not end within one",
    ),
}


@dataclass(frozen=True, eq=False)
class Cycles:
    """The cycles of one measurement: a table with the columns of `CYCLE_COLUMNS`, in order. Frozen.

    `by` says what made a cycle: the instrument's counter, pairs of charge and discharge, or each of the two.
    """

    table: pl.DataFrame
    steps: Steps
    by: By

    def __len__(self) -> int:
        return self.table.height

    @property
    def complete(self) -> pl.DataFrame:
        """The rows of the complete cycles."""
        return self.table.filter("complete")

    def steps_of(self, index: int) -> Steps:
        """The steps of the cycle at this position, from 0."""
        row = self.table.row(index, named=True)
        return self.steps[row["step_first"] : row["step_last"] + 1]


def find_cycles(steps: Steps, *, by: By | Literal["auto"] = "auto") -> Cycles:
    """The cycles that all steps of a measurement form.

    ``counter``: a cycle is a succession of steps with one value of the instrument's cycle counter; a step
    in which the counter changes belongs to the cycle of its first row. ``pairs``: a cycle is a charge and
    the discharge after it, with what lies between; a new one starts at the first charge after a discharge,
    so rests after a discharge belong to its cycle, and a file that starts with a discharge has it as cycle 1,
    alone and not complete. Pulses and steps that move little (`ACTIVE_SHARE`) start no cycle.
    ``half_cycles``: every charge and every discharge is one of its own, with the rests after it; what
    comes before the first of them belongs to it. It is what to take where pairs do not fit the test, as in
    counting cycles of unequal depth; a half cycle has no efficiency.

    The last cycle is not complete where the file ends within it: it lacks its charge or its discharge, or the
    file ends in one that moved less than half of the one before, or less than 98 % of it at another end
    voltage or a current half as large again (`_is_cut`).

    ``auto`` takes the counter if it counts: it has a value everywhere, never falls, and does not stay on one
    value while the signal shows several pairs.

    Raises `InsufficientDataError` if ``counter`` is asked for and there is none. Wrong for: a cell that is
    counted from its discharge on (discharge, then charge) by ``pairs``; its efficiency then compares a
    discharge with the charge before it, which is what coulombic efficiency means.
    """
    if len(steps) and steps.table["current_mean_ampere"].null_count() == len(steps):
        return replace(find_cycles(steps[:0]), steps=steps)  # a data logger's file, without a current
    table = with_activity(steps.table)
    if by == "half_cycles":
        halves = table.with_columns(cycle_count=_half_number(table))
        return Cycles(_cycle_table(halves, pl.col("cycle_count"), halves=True), steps, "half_cycles")
    pairs = _pair_number(table)
    if by == "counter" and table["cycle_count"].null_count() == table.height > 0:
        name = steps.measurement.provenance.file_name
        advice = "Take by='pairs' to pair charges and discharges."
        raise InsufficientDataError("the file has no cycle counter.", advice=advice, path=name)
    counted = by == "counter" or (by == "auto" and _counts(table["cycle_count"], pairs))
    if counted:
        return Cycles(_cycle_table(table, pl.col("cycle_count").rle_id()), steps, "counter")
    return Cycles(_cycle_table(table.with_columns(cycle_count=pairs), pl.col("cycle_count")), steps, "pairs")


def with_activity(table: pl.DataFrame) -> pl.DataFrame:
    """Whether a step is a charge (+1) or a discharge (-1) of a cycle, or neither (0)."""
    charge, discharge = pl.col("charge_capacity_ah"), pl.col("discharge_capacity_ah")
    net = charge - discharge
    one_way = (net.abs() >= NET_SHARE * (charge + discharge)) & (pl.col("mode") != "pulse")
    up = one_way & (charge > 0) & (charge >= ACTIVE_SHARE * charge.max()) & (net > 0)
    down = one_way & (discharge > 0) & (discharge >= ACTIVE_SHARE * discharge.max()) & (net < 0)
    moving = pl.col("direction") != "rest"
    activity = (up & moving).cast(pl.Int8) - (down & moving).cast(pl.Int8)
    return table.with_row_index("_step").with_columns(_active=activity.fill_null(0))


def _pair_number(table: pl.DataFrame) -> pl.Series:
    """1, 2, 3 ... for each step: one more at each charge whose last active step before was a discharge."""
    last_active = pl.when(pl.col("_active") != 0).then("_active").forward_fill().shift(1)
    begins = (pl.col("_active") == 1) & (last_active == -1)
    return table.select(
        (begins.fill_null(False).cum_sum() + 1).cast(pl.Int64).alias("cycle_count")
    ).to_series()


def _half_number(table: pl.DataFrame) -> pl.Series:
    """1, 2, 3 ... for each step: one more wherever charge and discharge take turns."""
    last_active = pl.when(pl.col("_active") != 0).then("_active").forward_fill().shift(1)
    begins = (pl.col("_active") * last_active == -1).fill_null(False)
    return table.select((begins.cum_sum() + 1).cast(pl.Int64).alias("cycle_count")).to_series()


def _counts(counter: pl.Series, pairs: pl.Series) -> bool:
    if not len(counter) or counter.null_count():
        return False
    falls = bool((counter.diff().drop_nulls() < 0).any())
    return not falls and (counter.n_unique() > 1 or pairs.n_unique() <= 1)


def _cycle_table(table: pl.DataFrame, group: pl.Expr, *, halves: bool = False) -> pl.DataFrame:
    named = table.with_columns(_group=group)
    cycles = named.group_by("_group", maintain_order=True).agg(
        pl.col("cycle_count").first(),
        pl.col("_step").first().alias("step_first"),
        pl.col("_step").last().alias("step_last"),
        pl.col("row_first").first(),
        pl.col("row_last").last(),
        pl.col("time_start_second").first(),
        pl.col("time_end_second").last(),
        pl.col("^(charge|discharge)_(capacity_ah|energy_wh)$").sum(),
        pl.col("voltage_min_volt", "temperature_min_celsius").min(),
        pl.col("voltage_max_volt", "temperature_max_celsius").max(),
        pl.col("_active").abs().max().alias("_moves"),
        *(pl.col(f"{way}_capacity_ah").filter(direction=way).sum().alias(f"_{way}") for way in _WAYS),
    )
    cycles = _with_completeness(named, cycles, halves)
    return _with_ratios(cycles, halves).select(pl.col(c).cast(kind) for c, (kind, _) in CYCLE_COLUMNS.items())


def _with_completeness(named: pl.DataFrame, cycles: pl.DataFrame, halves: bool) -> pl.DataFrame:
    up, down = pl.col("_charge"), pl.col("_discharge")
    whole = pl.col("_moves") == 1 if halves else pl.col("_charged") & pl.col("_discharged")
    cycles = cycles.with_columns(
        _charged=(up > 0) & (up >= PRESENT_SHARE * down),
        _discharged=(down > 0) & (down >= PRESENT_SHARE * up),
    ).with_columns(complete=whole)
    if _is_cut(named, cycles, 2 if halves else 1):
        cycles = cycles.with_columns(complete=pl.col("complete") & (pl.int_range(pl.len()) < pl.len() - 1))
    return cycles


def _with_ratios(cycles: pl.DataFrame, halves: bool) -> pl.DataFrame:
    both = pl.col("_charged") & pl.col("_discharged") & pl.lit(not halves)
    ratios = [
        ("charge_voltage_mean_volt", "charge_energy_wh", "charge_capacity_ah", pl.col("_charged")),
        (
            "discharge_voltage_mean_volt",
            "discharge_energy_wh",
            "discharge_capacity_ah",
            pl.col("_discharged"),
        ),
        ("coulombic_efficiency", "discharge_capacity_ah", "charge_capacity_ah", both),
        ("energy_efficiency", "discharge_energy_wh", "charge_energy_wh", both),
    ]
    return cycles.with_columns(
        pl.when(there).then(pl.col(part) / pl.col(whole)).alias(name) for name, part, whole, there in ratios
    )


def _is_cut(named: pl.DataFrame, cycles: pl.DataFrame, back: int) -> bool:
    """Whether the file ends within a charge or discharge, by the same one so many cycles before."""
    if cycles.height <= back or named["_active"][-1] == 0:
        return False
    way = "charge_capacity_ah" if named["_active"][-1] == 1 else "discharge_capacity_ah"
    last, before = cycles[way][-1], cycles[way][-1 - back]
    if last < UNFINISHED_SHARE * before:
        return True
    return bool(last < SHORT_SHARE * before) and not _ends_alike(named, cycles, back)


def _ends_alike(named: pl.DataFrame, cycles: pl.DataFrame, back: int) -> bool:
    """Whether the last step of the file ends at the voltage and current of its like in the cycle before."""
    cycle, step = cycles.row(-1 - back, named=True), named.row(-1, named=True)
    inside = pl.col("_step").is_between(cycle["step_first"], cycle["step_last"])
    like = named.filter(inside & (pl.col("_active") == step["_active"]))
    if not like.height:
        return True
    end = like.row(-1, named=True)
    span = cycle["voltage_max_volt"] - cycle["voltage_min_volt"]
    near = abs(step["voltage_last_volt"] - end["voltage_last_volt"]) <= END_VOLTAGE_SHARE * span
    small = abs(step["current_last_ampere"]) <= END_CURRENT_FACTOR * abs(end["current_last_ampere"])
    return bool(near and small)
