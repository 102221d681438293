"""Cut-off, temperature, leads and timing: each by arithmetic, and on a virtual cell whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jeoul import find_steps
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import (
    add_timing,
    at_current_cut_off,
    at_temperature,
    at_terminals,
    at_voltage_cut_off,
    charge_capacity,
    dc_resistance,
    discharge_capacity,
    discharge_energy,
    end_slope,
    retention,
)
from jeoul.plans import Constant, ConstantThenHold, Drive, Plan, PlanStep, Pulse, Rest, Until
from jeoul.simulation import EquivalentCircuit, Log, Simulated, draw_instrument, lfp_cell, run_plan
from jeoul.uncertainty import Accuracy, Error, Measured, RangeAccuracy

Build = Callable[..., Any]
ZERO = Error(0.0)


def make_accuracy(
    voltage: dict[str, Any], current: dict[str, Any], temperature: dict[str, Any] | None = None
) -> Accuracy:
    """No error but the ones named."""
    volt = replace(RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, ZERO), **voltage)
    ampere = replace(RangeAccuracy("current", "ampere", 10.0, "both", ZERO, ZERO), **current)
    kelvin = RangeAccuracy("temperature", "kelvin", math.inf, "both", None, ZERO)
    sensor = None if temperature is None else replace(kelvin, **temperature)
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), ZERO, sensor)


def slope_of(build: Build, way: str = "discharge", start: float = 0.0, **more: Any) -> Any:
    """2 Ah at 1 A, logged each minute; the voltage runs by 0.2 V/Ah between 3.0 V and 3.4 V."""
    t = start + np.arange(60.0, 7200.0 + 1, 60.0)
    fall = 0.4 * (t - start) / 7200
    sign = -1.0 if way == "discharge" else 1.0
    u = 3.4 - fall if way == "discharge" else 3.0 + fall
    return {"start": start, "t": t, "u": u, "i": np.full(len(t), sign), "direction": way, **more}


def shares(measured: Measured) -> dict[str, float]:
    """The signed contributions by quantity and kind."""
    return {f"{p.source.quantity} {p.source.kind}": p.value for p in measured.contributions or ()}


# --- the slope at the end -----------------------------------------------------------------------------


def test_the_slope_of_a_straight_end_is_arithmetic(build: Build) -> None:
    s = end_slope(build([slope_of(build)])[0], quantity="voltage", window=0.05)
    assert (s.value, s.unit) == (pytest.approx(-0.2), "V/Ah")
    assert s.standard_uncertainty == pytest.approx(0.0, abs=1e-12)
    # 0.05 V at 1/300 V a row: the last row and 15 before it.
    assert s.conditions["row_number"] == 16
    assert s.evidence[0].row_first == 105


def test_one_odd_row_does_not_move_the_slope(build: Build) -> None:
    segment = slope_of(build)
    segment["u"][-5] += 0.03
    assert end_slope(build([segment])[0], quantity="voltage", window=0.05).value == pytest.approx(-0.2)


def test_a_taper_is_a_straight_line_in_the_charge(build: Build) -> None:
    """I = exp(-t / 900 s) A passes 900 (1 - I) As: dI/dQ = -1 / 900 As = -4 A/Ah."""
    t = np.arange(1.0, 2400.0, 1.0)
    i = np.exp(-t / 900)
    step = build([{"start": 0.0, "t": t, "u": 3.65 + 0 * t, "i": i, "direction": "charge"}])[0]
    assert end_slope(step, quantity="current", window=0.02).value == pytest.approx(-4.0, rel=1e-6)


def test_where_no_slope_can_be_found_it_is_said(build: Build) -> None:
    step = build([slope_of(build)])[0]
    with pytest.raises(InsufficientDataError, match=r"3 rows within 0\.007 of its last voltage"):
        end_slope(step, quantity="voltage", window=0.007)
    with pytest.raises(OutOfValidityError, match="the current at the end of step 1 runs with 0 A/Ah"):
        end_slope(step, quantity="current", window=0.1)
    with pytest.raises(OutOfValidityError, match="not positive"):
        end_slope(step, quantity="voltage", window=0.0)
    flat = slope_of(build)
    flat["u"] = 3.3 + 1e-3 * np.random.default_rng(1).standard_normal(120) - 1e-6 * np.arange(120)
    with pytest.raises(OutOfValidityError, match="it is not known what a cut-off there is worth"):
        end_slope(build([flat])[0], quantity="voltage", window=0.05)
    rest = {**slope_of(build), "i": np.zeros(120), "direction": "rest"}
    with pytest.raises(OutOfValidityError, match="'rest': it ends at no cut-off"):
        end_slope(build([rest])[0], quantity="voltage", window=0.05)


def test_the_scatter_of_the_rows_is_the_uncertainty_of_the_slope(build: Build) -> None:
    """The slopes of 400 noisy ends scatter as u says."""
    random, found = np.random.default_rng(4), []
    for _ in range(400):
        segment = slope_of(build)
        segment["u"] = segment["u"] + 5e-4 * random.standard_normal(120)
        found.append(end_slope(build([segment])[0], quantity="voltage", window=0.05))
    scatter = [shares(s)["voltage slope scatter"] for s in found]
    assert np.std([s.value for s in found]) == pytest.approx(np.mean(scatter), rel=0.12)


# --- cut-off --------------------------------------------------------------------------------------------


def test_an_offset_of_the_voltage_is_worth_its_charge_at_the_cut_off(build: Build) -> None:
    """1 mV at 0.2 V/Ah is 5 mAh; 1e-4 of 3.0 V is 0.3 mV and 1.5 mAh; a drift of 1 mV/h for 2 h is 10 mAh."""
    step = build([slope_of(build)])[0]
    a = make_accuracy(
        {"offset": Error(1e-3), "gain": Error(1e-4), "drift_per_hour": Error(1e-3), "noise": Error(2e-4)}, {}
    )
    q = discharge_capacity(step, accuracy=a)
    s = end_slope(step, quantity="voltage", window=0.05)
    at = at_voltage_cut_off(q, step, cut_off_volt=3.0, slope=s, correct=True, accuracy=a)
    assert (at.metric, at.unit, at.value) == ("discharge_capacity", "Ah", pytest.approx(2.0))
    assert q.standard_uncertainty == 0.0
    expected = {"offset": 5e-3, "gain": 1.5e-3, "drift": 10e-3, "noise": 1e-3}
    found = shares(at)
    assert {k: found[f"voltage {k}"] for k in expected} == pytest.approx(expected)
    assert at.standard_uncertainty == pytest.approx(math.hypot(*expected.values()))
    assert at.budget()[0]["source"] == "voltage drift (5 V, test abababababab)"


def test_a_charge_that_reads_too_high_ends_too_early(build: Build) -> None:
    """The same error takes from a charge what it adds to a discharge."""
    step = build([slope_of(build, "charge")])[0]
    a = make_accuracy({"offset": Error(1e-3)}, {})
    s = end_slope(step, quantity="voltage", window=0.05)
    q = charge_capacity(step, accuracy=a)
    at = at_voltage_cut_off(q, step, cut_off_volt=3.4, slope=s, correct=True, accuracy=a)
    assert shares(at)["voltage offset"] == pytest.approx(-5e-3)


def test_a_step_that_ended_beside_its_cut_off_is_corrected_or_counted(build: Build) -> None:
    """It ended at 3.000 V and not at 3.002 V: 10 mAh too much."""
    step = build([slope_of(build)])[0]
    a = make_accuracy({"offset": Error(1e-3)}, {})
    q, s = discharge_capacity(step, accuracy=a), end_slope(step, quantity="voltage", window=0.05)
    corrected = at_voltage_cut_off(q, step, cut_off_volt=3.002, slope=s, correct=True, accuracy=a)
    left = at_voltage_cut_off(q, step, cut_off_volt=3.002, slope=s, correct=False, accuracy=a)
    assert corrected.value == pytest.approx(1.990)
    assert corrected.standard_uncertainty == pytest.approx(5e-3)
    assert left.value == pytest.approx(2.0)
    assert left.standard_uncertainty == pytest.approx(math.hypot(5e-3, 10e-3))
    assert shares(left)["voltage cut-off deviation"] == pytest.approx(0.010)
    assert left.conditions["voltage_cut_off_deviation_ah"] == pytest.approx(0.010)
    assert left.conditions["voltage_cut_off_corrected"] == "no"
    with pytest.raises(OutOfValidityError, match=r"so far from the cut-off of 3.1 V"):
        at_voltage_cut_off(q, step, cut_off_volt=3.1, slope=s, correct=True, accuracy=a)


def test_the_offset_of_an_energy_and_of_its_cut_off_are_one_error(build: Build) -> None:
    """2 Ah for the voltage itself and 5 Ah/V at 3.0 V for the cut-off: 2 + 15 Wh/V, added and not squared."""
    step = build([slope_of(build)])[0]
    a = make_accuracy({"offset": Error(1e-3)}, {})
    s = end_slope(step, quantity="voltage", window=0.05)
    at = at_voltage_cut_off(
        discharge_energy(step, accuracy=a), step, cut_off_volt=3.0, slope=s, correct=True, accuracy=a
    )
    assert at.standard_uncertainty == pytest.approx(17e-3, rel=1e-6)
    assert [row["source"] for row in at.budget() if row["share"] > 1e-9] == ["voltage offset (5 V)"]


def test_the_cut_off_of_two_discharges_of_one_channel_cancels_in_their_ratio(build: Build) -> None:
    steps = build([slope_of(build), slope_of(build, "charge", 7200.0), slope_of(build, start=14400.0)])
    a = make_accuracy({"offset": Error(1e-3)}, {})
    first, last = (
        at_voltage_cut_off(
            discharge_capacity(step, accuracy=a),
            step,
            cut_off_volt=3.0,
            slope=end_slope(step, quantity="voltage", window=0.05),
            correct=True,
            accuracy=a,
        )
        for step in (steps[0], steps[2])
    )
    assert first.standard_uncertainty == pytest.approx(5e-3)
    assert retention(last, first).standard_uncertainty == pytest.approx(0.0, abs=1e-9)


def test_both_ends_of_a_discharge_count_with_their_signs(build: Build) -> None:
    """Charged 5 mAh too little to an end that reads 1 mV high, discharged 5 mAh too deep: nothing is left."""
    steps = build([slope_of(build, "charge"), slope_of(build, start=7200.0)])
    a = make_accuracy({"offset": Error(1e-3)}, {})
    at = discharge_capacity(steps[1], accuracy=a)
    for step, volt in ((steps[0], 3.4), (steps[1], 3.0)):
        s = end_slope(step, quantity="voltage", window=0.05)
        at = at_voltage_cut_off(at, step, cut_off_volt=volt, slope=s, correct=True, accuracy=a)
    assert at.standard_uncertainty == pytest.approx(0.0, abs=1e-9)
    assert len(at.evidence) == 2


def test_the_current_at_the_end_of_a_taper_is_worth_its_charge(build: Build) -> None:
    """1 mA at -4 A/Ah is 0.25 mAh, beside 1 mA for 1/3 h of the charge itself: one offset, added."""
    t = np.arange(1.0, 1201.0, 1.0)
    i = np.exp(-t / 900)
    step = build([{"start": 0.0, "t": t, "u": 3.65 + 0 * t, "i": i, "direction": "charge", "mode": "cv"}])[0]
    a = make_accuracy({}, {"offset": Error(1e-3)})
    s = end_slope(step, quantity="current", window=0.02)
    q = charge_capacity(step, accuracy=a)
    ended = float(i[-1])
    at = at_current_cut_off(q, step, cut_off_ampere=ended, slope=s, correct=True, accuracy=a)
    assert q.standard_uncertainty == pytest.approx(1e-3 / 3)
    assert at.standard_uncertainty == pytest.approx(1e-3 / 3 + 0.25e-3, rel=1e-5)
    off = at_current_cut_off(q, step, cut_off_ampere=ended + 0.004, slope=s, correct=True, accuracy=None)
    assert off.value == pytest.approx(q.value - 1e-3, rel=1e-6)
    assert off.standard_uncertainty is None


def test_what_has_no_cut_off_is_refused(build: Build) -> None:
    step = build([slope_of(build)])[0]
    s = end_slope(step, quantity="voltage", window=0.05)
    volt = Measured("mean_discharge_voltage", 3.2, "V", ())
    with pytest.raises(OutOfValidityError, match="is in 'V'"):
        at_voltage_cut_off(volt, step, cut_off_volt=3.0, slope=s, correct=True, accuracy=None)
    q = discharge_capacity(step, accuracy=None)
    with pytest.raises(OutOfValidityError, match=r"A slope in A/Ah"):
        at_current_cut_off(q, step, cut_off_ampere=1.0, slope=s, correct=True, accuracy=None)


# --- temperature ----------------------------------------------------------------------------------------

A_CAPACITY = {
    "reference_celsius": 25.0,
    "coefficient_per_kelvin": 0.008,
    "coefficient_standard_uncertainty": 0.002,
}


def warm(build: Build, low: float = 27.0, high: float = 27.0) -> Any:
    return build([slope_of(build, temperature=np.linspace(low, high, 120))])[0]


def test_a_capacity_at_27_is_brought_to_25(build: Build) -> None:
    """f = 1 + 0.008 * 2 = 1.016; u: 2 Ah * 2 K * 0.002 / f^2, sensor 2 Ah * 0.008 * 0.5 K / f^2."""
    step = warm(build)
    a = make_accuracy({}, {"gain": Error(1e-3)}, {"offset": Error(0.5)})
    q = discharge_capacity(step, accuracy=a)
    at = at_temperature(q, step, **A_CAPACITY, reading="start", correct=True, accuracy=a)
    assert at.value == pytest.approx(2.0 / 1.016)
    found = {k: abs(v) for k, v in shares(at).items()}
    f2 = 1.016**2
    assert found == pytest.approx(
        {
            "current gain": 2e-3 / 1.016,
            "temperature coefficient": 0.008 / f2,
            "temperature offset": 0.008 / f2,
        }
    )
    left = at_temperature(q, step, **A_CAPACITY, reading="start", correct=False, accuracy=a)
    assert left.value == 2.0
    assert shares(left)["temperature deviation"] == pytest.approx(2.0 - 2.0 / 1.016)


def test_what_the_temperature_moved_in_the_step_counts_for_its_mean(build: Build) -> None:
    """25 to 31 degC: 3 K as the half-width of a rectangle, and the mean of 28 degC as the temperature."""
    step, a = warm(build, 25.0, 31.0), make_accuracy({}, {}, {})
    q = discharge_capacity(step, accuracy=a)
    exact = {**A_CAPACITY, "coefficient_standard_uncertainty": 0.0}
    mean = at_temperature(q, step, **exact, reading="mean", correct=True, accuracy=a)
    f = 1 + 0.008 * (mean.conditions["temperature_celsius"] - 25)
    assert mean.conditions["temperature_celsius"] == pytest.approx(28.0, abs=0.05)
    assert mean.standard_uncertainty == pytest.approx(3 / math.sqrt(3) * 2 * 0.008 / f**2)
    start = at_temperature(q, step, **exact, reading="start", correct=True, accuracy=a)
    assert (start.value, start.standard_uncertainty) == (2.0, 0.0)


def test_a_common_temperature_cancels_in_a_retention(build: Build) -> None:
    """Coefficient, sensor and what is not corrected: all alike in two capacities at 27 degC."""
    step, a = warm(build), make_accuracy({}, {}, {"offset": Error(0.5)})
    q = discharge_capacity(step, accuracy=a)
    for correct in (True, False):
        at = at_temperature(q, step, **A_CAPACITY, reading="start", correct=correct, accuracy=a)
        assert at.standard_uncertainty > 0.01
        assert retention(at, at).standard_uncertainty == pytest.approx(0.0, abs=1e-12)


def test_a_temperature_that_is_not_known_is_said(build: Build) -> None:
    step, a = warm(build), make_accuracy({}, {})
    q = discharge_capacity(step, accuracy=a)
    options: dict[str, Any] = {**A_CAPACITY, "reading": "start", "correct": True}
    with pytest.raises(OutOfValidityError, match="no temperature sensor"):
        at_temperature(q, step, **options, accuracy=a)
    with pytest.raises(OutOfValidityError, match="does not reach so far"):
        at_temperature(q, step, **{**options, "reference_celsius": -10.0}, accuracy=None)
    with pytest.raises(InsufficientDataError, match="no temperature to correct from"):
        at_temperature(q, build([slope_of(build)])[0], **options, accuracy=None)


# --- leads ----------------------------------------------------------------------------------------------

LEADS = {"lead_ohm": 1e-3, "lead_standard_uncertainty": 2e-4, "connection": "fixture 3"}


def test_leads_add_their_resistance_to_a_resistance(build: Build) -> None:
    step = build([slope_of(build)])[0]
    r = Measured("dc_resistance", 0.015, "ohm", ())
    at = at_terminals(r, step, **LEADS, slope=None, correct=True)
    assert (at.value, at.standard_uncertainty) == (pytest.approx(0.014), pytest.approx(2e-4))
    left = at_terminals(r, step, **LEADS, slope=None, correct=False)
    assert (left.value, left.standard_uncertainty) == (0.015, pytest.approx(math.hypot(2e-4, 1e-3)))


def test_leads_take_from_an_energy_what_they_burn(build: Build) -> None:
    """(1 A)^2 for 2 h: 2 mWh of 1 mohm, missing in a discharge; the cut-off 1 mV early is 5 mAh more of 3 V."""
    step = build([slope_of(build)])[0]
    e = discharge_energy(step, accuracy=make_accuracy({}, {}))
    by_time = at_terminals(e, step, **LEADS, slope=None, correct=True)
    assert by_time.value - e.value == pytest.approx(2e-3)
    assert by_time.standard_uncertainty == pytest.approx(0.4e-3)
    s = end_slope(step, quantity="voltage", window=0.05)
    by_voltage = at_terminals(e, step, **LEADS, slope=s, correct=True)
    assert by_voltage.value - e.value == pytest.approx(2e-3 + 0.015)


def test_leads_act_on_a_capacity_through_its_cut_off_alone(build: Build) -> None:
    """The leads drop 1 mV at 1 A, the discharge ends 5 mAh too early."""
    step = build([slope_of(build)])[0]
    q = discharge_capacity(step, accuracy=make_accuracy({}, {}))
    s = end_slope(step, quantity="voltage", window=0.05)
    at = at_terminals(q, step, **LEADS, slope=s, correct=True)
    assert at.value == pytest.approx(2.005)
    assert at.standard_uncertainty == pytest.approx(1e-3)
    with pytest.raises(OutOfValidityError, match="only through the voltage that ended it"):
        at_terminals(q, step, **LEADS, slope=None, correct=True)


def test_one_connection_is_one_error_and_a_new_one_another(build: Build) -> None:
    step = build([slope_of(build)])[0]
    r = Measured("dc_resistance", 0.015, "ohm", ())
    first = at_terminals(r, step, **LEADS, slope=None, correct=True)
    again = at_terminals(r, step, **{**LEADS, "connection": "reconnected"}, slope=None, correct=True)
    assert retention(first, first).standard_uncertainty == pytest.approx(0.0, abs=1e-12)
    assert retention(again, first).standard_uncertainty == pytest.approx(math.sqrt(2) * 2e-4 / 0.014)


# --- timing ---------------------------------------------------------------------------------------------


def test_an_hour_hand_that_is_off_costs_the_slope_of_the_voltage(build: Build) -> None:
    """-10 A, the voltage falls by 1 mV/s: 1e-3 V/s * 0.1 s / sqrt(3) / 10 A = 5.77 uohm."""
    rest = {"start": 0.0, "t": np.arange(1.0, 101.0), "u": np.full(100, 3.3), "i": np.zeros(100)}
    t = np.arange(0.1, 18.05, 0.1)
    pulse = {"start": 100.0, "t": 100 + t, "u": 3.2 - 1e-3 * t, "i": np.full(len(t), -10.0)}
    steps = build([{**rest, "direction": "rest"}, {**pulse, "direction": "discharge"}])
    a = make_accuracy({}, {})
    r = dc_resistance(steps[1], time_after_edge_second=10.0, accuracy=a)
    late = add_timing(r, steps[1], limit_second=0.1)
    assert late.value == r.value
    assert shares(late)["time synchronisation"] == pytest.approx(0.1 / math.sqrt(3) * 1e-4)
    with pytest.raises(OutOfValidityError, match="no resistance at a time after an edge"):
        add_timing(discharge_capacity(steps[1], accuracy=a), steps[1], limit_second=0.1)


# --- a virtual cell -------------------------------------------------------------------------------------

LOG = Log(30.0, 60.0, 0.1, 0.1, 0.005, 0.01)
FULL = ConstantThenHold("charge", Drive("rate", 1.0), 3.6, Until(rate=0.05), full=True)
REST = Rest(Until(duration_second=600.0))
OUT = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))


def run(
    *steps: PlanStep,
    soc: float,
    celsius: float = 25.0,
    leads: float | None = None,
    tester: Any = None,
    seed: int = 1,
) -> Simulated:
    """These steps on a cell that does not warm up and whose capacity is a straight line of temperature.

    Leads of so many ohm are, for the tester, a part of the cell, whose voltage then is a straight line too.
    """
    parameters = replace(
        lfp_cell(),
        heat_capacity_joule_per_kelvin=1e6,
        capacity_celsius=(0.0, 50.0),
        capacity_factor=(0.8, 1.2),
        resistance_activation_kelvin=0.0,
    )
    if leads is not None:
        straight = {"ocv_soc": (0.0, 1.0), "ocv_volt": (2.4, 3.4), "hysteresis_volt": 0.0}
        parameters = replace(parameters, **straight, ohmic_ohm=tuple(r + leads for r in parameters.ohmic_ohm))
    cell = EquivalentCircuit(parameters)
    start = cell.at_rest(soc=soc, celsius=celsius, branch=-1.0)
    plan = Plan("test", 2.0, celsius, steps)
    return run_plan(plan, cell, start=start, instrument=tester, seed=seed, log=LOG)


def drawn(accuracy: Accuracy, seed: int) -> Any:
    return draw_instrument(accuracy, seed=seed, control="reading", at_rest="open")


def judge_scores(scores: list[float]) -> None:
    """Errors over u: mean 0, deviation 1, 95 % within 1.96."""
    score = np.array(scores)
    assert np.mean(np.abs(score) < 1.96) >= 0.88
    assert score.mean() == pytest.approx(0.0, abs=4 / math.sqrt(len(score)))
    assert score.std(ddof=1) == pytest.approx(1.0, abs=3 / math.sqrt(len(score)))


def test_the_capacity_at_the_stated_cut_off_is_covered() -> None:
    """A voltage 5 mV off ends the discharge elsewhere; between the actual edges nothing of that is seen."""
    a = make_accuracy({"offset": Error(5e-3), "gain": Error(1e-4), "noise": Error(1e-4)}, {})
    true = run(REST, OUT, soc=0.5).truth.discharge_capacity(2)
    plain, scores = [], []
    for seed in range(60):
        step = find_steps(run(REST, OUT, soc=0.5, tester=drawn(a, seed), seed=seed).measurement)[1]
        q = discharge_capacity(step, accuracy=a)
        s = end_slope(step, quantity="voltage", window=0.05)
        at = at_voltage_cut_off(q, step, cut_off_volt=2.5, slope=s, correct=True, accuracy=a)
        plain.append(abs(q.value - true) < 1e-9 + 2 * q.standard_uncertainty)
        scores.append((at.value - true) / at.standard_uncertainty)
    judge_scores(scores)
    assert np.mean(plain) < 0.5


def test_the_charge_at_the_stated_end_of_the_taper_is_covered() -> None:
    """The current reads 5 mA wrong: in the charge for an hour, and in where the taper of 100 mA ends."""
    a = make_accuracy({}, {"offset": Error(5e-3), "gain": Error(1e-3)})
    true = run(REST, FULL, soc=0.6).truth.charge_capacity(2)
    scores = []
    for seed in range(60):
        step = find_steps(run(REST, FULL, soc=0.6, tester=drawn(a, seed), seed=seed).measurement)[1]
        s = end_slope(step, quantity="current", window=0.05)
        q = charge_capacity(step, accuracy=a)
        at = at_current_cut_off(q, step, cut_off_ampere=0.1, slope=s, correct=True, accuracy=a)
        scores.append((at.value - true) / at.standard_uncertainty)
    judge_scores(scores)


@pytest.mark.parametrize("correct", [True, False])
def test_the_capacity_at_the_reference_temperature_is_covered(correct: bool) -> None:
    """Chambers of 25 degC that are 1.5 K off, and a sensor that is 0.5 K off; the coefficient from two runs."""
    a = make_accuracy({}, {"gain": Error(2e-4)}, {"offset": Error(0.5)})
    cold, true, hot = (
        run(REST, OUT, soc=0.5, celsius=t).truth.discharge_capacity(2) for t in (22.0, 25.0, 28.0)
    )
    random, scores = np.random.default_rng(5), []
    for seed in range(60):
        celsius = 25.0 + 1.5 * random.standard_normal()
        ran = run(REST, OUT, soc=0.5, celsius=celsius, tester=drawn(a, seed), seed=seed)
        step = find_steps(ran.measurement)[1]
        at = at_temperature(
            discharge_capacity(step, accuracy=a),
            step,
            reference_celsius=25.0,
            coefficient_per_kelvin=(hot - cold) / 6 / true,
            coefficient_standard_uncertainty=0.0,
            reading="start",
            correct=correct,
            accuracy=a,
        )
        scores.append((at.value - true) / at.standard_uncertainty)
    if correct:
        judge_scores(scores)
    assert np.mean(np.abs(scores) < 1.96) >= 0.88


def test_resistance_capacity_and_energy_behind_leads_are_covered() -> None:
    """Leads of 2 mohm, known to 1 mohm, in the sensed path: what was measured is brought to the terminals."""
    a = make_accuracy({}, {})
    pulse = Pulse("discharge", Drive("rate", 1.0), 10.0)
    steps = REST, pulse, REST, OUT
    truth = run(*steps, soc=0.5, leads=0.0).truth
    true = (
        truth.dc_resistance(2, time_after_edge_second=10.0),
        truth.discharge_capacity(4),
        truth.discharge_energy(4),
    )
    random = np.random.default_rng(6)
    scores: list[list[float]] = [[], [], []]
    for seed in range(40):
        found = find_steps(run(*steps, soc=0.5, leads=2e-3 + 1e-3 * random.standard_normal()).measurement)
        options: dict[str, Any] = {
            "lead_ohm": 2e-3,
            "lead_standard_uncertainty": 1e-3,
            "connection": f"{seed}",
            "correct": True,
        }
        r = dc_resistance(found[1], time_after_edge_second=10.0, accuracy=a)
        out, s = found[3], end_slope(found[3], quantity="voltage", window=0.05)
        results = (
            at_terminals(r, found[1], **options, slope=None),
            at_terminals(discharge_capacity(out, accuracy=a), out, **options, slope=s),
            at_terminals(discharge_energy(out, accuracy=a), out, **options, slope=s),
        )
        for score, result, value in zip(scores, results, true, strict=True):
            score.append((result.value - value) / result.standard_uncertainty)
    for score in scores:
        judge_scores(score)
