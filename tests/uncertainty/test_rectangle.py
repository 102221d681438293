"""k where one rectangular error rules: from arithmetic, from trials, and from the guides."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.uncertainty import Contribution, ErrorSource, Measured, coverage_factor_by_shape, monte_carlo


def result(rectangle: float, normal: float, *, second: float = 0.0, freedom: float = math.inf) -> Measured:
    parts = (
        Contribution(ErrorSource("c", "current", "offset", distribution="rectangular"), rectangle, 1.0),
        Contribution(ErrorSource("c", "current", "gain", degrees_of_freedom=freedom), normal, -1.0),
        Contribution(ErrorSource("c", "voltage", "offset", distribution="rectangular"), second, 1.0),
    )
    return Measured("capacity", 100.0, "Ah", tuple(part for part in parts if part.standard_uncertainty))


def test_a_rectangle_alone_needs_1_653() -> None:
    """0.9545 sqrt(3): the interval of 95.45 % of a box. EA-4/02: 1.65 at 95 %, which is 0.95 sqrt(3)."""
    assert coverage_factor_by_shape(result(0.2, 0.0)) == pytest.approx(0.9545 * math.sqrt(3))
    assert coverage_factor_by_shape(result(0.2, 1e-9)) == pytest.approx(0.9545 * math.sqrt(3), rel=1e-6)


def test_without_a_rectangle_k_is_the_usual_one() -> None:
    assert coverage_factor_by_shape(result(0.0, 0.2)) == 2.0
    few = result(0.0, 0.2, freedom=5)
    assert coverage_factor_by_shape(few) == few.coverage_factor
    assert coverage_factor_by_shape(Measured("capacity", 1.0, "Ah")) is None
    assert coverage_factor_by_shape(Measured("capacity", 1.0, "Ah", ())) == 2.0
    assert coverage_factor_by_shape(result(1e-4, 1.0)) == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("normal", [0.02, 0.1, 0.3, 1.0, 3.0])
def test_trials_find_the_same_interval(normal: float) -> None:
    """2 million trials: k u covers 95.45 % whatever the mixture, where k = 2 covers up to 100 %."""
    y = result(1.0, normal)
    k, u = coverage_factor_by_shape(y), y.standard_uncertainty
    assert k is not None
    assert u is not None
    random = np.random.default_rng(3)
    errors = random.uniform(-math.sqrt(3), math.sqrt(3), 2_000_000) + normal * random.standard_normal(
        2_000_000
    )
    assert np.mean(np.abs(errors) <= k * u) == pytest.approx(0.9545, abs=5e-4)
    found = monte_carlo(lambda x: x, y, trials=10**6, seed=1)
    assert k * u == pytest.approx((found.high - found.low) / 2, rel=3e-3)


def test_two_rectangles_and_few_degrees_of_freedom_stay_on_the_safe_side() -> None:
    random = np.random.default_rng(4)
    boxes = random.uniform(-math.sqrt(3), math.sqrt(3), (2, 1_000_000)).sum(axis=0)
    two = result(1.0, 0.0, second=1.0)
    k, u = coverage_factor_by_shape(two), two.standard_uncertainty
    assert 0.9545 <= np.mean(np.abs(boxes) <= k * u) < 0.975  # type: ignore[operator]
    spread = np.sqrt(5 / random.chisquare(5, 200_000))  # s of six readings, over sigma
    boxes = random.uniform(-math.sqrt(3), math.sqrt(3), 200_000) + 0.5 * random.standard_normal(200_000)
    held = [
        abs(error) <= coverage_factor_by_shape(y) * y.standard_uncertainty  # type: ignore[operator]
        for error, s in zip(boxes[:4000], 0.5 / spread[:4000], strict=True)
        if (y := result(1.0, float(s), freedom=5))
    ]
    assert np.mean(held) > 0.945


@given(low=st.floats(0.0, 2.0), more=st.floats(0.0, 2.0))
def test_more_noise_beside_a_rectangle_never_gives_a_shorter_interval(low: float, more: float) -> None:
    few, many = result(1.0, low), result(1.0, low + more)
    u = [coverage_factor_by_shape(y) * y.standard_uncertainty for y in (few, many)]  # type: ignore[operator]
    assert u[1] >= u[0] * (1 - 1e-5)
