"""Files whose every answer is known by construction, in the dialects that the programs read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import ndtr

from jeoul.simulation import ClosedFormCell, Log, Segment, run_segments

Values = dict[str, dict[str, float]]

OUT_AH, COULOMBIC = 2.405, 0.99823
CYCLES = 50
CELL = ClosedFormCell(
    capacity_ah=2.5,
    empty_volt=3.2,
    full_volt=3.4,
    ohmic_ohm=0.010,
    polarisation_ohm=0.005,
    constant_second=5.0,
    coulombic_efficiency=COULOMBIC,
    leak_ampere=0.0,
    celsius=25.0,
)
LOG = Log(60.0, 60.0, 60.0, 60.0, None, None)  # the rows are taken from the history at times of our own
PULSE_SECOND, LEVELS = 30.0, 9
READ_AT_SECOND = (2.0, 10.0)

# Centre [V], width [V] and charge [Ah] of the peaks of a cell, on 0.2 Ah/V of background from 3.0 to 3.6 V.
PEAKS = ((3.20, 0.010, 0.30), (3.30, 0.006, 0.60), (3.36, 0.012, 0.80))
BACKGROUND = 0.2

CIRCUIT = {"R0": 0.010, "R1": 0.005, "C1": 0.2, "R2": 0.020, "C2": 50.0}


@dataclass(frozen=True)
class Known:
    """A file and what is true of it."""

    path: Path
    truth: Values


# --- cycles -------------------------------------------------------------------------------------------


def cycles(folder: Path, interval: float) -> dict[str, Known]:
    """50 cycles of 2.405 Ah out for 2.405 Ah / 0.99823 in, with counters that are never reset."""
    whole = [
        Segment(2.5, OUT_AH / COULOMBIC / 2.5 * 3600, "cc_charge"),
        Segment(0.0, 600.0, "rest"),
        Segment(-2.5, OUT_AH / 2.5 * 3600, "cc_discharge"),
        Segment(0.0, 600.0, "rest"),
    ]
    table = rows(whole * CYCLES, 0.02, lambda segment: regular(interval, segment.second), per_cycle=4)
    name = f"cycles_{interval:g}s"
    places = [str(n) for n in range(1, CYCLES + 1)]
    truth = {
        "discharge capacity [Ah]": dict.fromkeys(places, OUT_AH),
        "charge capacity [Ah]": dict.fromkeys(places, OUT_AH / COULOMBIC),
        "coulombic efficiency [1]": dict.fromkeys(places, COULOMBIC),
        "steps": {"all": 4.0 * CYCLES, "charge": CYCLES, "discharge": CYCLES, "rest": 2.0 * CYCLES},
    }
    return {dialect: Known(write(table, folder / name), truth) for dialect, write in DIALECTS.items()}


# --- pulses -------------------------------------------------------------------------------------------


def pulses(folder: Path, kind: str) -> Known:
    """Nine levels of 30 s out and 10 s in on a cell of 10 mohm and 5 mohm at 5 s.

    ``ideal``: logged every 0.1 s; ``rest noise``: the current of a rest reads 0.3 mA of noise; ``uneven``:
    logged at random times of 0.05 to 1 s within the pulses.
    """
    level = [
        Segment(-2.5, 360.0, "cc_discharge"),
        Segment(0.0, 3600.0, "rest"),
        Segment(-2.5, PULSE_SECOND, "pulse_discharge"),
        Segment(0.0, 40.0, "rest"),
        Segment(1.875, 10.0, "pulse_charge"),
        Segment(0.0, 40.0, "rest"),
    ]
    last = [Segment(-2.5, 300.0, "cc_discharge"), Segment(0.0, 600.0, "rest")]
    random = np.random.default_rng(7)
    table = rows(
        [Segment(0.0, 600.0, "rest"), *level * LEVELS, *last],
        1.0,
        lambda segment: pulse_times(segment, random if kind == "uneven" else None),
    )
    if kind == "rest noise":
        noise = pl.Series(3e-4 * random.standard_normal(table.height))
        table = table.with_columns(pl.when(pl.col("i") == 0).then(noise).otherwise(pl.col("i")).alias("i"))
    path = spaced(table, folder / f"pulses_{kind.replace(' ', '_')}")
    each = {str(n): 0.0 for n in range(1, LEVELS + 1)}
    return Known(
        path, {f"R at {t:g} s, discharge [ohm]": dict.fromkeys(each, resistance(t)) for t in READ_AT_SECOND}
    )


def resistance(second: float) -> float:
    """Of the cell, a time after the edge; the OCV falls while the pulse lasts. [ohm]"""
    slope = (CELL.full_volt - CELL.empty_volt) * second / 3600 / CELL.capacity_ah
    return CELL.ohmic_ohm + CELL.polarisation_ohm * -math.expm1(-second / CELL.constant_second) + slope


def pulse_times(segment: Segment, random: np.random.Generator | None) -> np.ndarray:
    """0.1 s within 60 s, else 10 s; at random where told so."""
    if segment.second > 60.0:
        return regular(10.0, segment.second)
    if random is None:
        return regular(0.1, segment.second)
    times = np.cumsum(random.uniform(0.05, 1.0, int(segment.second / 0.4)))
    return np.append(times[times < segment.second - 0.02], segment.second)


# --- incremental capacity -----------------------------------------------------------------------------


def discharge(folder: Path, noise: float) -> dict[str, Known]:
    """A discharge at 0.1 A from 3.6 V to 3.0 V whose dQ/dV is three Gaussians on a background."""
    v = np.linspace(3.0, 3.6, 60001)
    q = BACKGROUND * (v - 3.0) + sum(a * ndtr((v - c) / w) for c, w, a in PEAKS)
    moved = np.linspace(0.0, q[-1] - q[0], 8001)
    u = np.interp(q[-1] - moved, q, v) + noise * np.random.default_rng(1).standard_normal(len(moved))
    t = moved / 0.1 * 3600
    run = pl.DataFrame({"t": t, "v": u, "i": -0.1, "step": 2, "out": moved})
    table = pl.concat(
        [
            pl.DataFrame({"t": [-30.0, -20.0, -10.0], "v": 3.6, "i": 0.0, "step": 1, "out": 0.0}),
            run.with_columns(pl.col("step").cast(pl.Int64)),
        ],
        how="vertical_relaxed",
    )
    table = table.with_columns(
        pl.col("t") + 40.0,
        (pl.col("t") + 40.0 * (pl.col("step") == 1)).alias("step_time"),
        pl.lit(1).alias("cycle"),
        pl.col("step").alias("program"),
        pl.lit(0.0).alias("in"),
    )
    name = f"discharge_{1e3 * noise:g}mV"
    places = sorted((c for c, _, _ in PEAKS), reverse=True)
    truth = {"peak voltage [V]": {str(n): c for n, c in enumerate(places, start=1)}}
    return {dialect: Known(write(table, folder / name), truth) for dialect, write in DIALECTS.items()}


# --- impedance ----------------------------------------------------------------------------------------


def spectrum(folder: Path, noise: float) -> Known:
    """R0 - p(R1,C1) - p(R2,C2) from 10 kHz to 10 mHz with relative noise, as ``f,re,im``."""
    f = np.logspace(4, -2, 61)
    s, c = 2j * math.pi * f, CIRCUIT
    z = c["R0"] + c["R1"] / (1 + s * c["R1"] * c["C1"]) + c["R2"] / (1 + s * c["R2"] * c["C2"])
    error = np.random.default_rng(3).normal(0, noise, (2, len(f)))
    z = z + np.abs(z) * (error[0] + 1j * error[1])
    path = folder / "spectrum.csv"
    np.savetxt(path, np.column_stack([f, z.real, z.imag]), delimiter=",")
    return Known(path, {"parameter": dict(CIRCUIT)})


# --- rows and dialects --------------------------------------------------------------------------------


def regular(interval: float, second: float) -> np.ndarray:
    """Every interval after the edge, and the end."""
    times = np.arange(interval, second, interval)
    return np.append(times[times < second - 1e-6], second)


def rows(
    segments: list[Segment],
    soc: float,
    times: Callable[[Segment], np.ndarray],
    *,
    per_cycle: int | None = None,
) -> pl.DataFrame:
    """The run of the closed-form cell at these times after each edge, with counters that run on."""
    history = run_segments(CELL, segments, soc=soc, instrument=None, seed=1, log=LOG).truth.history
    parts, charged, discharged = [], 0.0, 0.0
    for n, segment in enumerate(segments):
        after = times(segment)
        read, passed = history.samples(n, after), history.passed(n, after)
        cycle, program = divmod(n, per_cycle) if per_cycle else (0, n)
        parts.append(
            pl.DataFrame({
                "t": history.steps[n].start_second + after, "step_time": after, "v": read.voltage_volt,
                "i": read.current_ampere, "cycle": cycle + 1, "program": program + 1, "step": n + 1,
                "in": charged + passed[0] / 3600, "out": discharged + passed[1] / 3600,
            })
        )  # fmt: skip
        charged, discharged = charged + passed[0][-1] / 3600, discharged + passed[1][-1] / 3600
    return pl.concat(parts)


def clock(form: str) -> pl.Expr:
    """The time of day from the time of test."""
    return pl.from_epoch((1_767_603_600e6 + pl.col("t") * 1e6).cast(pl.Int64), time_unit="us").dt.strftime(
        form
    )


def titled(table: pl.DataFrame, names: dict[str, str | pl.Expr]) -> pl.DataFrame:
    """These columns under these titles."""
    return table.select((pl.col(e) if isinstance(e, str) else e).alias(title) for title, e in names.items())


def spaced(table: pl.DataFrame, stem: Path) -> Path:
    """Arbin's header with blanks and units in brackets."""
    names = {
        "Date Time": clock("%m/%d/%Y %H:%M:%S%.3f"), "Test Time (s)": "t",
        "Step Time (s)": "step_time", "Cycle Index": "cycle", "Step Index": "program", "Current (A)": "i",
        "Voltage (V)": "v", "Charge Capacity (Ah)": "in",
        "Discharge Capacity (Ah)": "out", "Aux_Temperature_1 (C)": pl.lit(25.0),
    }  # fmt: skip
    path = stem.with_name(stem.name + "_spaced.csv")
    titled(table, names).write_csv(path)
    return path


