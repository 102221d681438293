"""Decision rules against arithmetic and against a count of simulated cells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jeoul.errors import UnknownNameError
from jeoul.standards import Fact, Requirement, Verdict, decide, probability_of_conformity
from jeoul.uncertainty import Contribution, ErrorSource, Measured


def measured(value: float, u: float | None) -> Measured:
    parts = None if u is None else (Contribution(ErrorSource("cycler", "current", "gain"), u, 1.0),)
    return Measured("discharge_capacity", value, "Ah", parts)


def limit(value: float, relation: str = ">=") -> Requirement:
    return Requirement(relation, Fact(value, "Ah", "verified", "data sheet"))


def verdict_of(value: float, u: float | None, rule: str, relation: str = ">=", r: float = 1.0) -> Verdict:
    return decide(measured(value, u), limit(2.0, relation), rule=rule, guard_multiplier=r).verdict


def test_simple_acceptance_flips_at_the_limit() -> None:
    below = math.nextafter(2.0, 0.0)
    assert verdict_of(2.0, 0.01, "simple_acceptance") is Verdict.PASS
    assert verdict_of(below, 0.01, "simple_acceptance") is Verdict.FAIL
    assert verdict_of(2.0, 0.01, "simple_acceptance", "<=") is Verdict.PASS
    assert verdict_of(math.nextafter(2.0, 3.0), 0.01, "simple_acceptance", "<=") is Verdict.FAIL


@pytest.mark.parametrize(("relation", "accepted", "worse"), [(">=", 2.015625, 0.0), ("<=", 1.984375, 9.0)])
def test_guard_band_flips_at_the_limit_moved_by_the_expanded_uncertainty(
    relation: str, accepted: float, worse: float
) -> None:
    """u = 1/128 Ah, k = 2: w = U = 1/64 Ah, which binary arithmetic holds exactly."""
    u = 1 / 128
    decision = decide(measured(accepted, u), limit(2.0, relation), rule="guard_band", guard_multiplier=1.0)
    assert (decision.acceptance_limit, decision.guard_band) == (accepted, 1 / 64)
    assert decision.verdict is Verdict.PASS
    assert verdict_of(math.nextafter(accepted, worse), u, "guard_band", relation) is Verdict.FAIL


def test_guard_multiplier_scales_the_guard_band() -> None:
    decision = decide(measured(2.01, 0.01), limit(2.0), rule="guard_band", guard_multiplier=0.83)
    assert decision.guard_band == pytest.approx(0.83 * 0.02)
    assert decision.verdict is Verdict.FAIL
    assert verdict_of(2.0167, 0.01, "guard_band", r=0.83) is Verdict.PASS


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (2.015625, Verdict.PASS),
        (math.nextafter(2.015625, 0), Verdict.CONDITIONAL_PASS),
        (2.0, Verdict.CONDITIONAL_PASS),
        (math.nextafter(2.0, 0), Verdict.CONDITIONAL_FAIL),
        (1.984375, Verdict.CONDITIONAL_FAIL),
        (math.nextafter(1.984375, 0), Verdict.FAIL),
    ],
)
def test_non_binary_rule_has_four_bands(value: float, verdict: Verdict) -> None:
    assert verdict_of(value, 1 / 128, "guard_band_non_binary") is verdict


def test_without_uncertainty_only_simple_acceptance_decides() -> None:
    decision = decide(measured(2.1, None), limit(2.0), rule="simple_acceptance", guard_multiplier=1.0)
    assert decision.verdict is Verdict.PASS
    assert decision.probability_of_conformity is None
    assert "risk of a wrong decision is not known" in decision.reason
    for rule in ("guard_band", "guard_band_non_binary"):
        assert verdict_of(2.1, None, rule) is Verdict.NOT_EVALUABLE


def test_a_result_that_is_no_number_is_not_evaluable() -> None:
    assert verdict_of(math.nan, 0.01, "simple_acceptance") is Verdict.NOT_EVALUABLE


def test_probability_at_known_points_of_the_normal_distribution() -> None:
    """At the acceptance limit of w = r U: 50 %, 4.85 %, 2.28 % and 0.13 % risk for r = 0, 0.83, 1 and 1.5."""
    for r, risk in ((0.0, 0.5), (0.83, 0.0485), (1.0, 0.02275), (1.5, 0.00135)):
        p = probability_of_conformity(2.0 + r * 0.02, 2.0, ">=", 0.01)
        assert 1 - p == pytest.approx(risk, abs=5e-5)


@pytest.mark.parametrize("relation", [">=", "<="])
@pytest.mark.parametrize("value", [1.99, 2.0, 2.004, 2.013])
def test_probability_agrees_with_a_count_of_a_million_draws(value: float, relation: str) -> None:
    """Within 0.2 percentage points: four standard deviations of the count itself."""
    draws = np.random.default_rng(106).normal(value, 0.01, 1_000_000)
    counted = np.mean(draws >= 2.0 if relation == ">=" else draws <= 2.0)
    assert probability_of_conformity(value, 2.0, relation, 0.01) == pytest.approx(counted, abs=2e-3)


def test_a_result_without_error_is_certain() -> None:
    assert probability_of_conformity(2.0, 2.0, ">=", 0.0) == 1.0
    assert probability_of_conformity(1.99, 2.0, ">=", 0.0) == 0.0


def test_an_unknown_rule_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="simple_acceptance"):
        verdict_of(2.0, 0.01, "coin")


def test_the_reason_is_said_in_both_languages() -> None:
    decision = decide(measured(2.1, 0.01), limit(2.0), rule="guard_band", guard_multiplier=1.0)
    assert decision.reason == decision.reason_by_language["en"]
    assert "적합" in decision.reason_by_language["ko"]
