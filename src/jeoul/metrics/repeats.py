"""Results that were measured more than once: their mean, and what they scatter by."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.uncertainty import Contribution, ErrorSource, Evidence, Measured, propagate

LEAST_REPEATS = 2

SEEN = ("noise", "rounding", "scatter", "slope scatter", "repeatability", "gain", "offset", "drift", "clock")
# Kinds of errors that make results scatter where each has its own.

_ROWS = re.compile(r"\btest [0-9a-f]+$")


def mean_of_repeats(results: Sequence[Measured]) -> Measured:
    """The mean of n results of one measurand, with what they scatter by.

    y = sum(y_i) / n,  u(y)^2 = s^2 / n + sum_j (sum_i c_ij / n)^2 u_j^2

    s is the standard deviation of the results, with n - 1 degrees of freedom (type A, JCGM 100:2008, 4.2).
    The second sum runs over the errors that do not average, which stay whole: those that two results or more
    share, such as gain and offset of one channel, and those that each repeat has for itself but that are
    alike in all (rounding of one steady current, an edge that the log dates alike), taken as one error.

    An error that stands in one result only and differs from repeat to repeat (noise, the drift of one test,
    gain and offset of another channel) has made the results scatter and is in s: it is left out, or it would
    be counted twice. An error that some results share and others do not is in both, on the safe side.

    The effective degrees of freedom are those of Welch and Satterthwaite, and k follows from them; with two
    repeats and little else k is near 14.

    Where it fails: repeats that differ by more than chance, such as cycles that age or a cell that warms
    up, for then s holds a trend; results of several cells, whose mean is that of a batch and not of a cell.

    Raises `InsufficientDataError` for fewer than two results, `OutOfValidityError` for results of different
    metric or unit, or one given twice.
    """
    _check_alike(results)
    values = np.array([result.value for result in results])
    spread, n = float(values.std(ddof=1)), len(results)
    alike: dict[str, float | int | str] = {
        name: value
        for name, value in results[0].conditions.items()
        if all(result.conditions.get(name) == value for result in results)
    }
    conditions = {**alike, "repeats": n, "standard_deviation": spread}
    shared = _shared(results)
    kept = [_that_stay(result, shared) for result in results]
    first = results[0]
    mean = propagate(
        first.metric, first.unit, float(values.mean()), kept, [1.0 / n] * n, conditions=conditions
    )
    return mean if mean.contributions is None else _with(mean, spread / math.sqrt(n), n - 1)


def add_repeatability(
    measured: Measured, *, standard_deviation: float, degrees_of_freedom: float
) -> Measured:
    """A single result with the repeatability that was found elsewhere, on items of its kind.

    u(y)^2 = u^2 + s^2, with s the `standard_deviation` of single results [unit of the result] and its
    degrees of freedom: n - 1 of one series, or the sum of those of several pooled ones.

    Where it fails: s holds the noise of the instrument of that study, which the result's own budget has as
    well: counted twice, on the safe side. Raises `OutOfValidityError` for numbers that are not positive.
    Reference: JCGM 100:2008, 4.2.4 and H.3.6 (pooled estimates).
    """
    for name, number in (
        ("standard deviation", standard_deviation),
        ("number of degrees of freedom", degrees_of_freedom),
    ):
        if not number > 0 or math.isnan(number):
            raise OutOfValidityError(f"a {name} of {number} is not positive.")
    found = measured.named(measured.metric, repeatability_standard_deviation=standard_deviation)
    return found if found.contributions is None else _with(found, standard_deviation, degrees_of_freedom)


def _with(measured: Measured, u: float, freedom: float) -> Measured:
    """With one more contribution, of this result alone."""
    if u == 0.0:
        return measured
    scope = "; ".join(_rows_of(rows) for rows in measured.evidence)
    source = ErrorSource("repeats", measured.metric, "repeatability", scope, degrees_of_freedom=freedom)
    parts = measured.contributions or ()
    return replace(measured, contributions=(*parts, Contribution(source, u, 1.0)))


def _rows_of(rows: Evidence) -> str:
    return f"rows {rows.row_first}-{rows.row_last} of test {rows.sha256[:12]}"


def _shared(results: Sequence[Measured]) -> set[ErrorSource]:
    """The errors that stand in two results or more."""
    seen: set[ErrorSource] = set()
    shared: set[ErrorSource] = set()
    for result in results:
        own = {part.source for part in result.contributions or ()}
        shared |= own & seen
        seen |= own
    return shared


def _that_stay(result: Measured, shared: set[ErrorSource]) -> Measured:
    """The result with the errors that a mean keeps; those alike in all repeats without their rows."""
    if result.contributions is None:
        return result
    shared_or_alike = (p for p in result.contributions if p.source in shared or p.source.kind not in SEEN)
    parts = (p if p.source in shared else replace(p, source=_alike(p.source)) for p in shared_or_alike)
    return replace(result, contributions=tuple(parts))


def _alike(source: ErrorSource) -> ErrorSource:
    words = [word for word in source.scope.split(", ") if not _ROWS.search(word)]
    return replace(source, scope=", ".join([*words, "all repeats"]))


def _check_alike(results: Sequence[Measured]) -> None:
    if len(results) < LEAST_REPEATS:
        found = f"{len(results)} result has no scatter; {LEAST_REPEATS} are needed."
        raise InsufficientDataError(found, advice="Use 'add_repeatability' with a scatter found elsewhere.")
    names = {(result.metric, result.unit) for result in results}
    if len(names) > 1:
        found = ", ".join(f"'{metric}' [{unit}]" for metric, unit in sorted(names))
        raise OutOfValidityError(f"repeats are of one metric; these are {found}.")
    rows = [result.evidence for result in results if result.evidence]
    if len(set(rows)) < len(rows):
        raise OutOfValidityError("one result was given twice.", advice="Give each repeat once.")
