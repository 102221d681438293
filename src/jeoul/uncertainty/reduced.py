"""The reduced model: what each error of an instrument adds to a result, for every step at once.

A capacity is ``Q = sum((1 + g)(I_k + o + d t_k + n_k) w_k (1 + c)) / 3600`` over the samples of a step,
and an energy the same with ``(1 + g_U)(U_k + o_U + d_U t_k + n_Uk)`` as a further factor. To first order
(JCGM 100:2008, 5.1.2) the samples enter through a few sums that the steps table holds, so nothing here
reads a sample. With ``Q`` in Ah and s = +1 for charge, -1 for discharge::

    error               capacity                       energy
    current gain   g    Q                              E
    current offset o    s sum(w) / 3600                s sum(w U) / 3600
    current drift  d    s sum(w t) / 3600^2            s sum(w U t) / 3600^2
    current noise  n    sqrt(sum(w^2)) / 3600          sqrt(sum(w^2 U^2)) / 3600
    voltage gain   g_U                                 E
    voltage offset o_U                                 Q
    voltage drift  d_U                                 s sum(w I t) / 3600^2
    voltage noise  n_U                                 sqrt(sum(w^2 I^2)) / 3600
    clock          c    Q                              E

A rounding error has two parts, by how large the noise is against the step of the resolution: one that
averages follows the row of the noise (``rounding``), one that stays follows the row of the offset
(``resolution``); see `RangeAccuracy.rounding_that_stays`.

The drift is a straight line from the start of the test and has no bound: after a year of 1 uV/h it is 9 mV.
A specification "per year" is no drift of this kind: put it into the offset.

Not in the model, because it is no error of the instrument: where the cut-off voltage was crossed, temperature
and the lead resistance in the voltage, which `jeoul.metrics.contributions` adds where asked, and what the
current did between two samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from jeoul.uncertainty.instrument_errors import Accuracy, Error, RangeAccuracy, choose_ranges
from jeoul.uncertainty.measured import Contribution, ErrorSource, Evidence

Floats = NDArray[np.float64]
Way = Literal["charge", "discharge"]
Extent = Literal["instrument", "test", "rows"]

SECOND_PER_HOUR = 3600.0
_NONE = Error(0.0)


class Table(Protocol):
    """The steps table as this module sees it: a column by its name in `STEP_COLUMNS`, one number a step."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, eq=False)
class Term:
    """What one kind of error adds to one result, for each of many steps.

    quantity, kind
        As in `ErrorSource`.
    extent
        Whom the error is common to: all results of the instrument, of one test, or of the same rows.
    errors, scopes
        One for each range entry of the instrument.
    entry
        Which entry holds, for each step.
    sensitivity
        dy/dx for each step, with sign.
    part
        Which samples of the rows, where that matters (``charge``, ``maximum``).
    """

    quantity: str
    kind: str
    extent: Extent
    errors: tuple[Error, ...]
    scopes: tuple[str, ...]
    entry: NDArray[np.intp]
    sensitivity: Floats
    part: str = ""

    @property
    def standard_uncertainty(self) -> Floats:
        """u(x) for each step."""
        return np.array([error.standard_uncertainty for error in self.errors])[self.entry]

    @property
    def value(self) -> Floats:
        """c u(x) for each step, with sign, in the unit of the result."""
        return self.sensitivity * self.standard_uncertainty


@dataclass(frozen=True, eq=False)
class Sensitivities:
    """dy/dx of one result to the errors of one quantity, one number a step."""

    gain: Floats
    offset: Floats
    drift: Floats
    noise: Floats
    rounding: Floats
    """For a rounding error that is constant over the rows."""


def capacity_contributions(
    table: Table, accuracy: Accuracy, *, way: Way, clock: bool = True
) -> tuple[Term, ...]:
    """The error terms of the charge or discharge capacity of each step [Ah].

    table
        The steps table (a Polars frame), or arrays by the names in `STEP_COLUMNS`.
    clock
        False for a mean current, in which the scale of time cancels.
    """
    sign, capacity = _sign(way), _column(table, f"{way}_capacity_ah")
    hours = sign * _column(table, f"{way}_second") / SECOND_PER_HOUR
    current = Sensitivities(
        gain=capacity,
        offset=hours,
        drift=sign * _column(table, f"{way}_time_moment") / SECOND_PER_HOUR**2,
        noise=np.sqrt(_column(table, f"{way}_square_second")) / SECOND_PER_HOUR,
        rounding=hours,
    )
    terms = reading_terms(accuracy.current, _largest(table, "current", "ampere"), way, current, part=way)
    return (*terms, clock_term(accuracy, capacity)) if clock else terms


