"""BEEP's answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from answer import Values, answer
from beep.structure.arbin import ArbinDatapath
from beep.structure.maccor import MaccorDatapath


def cycles(datapath, nominal: float) -> Values:
    """Of its summary."""
    table = datapath.summarize_cycles(nominal_capacity=nominal)
    places = [str(int(n)) for n in table["cycle_index"]]
    out, put_in = table["discharge_capacity"], table["charge_capacity"]
    return {
        "discharge capacity [Ah]": dict(zip(places, out, strict=True)),
        "charge capacity [Ah]": dict(zip(places, put_in, strict=True)),
        "coulombic efficiency [1]": dict(zip(places, out / put_in, strict=True)),
    }


def arbin(path: Path):
    return ArbinDatapath.from_file(str(path))


def maccor(path: Path):
    return MaccorDatapath.from_file(str(path))


if __name__ == "__main__":
    answer(
        "beep",
        {
            "cycles": (arbin, partial(cycles, nominal=2.5)),
            "maccor cycles": (maccor, partial(cycles, nominal=4.84)),
        },
    )