def server(table: pl.DataFrame, stem: Path) -> Path:
    """Arbin's SQL server export: underscores and units in brackets."""
    names = {
        "Data_Point": pl.int_range(1, pl.len() + 1), "Date_Time": clock("%m/%d/%Y %H:%M:%S%.3f"),
        "Test_Time(s)": "t", "Step_Time(s)": "step_time", "Cycle_Index": "cycle",
        "Step_Index": "program", "Current(A)": "i", "Voltage(V)": "v", "Charge_Capacity(Ah)": "in",
        "Discharge_Capacity(Ah)": "out", "Charge_Energy(Wh)": pl.col("in") * 3.3,
        "Discharge_Energy(Wh)": pl.col("out") * 3.2,
    }  # fmt: skip
    path = stem.with_name(stem.name + "_server.csv")
    titled(table, names).write_csv(path)
    return path


def plain(table: pl.DataFrame, stem: Path) -> Path:
    """Arbin's header without units, time of day in seconds."""
    names = {
        "": pl.int_range(0, pl.len()), "Data_Point": pl.int_range(1, pl.len() + 1), "Test_Time": "t",
        "DateTime": pl.col("t") + 1_767_603_600.0, "Step_Time": "step_time", "Step_Index": "program",
        "Cycle_Index": "cycle", "Current": "i", "Voltage": "v", "Charge_Capacity": "in",
        "Discharge_Capacity": "out", "Charge_Energy": pl.col("in") * 3.3,
        "Discharge_Energy": pl.col("out") * 3.2, "dV/dt": pl.lit(0.0), "Internal_Resistance": pl.lit(0.0),
        "Temperature": pl.lit(25.0),
    }  # fmt: skip
    path = stem.with_name(stem.name + "_plain.csv")
    titled(table, names).write_csv(path)
    return path


def bdf(table: pl.DataFrame, stem: Path) -> Path:
    """Battery Data Format, without the step time: nothing dates the edge before the first row of the file."""
    names = {
        "Test Time / s": "t", "Voltage / V": "v", "Current / A": "i", "Cycle Count / 1": "cycle",
        "Step Count / 1": "step", "Charging Capacity / Ah": "in", "Discharging Capacity / Ah": "out",
    }  # fmt: skip
    path = stem.with_name(stem.name + ".bdf.csv")
    titled(table, names).write_csv(path)
    return path


def signal(table: pl.DataFrame, stem: Path) -> Path:
    """Battery Data Format with time, voltage and current and nothing else."""
    path = stem.with_name(stem.name + "_signal.bdf.csv")
    titled(table, {"Test Time / s": "t", "Voltage / V": "v", "Current / A": "i"}).write_csv(path)
    return path


DIALECTS = {"spaced": spaced, "server": server, "plain": plain, "bdf": bdf, "signal": signal}
