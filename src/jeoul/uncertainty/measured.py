"""A measured value with its unit, its error sources and the rows it came from.

Every error of an instrument is an `ErrorSource`. Two results that name the same source (the current
gain of one channel in one range and direction) share its error, so it cancels in their ratio and adds
in their sum; noise is a source of its own for each result. The arithmetic is done by GTC (GUM Tree
Calculator): a source is one elementary uncertain number with zero mean and unit standard uncertainty,
and a value is ``value + sum(contribution_i * source_i)``, the first-order model of JCGM 100:2008, 5.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

COVERAGE_PROBABILITY = 0.9545
"""Probability of the coverage interval: k = 2 for a normal distribution (JCGM 100:2008, 6.3.3)."""


@dataclass(frozen=True, order=True)
class ErrorSource:
    """One physical error. Equal sources are the same error, and so fully correlated.

    instrument
        Which instrument, by the name in its accuracy file.
    quantity
        What it reads: ``current``, ``voltage``, ``time``, ``temperature``, or what else the error is of.
    kind
        ``gain``, ``offset``, ``drift``, ``noise``, ``clock``, ``resolution``, ``cutoff``, ...
    scope
        Range and direction, such as ``200 A discharge``; for noise, the rows that it is the noise of.
    """

    instrument: str
    quantity: str
    kind: str
    scope: str = ""
    distribution: str = "normal"
    degrees_of_freedom: float = math.inf

    @property
    def label(self) -> str:
        """A short English name for budgets."""
        scope = f" ({self.scope})" if self.scope else ""
        return f"{self.quantity} {self.kind}{scope}"


@dataclass(frozen=True)
class Contribution:
    """What one source adds to one result: u_i(y) = sensitivity * standard_uncertainty, with sign."""

    source: ErrorSource
    standard_uncertainty: float
    sensitivity: float

    @property
    def value(self) -> float:
        """c_i u(x_i) in the unit of the result."""
        return self.sensitivity * self.standard_uncertainty


@dataclass(frozen=True)
class Evidence:
    """The rows of one raw file: 1-based data rows, first and last inclusive."""

    file_name: str
    sha256: str
    row_first: int
    row_last: int
    step_counts: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "file_name": self.file_name,
            "sha256": self.sha256,
            "row_first": self.row_first,
            "row_last": self.row_last,
            "step_counts": list(self.step_counts),
        }


@dataclass(frozen=True)
class Measured:
    """A value, a unit and an uncertain number. Frozen, and plain data apart from `uncertain`.

    `contributions` is None when no accuracy of the instrument was given: the value stands, its
    uncertainty is unknown (not zero), and no guard-banded verdict can be built on it.
    """

    metric: str
    value: float
    unit: str
    contributions: tuple[Contribution, ...] | None = None
    evidence: tuple[Evidence, ...] = ()
    conditions: Mapping[str, float | int | str] = field(default_factory=dict)

    @property
    def uncertain(self) -> Any:
        """The GTC uncertain number; arithmetic on it keeps the correlation between results."""
        number = _constant(self.value)
        for part in self.contributions or ():
            number = number + part.value * _elementary(part.source)
        return number

    @property
    def standard_uncertainty(self) -> float | None:
        """u(y), root sum of squares of the contributions. None where it is unknown."""
        if self.contributions is None:
            return None
        return math.sqrt(math.fsum(part.value**2 for part in self.contributions))

    @property
    def degrees_of_freedom(self) -> float | None:
        """Effective degrees of freedom by Welch-Satterthwaite (JCGM 100:2008, G.4)."""
        if self.contributions is None:
            return None
        total = math.fsum(part.value**2 for part in self.contributions)
        shares = math.fsum(
            part.value**4 / part.source.degrees_of_freedom
            for part in self.contributions
            if math.isfinite(part.source.degrees_of_freedom)
        )
        return total**2 / shares if shares > 0 else math.inf

    @property
    def coverage_factor(self) -> float | None:
        """k for a coverage probability of 95.45 %: 2.00 when the degrees of freedom are infinite."""
        dof = self.degrees_of_freedom
        return None if dof is None else coverage_factor(dof)

    @property
    def expanded_uncertainty(self) -> float | None:
        """U = k u(y)."""
        u, k = self.standard_uncertainty, self.coverage_factor
        return None if u is None or k is None else k * u

    def budget(self) -> list[dict[str, Any]]:
        """One row a source, largest first, with its share of the variance."""
        parts = sorted(self.contributions or (), key=lambda part: -abs(part.value))
        variance = math.fsum(part.value**2 for part in parts)
        return [
            {
                "source": part.source.label,
                "instrument": part.source.instrument,
                "distribution": part.source.distribution,
                "standard_uncertainty": part.standard_uncertainty,
                "sensitivity": part.sensitivity,
                "contribution": abs(part.value),
                "share": part.value**2 / variance if variance else 0.0,
            }
            for part in parts
        ]

    def as_dict(self, *, budget: bool = True) -> dict[str, Any]:
        """Plain data for JSON, with the stable keys that the docs list; `budget` False leaves that out."""
        dof = self.degrees_of_freedom
        document = {
            "metric": self.metric,
            "value": self.value,
            "unit": self.unit,
            "standard_uncertainty": self.standard_uncertainty,
            "expanded_uncertainty": self.expanded_uncertainty,
            "coverage_factor": self.coverage_factor,
            "degrees_of_freedom": None if dof is None or math.isinf(dof) else dof,
            "conditions": dict(self.conditions),
            "evidence": [rows.as_dict() for rows in self.evidence],
        }
        return {**document, "budget": self.budget()} if budget else document

    def named(self, metric: str, **conditions: float | int | str) -> Measured:
        """The same result under another metric name, with more conditions."""
        return replace(self, metric=metric, conditions={**self.conditions, **conditions})


def coverage_factor(degrees_of_freedom: float) -> float:
    """k for a coverage probability of 95.45 %, from the t distribution when the degrees are finite."""
    if math.isinf(degrees_of_freedom):
        return 2.0
    from GTC.reporting import k_factor

    return float(k_factor(degrees_of_freedom, 100 * COVERAGE_PROBABILITY))  # type: ignore[no-untyped-call]


def combine(
    metric: str,
    unit: str,
    equation: Callable[..., Any],
    *inputs: Measured,
    conditions: Mapping[str, float | int | str] | None = None,
) -> Measured:
    """A result computed from other results, with every correlation between them kept.

    `equation` takes one GTC number for each input and returns one: ``lambda q, q0: q / q0``. What the
    inputs share (one gain) cancels or adds as the equation says. Where any input has no known
    uncertainty, neither has the result.

    Linear in the errors (JCGM 100:2008, 5.1.2): wrong where an equation bends within one standard
    uncertainty, such as a ratio whose denominator is near zero.
    """
    evidence = tuple(dict.fromkeys(rows for measured in inputs for rows in measured.evidence))
    if any(measured.contributions is None for measured in inputs):
        value = equation(*(measured.value for measured in inputs))
        return Measured(metric, float(value), unit, None, evidence, dict(conditions or {}))
    number = equation(*(measured.uncertain for measured in inputs))
    sources = dict.fromkeys(part.source for measured in inputs for part in measured.contributions or ())
    standard = {
        part.source: part.standard_uncertainty for measured in inputs for part in measured.contributions or ()
    }
    parts = []
    for source in sources:
        share = _signed_component(number, _elementary(source))
        u = standard[source]
        parts.append(Contribution(source, u, share / u if u else 0.0))
    return Measured(metric, _plain(number), unit, tuple(parts), evidence, dict(conditions or {}))


def propagate(
    metric: str,
    unit: str,
    value: float,
    inputs: Sequence[Measured],
    derivatives: Sequence[float],
    *,
    conditions: Mapping[str, float | int | str] | None = None,
) -> Measured:
    """A result whose derivatives are known: the law of propagation without GTC, and much quicker.

    c_i = sum over the inputs j of (dy/dy_j) c_ij, for every source i (JCGM 100:2008, 5.2, F.1.2.3): what
    `combine` does, with the derivatives given. The same limits hold.
    """
    evidence = tuple(dict.fromkeys(rows for measured in inputs for rows in measured.evidence))
    if any(measured.contributions is None for measured in inputs):
        return Measured(metric, value, unit, None, evidence, dict(conditions or {}))
    sums: dict[ErrorSource, list[float]] = {}
    for measured, derivative in zip(inputs, derivatives, strict=True):
        for part in measured.contributions or ():
            known = sums.setdefault(part.source, [part.standard_uncertainty, 0.0])
            known[1] += derivative * part.value
    parts = tuple(Contribution(s, u, c / u if u else 0.0) for s, (u, c) in sums.items())
    return Measured(metric, value, unit, parts, evidence, dict(conditions or {}))


def total(
    metric: str,
    unit: str,
    parts: Sequence[Measured],
    *,
    conditions: Mapping[str, float | int | str] | None = None,
) -> Measured:
    """The sum of results; errors that they share add."""
    value = math.fsum(part.value for part in parts)
    return propagate(metric, unit, value, parts, [1.0] * len(parts), conditions=conditions)


def quotient(
    metric: str,
    unit: str,
    numerator: Measured,
    denominator: Measured,
    *,
    conditions: Mapping[str, float | int | str] | None = None,
) -> Measured:
    """The ratio of two results; relative errors that they share cancel. The denominator must not be 0."""
    value = numerator.value / denominator.value
    derivatives = 1.0 / denominator.value, -value / denominator.value
    return propagate(metric, unit, value, (numerator, denominator), derivatives, conditions=conditions)


def _constant(value: float) -> Any:
    from GTC import constant

    return constant(value)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=100_000)
def _elementary(source: ErrorSource) -> Any:
    """The one elementary uncertain number of this source. A memo: the same source, the same number."""
    from GTC import ureal

    return ureal(0.0, 1.0, source.degrees_of_freedom, label=source.label)  # type: ignore[no-untyped-call]


def _signed_component(number: Any, elementary: Any) -> float:
    """du = (dy/dx) u(x), with its sign."""
    from GTC.reporting import u_component

    return float(u_component(number, elementary)) if hasattr(number, "u") else 0.0  # type: ignore[no-untyped-call]


def _plain(number: Any) -> float:
    return float(number.x) if hasattr(number, "x") else float(number)
