"""Every decision rule at its acceptance limits, to the last bit; the probability against a count of draws."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from jeoul.standards import Conformity, Fact, Requirement, Verdict
from jeoul.standards.decision import GUARDED, RULES, Agreement, decide_all
from jeoul.uncertainty import Contribution, ErrorSource, Measured

LOWER, UPPER = 2.0, 2.5
U = 1 / 128
"""Standard uncertainty [Ah]: U = 2 u = 1/64 Ah, which binary arithmetic holds exactly."""


def measured(value: float, u: float = U, freedom: float = math.inf) -> Measured:
    source = ErrorSource("cycler", "current", "gain", degrees_of_freedom=freedom)
    return Measured("discharge_capacity", value, "Ah", (Contribution(source, u, 1.0),))


def limits(*sides: str) -> tuple[Requirement, ...]:
    values = {">=": LOWER, "<=": UPPER}
    return tuple(Requirement(side, Fact(values[side], "Ah", "verified", "data sheet")) for side in sides)


def agreed(rule: str, multiplier: float = 1.0) -> Agreement:
    return Agreement(rule, multiplier if rule in GUARDED else None)


def verdicts(value: float, rule: str, *sides: str, multiplier: float = 1.0, u: float = U) -> list[Verdict]:
    found = decide_all(
        measured(value, u), limits(*sides), agreed(rule, multiplier), instruments=Conformity.CONFORMING
    )
    return [decision.verdict for decision in found]


def band(rule: str) -> float:
    return 2 * U if rule in GUARDED else 0.0


def beyond(value: float, side: str) -> float:
    """The next number outside a limit."""
    return math.nextafter(value, -math.inf if side == ">=" else math.inf)


def accepted(rule: str, side: str) -> float:
    return LOWER + band(rule) if side == ">=" else UPPER - band(rule)


NEXT_BEST = dict.fromkeys(RULES, Verdict.FAIL) | {"guard_band_non_binary": Verdict.CONDITIONAL_PASS}


@pytest.mark.parametrize(("rule", "side"), [*product(RULES, (">=", "<="))])
def test_one_limit_flips_exactly_at_its_acceptance_limit(rule: str, side: str) -> None:
    at = accepted(rule, side)
    assert verdicts(at, rule, side) == [Verdict.PASS]
    assert verdicts(beyond(at, side), rule, side) == [NEXT_BEST[rule]]


@pytest.mark.parametrize(("rule", "side"), [*product(RULES, (">=", "<="))])
def test_two_limits_flip_exactly_at_theirs_and_the_other_side_does_not(rule: str, side: str) -> None:
    at, place = accepted(rule, side), [">=", "<="].index(side)
    assert verdicts(at, rule, ">=", "<=") == [Verdict.PASS, Verdict.PASS]
    expected = [Verdict.PASS, Verdict.PASS]
    expected[place] = NEXT_BEST[rule]
    assert verdicts(beyond(at, side), rule, ">=", "<=") == expected


@pytest.mark.parametrize("sides", [(">=",), ("<=",), (">=", "<=")])
@pytest.mark.parametrize("side", [">=", "<="])
def test_the_four_bands_of_the_non_binary_rule_on_either_side(sides: tuple[str, ...], side: str) -> None:
    if side not in sides:
        return
    limit, sign = (LOWER, 1) if side == ">=" else (UPPER, -1)
    steps = [(limit + sign * 2 * U, Verdict.PASS, Verdict.CONDITIONAL_PASS),
             (limit, Verdict.CONDITIONAL_PASS, Verdict.CONDITIONAL_FAIL),
             (limit - sign * 2 * U, Verdict.CONDITIONAL_FAIL, Verdict.FAIL)]  # fmt: skip
    for at, inside, outside in steps:
        place = sides.index(side)
        assert verdicts(at, "guard_band_non_binary", *sides)[place] is inside
        assert verdicts(beyond(at, side), "guard_band_non_binary", *sides)[place] is outside


@settings(max_examples=200, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    side=st.sampled_from([">=", "<="]),
    u=st.floats(1e-6, 0.05),
    multiplier=st.floats(0.1, 2.0),
    freedom=st.sampled_from([2.0, 3.0, 7.0, 40.0, math.inf]),
)
def test_the_verdict_flips_at_the_limit_that_is_reported_whatever_the_numbers(
    rule: str, side: str, u: float, multiplier: float, freedom: float
) -> None:
    """Also where binary arithmetic rounds, and where the coverage factor is that of few degrees of freedom."""

    def found(value: float) -> tuple[Verdict, float | None]:
        first = decide_all(
            measured(value, u, freedom),
            limits(side),
            agreed(rule, multiplier),
            instruments=Conformity.CONFORMING,
        )[0]
        return first.verdict, first.acceptance_limit

    at = found(2.25)[1]
    assert at is not None
    assert found(at) == (Verdict.PASS, at)
    assert found(beyond(at, side))[0] is not Verdict.PASS


# --- the probability ---------------------------------------------------------------------------------------


@lru_cache
def errors(freedom: float) -> NDArray[np.float64]:
    """A million draws of an error of unit scale, one in each millionth of probability."""
    uniform = (np.arange(1_000_000) + np.random.default_rng(106).random(1_000_000)) / 1_000_000
    drawn = norm.ppf(uniform) if math.isinf(freedom) else student.ppf(uniform, freedom)
    return np.asarray(drawn, dtype=np.float64)


@pytest.mark.parametrize("freedom", [2.0, 3.0, 9.0, math.inf])
@pytest.mark.parametrize("u", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("sides", [(">=",), ("<=",), (">=", "<=")])
def test_the_probability_of_a_decision_is_the_share_of_draws_that_conform(
    sides: tuple[str, ...], u: float, freedom: float
) -> None:
    """Within 0.1 percentage point, in the middle of the tolerance, near one limit, at it and outside it."""
    for value in (1.93, 2.0, 2.02, 2.25, 2.44, 2.5, 2.61):
        draws = value + u * errors(freedom)
        inside = np.ones_like(draws, dtype=bool)
        inside &= draws >= LOWER if ">=" in sides else True
        inside &= draws <= UPPER if "<=" in sides else True
        found = decide_all(
            measured(value, u, freedom), limits(*sides), agreed("simple_acceptance"), instruments=None
        )
        assert {d.probability_of_conformity for d in found} == {found[0].probability_of_conformity}
        assert found[0].probability_of_conformity == pytest.approx(float(np.mean(inside)), abs=1e-3)


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_changes_the_verdict_and_not_the_probability(rule: str) -> None:
    """JCGM 106: the probability is of the result and the limits alone."""
    found = decide_all(measured(2.01), limits(">=", "<="), agreed(rule), instruments=Conformity.CONFORMING)
    assert found[0].probability_of_conformity == pytest.approx(
        float(norm.cdf(0.01 / U) - norm.cdf(-0.49 / U))
    )


@pytest.mark.parametrize("freedom", [2.0, 5.0, math.inf])
def test_the_risk_at_the_acceptance_limit_of_a_tolerance_is_at_most_what_was_agreed(freedom: float) -> None:
    """5 % with few degrees of freedom. The far tail adds to it: with two of them it is 0.02 % at 49 u."""
    agreement = Agreement("guard_band", risk=0.05)
    first = decide_all(measured(2.25, 0.01, freedom), limits(">=", "<="), agreement, instruments=None)
    for decision in first:
        assert decision.acceptance_limit is not None
        at = decide_all(
            measured(decision.acceptance_limit, 0.01, freedom),
            limits(">=", "<="),
            agreement,
            instruments=None,
        )
        assert at[0].probability_of_conformity is not None
        assert 1 - at[0].probability_of_conformity <= 0.05 + (1e-3 if freedom < 5 else 0.0)
