"""Propagation of distributions by Monte Carlo (JCGM 101:2008) over the reduced model.

`combine` is linear and assumes a bell-shaped result. Here every error source is drawn from its own
distribution, once a trial and shared by all inputs that name it, and the equation is evaluated as it
stands. `check_interval` compares the interval of one result with it, as JCGM 101:2008, 8 describes;
`monte_carlo` is for an equation of several results.
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


@dataclass(frozen=True)
class IntervalCheck:
    """An interval by the law of propagation beside that of the trials [unit of the result].

    low_difference, high_difference
        How far the ends lie apart, both positive numbers.
    tolerance
        Half of the last digit of u that is stated.
    agrees
        Whether both differences are within the tolerance.
    """

    low: float
    high: float
    simulated: Simulated
    low_difference: float
    high_difference: float
    tolerance: float
    agrees: bool


def check_interval(measured: Measured, *, digits: int, trials: int, seed: int) -> IntervalCheck:
    """Whether y - U to y + U of a result is what the trials find, to so many digits of u.

    With u = c 10^l, c of `digits` digits, the tolerance is 10^l / 2 (JCGM 101:2008, 7.9.2 and 8.1). Any
    result with a budget: a capacity, an energy, an efficiency, a resistance.

    digits
        Of u; 1 or 2 are usual. With 2 the trials must be 10^6, for fewer scatter by more than the tolerance.

    Where one rectangular error rules, y +- U reaches beyond it and does not agree: the interval of the
    trials is the shorter and the better one. What is not in the budget is in neither.

    Raises as `monte_carlo`, and `OutOfValidityError` for fewer than one digit or a result without errors.
    """
    simulated = monte_carlo(lambda y: y, measured, trials=trials, seed=seed)
    u, expanded = measured.standard_uncertainty, measured.expanded_uncertainty
    if not u or expanded is None or digits < 1:
        found = f"u = {u} with {digits} digits has no tolerance."
        raise OutOfValidityError(found, advice="Check a result that has an uncertainty, to 1 or 2 digits.")
    low, high = measured.value - expanded, measured.value + expanded
    apart = abs(low - simulated.low), abs(high - simulated.high)
    tolerance = 0.5 * 10.0 ** _last_place(u, digits)
    return IntervalCheck(low, high, simulated, *apart, tolerance, max(apart) <= tolerance)


def _last_place(u: float, digits: int) -> int:
    """The power of ten of the last of the digits of u, after rounding to them."""
    return int(f"{u:.{digits - 1}e}".partition("e")[2]) - digits + 1


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
