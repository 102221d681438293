"""Decision rules against arithmetic and against a count of simulated cells."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from jeoul.errors import OutOfValidityError, UnknownNameError
from jeoul.standards import Conformity, Fact, Requirement, Verdict, decide, probability_of_conformity
from jeoul.standards.decision import Agreement, decide_all, guard_multiplier_for, probability_between
from jeoul.uncertainty import Contribution, ErrorSource, Measured


def measured(value: float, u: float | None) -> Measured:
    parts = None if u is None else (Contribution(ErrorSource("cycler", "current", "gain"), u, 1.0),)
    return Measured("discharge_capacity", value, "Ah", parts)


def few(value: float, u: float, freedom: float) -> Measured:
    source = ErrorSource("balance", "mass", "calibration", degrees_of_freedom=freedom)
    return Measured("discharge_capacity", value, "Ah", (Contribution(source, u, 1.0),))


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
    """Within 0.1 percentage point."""
    draws = value + 0.01 * errors(math.inf)
    counted = np.mean(draws >= 2.0 if relation == ">=" else draws <= 2.0)
    assert probability_of_conformity(value, 2.0, relation, 0.01) == pytest.approx(counted, abs=1e-3)


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


# --- two limits ------------------------------------------------------------------------------------------

BETWEEN = (limit(2.0), limit(2.5, "<="))


def verdicts(value: float, u: float, agreed: Agreement) -> list[Verdict]:
    return [d.verdict for d in decide_all(measured(value, u), BETWEEN, agreed, instruments=None)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.015625, [Verdict.PASS, Verdict.PASS]),
        (math.nextafter(2.015625, 0), [Verdict.FAIL, Verdict.PASS]),
        (2.484375, [Verdict.PASS, Verdict.PASS]),
        (math.nextafter(2.484375, 9), [Verdict.PASS, Verdict.FAIL]),
    ],
)
def test_a_tolerance_is_passed_within_both_limits_moved_inwards(
    value: float, expected: list[Verdict]
) -> None:
    """u = 1/128 Ah: w = U = 1/64 Ah on both sides of 2.0 Ah to 2.5 Ah."""
    assert verdicts(value, 1 / 128, Agreement("guard_band", 1.0)) == expected


def test_both_decisions_of_a_tolerance_carry_the_probability_of_lying_between_the_limits() -> None:
    """JCGM 106, 7.4, at the lower limit with the upper one 2 u away: Phi(2) - Phi(0) = 0.47725."""
    found = decide_all(measured(2.0, 0.25), BETWEEN, Agreement("simple_acceptance"), instruments=None)
    assert [d.probability_of_conformity for d in found] == pytest.approx([0.4772498680518208] * 2)
    assert "between 2 and 2.5" in found[0].reason


@lru_cache
def errors(freedom: float) -> NDArray[np.float64]:
    """A million draws of an error of unit scale, stratified so that a count of them is good to 0.001."""
    uniform = (np.arange(1_000_000) + np.random.default_rng(106).random(1_000_000)) / 1_000_000
    drawn = norm.ppf(uniform) if math.isinf(freedom) else student.ppf(uniform, freedom)
    return np.asarray(drawn, dtype=np.float64)


@pytest.mark.parametrize("value", [1.9, 2.0, 2.1, 2.25, 2.45, 2.5, 2.6])
@pytest.mark.parametrize("freedom", [math.inf, 4.0])
def test_the_probability_between_two_limits_agrees_with_a_million_draws(value: float, freedom: float) -> None:
    """Within 0.1 percentage point."""
    draws = value + 0.1 * errors(freedom)
    counted = np.mean((draws >= 2.0) & (draws <= 2.5))
    assert probability_between(value, 2.0, 2.5, 0.1, freedom) == pytest.approx(counted, abs=1e-3)


def test_where_the_guard_bands_overlap_nothing_passes_and_it_is_said() -> None:
    found = decide_all(measured(2.25, 0.2), BETWEEN, Agreement("guard_band", 1.0), instruments=None)
    assert {d.verdict for d in found} == {Verdict.FAIL}
    assert "no value could pass" in found[0].reason


def test_two_lower_limits_are_two_limits_and_no_tolerance() -> None:
    found = decide_all(
        measured(2.1, 0.1), (limit(2.0), limit(2.2)), Agreement("simple_acceptance"), instruments=None
    )
    assert [d.verdict for d in found] == [Verdict.PASS, Verdict.FAIL]
    assert [d.probability_of_conformity for d in found] == pytest.approx([0.8413447, 0.1586553])


# --- multiplier from a risk, few degrees of freedom ------------------------------------------------------


@pytest.mark.parametrize(
    ("risk", "multiplier"), [(0.5, 0.0), (0.05, 0.83), (0.025, 0.98), (0.0013498980316300933, 1.5)]
)
def test_the_multiplier_of_a_risk_is_that_of_the_tables(risk: float, multiplier: float) -> None:
    """ILAC-G8, table 1: 5 % is 0.83 (ISO 14253-1), 0.135 % is 1.5, 50 % is none."""
    assert guard_multiplier_for(risk) == multiplier


@pytest.mark.parametrize("freedom", [3.0, 8.0, 30.0, math.inf])
@pytest.mark.parametrize("risk", [0.01, 0.05, 0.2])
def test_at_the_acceptance_limit_of_a_risk_the_risk_is_at_most_that(risk: float, freedom: float) -> None:
    result = few(2.0, 0.01, freedom)
    first = decide_all(result, (limit(1.0),), Agreement("guard_band", risk=risk), instruments=None)[0]
    assert first.guard_band is not None
    at_limit = few(1.0 + first.guard_band, 0.01, freedom)
    found = decide_all(at_limit, (limit(1.0),), Agreement("guard_band", risk=risk), instruments=None)[0]
    assert found.probability_of_conformity is not None
    # Rounding r up to two decimals may cost a little more than the risk, never less.
    assert 0.9 * risk < 1 - found.probability_of_conformity <= risk


def test_few_degrees_of_freedom_widen_the_tails_and_are_named() -> None:
    """y = TL + 2 u: 97.7 % by the normal distribution, 94.2 % by Student's with 4 degrees of freedom."""
    found = decide(few(2.02, 0.01, 4.0), limit(2.0), rule="simple_acceptance", guard_multiplier=1.0)
    assert found.probability_of_conformity == pytest.approx(0.9419417, abs=1e-6)
    assert "4 degrees of freedom" in found.reason


