"""Sequential tests, fleet rules, spreads and outliers against tables, arithmetic and simulated fleets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.standards import Verdict
from jeoul.standards.statistics import (
    differences,
    maximum,
    mean,
    minimum,
    robust_scores,
    sequential_pass_fail,
    sequential_table,
    share_at_least,
    spread,
    standard_deviation,
)
from jeoul.uncertainty import Contribution, ErrorSource, Measured

# Factors of the statistic of UN GTR 22, part A, as commonly printed for n = 3 to 16 (unverified).
FACTORS = {
    "samples": list(range(3, 17)),
    "pass_1": [1.686, 1.125, 0.850, 0.673, 0.544, 0.443, 0.361, 0.292, 0.232, 0.178, 0.129, 0.083, 0.040, 0.0],
    "pass_2": [0.438, 0.425, 0.401, 0.370, 0.335, 0.299, 0.263, 0.226, 0.190, 0.153, 0.116, 0.078, 0.038, 0.0],
    "fail_1": [1.686, 1.177, 0.953, 0.823, 0.734, 0.670, 0.620, 0.580, 0.546, 0.518, 0.494, 0.473, 0.455, 0.438],
    "fail_2": [0.438] * 14,
}  # fmt: skip
TABLE = sequential_table(FACTORS)


def sample(value: float, own: float | None = None, shared: float = 0.0, place: int = 0) -> Measured:
    if own is None:
        return Measured("x", value, "%", None)
    parts = (
        Contribution(ErrorSource("balance", "x", "noise", str(place)), own, 1.0),
        Contribution(ErrorSource("balance", "x", "gain"), shared, 1.0),
    )
    return Measured("x", value, "%", parts)


def samples(*values: float, own: float | None = None, shared: float = 0.0) -> list[Measured]:
    return [sample(value, own, shared, place) for place, value in enumerate(values)]


# --- sequential test -------------------------------------------------------------------------------------


def test_three_equal_vehicles_pass_at_the_limit_and_fail_above_it() -> None:
    """s = 0: nothing but the mean decides."""
    assert sequential_pass_fail(samples(5, 5, 5), limit=5.0, table=TABLE).verdict is Verdict.PASS
    assert sequential_pass_fail(samples(5.1, 5.1, 5.1), limit=5.0, table=TABLE).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("middle", "verdict"),
    [
        (2.875, Verdict.PASS),
        (2.877, Verdict.INCONCLUSIVE),
        (6.247, Verdict.INCONCLUSIVE),
        (6.249, Verdict.FAIL),
    ],
)
def test_three_vehicles_flip_where_the_table_says(middle: float, verdict: Verdict) -> None:
    """s = 1 of (m - 1, m, m + 1): pass at 5 - (1.686 + 0.438) = 2.876, fail above 5 + (1.686 - 0.438) = 6.248."""
    found = sequential_pass_fail(samples(middle - 1, middle, middle + 1), limit=5.0, table=TABLE)
    assert found.verdict is verdict
    assert (found.pass_limit, found.fail_limit) == pytest.approx((2.876, 6.248))
    assert found.standard_deviation == pytest.approx(1.0)


def test_the_first_decision_ends_the_test_and_later_vehicles_change_nothing() -> None:
    good = samples(1, 2, 3, 50, 60, 70)
    found = sequential_pass_fail(good, limit=5.0, table=TABLE)
    assert (found.verdict, found.decided_at) == (Verdict.PASS, 3)


def test_sixteen_vehicles_are_always_decided() -> None:
    """Far apart, and their mean at the limit all the way: only the last vehicle, on one side or other, decides."""
    open_ones = [-15.0, 5.0, 25.0, *[6.0, 4.0] * 6]
    for last, verdict in ((5.0, Verdict.PASS), (5.01, Verdict.FAIL)):
        found = sequential_pass_fail(samples(*open_ones, last), limit=5.0, table=TABLE)
        assert (found.verdict, found.decided_at) == (verdict, 16)
    assert sequential_pass_fail(samples(*open_ones), limit=5.0, table=TABLE).verdict is Verdict.INCONCLUSIVE


def test_a_good_family_rarely_fails_and_a_bad_one_rarely_passes() -> None:
    """A family 2 s better than A passes, one 2 s worse fails, each in more than 95 of 100 tests."""
    rng = np.random.default_rng(22)

    def passes(centre: float) -> float:
        verdicts = [
            sequential_pass_fail(samples(*rng.normal(centre, 1.0, 16)), limit=5.0, table=TABLE).verdict
            for _ in range(300)
        ]
        return verdicts.count(Verdict.PASS) / 300

    assert passes(3.0) > 0.95
    assert passes(7.0) < 0.05


def test_two_vehicles_are_too_few() -> None:
    with pytest.raises(InsufficientDataError, match="at least 3 samples; there are 2"):
        sequential_pass_fail(samples(1, 2), limit=5.0, table=TABLE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pass_1": []}, "no pass_1"),
        ({"fail_2": [0.438]}, "differ in length"),
        ({"samples": [*range(3, 16), 20]}, "not consecutive"),
        ({"fail_1": [*FACTORS["fail_1"][:-1], 0.5]}, "undecided"),
    ],
)
def test_a_table_with_a_slip_of_the_pen_is_refused(change: dict[str, list[float]], said: str) -> None:
    with pytest.raises(OutOfValidityError, match=said):
        sequential_table({**FACTORS, **change})


def test_what_a_vehicle_shows_less_what_was_measured_keeps_both_uncertainties() -> None:
    shown, real = samples(90, 85), samples(88.0, 86.0, own=0.3, shared=0.4)
    found = differences([Measured("shown", x, "%", ()) for x in (90, 85)], real, name="x")
    assert [x.value for x in found] == [2.0, -1.0]
    assert found[0].standard_uncertainty == pytest.approx(0.5)
    assert differences(shown, real, name="x")[0].standard_uncertainty is None
    with pytest.raises(InsufficientDataError, match="2 and 1"):
        differences(shown, real[:1], name="x")


# --- numbers of samples ----------------------------------------------------------------------------------


def test_what_all_samples_share_cancels_in_a_spread_and_stays_in_a_mean() -> None:
    """Own errors of 0.3 and 0.4 shared by all: the spread of two has sqrt(2) 0.3, the mean of four 0.15 and 0.4."""
    four = samples(10, 12, 11, 15, own=0.3, shared=0.4)
    assert spread(four).value == 5
    assert spread(four).standard_uncertainty == pytest.approx(0.3 * math.sqrt(2))
    assert mean(four).value == 12
    assert mean(four).standard_uncertainty == pytest.approx(math.hypot(0.15, 0.4))
    assert (minimum(four).value, maximum(four).value) == (10, 15)


def test_a_standard_deviation_propagates_as_by_monte_carlo() -> None:
    values = np.array([10.0, 12.0, 11.0, 15.0])
    found = standard_deviation(samples(*values, own=0.05, shared=3.0))
    draws = values + np.random.default_rng(4).normal(0, 0.05, (200_000, 4))
    assert found.value == pytest.approx(np.std(values, ddof=1))
    assert found.standard_uncertainty == pytest.approx(np.std(np.std(draws, axis=1, ddof=1)), rel=0.01)


@pytest.mark.parametrize("fleet", [10, 70, 500, 730])
def test_nine_of_ten_vehicles_are_ninety_per_cent_exactly(fleet: int) -> None:
    """The limit of a fleet rule is met by the count that it asks for, and not by one less."""
    good = fleet * 9 // 10
    assert share_at_least(samples(*[80.0] * good, *[79.9] * (fleet - good)), limit=80.0).value == 90.0
    assert (
        share_at_least(samples(*[80.0] * (good - 1), *[79.9] * (fleet - good + 1)), limit=80.0).value < 90.0
    )
    assert share_at_least(samples(80.0, 79.9), limit=80.0).standard_uncertainty is None


def test_the_uncertainty_of_a_share_comes_from_samples_near_the_limit() -> None:
    """Two of four at the limit are each on the right side with 1/2: variance 2/4, u = sqrt(0.5)/4 of the fleet."""
    found = share_at_least(samples(80, 80, 90, 70, own=0.1), limit=80.0)
    assert found.value == 75
    assert found.standard_uncertainty == pytest.approx(100 * math.sqrt(0.5) / 4)


# --- outliers --------------------------------------------------------------------------------------------


def test_a_cell_that_discharges_itself_stands_out_though_it_widens_the_scale() -> None:
    """Median 3, MAD 1: the score of 30 is 27 / 1.4826 = 18.2; by mean and sigma it would hide at 2.3."""
    cells = samples(1, 2, 3, 4, 5, 2, 4, 30, 3)
    found = robust_scores(cells, limit=3.5)
    assert found.outliers == (7,)
    assert found.scores[7] == pytest.approx(27 / 1.4826022)
    values = np.array([c.value for c in cells])
    assert abs(values[7] - values.mean()) / values.std(ddof=1) < 3.5


def test_the_limit_of_a_score_is_where_it_is_said_to_be() -> None:
    edge = 3 + 3.5 * 1.482602218505602
    base = [1, 2, 3, 4, 5, 2, 4, 3]
    assert robust_scores(samples(*base, edge - 0.01), limit=3.5).outliers == ()
    assert robust_scores(samples(*base, edge + 0.01), limit=3.5).outliers == (8,)


def test_equal_cells_have_no_outlier_and_one_other_cell_among_equal_ones_is_found() -> None:
    assert robust_scores(samples(*[2.0] * 9), limit=3.5).outliers == ()
    assert robust_scores(samples(*[2.0] * 9, 5.0), limit=3.5).outliers == (9,)


def test_four_cells_are_too_few_to_call_one_an_outlier() -> None:
    with pytest.raises(InsufficientDataError, match="at least 5"):
        robust_scores(samples(1, 2, 3, 90), limit=3.5)


def test_the_scale_of_a_score_is_the_sigma_of_a_normal_population() -> None:
    cells = samples(*np.random.default_rng(3).normal(10, 2, 20_000))
    assert robust_scores(cells, limit=3.5).robust_deviation == pytest.approx(2.0, rel=0.02)