def energy_contributions(table: Table, accuracy: Accuracy, *, way: Way) -> tuple[Term, ...]:
    """The error terms of the charge or discharge energy of each step [Wh]; see `capacity_contributions`.

    The current noise of an energy is the noise of the same samples as that of the capacity, weighted with
    the voltage. It is taken as one error: their correlation is 1 to first order in the spread of voltage.
    """
    energy = _column(table, f"{way}_energy_wh")
    largest = _largest(table, "current", "ampere"), _largest(table, "voltage", "volt")
    current = reading_terms(accuracy.current, largest[0], way, _current_in_energy(table, way), part=way)
    voltage = reading_terms(accuracy.voltage, largest[1], way, _voltage_in_energy(table, way), part=way)
    return (*current, *voltage, clock_term(accuracy, energy))


def _current_in_energy(table: Table, way: Way) -> Sensitivities:
    volt_hours = _sign(way) * _column(table, f"{way}_volt_second") / SECOND_PER_HOUR
    return Sensitivities(
        gain=_column(table, f"{way}_energy_wh"),
        offset=volt_hours,
        drift=_sign(way) * _column(table, f"{way}_volt_time_moment") / SECOND_PER_HOUR**2,
        noise=np.sqrt(_column(table, f"{way}_square_volt")) / SECOND_PER_HOUR,
        rounding=volt_hours,
    )


def _voltage_in_energy(table: Table, way: Way) -> Sensitivities:
    capacity = _column(table, f"{way}_capacity_ah")
    return Sensitivities(
        gain=_column(table, f"{way}_energy_wh"),
        offset=capacity,
        drift=_current_moment(table, way) / SECOND_PER_HOUR**2,
        noise=np.sqrt(_column(table, f"{way}_square_ampere")) / SECOND_PER_HOUR,
        rounding=capacity,
    )


def _current_moment(table: Table, way: Way) -> Floats:
    """s sum(w I t) over the samples of one way [A s2].

    The table holds the sum over all samples. In a step of both ways the part of one is taken as its charge
    times its mean time, which is exact where its current is constant.
    """
    other = _column(table, f"{'discharge' if way == 'charge' else 'charge'}_second")
    seconds = _column(table, f"{way}_second")
    mean_time = _column(table, f"{way}_time_moment") / np.where(seconds > 0, seconds, 1.0)
    estimate = _column(table, f"{way}_capacity_ah") * SECOND_PER_HOUR * mean_time
    return np.where(other == 0, _sign(way) * _column(table, "current_time_moment"), estimate)


def reading_terms(
    entries: Sequence[RangeAccuracy],
    largest: Floats,
    direction: str,
    sensitivities: Sensitivities,
    *,
    part: str = "",
) -> tuple[Term, ...]:
    """The terms of one quantity: gain, offset, drift, noise and resolution of the range of each step.

    largest
        The largest absolute reading of each step, which chooses its range [A, V or K].
    """
    entry = choose_ranges(entries, largest, direction)
    s = sensitivities
    kinds: tuple[tuple[str, Extent, Callable[[RangeAccuracy], Error | None], Floats], ...] = (
        ("gain", "instrument", lambda r: r.gain, s.gain),
        ("offset", "instrument", lambda r: r.offset, s.offset),
        ("drift", "test", lambda r: r.drift_per_hour, s.drift),
        (
            "noise",
            "rows",
            lambda r: None if r.noise is None else replace(r.noise, distribution="normal"),
            s.noise,
        ),
        ("rounding", "rows", lambda r: r.rounding_that_averages, s.noise),
        ("resolution", "rows", lambda r: r.rounding_that_stays, s.rounding),
    )
    scopes = tuple(range_.label for range_ in entries)
    terms = []
    for kind, extent, error_of, sensitivity in kinds:
        errors = tuple(error_of(range_) or _NONE for range_ in entries)
        if any(error.standard_uncertainty for error in errors):
            where = part if extent == "rows" else ""
            terms.append(Term(entries[0].quantity, kind, extent, errors, scopes, entry, sensitivity, where))
    return tuple(terms)


