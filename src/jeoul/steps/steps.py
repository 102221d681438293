"""Executed steps: one row each, with everything that a metric needs from the rows of the step.

The table is a reduction of the measurement in one pass. Every sum is of samples weighted with `w_k`
[s], the time that row k stands for: half the interval to the row before plus half the interval to the
row after (so that ``sum(w_k I_k)`` is the trapezoid), and at the two ends of the step the interval
between the row and the true edge of the step, in which the current is that of the row. The true edge
comes from the instrument's step time where there is one, else the interval before the first row of
a step belongs to that step. No row is lost at an edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, overload

import polars as pl

from jeoul.errors import InsufficientDataError
from jeoul.measurement import Finding, Measurement
from jeoul.uncertainty import Evidence

Mode = Literal["rest", "cc", "cv", "cccv", "cp", "pulse", "profile", "unknown"]
Direction = Literal["charge", "discharge", "rest", "mixed"]

# Name -> (Polars type, meaning). `_charge` and `_discharge` columns are sums over the samples with
# positive and with negative current; quantities of discharge are given as positive numbers.
STEP_COLUMNS: dict[str, tuple[pl.DataType | type[pl.DataType], str]] = {
    "step_count": (pl.Int64, "number of the executed step; the instrument's own where it counts them"),
    "step_id": (pl.Int64, "number of the step in the test programme; null where the file has none"),
    "cycle_count": (pl.Int64, "the instrument's cycle at the first row; null where the file has none"),
    "step_type": (pl.String, "the instrument's own word for the step; null where the file has none"),
    "mode": (pl.String, "rest, cc, cv, cccv, cp, pulse, profile or unknown, found from the signal"),
    "direction": (pl.String, "charge, discharge, rest or mixed (mixed also where no current was recorded)"),
    "row_first": (pl.Int64, "first data row, 1-based"),
    "row_last": (pl.Int64, "last data row, inclusive"),
    "time_start_second": (pl.Float64, "test time at the true edge before the first row [s]"),
    "time_first_second": (pl.Float64, "test time of the first row [s]"),
    "time_last_second": (pl.Float64, "test time of the last row [s]"),
    "time_end_second": (pl.Float64, "test time at the true edge after the last row [s]"),
    "duration_second": (pl.Float64, "time_end - time_start [s]"),
    "max_interval_second": (pl.Float64, "longest interval between two rows of the step [s]"),
    "voltage_first_volt": (pl.Float64, "[V]"),
    "voltage_last_volt": (pl.Float64, "[V]"),
    "voltage_min_volt": (pl.Float64, "[V]"),
    "voltage_max_volt": (pl.Float64, "[V]"),
    "voltage_mean_volt": (pl.Float64, "sum(w U) / sum(w) [V]"),
    "current_first_ampere": (pl.Float64, "[A]"),
    "current_last_ampere": (pl.Float64, "[A]"),
    "current_min_ampere": (pl.Float64, "[A]"),
    "current_max_ampere": (pl.Float64, "[A]"),
    "current_mean_ampere": (pl.Float64, "sum(w I) / sum(w) [A]"),
    "temperature_first_celsius": (pl.Float64, "null where the file has no temperature [degC]"),
    "temperature_last_celsius": (pl.Float64, "[degC]"),
    "temperature_min_celsius": (pl.Float64, "[degC]"),
    "temperature_max_celsius": (pl.Float64, "[degC]"),
    "temperature_mean_celsius": (pl.Float64, "sum(w T) / sum(w) [degC]"),
    "charge_capacity_ah": (pl.Float64, "sum(w I) / 3600 over I > 0 [Ah]"),
    "discharge_capacity_ah": (pl.Float64, "-sum(w I) / 3600 over I < 0 [Ah]"),
    "charge_energy_wh": (pl.Float64, "sum(w U I) / 3600 over I > 0 [Wh]"),
    "discharge_energy_wh": (pl.Float64, "-sum(w U I) / 3600 over I < 0 [Wh]"),
    # What the uncertainty of those four needs (see uncertainty/accuracy): sums over the same samples.
    "charge_second": (pl.Float64, "sum(w) over I > 0 [s]"),
    "discharge_second": (pl.Float64, "sum(w) over I < 0 [s]"),
    "charge_volt_second": (pl.Float64, "sum(w U) over I > 0 [V s]"),
    "discharge_volt_second": (pl.Float64, "sum(w U) over I < 0 [V s]"),
    "charge_time_moment": (pl.Float64, "sum(w t) over I > 0, t the test time [s2]"),
    "discharge_time_moment": (pl.Float64, "sum(w t) over I < 0, t the test time [s2]"),
    "charge_volt_time_moment": (pl.Float64, "sum(w U t) over I > 0 [V s2]"),
    "discharge_volt_time_moment": (pl.Float64, "sum(w U t) over I < 0 [V s2]"),
    "charge_square_second": (pl.Float64, "sum(w2) over I > 0 [s2]"),
    "discharge_square_second": (pl.Float64, "sum(w2) over I < 0 [s2]"),
    "charge_square_volt": (pl.Float64, "sum(w2 U2) over I > 0 [V2 s2]"),
    "discharge_square_volt": (pl.Float64, "sum(w2 U2) over I < 0 [V2 s2]"),
    "charge_square_ampere": (pl.Float64, "sum(w2 I2) over I > 0 [A2 s2]"),
    "discharge_square_ampere": (pl.Float64, "sum(w2 I2) over I < 0 [A2 s2]"),
    "current_time_moment": (pl.Float64, "sum(w I t) over all samples [A s2]"),
}


@dataclass(frozen=True, eq=False)
class Step:
    """One executed step: a row of the table by attribute, and its samples on request."""

    row: dict[str, Any]
    measurement: Measurement

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["row"][name]
        except KeyError:
            raise AttributeError(f"a step has no '{name}'; its columns are listed in STEP_COLUMNS") from None

    def __repr__(self) -> str:
        r = self.row
        return (
            f"<Step {r['step_count']} {r['mode']} {r['direction']}: rows {r['row_first']}-{r['row_last']}, "
            f"{r['duration_second']:.6g} s, {r['current_mean_ampere']:.6g} A>"
        )

    def samples(self, *columns: str) -> pl.DataFrame:
        """These columns of the rows of this step, in memory."""
        return self.measurement.select(columns, self.row["row_first"], self.row["row_last"])

    @property
    def evidence(self) -> Evidence:
        """The rows of the raw file that this step is."""
        source = self.measurement.provenance
        r = self.row
        return Evidence(source.file_name, source.sha256, r["row_first"], r["row_last"], (r["step_count"],))


@dataclass(frozen=True, eq=False)
class Steps:
    """The executed steps of one measurement, in order, and a few questions. Frozen.

    `boundaries` says what cut the rows into steps: the instrument's own columns or the signal alone.
    A question returns a `Steps` of the same measurement, so questions chain:
    ``steps.discharges.at_rate(1.0, rated_capacity=2.0)``.
    """

    table: pl.DataFrame
    measurement: Measurement
    boundaries: Literal["instrument", "signal"]
    temperature_column: str | None = None
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return self.table.height

    def __iter__(self) -> Iterator[Step]:
        return (Step(row, self.measurement) for row in self.table.iter_rows(named=True))

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Steps: ...
    def __getitem__(self, index: int | slice) -> Step | Steps:
        if isinstance(index, slice):
            return replace(self, table=self.table[index])
        if not -len(self) <= index < len(self):
            name = self.measurement.provenance.file_name
            raise InsufficientDataError(f"no step {index}: there are {len(self)} such steps.", path=name)
        return Step(self.table.row(index % len(self), named=True), self.measurement)

    def where(self, condition: pl.Expr) -> Steps:
        """The steps whose table row fulfils a Polars expression over `STEP_COLUMNS`."""
        return replace(self, table=self.table.filter(condition))

    @property
    def last(self) -> Step:
        """The last of these steps."""
        return self[-1]

    @property
    def charges(self) -> Steps:
        """Steps that charge."""
        return self.where(pl.col("direction") == "charge")

    @property
    def discharges(self) -> Steps:
        """Steps that discharge."""
        return self.where(pl.col("direction") == "discharge")

    @property
    def rests(self) -> Steps:
        """Steps without current."""
        return self.where(pl.col("direction") == "rest")

    @property
    def pulses(self) -> Steps:
        """Short steps of constant current between rests or other currents."""
        return self.where(pl.col("mode") == "pulse")

    @property
    def full_discharges(self) -> Steps:
        """Discharges that reached the lowest end-of-discharge voltage of this measurement.

        A constant-current, constant-power or CC-CV discharge whose lowest voltage lies within 2 % of
        the voltage span above the lowest of all such discharges and which moved at least half the
        charge of the largest of them. It says nothing of where the discharge started: whether the cell
        was full before is a condition of a standard, checked there.
        """
        return _full(self, "discharge", "voltage_min_volt", lowest=True)

    @property
    def full_charges(self) -> Steps:
        """Charges that reached the highest voltage of this measurement; the mirror of `full_discharges`."""
        return _full(self, "charge", "voltage_max_volt", lowest=False)

    def by_step_id(self, step_id: int) -> Steps:
        """Every execution of one step of the test programme."""
        return self.where(pl.col("step_id") == step_id)

    def by_cycle(self, cycle_count: int) -> Steps:
        """The steps of one of the instrument's cycles."""
        return self.where(pl.col("cycle_count") == cycle_count)

    def at_rate(self, rate: float, *, rated_capacity: float, tolerance: float = 0.05) -> Steps:
        """Steps whose mean current is `rate` times It within a relative `tolerance`.

        rate: positive for charge and for discharge alike [1/h]. rated_capacity: [Ah].
        """
        found = (pl.col("current_mean_ampere").abs() / rated_capacity - rate).abs()
        return self.where((pl.col("direction") != "rest") & (found <= tolerance * rate))

    def at_temperature(self, celsius: float, *, tolerance: float = 2.0) -> Steps:
        """Steps whose lowest and highest temperature lie within `tolerance` [K] of `celsius` [degC].

        A step without a temperature reading is not among them.
        """
        low = pl.col("temperature_min_celsius") >= celsius - tolerance
        return self.where(low & (pl.col("temperature_max_celsius") <= celsius + tolerance))


def _full(steps: Steps, direction: str, end: str, *, lowest: bool) -> Steps:
    capacity = f"{direction}_capacity_ah"
    some = steps.where((pl.col("direction") == direction) & pl.col("mode").is_in(["cc", "cp", "cccv"]))
    if not len(some):
        return some
    spread = some.table.select(pl.col("voltage_max_volt").max() - pl.col("voltage_min_volt").min()).item()
    distance = (pl.col(end) - pl.col(end).min()) if lowest else (pl.col(end).max() - pl.col(end))
    reached = distance <= 0.02 * spread
    return some.where(reached & (pl.col(capacity) >= 0.5 * pl.col(capacity).max()))
