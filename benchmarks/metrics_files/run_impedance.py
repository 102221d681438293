"""impedance.py's answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from answer import Values, answer
from impedance.models.circuits import CustomCircuit

MADE = ("R0-p(R1,C1)-p(R2,C2)", [0.02, 0.01, 0.1, 0.01, 10.0])
PUBLISHED = ("R0-p(R1,C1)-p(R2-Wo1,C2)", [0.01, 0.01, 100, 0.01, 0.05, 100, 1])


def read(path: Path):
    """The rows below the real axis, as its documentation takes them."""
    f, real, imaginary = np.loadtxt(path, delimiter=",").T
    kept = imaginary < 0
    return f[kept], (real + 1j * imaginary)[kept]


def impedance(spectrum, circuit: str, start: list[float]) -> Values:
    """The parameters of the circuit, unweighted, from a stated start."""
    fit = CustomCircuit(circuit, initial_guess=start).fit(*spectrum)
    names = [name.replace("_0", "_Z0").replace("_1", "_tau") for name in fit.get_param_names()[0]]
    return {"parameter": dict(zip(names, fit.parameters_, strict=True))}


if __name__ == "__main__":
    made, published = (
        partial(impedance, circuit=circuit, start=start) for circuit, start in (MADE, PUBLISHED)
    )
    answer("impedance", {"impedance": (read, made), "published impedance": (read, published)})
