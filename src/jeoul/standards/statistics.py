"""Statistics over samples: sequential tests, fleet rules, spreads and outliers.

A sample is a `Measured`, so that what samples share (one tester) cancels in a spread and stays in a mean. The
constants of a procedure are not here: a standard's file holds them, with their status.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.standards.decision import cumulative
from jeoul.standards.evaluation import Verdict
from jeoul.uncertainty import Contribution, ErrorSource, Measured, propagate

CONSISTENT_MAD = 1.482602218505602
"""1 / Phi^-1(3/4): the median absolute deviation of a normal distribution times this is its sigma."""
CONSISTENT_MEAN_DEVIATION = 1.2533141373155001
"""sqrt(pi / 2): the same for the mean absolute deviation, where more than half of the samples are equal."""
FEWEST_FOR_OUTLIERS = 5


# --- sequential test ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class SequentialRow:
    """The factors of a sequential test at one number of samples."""

    samples: int
    pass_1: float
    pass_2: float
    fail_1: float
    fail_2: float


@dataclass(frozen=True)
class SequentialTable:
    """The factors by number of samples, from the smallest at which a decision is allowed to the largest."""

    rows: tuple[SequentialRow, ...]

    @property
    def fewest(self) -> int:
        """Smallest number of samples at which a decision is allowed."""
        return self.rows[0].samples

    @property
    def most(self) -> int:
        """Number of samples at which the test must end."""
        return self.rows[-1].samples


@dataclass(frozen=True)
class SequentialResult:
    """Where a sequential test stands.

    verdict
        pass, fail, or inconclusive: another sample is to be tested.
    decided_at
        Number of samples at which it was decided; of all samples where it was not.
    mean, standard_deviation
        Of the samples up to then, in their unit.
    pass_limit, fail_limit
        The mean passes at or below the one and fails above the other.
    """

    verdict: Verdict
    decided_at: int
    mean: Measured
    standard_deviation: float
    pass_limit: float
    fail_limit: float


def sequential_table(columns: Mapping[str, Sequence[float]]) -> SequentialTable:
    """The table of a definition: lists ``samples``, ``pass_1``, ``pass_2``, ``fail_1``, ``fail_2``.

    Raises `OutOfValidityError` where a list is missing or of another length, where the numbers of samples are
    not consecutive, or where the last row leaves a mean undecided.
    """
    names = ("samples", "pass_1", "pass_2", "fail_1", "fail_2")
    lost = [name for name in names if not columns.get(name)]
    if lost:
        raise OutOfValidityError(f"the table of a sequential test has no {', '.join(lost)}.")
    lengths = {name: len(columns[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise OutOfValidityError(f"the lists of a sequential test differ in length: {lengths}.")
    rows = tuple(
        SequentialRow(round(n), *factors)
        for n, *factors in zip(*(columns[name] for name in names), strict=True)
    )
    if [row.samples for row in rows] != list(range(rows[0].samples, rows[0].samples + len(rows))):
        raise OutOfValidityError("the numbers of samples of a sequential test are not consecutive.")
    last = rows[-1]
    if not math.isclose(last.pass_1 + last.pass_2, last.fail_2 - last.fail_1, abs_tol=1e-9):
        raise OutOfValidityError("the last row of a sequential test leaves a mean undecided.")
    return SequentialTable(rows)


def sequential_pass_fail(
    samples: Sequence[Measured], *, limit: float, table: SequentialTable
) -> SequentialResult:
    """The sequential test of UN GTR 22, part A, over samples in the order in which they were tested.

    With x the mean and s the standard deviation (n - 1) of the first n samples: pass where
    ``x <= A - (tP1 + tP2) s``, fail where ``x > A + (tF1 - tF2) s``, else another sample is tested. The
    first n at which it is decided ends the test; samples after it change nothing.

    limit: A, in the unit of the samples. Raises `InsufficientDataError` for fewer samples than the table
    begins with, `OutOfValidityError` for more than it ends with that leave it undecided.
    """
    values = _values(samples, table.fewest, "a sequential test")
    for row in table.rows:
        if row.samples > len(values):
            break
        verdict, passes, fails = _sequential_step(values[: row.samples], row, limit)
        if verdict is not Verdict.INCONCLUSIVE or row.samples == len(values):
            first = samples[: row.samples]
            spread = float(np.std(values[: row.samples], ddof=1))
            return SequentialResult(verdict, row.samples, mean(first), spread, passes, fails)
    raise OutOfValidityError(f"a sequential test of {table.most} samples at most has {len(values)}.")


def _sequential_step(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], row: SequentialRow, limit: float
) -> tuple[Verdict, float, float]:
    x, s = float(values.mean()), float(values.std(ddof=1))
    passes = limit - (row.pass_1 + row.pass_2) * s
    fails = limit + (row.fail_1 - row.fail_2) * s
    if x <= passes:
        return Verdict.PASS, passes, fails
    return (Verdict.FAIL if x > fails else Verdict.INCONCLUSIVE), passes, fails


# --- numbers of samples --------------------------------------------------------------------------------


def mean(samples: Sequence[Measured]) -> Measured:
    """Arithmetic mean. u from the errors of the samples, those they share in full; not from their scatter."""
    values = _values(samples, 1, "a mean")
    return _of("mean", samples, float(values.mean()), [1.0 / len(values)] * len(values))


def spread(samples: Sequence[Measured]) -> Measured:
    """Greatest less smallest sample. Errors that all share cancel.

    Where it fails: with equal samples it is the scatter of the measurement itself, and always above zero.
    """
    values = _values(samples, 2, "a spread")
    derivatives = [0.0] * len(values)
    derivatives[int(values.argmax())] += 1.0
    derivatives[int(values.argmin())] -= 1.0
    return _of("spread", samples, float(values.max() - values.min()), derivatives)


def minimum(samples: Sequence[Measured]) -> Measured:
    """The smallest sample, with its own uncertainty."""
    values = _values(samples, 1, "a minimum")
    return samples[int(values.argmin())].named("minimum", samples=len(values))


def maximum(samples: Sequence[Measured]) -> Measured:
    """The greatest sample, with its own uncertainty."""
    values = _values(samples, 1, "a maximum")
    return samples[int(values.argmax())].named("maximum", samples=len(values))


def standard_deviation(samples: Sequence[Measured]) -> Measured:
    """s = sqrt(sum (x_i - mean)^2 / (n - 1)). Errors that all share cancel; u is linear in the others.

    Where it fails: equal samples have no derivative, and then no uncertainty.
    """
    values = _values(samples, 2, "a standard deviation")
    s = float(values.std(ddof=1))
    away = values - values.mean()
    derivatives = (away / ((len(values) - 1) * s)).tolist() if s > 0 else [0.0] * len(values)
    return _of("standard_deviation", samples, s, derivatives)


def count(samples: Sequence[Measured]) -> Measured:
    """How many samples there are: exact."""
    return Measured("count", float(len(_values(samples, 1, "a count"))), "1", ())


def share_at_least(samples: Sequence[Measured], *, limit: float) -> Measured:
    """Share of the samples that are at or above a limit [%]: a fleet passes with 90 % (UN GTR 22, part B).

    u: each sample is on the right side with p_i = F((x_i - limit) / u_i), so that the count of n has the
    variance sum p_i (1 - p_i), the errors of different samples taken as independent. It is unknown where that
    of any sample is. How well the samples stand for the fleet is not in it.
    """
    values = _values(samples, 1, "a share")
    above = int(np.count_nonzero(values >= limit))
    conditions: dict[str, float | int | str] = {
        "samples": len(values), "at_or_above": above, "limit": limit,
    }  # fmt: skip
    parts = _share_parts(samples, limit)
    evidence = tuple(dict.fromkeys(rows for sample in samples for rows in sample.evidence))
    return Measured("share_at_least", 100.0 * above / len(values), "%", parts, evidence, conditions)


def _share_parts(samples: Sequence[Measured], limit: float) -> tuple[Contribution, ...] | None:
    variance = 0.0
    for sample in samples:
        u, freedom = sample.standard_uncertainty, sample.degrees_of_freedom
        if u is None or freedom is None:
            return None
        p = cumulative((sample.value - limit) / u, freedom) if u > 0 else float(sample.value >= limit)
        variance += p * (1 - p)
    source = ErrorSource("samples", "share", "side of the limit", f"{len(samples)} samples at {limit:g}")
    u_share = 100.0 * math.sqrt(variance) / len(samples)
    return (Contribution(source, u_share, 1.0),) if u_share else ()


def differences(first: Sequence[Measured], second: Sequence[Measured], *, name: str) -> list[Measured]:
    """x_i = first_i - second_i of the same samples, such as what a vehicle shows less what was measured."""
    if len(first) != len(second):
        found = f"{len(first)} and {len(second)} samples cannot be subtracted."
        raise InsufficientDataError(found, advice="Record both numbers for every sample.")
    for a, b in zip(first, second, strict=True):
        if a.unit != b.unit:
            raise OutOfValidityError(f"'{a.metric}' is in '{a.unit}' and '{b.metric}' in '{b.unit}'.")
    return [
        propagate(name, a.unit, a.value - b.value, (a, b), (1.0, -1.0), conditions=a.conditions)
        for a, b in zip(first, second, strict=True)
    ]


# --- outliers ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RobustScores:
    """How far each sample lies from the median, in robust standard deviations.

    outliers
        Places of the samples whose score is above the limit.
    """

    scores: tuple[float, ...]
    median: float
    robust_deviation: float
    limit: float

    @property
    def outliers(self) -> tuple[int, ...]:
        """Places of the samples that stand out."""
        return tuple(place for place, score in enumerate(self.scores) if abs(score) > self.limit)


def robust_scores(samples: Sequence[Measured], *, limit: float) -> RobustScores:
    """z_i = (x_i - median) / (1.4826 MAD), MAD the median of |x_i - median|.

    The modified score of Iglewicz and Hoaglin (1993), who call a sample beyond 3.5 an outlier. Unlike a score
    by mean and standard deviation, one bad cell cannot hide itself by widening the scale. Where more than
    half of the samples are equal the MAD is zero: the mean absolute deviation times 1.2533 takes its place.

    Where it fails: a population of two kinds (two batches, two ages) has no outlier but two middles. Raises
    `InsufficientDataError` below 5 samples, where a median says little.
    """
    values = _values(samples, FEWEST_FOR_OUTLIERS, "a search for outliers")
    median = float(np.median(values))
    away = np.abs(values - median)
    scale = CONSISTENT_MAD * float(np.median(away))
    scale = scale or CONSISTENT_MEAN_DEVIATION * float(away.mean())
    scores = (values - median) / scale if scale else np.zeros(len(values))
    return RobustScores(tuple(scores.tolist()), median, scale, limit)


# --- by name -------------------------------------------------------------------------------------------

SIMPLE: Mapping[str, Callable[[Sequence[Measured]], Measured]] = {
    "mean": mean,
    "spread": spread,
    "minimum": minimum,
    "maximum": maximum,
    "standard_deviation": standard_deviation,
    "count": count,
}
"""Statistics that need nothing but the samples, by the name that a definition gives them."""


def _of(name: str, samples: Sequence[Measured], value: float, derivatives: Sequence[float]) -> Measured:
    conditions: dict[str, float | int | str] = {"samples": len(samples)}
    return propagate(name, samples[0].unit, value, samples, derivatives, conditions=conditions)


def _values(
    samples: Sequence[Measured], fewest: int, what: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if len(samples) < fewest:
        found = f"{what} needs at least {fewest} samples; there are {len(samples)}."
        raise InsufficientDataError(found, advice="Test or record more of them.")
    units = sorted({sample.unit for sample in samples})
    if len(units) > 1:
        raise OutOfValidityError(f"samples in {', '.join(units)} have no {what} together.")
    values = np.array([sample.value for sample in samples], dtype=np.float64)
    if not np.isfinite(values).all():
        raise InsufficientDataError(f"a sample of {what} is not a number.")
    return values