def test_the_guard_band_of_few_degrees_of_freedom_uses_their_coverage_factor() -> None:
    """k for 95.45 % and 4 degrees of freedom is 2.869: U = 0.02869 Ah."""
    found = decide(few(2.0, 0.01, 4.0), limit(1.0), rule="guard_band", guard_multiplier=1.0)
    assert found.guard_band == pytest.approx(0.02869, abs=1e-5)


# --- accuracy method, shared risk --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instruments", "verdict"),
    [
        (Conformity.CONFORMING, Verdict.PASS),
        (Conformity.DEVIATING, Verdict.NOT_EVALUABLE),
        (Conformity.NOT_EVALUABLE, Verdict.NOT_EVALUABLE),
        (None, Verdict.NOT_EVALUABLE),
    ],
)
def test_the_accuracy_method_decides_only_with_instruments_shown_to_be_good_enough(
    instruments: Conformity | None, verdict: Verdict
) -> None:
    """2.001 Ah with U = 0.02 Ah: the uncertainty is not added where the instruments keep what is asked."""
    found = decide_all(
        measured(2.001, 0.01), (limit(2.0),), Agreement("accuracy_method"), instruments=instruments
    )[0]
    assert found.verdict is verdict
    assert "accuracy" in found.reason


def test_the_accuracy_method_fails_below_the_limit_and_needs_no_uncertainty() -> None:
    found = decide_all(
        measured(1.999, None),
        (limit(2.0),),
        Agreement("accuracy_method"),
        instruments=Conformity.CONFORMING,
    )[0]
    assert (found.verdict, found.acceptance_limit, found.guard_band) == (Verdict.FAIL, 2.0, 0.0)


@pytest.mark.parametrize(("share", "verdict"), [(0.25, Verdict.PASS), (0.24, Verdict.NOT_EVALUABLE)])
def test_shared_risk_holds_up_to_the_agreed_share_of_the_tolerance(share: float, verdict: Verdict) -> None:
    """U = 0.125 Ah is a quarter of the 0.5 Ah between the limits."""
    agreed = Agreement("shared_risk", greatest_share=share)
    assert set(verdicts(2.25, 0.0625, agreed)) == {verdict}


def test_shared_risk_of_one_limit_takes_the_share_of_the_limit() -> None:
    """U = 0.02 Ah is 1 % of 2 Ah."""
    for share, verdict in ((0.01, Verdict.PASS), (0.0099, Verdict.NOT_EVALUABLE)):
        agreed = Agreement("shared_risk", greatest_share=share)
        found = decide_all(measured(2.0, 0.01), (limit(2.0),), agreed, instruments=None)[0]
        assert found.verdict is verdict


def test_shared_risk_without_a_bound_decides_on_the_value_and_says_that_the_risk_is_shared() -> None:
    found = decide(measured(2.0, 0.5), limit(2.0), rule="shared_risk", guard_multiplier=1.0)
    assert (found.verdict, found.probability_of_conformity) == (Verdict.PASS, 0.5)
    assert "shared" in found.reason
    assert "위험 분담" in found.reason_by_language["ko"]


@pytest.mark.parametrize(
    "agreed",
    [
        {"rule": "guard_band"},
        {"rule": "guard_band", "guard_multiplier": 1.0, "risk": 0.05},
        {"rule": "guard_band", "guard_multiplier": -1.0},
        {"rule": "guard_band", "risk": 0.6},
        {"rule": "shared_risk", "greatest_share": 0.0},
    ],
)
def test_an_agreement_that_is_no_rule_is_refused(agreed: dict[str, Any]) -> None:
    with pytest.raises(OutOfValidityError):
        Agreement(**agreed)


def test_a_small_risk_keeps_its_digits() -> None:
    """6 u above the limit the risk is 9.87e-10; 1 - p from a p near one would lose it."""
    assert 1 - probability_of_conformity(2.06, 2.0, ">=", 0.01) == pytest.approx(9.866e-10, rel=1e-3)
    assert probability_of_conformity(1.94, 2.0, ">=", 0.01) == pytest.approx(9.866e-10, rel=1e-3)
