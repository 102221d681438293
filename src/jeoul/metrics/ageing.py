"""How an item changes over cycles, throughput and time: retention, growth, fade, knee, cycle life.

All work on results that were measured before (capacity or resistance at each check-up), so what those
results share cancels: the gain of one channel is in none of the numbers here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.selection import Floats
from jeoul.uncertainty import Contribution, ErrorSource, Measured, propagate

LEAST_POINTS = 4
LEAST_POINTS_FOR_A_KNEE = 8
LEAST_POINTS_A_SIDE = 3
KNEE_SIGNIFICANCE = 1e-3
"""Probability of so large an F by scatter alone above which two segments are not told from one."""

_GRID = 150
_FINER_GRID = 16


def retention(now: Measured, reference: Measured) -> Measured:
    """What is left of a capacity, energy or power [1].

    r = Y / Y_reference; of a capacity the state of health by capacity. With both on one channel the gain
    cancels; on two it does not. A reference from a nameplate (`declared`) has no uncertainty of its own.

    Where it fails: at another temperature, current or cut-off than the reference, whose differences stand
    in the conditions (0.5 to 1 %/K for the capacity of LFP).

    Raises `OutOfValidityError` for two units or a reference that is not positive. Reference:
    JCGM 100:2008, 5.2; DIN DKE SPEC 99100, 6.7.
    """
    _check_pair(now, reference)
    return _share("retention", now, reference, of_change=0.0, sign=1.0)


def fade(now: Measured, reference: Measured) -> Measured:
    """What was lost of a capacity, energy or power [1].

    f = 1 - Y / Y_reference (ISO 12405-4; EU 2023/1542, Annex IV). As `retention` in all else.
    """
    _check_pair(now, reference)
    return _share("fade", now, reference, of_change=1.0, sign=-1.0)


def resistance_growth(now: Measured, reference: Measured) -> Measured:
    """What was added to a resistance, as a share of the first [1].

    g = (R - R_reference) / R_reference (EU 2023/1542, Annex IV). As `retention` in all else; 1 K changes the
    10 s resistance of LFP by 2 to 3 %.
    """
    _check_pair(now, reference)
    return _share("resistance_growth", now, reference, of_change=1.0, sign=1.0)


def declared(metric: str, value: float, unit: str) -> Measured:
    """A number from a nameplate or a specification, exact by agreement, to be a reference."""
    return Measured(metric, value, unit, (), (), {"origin": "declared"})


def fade_per_cycle(results: Sequence[Measured], *, cycles: Sequence[float], reference: Measured) -> Measured:
    """Loss per cycle as a share of the reference, positive for a loss [1].

    f' = -b / Y_reference, with b the slope of the least squares line through the results over `cycles`
    (cycle numbers, or half cycles with .5).

    u: the results' own errors through the line (a gain that they and the reference share cancels), and the
    scatter about the line with n - 2 degrees of freedom, which holds what the errors do not: temperature,
    rests, the cell itself.

    Where it fails: it is a mean over the range of the points, wrong for a curve with a knee (`knee`), and
    no forecast.

    Raises `InsufficientDataError` for fewer than 4 results, `OutOfValidityError` where they are not of one
    metric or `cycles` does not rise.
    """
    return _fade_rate("fade_per_cycle", "1", results, cycles, reference, "cycles")


def fade_per_throughput(
    results: Sequence[Measured], *, throughput_ah: Sequence[float], reference: Measured
) -> Measured:
    """Loss per charge moved, as a share of the reference [1/Ah].

    `throughput_ah` is charge in plus charge out up to each result; its own error is not in u. As
    `fade_per_cycle` in all else.
    """
    return _fade_rate("fade_per_throughput", "1/Ah", results, throughput_ah, reference, "throughput_ah")


def fade_per_equivalent_full_cycle(
    results: Sequence[Measured],
    *,
    throughput_ah: Sequence[float],
    rated_capacity_ah: float,
    reference: Measured,
) -> Measured:
    """Loss per equivalent full cycle, as a share of the reference [1].

    n = throughput / (2 C_rated): charge in plus charge out over twice the rated capacity [Ah]. As
    `fade_per_cycle` in all else.
    """
    if not (math.isfinite(rated_capacity_ah) and rated_capacity_ah > 0):
        raise OutOfValidityError(f"a rated capacity of {rated_capacity_ah} Ah is not positive.")
    cycles = [charge / (2.0 * rated_capacity_ah) for charge in throughput_ah]
    name = "fade_per_equivalent_full_cycle"
    found = _fade_rate(name, "1", results, cycles, reference, "equivalent_full_cycles")
    return found.named(name, rated_capacity_ah=rated_capacity_ah)


def fade_per_day(results: Sequence[Measured], *, days: Sequence[float], reference: Measured) -> Measured:
    """Loss per day, as a share of the reference [1/d]. As `fade_per_cycle` in all else."""
    return _fade_rate("fade_per_day", "1/d", results, days, reference, "days")


def cycle_life(
    results: Sequence[Measured], *, cycles: Sequence[float], reference: Measured, retention_limit: float
) -> Measured:
    """Cycles at which the retention first falls to a limit and stays at or below it [1].

    Linear between the two results on either side: n = n_i + (r_i - r_limit) (n_j - n_i) / (r_i - r_j).

    u from the errors of both results and of the reference; between check-ups that lie far apart also a
    rectangular error of half the interval, since the way between them is not known.

    Where it fails: one low outlier does not end a life here, for the last result above the limit decides.

    Raises `InsufficientDataError` where no result lies below the limit: the life is longer than the test.
    """
    x, _ = _checked(results, cycles, "cycles")
    _check_pair(results[0], reference)
    ratio = np.array([m.value for m in results]) / reference.value
    below = ratio <= retention_limit
    if not below[-1]:
        found = f"the last retention is {ratio[-1]:.4g}, above {retention_limit:g}: the life has not ended."
        raise InsufficientDataError(found, advice=f"The test went to {x[-1]:g}.")
    if below.all():
        raise InsufficientDataError(f"no result lies above a retention of {retention_limit:g}.")
    return _crossing(results, x, ratio, reference, retention_limit, int(np.flatnonzero(~below)[-1]))


def knee(results: Sequence[Measured], *, against: Sequence[float], against_unit: str) -> Measured:
    """Where a slow loss turns into a fast one [unit of `against`].

    Two straight segments that meet, Y = a + b x + c max(0, x - x_k), by least squares over all four
    numbers (x_k by search on a grid, then refined). Both slopes stand in the conditions.

    u(x_k) from the scatter about the segments with n - 4 degrees of freedom, linearised at the solution
    (JCGM 100:2008, 5; it is too small where the knee is weak or lies between far points). Gain and offset
    of the channel move no knee and are not in u.

    Where it fails: a smooth bend has a knee by this rule as well, at a place that depends on the range of
    the data: state the range. A recovery after a rest makes a false one.

    Raises `InsufficientDataError` for fewer than 8 results or 3 on a side, `OutOfValidityError` where two
    segments fit no better than one (F test at 0.1 %) or the loss does not become faster.
    Reference: for two-segment knees, Fermin-Cueto et al., Energy and AI 1 (2020) 100006.
    """
    x, y = _checked(results, against, "against", least=LEAST_POINTS_FOR_A_KNEE)
    bend = _two_segments(x, y)
    _check_bend(x, y, bend)
    rows = f"{len(x)} results, {x[0]:g} to {x[-1]:g} {against_unit}"
    source = ErrorSource("item", results[0].metric, "scatter", rows, "normal", float(len(x) - 4))
    known = all(m.contributions is not None for m in results)
    conditions: dict[str, float | int | str] = {
        "method": "two segments that meet, least squares",
        "slope_before": bend.before,
        "slope_after": bend.after,
        "range_low": float(x[0]),
        "range_high": float(x[-1]),
        "results": len(x),
    }
    parts = (Contribution(source, bend.u_at, 1.0),) if known else None
    evidence = tuple(dict.fromkeys(rows for m in results for rows in m.evidence))
    return Measured("knee", bend.at, against_unit, parts, evidence, conditions)


def _share(metric: str, now: Measured, reference: Measured, *, of_change: float, sign: float) -> Measured:
    """sign (Y / Y0 - of_change), with its derivatives."""
    ratio = now.value / reference.value
    derivatives = sign / reference.value, -sign * ratio / reference.value
    value = sign * (ratio - of_change)
    conditions = _compared(now, reference)
    return propagate(metric, "1", value, (now, reference), derivatives, conditions=conditions)


def _check_pair(now: Measured, reference: Measured) -> None:
    if now.unit != reference.unit:
        found = f"'{now.metric}' [{now.unit}] is compared with '{reference.metric}' [{reference.unit}]."
        raise OutOfValidityError(found, advice="Compare two results in one unit.")
    if not (math.isfinite(reference.value) and reference.value > 0):
        raise OutOfValidityError(f"a reference of {reference.value} {reference.unit} is not positive.")


_COMPARED = {
    "mean_current_ampere": "mean_current_difference_ampere",
    "mean_temperature_celsius": "temperature_difference_kelvin",
    "temperature_celsius": "temperature_difference_kelvin",
    "voltage_end_volt": "voltage_end_difference_volt",
    "time_after_edge_second": "time_after_edge_difference_second",
}


def _compared(now: Measured, reference: Measured) -> dict[str, float | int | str]:
    """How far apart the conditions of two results are, and of what kind the reference is."""
    found: dict[str, float | int | str] = {"reference": reference.metric, "reference_value": reference.value}
    if "origin" in reference.conditions:
        found["reference_origin"] = reference.conditions["origin"]
    for name, title in _COMPARED.items():
        first, second = _number(reference.conditions, name), _number(now.conditions, name)
        if first is not None and second is not None:
            found[title] = second - first
    return found


def _number(conditions: Mapping[str, float | int | str], name: str) -> float | None:
    value = conditions.get(name)
    return None if value is None or isinstance(value, str) else float(value)


def _checked(
    results: Sequence[Measured], against: Sequence[float], name: str, *, least: int = 2
) -> tuple[Floats, Floats]:
    """Positions and values, rising and of one metric."""
    x, y = np.asarray(against, dtype=np.float64), np.array([m.value for m in results], dtype=np.float64)
    if len(x) != len(y):
        raise OutOfValidityError(f"{len(y)} results and {len(x)} numbers in '{name}' do not pair.")
    if len(y) < least:
        raise InsufficientDataError(f"{len(y)} results are too few; {least} are needed.")
    if len({(m.metric, m.unit) for m in results}) > 1:
        raise OutOfValidityError("the results are of more than one metric or unit.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InsufficientDataError(f"a result or a number in '{name}' is missing.")
    if np.any(np.diff(x) <= 0):
        place = int(np.flatnonzero(np.diff(x) <= 0)[0])
        raise OutOfValidityError(f"'{name}' does not rise after number {place + 1} ({x[place]:g}).")
    return x, y


def _fade_rate(
    metric: str,
    unit: str,
    results: Sequence[Measured],
    against: Sequence[float],
    reference: Measured,
    name: str,
) -> Measured:
    x, y = _checked(results, against, name, least=LEAST_POINTS)
    _check_pair(results[0], reference)
    centred = x - x.mean()
    weights = centred / float((centred**2).sum())
    slope = float(weights @ y)
    residual = y - y.mean() - slope * centred
    scatter = math.sqrt(float((residual**2).sum()) / (len(x) - 2) / float((centred**2).sum()))
    value = -slope / reference.value
    derivatives = [*(-weights / reference.value).tolist(), -value / reference.value]
    conditions: dict[str, float | int | str] = {
        "reference": reference.metric,
        "reference_value": reference.value,
        "results": len(x),
        "range_low": float(x[0]),
        "range_high": float(x[-1]),
        "scatter": math.sqrt(float((residual**2).sum()) / (len(x) - 2)),
    }
    line = propagate(metric, unit, value, [*results, reference], derivatives, conditions=conditions)
    rows = f"{len(x)} results, {x[0]:g} to {x[-1]:g} {name}"
    source = ErrorSource("item", results[0].metric, "scatter", rows, "normal", float(len(x) - 2))
    return _with_part(line, Contribution(source, scatter / reference.value, 1.0))


def _with_part(result: Measured, part: Contribution) -> Measured:
    if result.contributions is None or part.standard_uncertainty == 0.0:
        return result
    parts = (*result.contributions, part)
    return Measured(result.metric, result.value, result.unit, parts, result.evidence, result.conditions)


def _crossing(
    results: Sequence[Measured], x: Floats, ratio: Floats, reference: Measured, limit: float, i: int
) -> Measured:
    width, drop = float(x[i + 1] - x[i]), float(ratio[i] - ratio[i + 1])
    share = float((ratio[i] - limit) / drop)
    value = float(x[i] + share * width)
    # dx/dY_i and dx/dY_j of a straight line through both points, at a fixed limit.
    first, second = (1.0 - share) * width / drop, share * width / drop
    inner = first * ratio[i] + second * ratio[i + 1]
    derivatives = [float(d) / reference.value for d in (first, second, -inner)]
    inputs = results[i], results[i + 1], reference
    conditions: dict[str, float | int | str] = {
        "retention_limit": limit,
        "reference": reference.metric,
        "reference_value": reference.value,
        "last_above": float(x[i]),
        "first_below": float(x[i + 1]),
    }
    life = propagate("cycle_life", "1", value, inputs, derivatives, conditions=conditions)
    half = max(share, 1.0 - share) * width
    rows = f"between {x[i]:g} and {x[i + 1]:g}"
    source = ErrorSource("item", results[0].metric, "interpolation", rows, "rectangular")
    apart = width > 1.0
    return _with_part(life, Contribution(source, half / math.sqrt(3.0), 1.0)) if apart else life


@dataclass(frozen=True)
class _Bend:
    """Two segments that meet, their scatter, and the F of them against one line."""

    at: float
    u_at: float
    before: float
    after: float
    f: float


def _two_segments(x: Floats, y: Floats) -> _Bend:
    """The best place of the knee and its uncertainty."""
    low, high = x[LEAST_POINTS_A_SIDE - 1], x[-LEAST_POINTS_A_SIDE]
    at = _best_place(x, y, float(low), float(high))
    base, coefficients, square = _fit_segments(x, y, at)
    n, (_, before, change) = len(x), coefficients
    variance = square / (n - 4)
    jacobian = np.column_stack([base, -change * (x > at)])
    inverse = np.linalg.pinv(jacobian.T @ jacobian)
    line = np.polynomial.polynomial.polyfit(x - x.mean(), y, 1, full=True)[1][0]
    one = float(line[0]) if len(line) else 0.0
    # A line that fits to the last digits leaves nothing for a bend to explain.
    straight = one <= len(x) * (1e-12 * float(np.abs(y).max())) ** 2
    f = 0.0 if straight else math.inf if variance == 0 else (one - square) / 2.0 / variance
    u_at = math.sqrt(max(variance * float(inverse[3, 3]), 0.0))
    return _Bend(at, u_at, float(before), float(before + change), f)


def _best_place(x: Floats, y: Floats, low: float, high: float) -> float:
    """Least square over a grid, then over finer grids around the best place."""
    for points in (_GRID, *[_FINER_GRID] * 8):
        grid = np.linspace(low, high, points)
        squares = [_fit_segments(x, y, float(place))[2] for place in grid]
        best, step = float(grid[int(np.argmin(squares))]), float(grid[1] - grid[0])
        low, high = max(best - step, x[LEAST_POINTS_A_SIDE - 1]), min(best + step, x[-LEAST_POINTS_A_SIDE])
        if step <= 1e-9 * abs(best):
            break
    return best


def _fit_segments(x: Floats, y: Floats, at: float) -> tuple[Floats, Floats, float]:
    base = np.column_stack([np.ones_like(x), x, np.maximum(0.0, x - at)])
    coefficients, _, _, _ = np.linalg.lstsq(base, y, rcond=None)
    return base, coefficients, float(((y - base @ coefficients) ** 2).sum())


def _check_bend(x: Floats, y: Floats, bend: _Bend) -> None:
    from scipy.stats import f as f_distribution  # type: ignore[import-untyped]

    chance = float(f_distribution.sf(bend.f, 2, len(x) - 4))
    if chance > KNEE_SIGNIFICANCE:
        found = f"two segments fit no better than one line (F = {bend.f:.3g}, chance {chance:.2g})."
        raise OutOfValidityError(found, advice="There is no knee in this range.")
    if abs(bend.after) <= abs(bend.before) or bend.after * (y[-1] - y[0]) <= 0:
        found = f"the change slows down at {bend.at:g}: {bend.before:.3g} before, {bend.after:.3g} after."
        raise OutOfValidityError(found, advice="A knee is where the change becomes faster.")
