"""The coverage factor of a result in which one rectangular error rules."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from statistics import NormalDist

from jeoul.uncertainty.measured import COVERAGE_PROBABILITY, Contribution, Measured

_NORMAL = NormalDist()
NARROW = 1e-6
"""A normal part below this share of the rectangle moves no digit that is printed."""
HALVINGS = 60


def coverage_factor_by_shape(measured: Measured) -> float | None:
    """k for 95.45 % of a rectangle and a normal error added: 1.653 for a rectangle alone, 2.00 without one.

    The largest rectangular contribution, half-width h = sqrt(3) u_r, is convolved with all others, taken as
    one normal error s::

        P(|x| <= q) = s / (2 h) [G((q + h) / s) - G((q - h) / s) - G((h - q) / s) + G(-(q + h) / s)]
        G(z) = z F(z) + f(z),  f and F the normal density and distribution

    and k = q / u where P is 0.9545 (JCGM 100:2008, G.1, the convolution; EA-4/02, example S9, takes 1.65 for
    95 % of a rectangle that rules). Where the others rest on few degrees of freedom, s is made wider by
    k(nu) / 2.

    `Measured.coverage_factor` does not use it: most limits of data sheets do not state their distribution,
    the rectangle is then an assumption, and k = 2 does not rest on it. Where the shape is known, k u with
    this k is the shorter interval that still covers; `check_interval` finds the same by trials.

    None where the uncertainty is unknown; the usual k where nothing contributes. Further rectangles count as
    normal, which makes k too long by 0.03 with two alike.
    """
    k, u = measured.coverage_factor, measured.standard_uncertainty
    if k is None or not u:
        return k
    widest = max((abs(part.value) for part in _rectangles(measured)), default=0.0)
    if not widest:
        return k
    return _quantile(math.sqrt(3.0) * widest / u, _normal_part(measured, widest) / u)


def _rectangles(measured: Measured) -> list[Contribution]:
    return [part for part in measured.contributions or () if part.source.distribution == "rectangular"]


def _normal_part(measured: Measured, widest: float) -> float:
    """All but the widest rectangle, root sum of squares, wider for few degrees of freedom."""
    parts = list(measured.contributions or ())
    parts.remove(next(part for part in _rectangles(measured) if abs(part.value) == widest))
    rest = replace(measured, contributions=tuple(parts))
    return (rest.standard_uncertainty or 0.0) * (rest.coverage_factor or 2.0) / 2.0


@lru_cache(maxsize=10_000)
def _quantile(half_width: float, sigma: float) -> float:
    """q with P(|x| <= q) of 95.45 %, by halving."""
    if sigma <= NARROW * half_width:
        return COVERAGE_PROBABILITY * half_width
    low, high = 0.0, half_width + 4.0 * sigma
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        inside = _probability(middle, half_width, sigma) < COVERAGE_PROBABILITY
        low, high = (middle, high) if inside else (low, middle)
    return (low + high) / 2.0


def _probability(q: float, h: float, s: float) -> float:
    """That the sum lies within q of zero."""
    terms = _g((q + h) / s) - _g((q - h) / s) - _g((h - q) / s) + _g(-(q + h) / s)
    return s / (2.0 * h) * terms


def _g(z: float) -> float:
    return z * _NORMAL.cdf(z) + _NORMAL.pdf(z)
