"""Is a spectrum one of a linear, causal, steady system?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.metrics.impedance.spectrum import Complexes, Floats, Spectrum

LEAST_PER_DECADE = 3.0


@dataclass(frozen=True, eq=False)
class KramersKronig:
    """How far a spectrum is from one that fulfils the Kramers-Kronig relations.

    residual_real, residual_imaginary
        Measured less model, over abs(Z), at each frequency [1].
    rms, largest
        Of both residuals over all points [1].
    elements, mu
        Number of RC elements, and the measure of over-fitting at which their number was settled.
    settled
        False where `mu` did not fall below the limit before the elements ran out: the spectrum is so clean,
        or so short, that no more elements could over-fit it.
    """

    frequency: Floats
    model: Complexes
    residual_real: Floats
    residual_imaginary: Floats
    rms: float
    largest: float
    elements: int
    mu: float
    settled: bool


def kramers_kronig(spectrum: Spectrum, *, mu_limit: float, capacitance: bool) -> KramersKronig:
    """Residuals against a chain of RC elements, which fulfils the Kramers-Kronig relations by itself [1].

    Z = R + j w L (+ 1 / (j w C)) + sum_k R_k / (1 + j w t_k), with t_k from 1/w_max to 1/w_min in even
    steps of log t and R_k of either sign, by linear least squares weighted with 1/abs(Z). Elements are added
    until mu = 1 - sum(abs(R_k < 0)) / sum(R_k >= 0) falls below `mu_limit` (0.85 in the paper), from 3 a
    decade on: with fewer mu swings, and ends the search where a single RC element lies between two t_k.

    capacitance
        Whether the model has a capacitor in series, for a spectrum whose low end still rises.

    Residuals below 1 % without a trend say that model and so any circuit may be fitted; a trend at the low
    end is drift of the cell, at the high end mostly leads. They bound the noise of the spectrum from below.

    Where it fails: an error that itself fulfils the relations (inductance of leads, a wrong gain) stays
    unseen; a spectrum of few decades has few ways to fail.

    Raises `OutOfValidityError` for a limit outside 0 to 1.
    Reference: Schoenleber, Klotz and Ivers-Tiffee, Electrochim. Acta 131 (2014) 20.
    """
    if not 0.0 < mu_limit < 1.0:
        raise OutOfValidityError(f"a limit of {mu_limit} for mu does not lie between 0 and 1.")
    most = max((2 * len(spectrum) - 4) // 2, 2)
    decades = math.log10(float(spectrum.frequency[0] / spectrum.frequency[-1]))
    least = min(max(math.ceil(LEAST_PER_DECADE * decades), 2), most)
    elements, mu, model = least, 1.0, spectrum.impedance
    for elements in range(least, most + 1):
        model, mu = _fit(spectrum, elements, capacitance)
        if mu < mu_limit:
            break
    size = np.abs(spectrum.impedance)
    residual = (spectrum.impedance - model) / size
    both = np.concatenate([residual.real, residual.imag])
    return KramersKronig(
        spectrum.frequency, model, residual.real, residual.imag, math.sqrt(float((both**2).mean())),
        float(np.abs(both).max()), elements, mu, mu < mu_limit,
    )  # fmt: skip


def _fit(spectrum: Spectrum, elements: int, capacitance: bool) -> tuple[Complexes, float]:
    w = spectrum.angular
    times = np.geomspace(1.0 / w.max(), 1.0 / w.min(), elements)
    columns = [np.ones_like(w), 1j * w, *(1.0 / (1.0 + 1j * w * t) for t in times)]
    columns += [1.0 / (1j * w)] if capacitance else []
    base = np.column_stack(columns)
    size = np.abs(spectrum.impedance)
    weighted = base / size[:, None]
    left = np.concatenate([weighted.real, weighted.imag])
    scale = np.linalg.norm(left, axis=0)
    right = np.concatenate([(spectrum.impedance / size).real, (spectrum.impedance / size).imag])
    solved = np.linalg.lstsq(left / scale, right, rcond=None)[0] / scale
    resistances = solved[2 : 2 + elements]
    positive = float(resistances[resistances >= 0].sum())
    negative = float(-resistances[resistances < 0].sum())
    return base @ solved, 1.0 - negative / positive if positive else -math.inf
