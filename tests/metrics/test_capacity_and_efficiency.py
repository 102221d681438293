"""Capacities, energies and efficiencies with answers from arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import (
    charge_capacity,
    charge_energy,
    coulombic_efficiency,
    discharge_capacity,
    discharge_energy,
    energy_efficiency,
    mean_discharge_voltage,
    rate,
)
from jeoul.uncertainty import Accuracy, Error, Measured, RangeAccuracy, combine, monte_carlo

ZERO = Error(0.0)


def make_accuracy(*current: RangeAccuracy, clock: float = 0.0, voltage_gain: float = 0.0) -> Accuracy:
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", Error(voltage_gain), ZERO)
    return Accuracy("Cycler", "verified", "test", current, (volt,), Error(clock))


def ampere(scale: float = 200.0, direction: Any = "both", **errors: Error) -> RangeAccuracy:
    base = RangeAccuracy("current", "ampere", scale, direction, ZERO, ZERO)
    return replace(base, **errors)


CALIBRATED = ampere(gain=Error(2e-4), offset=Error(0.004))


@pytest.fixture
def cycle(build: Any, constant: Any) -> Any:
    """100 Ah in 3 h each way on a 200 A channel, with a rest between."""
    return build(
        [
            constant(100 / 3, 3, voltage=3.4),
            constant(0.0, 1, start=3 * 3600, voltage=3.35),
            constant(-100 / 3, 3, start=4 * 3600, voltage=3.2),
        ]
    )


def part(measured: Measured, kind: str) -> float:
    return math.hypot(*(p.value for p in measured.contributions or () if p.source.kind == kind))


def test_two_ampere_for_one_hour_is_two_ampere_hours(build: Any, constant: Any) -> None:
    """u from gain and offset alone: hypot(2 Ah * 200 ppm, 1 h * 1 mA)."""
    a = make_accuracy(ampere(gain=Error(2e-4), offset=Error(0.001)))
    q = discharge_capacity(build([constant(-2.0, 1)])[0], accuracy=a)
    assert (q.value, q.unit) == (pytest.approx(2.0), "Ah")
    assert q.standard_uncertainty == pytest.approx(math.hypot(4e-4, 1e-3))
    assert q.evidence[0].as_dict()["row_last"] == 360
    assert q.conditions["mean_current_ampere"] == pytest.approx(-2.0)
    assert q.conditions["duration_second"] == pytest.approx(3600)


def test_without_an_accuracy_the_uncertainty_is_unknown_not_zero(cycle: Any) -> None:
    q = charge_capacity(cycle[0], accuracy=None)
    assert q.value == pytest.approx(100.0)
    assert q.contributions is None
    assert q.expanded_uncertainty is None


def test_the_worked_example_of_a_percent_of_full_scale_channel(cycle: Any) -> None:
    a = make_accuracy(ampere(offset=Error(0.1 / math.sqrt(3), "rectangular")))
    q = discharge_capacity(cycle[2], accuracy=a)
    assert q.expanded_uncertainty is not None
    assert round(100 * q.expanded_uncertainty / q.value, 2) == 0.35
    q = discharge_capacity(cycle[2], accuracy=make_accuracy(CALIBRATED))
    assert q.expanded_uncertainty is not None
    assert round(100 * q.expanded_uncertainty / q.value, 3) == 0.047


def test_common_gain_cancels_in_the_coulombic_efficiency_and_the_offset_doubles(cycle: Any) -> None:
    """2 * 3 h * 4 mA / 100 Ah = 240 ppm, with gain and clock gone; Monte Carlo agrees."""
    a = make_accuracy(CALIBRATED, clock=1e-4)
    ce = coulombic_efficiency(cycle.charges, cycle.discharges, accuracy=a)
    assert ce.value == pytest.approx(1.0)
    assert ce.standard_uncertainty == pytest.approx(240e-6, rel=1e-9)
    assert part(ce, "gain") == pytest.approx(0.0, abs=1e-15)
    out, put_in = discharge_capacity(cycle[2], accuracy=a), charge_capacity(cycle[0], accuracy=a)
    trials = monte_carlo(lambda d, c: d / c, out, put_in, trials=10**6, seed=2)
    assert trials.standard_uncertainty == pytest.approx(240e-6, rel=4e-3)
    by_gtc = combine("coulombic_efficiency", "1", lambda d, c: d / c, out, put_in)
    assert by_gtc.standard_uncertainty == pytest.approx(ce.standard_uncertainty, rel=1e-9)


def test_independent_ranges_do_not_cancel(cycle: Any) -> None:
    """Two gains of 200 ppm: 283 ppm. With two offsets of 120 ppm as well: hypot(283, 170) = 330 ppm."""
    two = [ampere(direction=way, gain=Error(2e-4)) for way in ("charge", "discharge")]
    ce = coulombic_efficiency(cycle.charges, cycle.discharges, accuracy=make_accuracy(*two))
    assert ce.standard_uncertainty is not None
    assert round(1e6 * ce.standard_uncertainty) == 283
    two = [replace(one, offset=Error(0.004)) for one in two]
    ce = coulombic_efficiency(cycle.charges, cycle.discharges, accuracy=make_accuracy(*two))
    assert ce.standard_uncertainty == pytest.approx(math.hypot(2**0.5 * 200e-6, 2**0.5 * 120e-6))


def test_a_full_cell_gives_discharge_over_charge(build: Any, constant: Any) -> None:
    """99.823 Ah out of 100 Ah: 99.823 %, not its inverse of 100.177 %."""
    steps = build([constant(100.0, 1), constant(-99.823, 1, start=3600)])
    ce = coulombic_efficiency(steps[0], steps[1], accuracy=None)
    assert round(100 * ce.value, 3) == 99.823
    assert ce.conditions["discharge_mean_current_ampere"] == pytest.approx(-99.823)
    assert [rows.step_counts for rows in ce.evidence] == [(2,), (1,)]


def test_energy_efficiency_is_the_ratio_of_voltages_at_equal_charge(cycle: Any) -> None:
    a = make_accuracy(ampere(gain=Error(2e-4)), clock=1e-4, voltage_gain=3e-4)
    e = energy_efficiency(cycle.charges, cycle.discharges, accuracy=a)
    assert e.value == pytest.approx(3.2 / 3.4)
    assert e.standard_uncertainty == pytest.approx(0.0, abs=1e-15)


def test_energy_has_the_gains_of_current_voltage_and_clock(cycle: Any) -> None:
    a = make_accuracy(ampere(gain=Error(2e-4)), clock=1e-4, voltage_gain=3e-4)
    e = discharge_energy(cycle[2], accuracy=a)
    assert (e.value, e.unit) == (pytest.approx(320.0), "Wh")
    assert e.standard_uncertainty == pytest.approx(320 * math.sqrt(2e-4**2 + 3e-4**2 + 1e-4**2))


def test_the_mean_voltage_is_free_of_current_gain_and_offset(build: Any, constant: Any) -> None:
    """Constant current from 3.4 V to 3.0 V: 3.2 V; what is left is the voltage gain."""
    n = 1080
    steps = build([constant(-100 / 3, 3, u=np.linspace(3.4, 3.0, n))])
    a = make_accuracy(CALIBRATED, clock=1e-4, voltage_gain=3e-4)
    u = mean_discharge_voltage(steps[0], accuracy=a)
    assert (u.value, u.unit) == (pytest.approx(3.2, abs=1e-3), "V")
    assert u.standard_uncertainty == pytest.approx(3e-4 * u.value, rel=1e-6)


def test_several_steps_share_their_offset_and_not_their_noise(build: Any, constant: Any) -> None:
    """1 h + 1 h in one range: offsets add linearly, noise in quadrature."""
    steps = build([constant(50.0, 1), constant(10.0, 1, start=3600)])
    offset = charge_capacity(steps, accuracy=make_accuracy(ampere(offset=Error(0.004))))
    noise = charge_capacity(steps, accuracy=make_accuracy(ampere(noise=Error(0.5))))
    assert offset.value == pytest.approx(60.0)
    assert offset.standard_uncertainty == pytest.approx(0.008)
    # 360 samples of 10 s, the first and last of which stand for 15 s and 5 s
    one = 0.5 * math.sqrt(358 * 100 + 15**2 + 5**2) / 3600
    assert noise.standard_uncertainty == pytest.approx(one * math.sqrt(2), rel=1e-3)
    assert offset.conditions["step_number"] == 2
    assert offset.conditions["mean_current_ampere"] == pytest.approx(30.0)


def test_steps_in_two_ranges_have_two_offsets(build: Any, constant: Any) -> None:
    steps = build([constant(50.0, 1), constant(1.0, 1, start=3600)])
    a = make_accuracy(ampere(offset=Error(0.004)), ampere(5.0, offset=Error(0.003)))
    q = charge_capacity(steps, accuracy=a)
    assert q.standard_uncertainty == pytest.approx(math.hypot(0.004, 0.003))
    assert {row["source"] for row in q.budget()} == {"current offset (200 A)", "current offset (5 A)"}
    with pytest.raises(OutOfValidityError, match="holds 50 ampere"):
        charge_capacity(steps, accuracy=make_accuracy(ampere(5.0, offset=Error(0.003))))


def test_energy_and_capacity_of_the_same_rows_share_their_noise(build: Any, constant: Any) -> None:
    step = build([constant(-2.0, 1)])[0]
    a = make_accuracy(ampere(noise=Error(0.05)))
    e, q = discharge_energy(step, accuracy=a), discharge_capacity(step, accuracy=a)
    ratio = combine("mean", "V", lambda x, y: x / y, e, q)
    assert e.standard_uncertainty == pytest.approx(3.2 * q.standard_uncertainty)
    assert ratio.standard_uncertainty == pytest.approx(0.0, abs=1e-12)


def test_a_step_that_goes_both_ways_keeps_them_apart(build: Any) -> None:
    t = np.arange(1.0, 3601.0)
    i = np.where(t <= 1800, 2.0, -1.0)
    step = build([{"start": 0.0, "t": t, "u": np.full(3600, 3.2), "i": i, "direction": "mixed"}])[0]
    a = make_accuracy(ampere(offset=Error(0.004)))
    put_in, out = charge_capacity(step, accuracy=a), discharge_capacity(step, accuracy=a)
    assert put_in.value == pytest.approx(1.0, abs=1e-3)
    assert out.value == pytest.approx(0.5, abs=1e-3)
    assert put_in.standard_uncertainty == pytest.approx(0.002, rel=1e-3)
    with pytest.raises(OutOfValidityError, match="'mixed' and has no rate"):
        rate(step, rated_capacity_ah=2.0, accuracy=None)


def test_rate_is_current_over_rated_capacity_and_free_of_the_clock(build: Any, constant: Any) -> None:
    """2 A of 4 Ah: 0.5 /h; u = hypot(0.5 * 200 ppm, 4 mA / 4 Ah)."""
    step = build([constant(-2.0, 1)])[0]
    r = rate(step, rated_capacity_ah=4.0, accuracy=make_accuracy(CALIBRATED, clock=0.01))
    assert (r.value, r.unit) == (pytest.approx(0.5), "1/h")
    assert r.standard_uncertainty == pytest.approx(math.hypot(1e-4, 1e-3))
    assert r.conditions["rated_capacity_ah"] == 4.0
    with pytest.raises(OutOfValidityError, match="not positive"):
        rate(step, rated_capacity_ah=0.0, accuracy=None)


def test_what_is_missing_is_said(cycle: Any, build: Any, constant: Any) -> None:
    with pytest.raises(InsufficientDataError, match="needs a step with charge current") as caught:
        charge_capacity(cycle[2], accuracy=None)
    assert caught.value.path == "cell.csv"
    with pytest.raises(InsufficientDataError, match="needs a step with discharge"):
        discharge_capacity(cycle.rests, accuracy=None)
    with pytest.raises(InsufficientDataError, match="no step"):
        discharge_capacity(cycle[:0], accuracy=None)
    hole = build([constant(2.0, 1, u=np.full(360, np.nan))])
    with pytest.raises(InsufficientDataError, match="'charge_energy' has no value in step 1"):
        charge_energy(hole[0], accuracy=None)
    with pytest.raises(InsufficientDataError, match="'charge_energy' has no value in step 1"):
        charge_energy(hole[0], accuracy=make_accuracy(CALIBRATED))
    assert charge_capacity(hole[0], accuracy=None).value == pytest.approx(2.0)


def test_rests_add_no_charge(build: Any, constant: Any) -> None:
    """0.3 mA of noise around zero is no charge that was put in."""
    noise = np.tile([3e-4, -3e-4], 180)
    steps = build([constant(2.0, 1), {**constant(0.0, 1, start=3600), "i": noise}])
    assert charge_capacity(steps, accuracy=None).value == charge_capacity(steps[0], accuracy=None).value


@given(
    low=st.floats(0.0, 0.1),
    more=st.floats(1e-6, 0.1),
    kind=st.sampled_from(["gain", "offset", "drift_per_hour", "noise"]),
)
def test_a_larger_error_never_makes_a_result_better_known(
    build: Any, constant: Any, low: float, more: float, kind: str
) -> None:
    steps = build([constant(10.0, 1, interval=300.0), constant(-9.0, 1, start=3600, interval=300.0)])
    charge, discharge = steps[0], steps[1]
    results = []
    for size in (low, low + more):
        a = make_accuracy(replace(CALIBRATED, **{kind: Error(size)}))
        ce = coulombic_efficiency(charge, discharge, accuracy=a)
        results.append((charge_energy(charge, accuracy=a).standard_uncertainty, ce.standard_uncertainty))
    assert results[1][0] >= results[0][0]
    assert results[1][1] >= results[0][1] - 1e-15
