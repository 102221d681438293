"""Jeoul's answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from answer import Values, answer

import jeoul
from jeoul import metrics

CIRCUITS = {"made": "R0-p(R1,C1)-p(R2,C2)", "published": "R0-p(R1,C1)-p(R2-Wo1,C2)"}
STARTS = {"made": [0.02, 0.01, 0.1, 0.01, 10.0], "published": [0.01, 0.01, 100, 0.01, 0.05, 100, 1]}


def cycles(measurement: jeoul.Measurement) -> Values:
    """Charge, discharge and efficiency of every cycle that the file counts."""
    steps = jeoul.find_steps(measurement)
    table = metrics.cycle_table(jeoul.find_cycles(steps), accuracy=None)
    places = [str(n) for n in table["cycle_count"]]
    return {
        "discharge capacity [Ah]": dict(zip(places, table["discharge_capacity"], strict=True)),
        "charge capacity [Ah]": dict(zip(places, table["charge_capacity"], strict=True)),
        "coulombic efficiency [1]": dict(zip(places, table["coulombic_efficiency"], strict=True)),
    }


def half_cycles(measurement: jeoul.Measurement) -> Values:
    """Charge and discharge capacity of the runs of one direction, in order."""
    table = jeoul.find_steps(measurement).table
    moving = table.filter(table["direction"].is_in(["charge", "discharge"]))
    turns = (moving["direction"] != moving["direction"].shift(1)).fill_null(value=True).cum_sum()
    grouped = moving.with_columns(turns.alias("half")).group_by("half", maintain_order=True)
    summed = grouped.agg(pl.col("charge_capacity_ah", "discharge_capacity_ah").sum())
    sums = summed.select("charge_capacity_ah", "discharge_capacity_ah").rows()
    return {"half-cycle capacity [Ah]": {str(n): a + b for n, (a, b) in enumerate(sums, start=1)}}


def steps(measurement: jeoul.Measurement) -> Values:
    """How many steps of each direction."""
    table = jeoul.find_steps(measurement).table
    found = {word: float((table["direction"] == word).sum()) for word in ("charge", "discharge", "rest")}
    return {"steps": {"all": float(table.height), **found}}


def pulses(measurement: jeoul.Measurement, capacity: float, times: tuple[float, ...]) -> Values:
    """Resistance of every discharge pulse at these times."""
    found = jeoul.find_steps(measurement)
    values: Values = {}
    for t in times:
        table = metrics.hppc_table(
            found,
            rated_capacity_ah=capacity,
            discharge_time_second=t,
            charge_time_second=min(t, 9.0),
            accuracy=None,
            full_at_start=True,
        )
        each = {str(n): point.resistance.value for n, point in enumerate(table.discharge, start=1)}
        values[f"R at {t:g} s, discharge [ohm]"] = each
    return values


def peaks(measurement: jeoul.Measurement) -> Values:
    """The peaks of dQ/dV, from the highest voltage down."""
    step = next(s for s in jeoul.find_steps(measurement) if s.row["direction"] == "discharge")
    curve = metrics.incremental_capacity_curve(step, bandwidth_volt="auto", accuracy=None)
    return {"peak voltage [V]": {str(p.number): p.position.value for p in curve.peaks}}


def read_spectrum(path: Path) -> metrics.Spectrum:
    """The rows below the real axis, as the documentation of impedance.py takes them."""
    f, real, imaginary = np.loadtxt(path, delimiter=",").T
    kept = imaginary < 0
    return metrics.make_spectrum(f[kept].tolist(), (real + 1j * imaginary)[kept].tolist())


def impedance(spectrum: metrics.Spectrum, kind: str) -> Values:
    """The parameters of the circuit, unweighted, from a stated start."""
    fit = metrics.fit_circuit(spectrum, circuit=CIRCUITS[kind], weighting="unit", start=STARTS[kind])
    return {"parameter": {name: m.value for name, m in fit.parameters.items()}}


if __name__ == "__main__":
    read = jeoul.read
    made_pulses = partial(pulses, capacity=2.5, times=(2.0, 10.0))
    published_pulses = partial(pulses, capacity=0.0032, times=(10.0, 29.0))
    answer(
        "jeoul",
        {
            "cycles": (read, cycles),
            "half cycles": (read, half_cycles),
            "steps": (read, steps),
            "pulses": (read, made_pulses),
            "published pulses": (read, published_pulses),
            "peaks": (read, peaks),
            "impedance": (read_spectrum, partial(impedance, kind="made")),
            "published impedance": (read_spectrum, partial(impedance, kind="published")),
        },
    )