def clock_term(accuracy: Accuracy, sensitivity: Floats) -> Term:
    """The relative error of the instrument's clock, common to all its results."""
    entry = np.zeros(len(sensitivity), dtype=np.intp)
    return Term("time", "clock", "instrument", (accuracy.clock,), ("",), entry, sensitivity)


def scaled(terms: Sequence[Term], factor: Floats) -> tuple[Term, ...]:
    """The terms of ``y * factor`` for an exact factor, one number a step."""
    return tuple(replace(term, sensitivity=term.sensitivity * factor) for term in terms)


def summed(terms: Sequence[Term], group: NDArray[np.intp], groups: int) -> tuple[Term, ...]:
    """The terms of sums over groups of steps, such as the charge of each cycle.

    Errors common to the steps of a group add; errors of their rows add in quadrature and become the error
    of the rows of the group. A step outside all groups has the number -1.
    """
    inside = group >= 0
    out = []
    for term in terms:
        for entry in np.unique(term.entry[inside]):
            chosen = inside & (term.entry == entry)
            total = _group_sum(term, chosen, group, groups)
            out.append(replace(term, entry=np.full(groups, entry, dtype=np.intp), sensitivity=total))
    return tuple(out)


def _group_sum(term: Term, chosen: NDArray[np.bool_], group: NDArray[np.intp], groups: int) -> Floats:
    square = term.extent == "rows"
    weights = term.sensitivity[chosen] ** 2 if square else term.sensitivity[chosen]
    total = np.bincount(group[chosen], weights=weights, minlength=groups)
    return np.asarray(np.sqrt(total) if square else total, dtype=np.float64)


def standard_uncertainties(terms: Sequence[Term], count: int) -> Floats:
    """u(y) of each of `count` steps: root sum of squares over the terms, which are of different errors."""
    return np.sqrt(sum((term.value**2 for term in terms), start=np.zeros(count)))


def contributions(
    terms: Sequence[Term], instrument: str, evidence: Sequence[Evidence]
) -> list[tuple[Contribution, ...]]:
    """The contributions of each step, with their error sources named.

    evidence
        One for each step: the test and the rows whose drift and noise these are.
    """
    columns = [_contribution_column(term, instrument, evidence) for term in terms]
    if not columns:
        return [()] * len(evidence)
    return [tuple(part for part in row if part is not None) for row in zip(*columns, strict=True)]


def _contribution_column(
    term: Term, instrument: str, evidence: Sequence[Evidence]
) -> list[Contribution | None]:
    uncertainty, sensitivity = term.standard_uncertainty.tolist(), term.sensitivity.tolist()
    name = term.quantity, term.kind, term.part
    column: list[Contribution | None] = []
    for i, (u, c, entry) in enumerate(zip(uncertainty, sensitivity, term.entry.tolist(), strict=True)):
        if u == 0.0 or c == 0.0:
            column.append(None)
            continue
        place = _place(term.extent, term.part, evidence[i])
        column.append(
            Contribution(_source(instrument, *name, term.scopes[entry], place, term.errors[entry]), u, c)
        )
    return column


def _place(extent: Extent, part: str, evidence: Evidence) -> str:
    """What of the evidence tells one error from another."""
    if extent == "instrument":
        return ""
    test = f"test {evidence.sha256[:12]}"
    return test if extent == "test" else f"rows {evidence.row_first}-{evidence.row_last} of {test}"


@lru_cache(maxsize=65_536)
def _source(
    instrument: str, quantity: str, kind: str, part: str, scope: str, place: str, error: Error
) -> ErrorSource:
    """The source by name. Kept, because thousands of results share one and building it is slow."""
    words = ", ".join(word for word in (scope, part, place) if word)
    return ErrorSource(instrument, quantity, kind, words, error.distribution, error.degrees_of_freedom)


def _sign(way: Way) -> float:
    return 1.0 if way == "charge" else -1.0


def _column(table: Table, name: str) -> Floats:
    return np.asarray(table[name], dtype=np.float64)


def _largest(table: Table, quantity: str, unit: str) -> Floats:
    low, high = _column(table, f"{quantity}_min_{unit}"), _column(table, f"{quantity}_max_{unit}")
    return np.maximum(np.abs(low), np.abs(high))
