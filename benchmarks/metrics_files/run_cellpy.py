"""cellpy's answers: its own loaders and summaries, as its documentation uses them, for a full cell."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cellpy
from answer import Values, answer, highest_peaks
from cellpy import config, ica

config.reader.sep = ","


def load(path: Path, instrument: str):
    """The rows alone; steps and summary are made from them."""
    return cellpy.get(
        str(path),
        instrument=instrument,
        mass=1.0,
        cycle_mode="full_cell",
        logging_mode="CRITICAL",
        auto_summary=False,
    )


def cycles(cell) -> Values:
    """Of its summary, where capacities are in the unit of the raw file and efficiencies in percent."""
    cell.make_step_table()
    cell.make_summary()
    table = cell.data.summary
    unit = 1.0 if str(cell.data.raw_units["charge"]) == "Ah" else 1e-3
    places = [str(int(n)) for n in table.get("cycle_num", table.index)]
    return {
        "discharge capacity [Ah]": dict(zip(places, unit * table["discharge_capacity"], strict=True)),
        "charge capacity [Ah]": dict(zip(places, unit * table["charge_capacity"], strict=True)),
        "coulombic efficiency [1]": dict(zip(places, table["coulombic_efficiency"] / 100, strict=True)),
    }


def steps(cell) -> Values:
    """Of its step table."""
    cell.make_step_table()
    words = cell.data.steps["step_type"].astype(str)
    marks = {"charge": "^charge|^cv_charge", "discharge": "discharge", "rest": "rest"}
    found = {word: float(words.str.contains(mark).sum()) for word, mark in marks.items()}
    return {"steps": {"all": float(len(words)), **found}}


def peaks(cell) -> Values:
    """Of its dQ/dV with its default recipe; of a full cell it takes the first half cycle for a charge."""
    cell.make_step_table()
    curve = ica.dqdv(cell, cycles=1)
    return {"peak voltage [V]": highest_peaks(curve["voltage"], curve["dqdv"].abs(), 3)}


if __name__ == "__main__":
    server, res, nda = (
        partial(load, instrument=name) for name in ("arbin_sql_csv", "arbin_res", "neware_nda")
    )
    answer(
        "cellpy",
        {
            "cycles": (server, cycles),
            "steps": (server, steps),
            "published cycles": (res, cycles),
            "neware cycles": (nda, cycles),
            "peaks": (server, peaks),
        },
    )
