"""Cycles: steps grouped by the instrument's counter, or by pairs of charge and discharge."""

from __future__ import annotations

from dataclasses import dataclass
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
"""A step that ends with the file and moved less than this share of the cycle before was cut off."""

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
    "complete": (pl.Boolean, "has a charge and a discharge, and the file does not end within one of them"),
}


@dataclass(frozen=True, eq=False)
class Cycles:
    """The cycles of one measurement: a table with the columns of `CYCLE_COLUMNS`, in order. Frozen.

    `by` says what made a cycle: the instrument's counter or pairs of charge and discharge.
    """

    table: pl.DataFrame
    steps: Steps
    by: Literal["counter", "pairs"]

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


def find_cycles(steps: Steps, *, by: Literal["auto", "counter", "pairs"] = "auto") -> Cycles:
    """The cycles that all steps of a measurement form.

    ``counter``: a cycle is a succession of steps with one value of the instrument's cycle counter; a step
    in which the counter changes belongs to the cycle of its first row. ``pairs``: a cycle is a charge and
    the discharge after it, with what lies between; a new one starts at the first charge after a discharge,
    so rests after a discharge belong to its cycle, and a file that starts with a discharge has it as cycle 1,
    alone and not complete. Pulses and steps that move little (`ACTIVE_SHARE`) start no cycle.

    ``auto`` takes the counter if it counts: it has a value everywhere, never falls, and does not stay on one
    value while the signal shows several pairs.

    Raises `InsufficientDataError` if ``counter`` is asked for and there is none. Wrong for: a cell that is
    counted from its discharge on (discharge, then charge) by ``pairs``; its efficiency then compares a
    discharge with the charge before it, which is what coulombic efficiency means.
    """
    table = _with_activity(steps.table)
    pairs = _pair_number(table)
    if by == "counter" and table["cycle_count"].null_count() == table.height > 0:
        name = steps.measurement.provenance.file_name
        advice = "Take by='pairs' to pair charges and discharges."
        raise InsufficientDataError("the file has no cycle counter.", advice=advice, path=name)
    counted = by == "counter" or (by == "auto" and _counts(table["cycle_count"], pairs))
    if counted:
        return Cycles(_cycle_table(table, pl.col("cycle_count").rle_id()), steps, "counter")
    return Cycles(_cycle_table(table.with_columns(cycle_count=pairs), pl.col("cycle_count")), steps, "pairs")


def _with_activity(table: pl.DataFrame) -> pl.DataFrame:
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


def _counts(counter: pl.Series, pairs: pl.Series) -> bool:
    if not len(counter) or counter.null_count():
        return False
    falls = bool((counter.diff().drop_nulls() < 0).any())
    return not falls and (counter.n_unique() > 1 or pairs.n_unique() <= 1)


def _cycle_table(table: pl.DataFrame, group: pl.Expr) -> pl.DataFrame:
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
        *(pl.col(f"{way}_capacity_ah").filter(direction=way).sum().alias(f"_{way}") for way in _WAYS),
    )
    up, down = pl.col("_charge"), pl.col("_discharge")
    cycles = cycles.with_columns(
        _charged=(up > 0) & (up >= PRESENT_SHARE * down),
        _discharged=(down > 0) & (down >= PRESENT_SHARE * up),
    ).with_columns(complete=pl.col("_charged") & pl.col("_discharged"))
    if _is_cut(named, cycles):
        cycles = cycles.with_columns(complete=pl.col("complete") & (pl.int_range(pl.len()) < pl.len() - 1))
    return _with_ratios(cycles).select(pl.col(c).cast(kind) for c, (kind, _) in CYCLE_COLUMNS.items())


def _with_ratios(cycles: pl.DataFrame) -> pl.DataFrame:
    both = pl.col("_charged") & pl.col("_discharged")
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


def _is_cut(named: pl.DataFrame, cycles: pl.DataFrame) -> bool:
    """Whether the file ends within a charge or discharge that the cycle before had at least twice as long."""
    if cycles.height < 2 or named["_active"][-1] == 0:
        return False
    way = "charge_capacity_ah" if named["_active"][-1] == 1 else "discharge_capacity_ah"
    last, before = cycles[way][-1], cycles[way][-2]
    return bool(last < UNFINISHED_SHARE * before)
