"""Propagation of distributions by Monte Carlo (JCGM 101:2008) over the reduced model.

`combine` is linear and assumes a bell-shaped result. Here every error source is drawn from its own
distribution, once a trial and shared by all inputs that name it, and the equation is evaluated as it
stands. Use it to check a budget that one rectangular error dominates, or a ratio of uncertain numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.uncertainty.measured import COVERAGE_PROBABILITY, ErrorSource, Measured


@dataclass(frozen=True)
class Simulated:
    """What the trials say of a result [unit of the result].

    low, high
        The probabilistically symmetric coverage interval (JCGM 101:2008, 7.7).
    """

    value: float
    standard_uncertainty: float
    low: float
    high: float
    coverage_probability: float
    trials: int
    seed: int


def monte_carlo(
    equation: Callable[..., Any],
    *inputs: Measured,
    trials: int,
    seed: int,
    coverage_probability: float = COVERAGE_PROBABILITY,
) -> Simulated:
    """Mean, standard uncertainty and coverage interval of a result by drawing every error source.

    Each input is ``y = value + sum(c_i e_i)``, with e_i drawn from the distribution of its source; then
    ``equation`` is evaluated on arrays of `trials` numbers, one for each input.

    equation
        As for `combine`: ``lambda q, q0: q / q0``; for one result alone,
        ``lambda y: y``. It must take arrays.
    trials
        10^6 is usual; the least for two digits of a 95 % interval is 2 10^5 (JCGM 101:2008, 7.2).
    seed
        Of the random generator (PCG64): the same seed gives the same answer.

    Where it fails: the inputs themselves are linear in their errors, so the second-order part of a single
    capacity (gain times offset, of relative size 1e-7) is not in the trials; nor are errors without a source.

    Raises `InsufficientDataError` where an input has no known uncertainty, `OutOfValidityError` for fewer
    than 2 trials or a probability outside 0 to 1.
    """
    _check(inputs, trials, coverage_probability)
    results = np.asarray(equation(*_draw_inputs(inputs, trials, seed)), dtype=np.float64)
    tail = (1.0 - coverage_probability) / 2.0
    low, high = np.quantile(results, [tail, 1.0 - tail])
    return Simulated(
        float(results.mean()),
        float(results.std(ddof=1)),
        float(low),
        float(high),
        coverage_probability,
        trials,
        seed,
    )


def _check(inputs: tuple[Measured, ...], trials: int, probability: float) -> None:
    if trials < 2:
        raise OutOfValidityError(f"{trials} trials cannot have a spread.", advice="Use 10**6.")
    if not 0.0 < probability < 1.0:
        raise OutOfValidityError(f"a coverage probability of {probability} does not lie between 0 and 1.")
    for measured in inputs:
        if measured.contributions is None:
            raise InsufficientDataError(
                f"'{measured.metric}' has no known uncertainty to draw from.",
                advice="Give the accuracy of the instrument when it is measured.",
            )


def _draw_inputs(inputs: tuple[Measured, ...], trials: int, seed: int) -> list[NDArray[np.float64]]:
    """One array for each input. A source is drawn once, in order of first use, and then forgotten."""
    generator = np.random.default_rng(seed)
    drawn = [np.full(trials, measured.value) for measured in inputs]
    sources = dict.fromkeys(part.source for measured in inputs for part in measured.contributions or ())
    for source in sources:
        errors = _draw(source, generator, trials)
        for array, measured in zip(drawn, inputs, strict=True):
            value = math.fsum(p.value for p in measured.contributions or () if p.source == source)
            if value:
                array += value * errors
    return drawn


# Each has zero mean and unit standard deviation.
_SHAPES: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "normal": lambda generator, n: generator.standard_normal(n),
    "rectangular": lambda generator, n: generator.uniform(-math.sqrt(3.0), math.sqrt(3.0), n),
    "triangular": lambda generator, n: generator.triangular(-math.sqrt(6.0), 0.0, math.sqrt(6.0), n),
    "arcsine": lambda generator, n: math.sqrt(2.0) * np.sin(generator.uniform(-math.pi, math.pi, n)),
}


def _draw(source: ErrorSource, generator: np.random.Generator, trials: int) -> NDArray[np.float64]:
    """Draws of one source. An estimate with few degrees of freedom is drawn from t (JCGM 101:2008, 6.4.9)."""
    if source.distribution == "normal" and math.isfinite(source.degrees_of_freedom):
        return generator.standard_t(source.degrees_of_freedom, trials)
    if source.distribution not in _SHAPES:
        known = ", ".join(_SHAPES)
        raise OutOfValidityError(
            f"'{source.label}' has the distribution '{source.distribution}'.",
            advice=f"Drawn can be: {known}.",
        )
    return _SHAPES[source.distribution](generator, trials)
