"""navani's answers."""

from __future__ import annotations

from pathlib import Path

import navani.echem as echem
from answer import Values, answer, highest_peaks


def load(path: Path):
    return echem.echem_file_loader(str(path))


def cycles(table) -> Values:
    """Of its summary [mAh], whose full cycle is two half cycles in a row, whatever the file counts."""
    table = echem.cycle_summary(table)
    table = table[table.index > 0]
    places = [str(int(n)) for n in table.index]
    out, put_in = table["Discharge Capacity"] / 1e3, table["Charge Capacity"] / 1e3
    return {
        "discharge capacity [Ah]": dict(zip(places, out, strict=True)),
        "charge capacity [Ah]": dict(zip(places, put_in, strict=True)),
        "coulombic efficiency [1]": dict(zip(places, out / put_in, strict=True)),
    }


def half_cycles(table) -> Values:
    """The largest capacity of each half cycle."""
    moving = table[(table["half cycle"] > 0) & (table["state"] != "R")]
    most = moving.groupby("half cycle")["Capacity"].max() / 1e3
    return {"half-cycle capacity [Ah]": {str(n): v for n, v in enumerate(most, start=1)}}


def peaks(table) -> Values:
    """Of its smoothed spline with its defaults."""
    run = table[table["state"] == 1]
    x, y, _ = echem.dqdv_single_cycle(run["Capacity"], run["Voltage"])
    return {"peak voltage [V]": highest_peaks(x, abs(y), 3)}


if __name__ == "__main__":
    answer("navani", {"cycles": (load, cycles), "half cycles": (load, half_cycles), "peaks": (load, peaks)})
