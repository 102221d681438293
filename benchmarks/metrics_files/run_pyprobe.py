"""PyProBE's answers."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import polars as pl
import pyprobe
from answer import Values, answer, highest_peaks
from pyprobe.analysis import cycling, differentiation, pulsing


def load(path: Path, cycler: str):
    """The whole procedure; PyProBE imports through a Parquet file."""
    cell = pyprobe.Cell(info={"Name": "cell"})
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "cell.parquet")
        cell.import_from_cycler(
            procedure_name="all", cycler=cycler, input_data_path=str(path), output_data_path=out
        )
        procedure = cell.procedure["all"]
        procedure.data  # noqa: B018 - collected before the file goes
    return procedure


def cycles(procedure) -> Values:
    """Of its summary, which counts cycles from 0."""
    table = cycling.summary(procedure, dchg_before_chg=False).data
    places = [str(n + 1) for n in table["Cycle"]]
    out, put_in = table["Discharge Capacity [Ah]"], table["Charge Capacity [Ah]"]
    found = {
        "discharge capacity [Ah]": dict(zip(places, out, strict=True)),
        "charge capacity [Ah]": dict(zip(places, put_in, strict=True)),
    }
    if "Coulombic Efficiency" in table.columns:
        found["coulombic efficiency [1]"] = dict(zip(places, table["Coulombic Efficiency"], strict=True))
    return found


def pulses(procedure, times: tuple[float, ...]) -> Values:
    """Of the discharge pulses, chosen by hand: it counts every step of a level, and gives them in no order."""
    procedure.set_soc(reference_capacity=2.5)
    table = pulsing.get_resistances(procedure, r_times=list(times)).data.sort("Pulse Number")
    chosen = table.filter((pl.col("Pulse Number") - 1) % 3 == 1)
    return {
        f"R at {t:g} s, discharge [ohm]": {
            str(n): value for n, value in enumerate(chosen[f"R_{t}s [Ohms]"], start=1)
        }
        for t in times
    }


def peaks(procedure) -> Values:
    """Of its level evaluation, with the bins of its documentation."""
    run = procedure.discharge()
    curve = differentiation.differentiate_lean(
        run, x="Capacity [Ah]", y="Voltage [V]", k=10, gradient="dxdy", section="longest"
    ).data
    x, y = curve["Voltage [V]"], curve["d(Capacity [Ah])/d(Voltage [V])"].abs()
    return {"peak voltage [V]": highest_peaks(x.to_list(), y.to_list(), 3)}


if __name__ == "__main__":
    arbin = partial(load, cycler="arbin")
    answer(
        "pyprobe-data",
        {
            "cycles": (arbin, cycles),
            "pulses": (arbin, partial(pulses, times=(2.0, 10.0))),
            "peaks": (arbin, peaks),
        },
    )
