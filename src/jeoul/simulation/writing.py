"""A simulated test as files: canonical Parquet, and text in the manner of three makers of testers.

They are *like* the makers' exports in header, units, sign, clock and counters, as far as the public files
show them; no tester wrote them, and each says so where its format has a place for words.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from jeoul.measurement import Measurement

_COUNTED = ("charging_capacity_ah", "discharging_capacity_ah", "charging_energy_wh", "discharging_energy_wh")
_MACCOR_MARK = "simulated"


def write_parquet(measurement: Measurement, path: Path) -> Path:
    """The canonical table under its own names; `jeoul.read` takes it as Battery Data Format."""
    measurement.table.write_parquet(path)
    return path


def write_arbin_csv(measurement: Measurement, path: Path) -> Path:
    """Like an Arbin csv export: signed current, counters that run through the test and are never reset."""
    table = measurement.table.with_columns(_running(name) for name in _COUNTED)
    columns = [
        pl.col("record_index").alias("Data_Point"),
        pl.col("test_time_second").round(4).alias("Test_Time(s)"),
        _clock("%m/%d/%Y %H:%M:%S%.3f").alias("Date_Time"),
        pl.col("step_time_second").round(4).alias("Step_Time(s)"),
        pl.col("step_id").alias("Step_Index"),
        pl.col("cycle_count").alias("Cycle_Index"),
        pl.col("current_ampere").round(9).alias("Current(A)"),
        pl.col("voltage_volt").round(9).alias("Voltage(V)"),
        *(
            pl.col(f"_{name}").round(9).alias(title)
            for name, title in zip(
                _COUNTED,
                (
                    "Charge_Capacity(Ah)",
                    "Discharge_Capacity(Ah)",
                    "Charge_Energy(Wh)",
                    "Discharge_Energy(Wh)",
                ),
                strict=True,
            )
        ),
        pl.col("surface_temperature_celsius").round(4).alias("Aux_Temperature(C)_1"),
    ]
    table.select(columns).write_csv(path)
    return path


def _running(name: str) -> pl.Expr:
    """The counter of the steps as one that runs through the test."""
    counter = pl.col(f"step_{name}")
    started = pl.col("step_count") != pl.col("step_count").shift(1)
    finished = pl.when(started).then(counter.shift(1)).otherwise(0.0).fill_null(0.0)
    return (finished.cum_sum() + counter).alias(f"_{name}")


_NEWARE_TYPES = {
    "cc_charge": "CC Chg",
    "cc_discharge": "CC DChg",
    "cccv_charge": "CCCV Chg",
    "cccv_discharge": "CCCV DChg",
    "cp_charge": "CP Chg",
    "cp_discharge": "CP DChg",
    "cv": "CV Chg",
    "rest": "Rest",
    "pulse_charge": "Pulse",
    "pulse_discharge": "Pulse",
    "profile": "SIM",
}


def write_neware_csv(measurement: Measurement, path: Path) -> Path:
    """Like a Neware (BTSDA) record export: times as h:mm:ss.fff, counters that start again at every step."""
    charge, discharge = (pl.col(f"step_{way}_capacity_ah") for way in ("charging", "discharging"))
    charge_wh, discharge_wh = (pl.col(f"step_{way}_energy_wh") for way in ("charging", "discharging"))
    columns = [
        pl.col("record_index").alias("DataPoint"),
        pl.col("cycle_count").alias("Cycle Index"),
        pl.col("step_id").alias("Step Index"),
        pl.col("step_type").replace(_NEWARE_TYPES).alias("Step Type"),
        _span("step_time_second").alias("Time"),
        _span("test_time_second").alias("Total Time"),
        pl.col("current_ampere").round(8).alias("Current(A)"),
        pl.col("voltage_volt").round(8).alias("Voltage(V)"),
        (charge + discharge).round(8).alias("Capacity(Ah)"),
        charge.round(8).alias("Chg. Cap.(Ah)"),
        discharge.round(8).alias("DChg. Cap.(Ah)"),
        (charge_wh + discharge_wh).round(8).alias("Energy(Wh)"),
        charge_wh.round(8).alias("Chg. Energy(Wh)"),
        discharge_wh.round(8).alias("DChg. Energy(Wh)"),
        _clock("%Y-%m-%d %H:%M:%S").alias("Date"),
        pl.col("surface_temperature_celsius").round(3).alias("T1(℃)"),
    ]
    measurement.table.select(columns).write_csv(path)
    return path


def write_maccor_text(measurement: Measurement, path: Path) -> Path:
    """Like a Maccor text export: current without sign beside a state letter, counters of a half cycle.

    A resting channel that reads its offset loses the sign of that reading, as with the real one.
    """
    table = measurement.table.with_columns(_half_cycle(), _state(), *(_running(name) for name in _COUNTED))
    table = table.with_columns(_both_ways("capacity_ah"), _both_ways("energy_wh"))
    columns = [
        pl.col("record_index").alias("Rec#"),
        pl.col("cycle_count").alias("Cyc#"),
        pl.col("step_id").alias("Step"),
        pl.col("test_time_second").round(4).alias("Test (Sec)"),
        pl.col("step_time_second").round(4).alias("Step (Sec)"),
        _within_half_cycle("capacity_ah").round(10).alias("Amp-hr"),
        _within_half_cycle("energy_wh").round(10).alias("Watt-hr"),
        pl.col("current_ampere").abs().round(10).alias("Amps"),
        pl.col("voltage_volt").round(10).alias("Volts"),
        pl.col("_state").alias("State"),
        pl.lit(1).alias("ES"),
        _clock("%m/%d/%Y %H:%M:%S").alias("DPt Time"),
        pl.col("surface_temperature_celsius").round(4).alias("Temp 1"),
    ]
    rows = table.select(columns).write_csv(separator="\t", line_terminator="\r\n")
    path.write_bytes((_maccor_preamble(measurement) + rows).encode("latin-1"))
    return path


def _maccor_preamble(measurement: Measurement) -> str:
    day = datetime.fromtimestamp(float(measurement.table["unix_time_second"][0]), UTC).strftime("%m/%d/%Y")
    item, procedure = (measurement.metadata.get(key, "") for key in ("item", "procedure"))
    words = f"Today's Date {day}  Date of Test:\t{day}\t Filename:\t{item} Procedure: {procedure}"
    return f"{words}\tComment/Barcode: {_MACCOR_MARK}\r\n"


def _state() -> pl.Expr:
    current = pl.col("current_ampere")
    moving = pl.when(current > 0).then(pl.lit("C")).when(current < 0).then(pl.lit("D")).otherwise(pl.lit("R"))
    return pl.when(pl.col("step_type") == "rest").then(pl.lit("R")).otherwise(moving).alias("_state")


def _half_cycle() -> pl.Expr:
    """Runs on until the direction turns; a rest belongs to what went before it."""
    way = (
        pl.when(pl.col("step_charging_capacity_ah") > 0)
        .then(1)
        .when(pl.col("step_discharging_capacity_ah") > 0)
        .then(-1)
        .forward_fill()
        .fill_null(0)
    )
    return (way != way.shift(1)).fill_null(value=False).cum_sum().alias("_half")


def _both_ways(quantity: str) -> pl.Expr:
    return (pl.col(f"_charging_{quantity}") + pl.col(f"_discharging_{quantity}")).alias(f"_{quantity}")


def _within_half_cycle(quantity: str) -> pl.Expr:
    """Charge both ways since the last row of the half cycle before."""
    whole = pl.col(f"_{quantity}")
    turned = pl.col("_half") != pl.col("_half").shift(1)
    return whole - pl.when(turned).then(whole.shift(1)).forward_fill().fill_null(0.0)


def _clock(form: str) -> pl.Expr:
    return pl.from_epoch(
        (pl.col("unix_time_second") * 1e6).round().cast(pl.Int64), time_unit="us"
    ).dt.strftime(form)


def _span(name: str) -> pl.Expr:
    """Seconds as h:mm:ss.fff."""
    milli = (pl.col(name) * 1000).round().cast(pl.Int64)
    parts = milli // 3_600_000, milli // 60_000 % 60, milli // 1000 % 60, milli % 1000
    padded = [part.cast(pl.String).str.zfill(width) for part, width in zip(parts, (1, 2, 2, 3), strict=True)]
    return pl.format("{}:{}:{}.{}", *padded)
