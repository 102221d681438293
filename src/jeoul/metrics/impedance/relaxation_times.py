"""The distribution of relaxation times: how much resistance answers at which time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.metrics.impedance.spectrum import Floats, Spectrum

Regularisation = float | Literal["gcv"]

_MARGIN_DECADES = 0.5
_SEARCH = np.logspace(-8, 0, 33)
# Of the largest singular value of the scaled problem, squared.


@dataclass(frozen=True)
class RelaxationPeak:
    """One process: its time [s], the frequency 1/(2 pi t) [Hz], and its resistance [ohm]."""

    time_second: float
    frequency_hertz: float
    resistance_ohm: float


@dataclass(frozen=True, eq=False)
class RelaxationTimes:
    """gamma over log time, and what stands in series with it.

    time, gamma
        Grid [s] and resistance per unit of ln t [ohm].
    resistance, inductance, elastance
        In series: ohmic [ohm], of the leads [H], and 1/C of a capacitor [1/F], 0 where it was not asked for.
    regularisation, chosen
        The weight of the smoothness, and ``given`` or ``gcv``.
    rms
        Of the relative residuals, real and imaginary [1].
    peaks
        From short times to long.
    """

    time: Floats
    gamma: Floats
    resistance: float
    inductance: float
    elastance: float
    regularisation: float
    chosen: str
    rms: float
    peaks: tuple[RelaxationPeak, ...]


def relaxation_times(
    spectrum: Spectrum, *, regularisation: Regularisation, points_per_decade: int, capacitance: bool
) -> RelaxationTimes:
    """Distribution of relaxation times by non-negative least squares with a smooth second derivative.

    Z = R + j w L (+ 1 / (j w C)) + integral of gamma(ln t) / (1 + j w t) d ln t, on a grid even in log t from
    half a decade below 1/w_max to half a decade above 1/w_min; minimises
    sum(abs(Z - Z_model)^2 / abs(Z)^2) + r sum((second difference of gamma)^2) with gamma, R, L, 1/C >= 0.

    regularisation
        r, or ``gcv``: the r with the least generalised cross-validation n RSS / (n - tr H)^2, H that of the
        points where gamma is positive.
    capacitance
        Whether there is a capacitor in series, for a spectrum whose low end still rises.

    Where it fails: the problem is ill-posed: two processes less than half a decade apart come out as one,
    and a constant phase element as a broad peak or two. Diffusion makes a row of peaks towards long times.
    What is right in the spectrum is needed first: `kramers_kronig`.

    Raises `OutOfValidityError` for a regularisation or a grid that is not positive.
    References: Wan et al., Electrochim. Acta 184 (2015) 483 (regularised); Golub, Heath and Wahba,
    Technometrics 21 (1979) 215 (cross-validation).
    """
    if points_per_decade < 3 or (regularisation != "gcv" and regularisation <= 0):
        raise OutOfValidityError("a regularisation above 0 and 3 points per decade are needed.")
    problem = _make_problem(spectrum, points_per_decade, capacitance)
    if regularisation == "gcv":
        candidates = [(problem.cross_validation(float(r)), float(r)) for r in _SEARCH * problem.scale]
        weight, chosen = min(candidates)[1], "gcv"
    else:
        weight, chosen = float(regularisation), "given"
    solved = problem.solve(weight)
    gamma = solved[problem.series :]
    residual = problem.left @ solved - problem.right
    return RelaxationTimes(
        problem.time, gamma, float(solved[0]), float(solved[1]),
        float(solved[2]) if capacitance else 0.0, weight, chosen,
        math.sqrt(float((residual**2).mean())), _peaks(problem.time, gamma),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Problem:
    """Weighted real and imaginary rows, the differences that must be small, and the grid."""

    left: Floats
    right: Floats
    differences: Floats
    time: Floats
    series: int

    @property
    def scale(self) -> float:
        """Squared largest singular values of both parts, over each other."""
        return float(np.linalg.norm(self.left[:, self.series :], 2) ** 2)

    def solve(self, weight: float) -> Floats:
        from scipy.optimize import nnls  # type: ignore[import-untyped]

        left = np.vstack([self.left, math.sqrt(weight) * self.differences])
        norms = np.linalg.norm(left, axis=0)
        right = np.concatenate([self.right, np.zeros(len(self.differences))])
        return np.asarray(nnls(left / norms, right, maxiter=50 * left.shape[1])[0] / norms, dtype=np.float64)

    def cross_validation(self, weight: float) -> float:
        solved = self.solve(weight)
        used = solved > 0
        part, smooth = self.left[:, used], self.differences[:, used]
        normal = part.T @ part + weight * smooth.T @ smooth
        trace = float(np.trace(np.linalg.pinv(normal) @ (part.T @ part)))
        n = len(self.right)
        free = max(n - trace, 1e-9)
        return n * float(((self.left @ solved - self.right) ** 2).sum()) / free**2


def _make_problem(spectrum: Spectrum, points_per_decade: int, capacitance: bool) -> _Problem:
    w = spectrum.angular
    low, high = -math.log10(w.max()) - _MARGIN_DECADES, -math.log10(w.min()) + _MARGIN_DECADES
    count = max(math.ceil((high - low) * points_per_decade), 4)
    time: Floats = np.logspace(low, high, count)
    step = (high - low) / (count - 1) * math.log(10.0)
    columns = [np.ones(len(w), dtype=np.complex128), 1j * w]
    columns += [1.0 / (1j * w)] if capacitance else []
    series = len(columns)
    columns += [step / (1.0 + 1j * w * t) for t in time]
    weighted = np.column_stack(columns) / np.abs(spectrum.impedance)[:, None]
    right = spectrum.impedance / np.abs(spectrum.impedance)
    smooth = np.zeros((count, series + count))
    # Beyond both ends gamma is zero, which the first and last difference say.
    smooth[:, series:] = np.diff(np.eye(count + 2), n=2, axis=0)[:, 1:-1]
    return _Problem(
        np.vstack([weighted.real, weighted.imag]), np.concatenate([right.real, right.imag]),
        smooth, time, series,
    )  # fmt: skip


def _peaks(time: Floats, gamma: Floats) -> tuple[RelaxationPeak, ...]:
    """Maxima with the area between the minima around them; what is less than 1 % of all is left out."""
    padded = np.concatenate([[-1.0], gamma, [-1.0]])
    top = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & (gamma > 0))
    step = math.log(time[1] / time[0])
    borders = [
        0,
        *(a + int(np.argmin(gamma[a:b])) for a, b in pairwise(top.tolist())),
        len(gamma),
    ]
    found = []
    for k, place in enumerate(top):
        inside = slice(borders[k], borders[k + 1])
        area = float(gamma[inside].sum()) * step
        if area >= 0.01 * float(gamma.sum()) * step:
            centre = float(np.exp(np.average(np.log(time[inside]), weights=gamma[inside])))
            middle = centre if time[borders[k]] <= centre else float(time[place])
            found.append(RelaxationPeak(middle, 1.0 / (2.0 * math.pi * middle), area))
    return tuple(found)
