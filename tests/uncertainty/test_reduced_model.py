"""The reduced model against arithmetic, and against Monte Carlo over the full model of JCGM 101."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.uncertainty import (
    Accuracy,
    Contribution,
    Error,
    ErrorSource,
    Evidence,
    Measured,
    RangeAccuracy,
    capacity_contributions,
    check_interval,
    combine,
    energy_contributions,
    monte_carlo,
    quotient,
    standard_uncertainties,
    total,
)
from jeoul.uncertainty.reduced import contributions, summed

EVIDENCE = Evidence("cell.csv", "ab" * 32, 1, 1000, (1,))
ZERO = Error(0.0)


def channel(unit: str = "ampere", **errors: Any) -> RangeAccuracy:
    quantity, scale = ("current", 200.0) if unit == "ampere" else ("voltage", 5.0)
    base = RangeAccuracy(quantity, unit, scale, "both", ZERO, ZERO)
    return replace(base, **errors)


def accuracy(
    current: RangeAccuracy | None = None, voltage: RangeAccuracy | None = None, clock: float = 0.0
) -> Accuracy:
    ranges = (current or channel(),), (voltage or channel("volt"),)
    return Accuracy("Cycler", "verified", "test", *ranges, Error(clock))


def discharge(
    current: float = 100 / 3, hours: float = 3.0, interval: float = 1.0, start_hours: float = 0.0
) -> Any:
    """Sums over the samples of a constant-current discharge from 3.4 V to 3.0 V, by NumPy."""
    n = round(hours * 3600 / interval)
    w = np.full(n, interval)
    t = start_hours * 3600 + (np.arange(n) + 0.5) * interval
    u = np.linspace(3.4, 3.0, n)
    sums = {
        "discharge_capacity_ah": current * w.sum() / 3600,
        "discharge_energy_wh": current * (w * u).sum() / 3600,
        "charge_second": 0.0,
        "discharge_second": w.sum(),
        "discharge_volt_second": (w * u).sum(),
        "discharge_time_moment": (w * t).sum(),
        "discharge_volt_time_moment": (w * u * t).sum(),
        "discharge_square_second": (w**2).sum(),
        "discharge_square_volt": (w**2 * u**2).sum(),
        "discharge_square_ampere": (w**2).sum() * current**2,
        "current_time_moment": -current * (w * t).sum(),
        "current_min_ampere": -current,
        "current_max_ampere": -current,
        "voltage_min_volt": 3.0,
        "voltage_max_volt": 3.4,
    }
    return {name: np.array([value]) for name, value in sums.items()}, w, u, t


def measure(table: Any, a: Accuracy, name: str = "capacity", evidence: Evidence = EVIDENCE) -> Measured:
    terms_of = capacity_contributions if name == "capacity" else energy_contributions
    column, unit = ("discharge_capacity_ah", "Ah") if name == "capacity" else ("discharge_energy_wh", "Wh")
    parts = contributions(terms_of(table, a, way="discharge"), a.instrument, [evidence])[0]
    return Measured(name, float(table[column][0]), unit, parts, (evidence,))


def test_a_percent_of_full_scale_specification_does_not_average_out() -> None:
    """100 Ah in 3 h on 200 A, 0.05 % of full scale: 3 h * 0.1 A / sqrt(3) = 0.1732 Ah, U = 0.35 %."""
    table, *_ = discharge()
    q = measure(table, accuracy(channel(offset=Error(0.1 / math.sqrt(3), "rectangular"))))
    assert q.standard_uncertainty == pytest.approx(3 * 0.1 / math.sqrt(3), rel=1e-12)
    assert q.expanded_uncertainty is not None
    assert round(100 * q.expanded_uncertainty / q.value, 2) == 0.35


def test_ten_times_the_samples_leave_the_offset_and_divide_the_noise() -> None:
    offset = accuracy(channel(offset=Error(0.004)))
    noise = accuracy(channel(noise=Error(0.1)))
    slow, quick = discharge(interval=10.0)[0], discharge(interval=1.0)[0]
    assert measure(slow, offset).standard_uncertainty == pytest.approx(0.012)
    assert measure(quick, offset).standard_uncertainty == pytest.approx(0.012)
    assert measure(slow, noise).standard_uncertainty == pytest.approx(0.1 * 10 * math.sqrt(1080) / 3600)
    assert measure(quick, noise).standard_uncertainty == pytest.approx(0.1 * math.sqrt(10800) / 3600)


def test_a_calibrated_channel_has_the_budget_of_gain_and_offset() -> None:
    """u(gain) = 0.02 %, u(offset) = 4 mA: sqrt(200^2 + 120^2) ppm = 233 ppm, U = 0.047 %."""
    table, *_ = discharge()
    q = measure(table, accuracy(channel(gain=Error(2e-4), offset=Error(0.004))))
    assert q.standard_uncertainty == pytest.approx(100 * math.hypot(200e-6, 120e-6), rel=1e-12)
    assert q.expanded_uncertainty is not None
    assert round(100 * q.expanded_uncertainty / q.value, 3) == 0.047
    assert [row["source"] for row in q.budget()] == ["current gain (200 A)", "current offset (200 A)"]


FULL = accuracy(
    channel(
        gain=Error(2e-4), offset=Error(0.004, "rectangular"), drift_per_hour=Error(0.002), noise=Error(0.5)
    ),
    channel("volt", gain=Error(3e-4), offset=Error(5e-4), drift_per_hour=Error(2e-4), noise=Error(0.01)),
    clock=1e-4,
)


def full_model_trials(trials: int, table: Any, seed: int) -> tuple[Any, Any]:
    """Q and E with every error in place, products and all: (1+g)(I+o+dt)(1+gU)(U+oU+dUt)w(1+c)."""
    rng = np.random.default_rng(seed)
    s = {name: float(value[0]) for name, value in table.items()}
    draw = rng.standard_normal
    g, o, d, clock = (
        2e-4 * draw(trials),
        0.004 * rng.uniform(-(3**0.5), 3**0.5, trials),
        0.002 * draw(trials),
        1e-4,
    )
    clock = clock * draw(trials)
    g_u, o_u, d_u = 3e-4 * draw(trials), 5e-4 * draw(trials), 2e-4 * draw(trials)
    n_q = 0.5 * math.sqrt(s["discharge_square_second"]) * draw(trials)
    t1, ut1 = s["discharge_time_moment"], s["discharge_volt_time_moment"]
    t, ut = s["discharge_second"], s["discharge_volt_second"]
    q = -(1 + g) * (1 + clock) * (-3600 * s["discharge_capacity_ah"] + o * t + d * t1 / 3600 + n_q) / 3600
    seen = -3600 * s["discharge_energy_wh"] + o * ut + d * ut1 / 3600
    seen = seen + o_u * (-3600 * s["discharge_capacity_ah"] + o * t) + d_u * s["current_time_moment"] / 3600
    seen = seen + 0.5 * math.sqrt(s["discharge_square_volt"]) * draw(trials)
    seen = seen + 0.01 * math.sqrt(s["discharge_square_ampere"]) * draw(trials)
    return q, -(1 + g) * (1 + g_u) * (1 + clock) * seen / 3600


def test_a_million_trials_of_the_full_model_agree() -> None:
    """10^6 trials know a standard deviation to 0.07 %; 0.4 % is more than five of those."""
    table, *_ = discharge(interval=10.0, start_hours=2.0)
    q, e = measure(table, FULL), measure(table, FULL, "energy")
    q_trials, e_trials = full_model_trials(10**6, table, seed=1)
    assert q_trials.mean() == pytest.approx(q.value, abs=5e-3 * q.standard_uncertainty)
    assert q_trials.std() == pytest.approx(q.standard_uncertainty, rel=4e-3)
    assert e_trials.mean() == pytest.approx(e.value, abs=5e-3 * e.standard_uncertainty)
    assert e_trials.std() == pytest.approx(e.standard_uncertainty, rel=4e-3)


def test_monte_carlo_of_the_reduced_model_agrees_and_knows_the_rectangle() -> None:
    table, *_ = discharge()
    q = measure(table, accuracy(channel(offset=Error(0.1 / math.sqrt(3), "rectangular"))))
    simulated = monte_carlo(lambda y: y, q, trials=10**6, seed=7)
    assert simulated.value == pytest.approx(100.0, abs=1e-3)
    assert simulated.standard_uncertainty == pytest.approx(q.standard_uncertainty, rel=3e-3)
    # One rectangle alone: 95.45 % of +-0.3 Ah, shorter than U = 0.346 Ah from k = 2.
    assert simulated.high - 100 == pytest.approx(0.9545 * 0.3, rel=2e-3)
    assert 100 - simulated.low == pytest.approx(0.9545 * 0.3, rel=2e-3)
    again = monte_carlo(lambda y: y, q, trials=10**4, seed=7)
    assert again == monte_carlo(lambda y: y, q, trials=10**4, seed=7)
    assert again != monte_carlo(lambda y: y, q, trials=10**4, seed=8)


@pytest.mark.parametrize("shape", ["normal", "rectangular", "triangular", "arcsine"])
def test_every_shape_is_drawn_with_unit_deviation(shape: str) -> None:
    part = Contribution(ErrorSource("Cycler", "current", "gain", "x", shape), 2.0, 1.5)
    simulated = monte_carlo(lambda y: y, Measured("y", 0.0, "A", (part,)), trials=400_000, seed=3)
    assert simulated.standard_uncertainty == pytest.approx(3.0, rel=6e-3)
    extent = {"rectangular": 3**0.5, "triangular": 6**0.5, "arcsine": 2**0.5}.get(shape)
    if extent:
        every = monte_carlo(
            lambda y: y,
            Measured("y", 0.0, "A", (part,)),
            trials=400_000,
            seed=3,
            coverage_probability=0.99999,
        )
        assert every.high == pytest.approx(3.0 * extent, rel=1e-2)


def test_few_degrees_of_freedom_are_drawn_from_t() -> None:
    """Five degrees of freedom: 95.45 % lie within 2.649 u, not 2 u (JCGM 100:2008, table G.2: 2.65)."""
    part = Contribution(ErrorSource("Cycler", "current", "gain", "few", "normal", 5.0), 1.0, 1.0)
    y = Measured("y", 0.0, "A", (part,))
    simulated = monte_carlo(lambda x: x, y, trials=10**6, seed=3)
    assert simulated.high == pytest.approx(2.649, rel=1e-2)
    assert y.coverage_factor == pytest.approx(2.649, rel=1e-3)


def test_monte_carlo_refuses_what_it_cannot_draw() -> None:
    known = Measured("y", 0.0, "A", ())
    with pytest.raises(InsufficientDataError, match="'q' has no known uncertainty"):
        monte_carlo(lambda y: y, Measured("q", 1.0, "Ah"), trials=100, seed=1)
    with pytest.raises(OutOfValidityError, match="trials"):
        monte_carlo(lambda y: y, known, trials=1, seed=1)
    with pytest.raises(OutOfValidityError, match="between 0 and 1"):
        monte_carlo(lambda y: y, known, trials=10, seed=1, coverage_probability=1.0)
    odd = Contribution(ErrorSource("Cycler", "current", "gain", "", "lumpy"), 1.0, 1.0)
    with pytest.raises(OutOfValidityError, match="'lumpy'"):
        monte_carlo(lambda y: y, Measured("y", 0.0, "A", (odd,)), trials=10, seed=1)


def test_an_interval_is_checked_by_trials_to_the_digits_of_u() -> None:
    """Several normal errors agree to two digits; one rectangle of 1.73 u does not to one."""
    table, *_ = discharge()
    normal = accuracy(channel(gain=Error(2e-4), offset=Error(0.004), noise=Error(0.5)), clock=1e-4)
    good = check_interval(measure(table, normal), digits=2, trials=10**6, seed=1)
    assert good.agrees
    # u = 0.025 Ah: two digits end at 1e-3 Ah.
    assert good.tolerance == pytest.approx(5e-4)
    square = accuracy(channel(offset=Error(0.1 / math.sqrt(3), "rectangular")))
    bad = check_interval(measure(table, square), digits=1, trials=10**5, seed=1)
    assert not bad.agrees
    assert bad.high_difference == pytest.approx(0.2 * 3**0.5 - 0.9545 * 0.3, abs=2e-3)
    with pytest.raises(OutOfValidityError, match="0 digits"):
        check_interval(measure(table, normal), digits=0, trials=100, seed=1)
    with pytest.raises(OutOfValidityError, match="no tolerance"):
        check_interval(Measured("y", 1.0, "V", ()), digits=1, trials=100, seed=1)


def test_the_gain_cancels_in_a_ratio_of_two_capacities_of_one_channel() -> None:
    """State of health on one channel: 90 Ah of 100 Ah, each 3 h; only the offset is left."""
    a = accuracy(channel(gain=Error(2e-4), offset=Error(0.004)), clock=1e-4)
    before = measure(discharge()[0], a)
    after = measure(discharge(current=30.0)[0], a, evidence=replace(EVIDENCE, sha256="cd" * 32))
    health = quotient("state_of_health", "1", after, before)
    found = {part.source.kind: part.value for part in health.contributions or ()}
    assert found["gain"] == pytest.approx(0.0, abs=1e-18)
    assert found["clock"] == pytest.approx(0.0, abs=1e-18)
    # d(q/q0) = (0.012 q0 - 0.012 q) / q0^2 with 0.012 Ah from the offset
    assert abs(found["offset"]) == pytest.approx(0.012 / 100 * 0.1, rel=1e-9)
    by_gtc = combine("state_of_health", "1", lambda q, q0: q / q0, after, before)
    assert health.standard_uncertainty == pytest.approx(by_gtc.standard_uncertainty, rel=1e-9)
    trials = monte_carlo(lambda q, q0: q / q0, after, before, trials=10**6, seed=5)
    assert trials.standard_uncertainty == pytest.approx(health.standard_uncertainty, rel=4e-3)


def test_the_gain_stays_in_a_ratio_of_two_channels() -> None:
    a = accuracy(channel(gain=Error(2e-4)))
    before, after = measure(discharge()[0], a), measure(discharge()[0], a.on_channel("2"))
    assert quotient("ratio", "1", after, before).standard_uncertainty == pytest.approx(2**0.5 * 2e-4)


def test_voltage_drift_and_offset_reach_the_energy_as_arithmetic_says() -> None:
    """100 Ah from hour 2 to hour 5 at constant current: mean time 3.5 h."""
    table, *_ = discharge(start_hours=2.0)
    drift = measure(table, accuracy(voltage=channel("volt", drift_per_hour=Error(2e-4))), "energy")
    offset = measure(table, accuracy(voltage=channel("volt", offset=Error(5e-4))), "energy")
    assert drift.standard_uncertainty == pytest.approx(100 * 2e-4 * 3.5)
    assert offset.standard_uncertainty == pytest.approx(100 * 5e-4)
    mixed = {**table, "charge_second": np.array([1.0])}
    again = measure(mixed, accuracy(voltage=channel("volt", drift_per_hour=Error(2e-4))), "energy")
    assert again.standard_uncertainty == pytest.approx(100 * 2e-4 * 3.5)


def test_resolution_averages_with_noise_and_stays_without() -> None:
    table, *_ = discharge(interval=1.0)
    quiet = measure(table, accuracy(channel(resolution=0.01)))
    noisy = measure(table, accuracy(channel(resolution=0.01, noise=Error(0.02))))
    q = 0.01 / math.sqrt(12)
    assert quiet.standard_uncertainty == pytest.approx(3 * q)
    assert noisy.standard_uncertainty == pytest.approx(math.hypot(q, 0.02) * math.sqrt(10800) / 3600)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.2, 0.3, 0.5, 1.5])
def test_the_mean_of_rounded_readings_is_known_as_well_as_trials_say(noise: float) -> None:
    """1 000 means of 400 readings of a steady value anywhere in its step of 1 (dither)."""
    random = np.random.default_rng(11)
    true = random.uniform(0, 1, 1000)
    readings = np.round(true[:, None] + noise * random.standard_normal((1000, 400)))
    entry = channel(noise=Error(noise), resolution=1.0)
    stays, averages = entry.rounding_that_stays, entry.rounding_that_averages
    variance = (stays.standard_uncertainty**2 if stays else 0.0) + noise**2 / 400
    variance += averages.standard_uncertainty**2 / 400 if averages else 0.0
    assert np.std(readings.mean(axis=1) - true) == pytest.approx(math.sqrt(variance), rel=0.08)


def test_below_half_a_step_noise_makes_a_mean_better_known_and_trials_agree() -> None:
    """Of 400 readings: 0.289, 0.177, 0.043 and 0.029 of a step at a noise of 0, 0.15, 0.3 and 0.5 of it."""
    random = np.random.default_rng(12)
    true = random.uniform(0, 1, 4000)
    known, found = [], []
    for noise in (0.0, 0.15, 0.3, 0.5, 1.0, 3.0):
        entry = channel(noise=Error(noise), resolution=1.0)
        parts = entry.rounding_that_stays, entry.rounding_that_averages
        stays, averages = (part.standard_uncertainty if part else 0.0 for part in parts)
        known.append(math.hypot(stays, averages / 20, noise / 20))
        readings = np.round(true[:, None] + noise * random.standard_normal((4000, 400)))
        found.append(float(np.std(readings.mean(axis=1) - true)))
    assert known == pytest.approx(found, rel=0.05)
    assert known[0] > known[1] > known[2] > known[3] < known[4] < known[5]
    assert known[3] < known[0] / 9  # what the larger of the two parts would hide


@given(q=st.floats(1e-6, 1.0), noise=st.floats(0.0, 3.0), more=st.floats(0.0, 3.0))
def test_more_noise_never_makes_a_single_reading_better_known(q: float, noise: float, more: float) -> None:
    u = []
    for each in (noise, noise + more):
        entry = channel(resolution=q, noise=Error(each))
        parts = entry.rounding_that_stays, entry.rounding_that_averages, Error(each)
        u.append(math.hypot(*(part.standard_uncertainty for part in parts if part)))
    assert u[1] >= u[0] * (1 - 1e-3)


def test_what_rounding_keeps_is_what_dither_theory_says() -> None:
    """Of a step of 1: 1/sqrt(12) without noise; from s = 0.3 on the first harmonic, exp(-2 pi^2 s^2) / pi / sqrt 2."""
    assert channel(resolution=1.0).rounding_that_stays == Error(1 / math.sqrt(12), "rectangular")
    assert channel(resolution=1.0).rounding_that_averages is None
    stays = channel(resolution=1.0, noise=Error(0.3)).rounding_that_stays
    assert stays is not None
    assert stays.standard_uncertainty == pytest.approx(
        math.exp(-2 * math.pi**2 * 0.09) / math.pi / 2**0.5, rel=1e-3
    )
    assert channel(resolution=1.0, noise=Error(0.7)).rounding_that_stays is None


@given(q=st.floats(1e-6, 1.0), noise=st.floats(0.0, 3.0))
def test_the_two_parts_of_rounding_are_all_of_it(q: float, noise: float) -> None:
    """Together q^2 / 12 for one reading, whatever the noise."""
    entry = channel(resolution=q, noise=Error(noise))
    parts = entry.rounding_that_stays, entry.rounding_that_averages
    whole = sum(part.standard_uncertainty**2 for part in parts if part)
    assert whole == pytest.approx(q * q / 12, rel=1e-3)


def test_drift_is_of_one_test_and_offset_of_the_instrument() -> None:
    a = accuracy(channel(offset=Error(0.004), drift_per_hour=Error(0.001)))
    one, same, other = (
        measure(discharge()[0], a, evidence=replace(EVIDENCE, sha256=sha, row_first=row))
        for sha, row in (("ab" * 32, 1), ("ab" * 32, 9), ("cd" * 32, 1))
    )

    def shared(x: Measured, y: Measured) -> set[str]:
        of_x = {part.source for part in x.contributions or ()}
        return {part.source.kind for part in y.contributions or () if part.source in of_x}

    assert shared(one, same) == {"offset", "drift"}
    assert shared(one, other) == {"offset"}


def test_sums_over_cycles_add_common_errors_and_square_noise() -> None:
    """Two steps of 100 Ah in one cycle, one in the next, one in none."""
    one, *_ = discharge(interval=10.0)
    table = {name: np.repeat(value, 4) for name, value in one.items()}
    a = accuracy(channel(gain=Error(2e-4), noise=Error(0.5)))
    terms = summed(capacity_contributions(table, a, way="discharge"), np.array([0, 0, 1, -1]), 2)
    noise = 0.5 * 10 * math.sqrt(1080) / 3600
    expected = [math.hypot(0.04, noise * 2**0.5), math.hypot(0.02, noise)]
    assert standard_uncertainties(terms, 2) == pytest.approx(expected)


def test_a_table_of_steps_gives_what_single_steps_give() -> None:
    parts = [discharge(current)[0] for current in (20.0, 33.3, 90.0)]
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    together = standard_uncertainties(energy_contributions(table, FULL, way="discharge"), 3)
    alone = [measure(part, FULL, "energy").standard_uncertainty for part in parts]
    assert together == pytest.approx(alone, rel=1e-12)


positive = st.floats(1e-6, 10.0)


@given(low=positive, more=positive, kind=st.sampled_from(["gain", "offset", "drift_per_hour", "noise"]))
def test_a_larger_error_never_gives_a_smaller_uncertainty(low: float, more: float, kind: str) -> None:
    table, *_ = discharge(interval=100.0)
    base = {"gain": Error(1e-4), "offset": Error(1e-3), "noise": Error(1e-3), "resolution": None}
    for name in ("capacity", "energy"):
        small = measure(table, accuracy(channel(**{**base, kind: Error(low)})), name)
        large = measure(table, accuracy(channel(**{**base, kind: Error(low + more)})), name)
        assert large.standard_uncertainty >= small.standard_uncertainty


@given(factor=st.floats(1e-3, 5.0))
def test_current_and_its_errors_in_another_unit_scale_the_result(factor: float) -> None:
    """Twice the current with twice the absolute errors is twice the charge and twice u."""
    whole = channel(gain=Error(2e-4), offset=Error(0.004), drift_per_hour=Error(0.001), noise=Error(0.01))
    errors = {
        k: Error(getattr(whole, k).standard_uncertainty * factor)
        for k in ("offset", "drift_per_hour", "noise")
    }
    one = measure(discharge(30.0, interval=100.0)[0], accuracy(whole, clock=1e-4))
    two = measure(discharge(30.0 * factor, interval=100.0)[0], accuracy(replace(whole, **errors), clock=1e-4))
    assert two.value == pytest.approx(one.value * factor)
    assert two.standard_uncertainty == pytest.approx(one.standard_uncertainty * factor)


@given(a=st.floats(1.0, 60.0), b=st.floats(1.0, 60.0))
def test_quotient_and_total_are_what_gtc_finds(a: float, b: float) -> None:
    x = measure(discharge(a, interval=100.0)[0], FULL)
    y = measure(discharge(b, interval=100.0)[0], FULL, evidence=replace(EVIDENCE, row_first=2000))
    ratio, add = quotient("r", "1", x, y), total("s", "Ah", [x, y])
    assert ratio.standard_uncertainty == pytest.approx(
        combine("r", "1", lambda p, q: p / q, x, y).standard_uncertainty, rel=1e-9
    )
    assert add.standard_uncertainty == pytest.approx(
        combine("s", "Ah", lambda p, q: p + q, x, y).standard_uncertainty, rel=1e-9
    )
    assert add.uncertain.u == pytest.approx(add.standard_uncertainty, rel=1e-9)


def test_what_is_unknown_stays_unknown() -> None:
    known = measure(discharge()[0], FULL)
    unknown = Measured("capacity", 100.0, "Ah", None, (EVIDENCE,))
    assert quotient("r", "1", known, unknown).standard_uncertainty is None
    assert total("s", "Ah", [known, unknown]).standard_uncertainty is None
