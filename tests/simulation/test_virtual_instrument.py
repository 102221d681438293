"""The instrument's errors: drawn as the accuracy says, put on the truth as the model says, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jeoul import find_steps
from jeoul.errors import OutOfValidityError
from jeoul.metrics import discharge_capacity
from jeoul.plans import AdjustSoc, Constant, ConstantThenHold, Drive, Plan, Rest, Until
from jeoul.simulation import EquivalentCircuit, Log, Simulated, draw_instrument, run_plan
from jeoul.simulation.instrument import AtRest, Control, RangeErrors
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy, read_accuracy

OUT = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))
FULL = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05))
MINUTE = Rest(Until(duration_second=60.0))
Make = Callable[..., Plan]


def _run(
    cell: EquivalentCircuit, plan: Plan, accuracy: Accuracy, log: Log, *, seed: int = 1,
    control: Control = "truth", at_rest: AtRest = "open",
) -> Simulated:  # fmt: skip
    instrument = draw_instrument(accuracy, seed=seed, control=control, at_rest=at_rest)
    start = cell.at_rest(soc=1.0, celsius=25.0, branch=1.0)
    return run_plan(plan, cell, start=start, instrument=instrument, seed=seed, log=log)


@pytest.mark.parametrize(
    ("shape", "fourth_moment", "largest"),
    [
        ("normal", 3.0, math.inf),
        ("rectangular", 1.8, math.sqrt(3.0)),
        ("triangular", 2.4, math.sqrt(6.0)),
        ("arcsine", 1.5, math.sqrt(2.0)),
    ],
)
def test_errors_are_drawn_from_their_distribution(
    shape: str, fourth_moment: float, largest: float, accuracy: Accuracy
) -> None:
    """Mean 0, standard deviation u, and the fourth moment that tells the shapes apart."""
    ours = replace(accuracy, clock=Error(1e-4, shape))
    drawn = [draw_instrument(ours, seed=n, control="truth", at_rest="open").clock for n in range(4000)]
    unit = np.array(drawn) / 1e-4
    assert unit.mean() == pytest.approx(0.0, abs=0.06)
    assert unit.std() == pytest.approx(1.0, abs=0.05)
    assert (unit**4).mean() == pytest.approx(fourth_moment, rel=0.12)
    assert np.abs(unit).max() <= largest


def test_an_error_that_is_badly_known_is_drawn_from_t(accuracy: Accuracy) -> None:
    """With 5 degrees of freedom the variance is u2 5/3."""
    ours = replace(accuracy, clock=Error(1e-4, "normal", 5.0))
    drawn = [draw_instrument(ours, seed=n, control="truth", at_rest="open").clock for n in range(4000)]
    assert np.std(drawn) / 1e-4 == pytest.approx(math.sqrt(5 / 3), abs=0.1)


def test_an_unknown_distribution_is_refused(accuracy: Accuracy) -> None:
    ours = replace(accuracy, clock=Error(1e-4, "cauchy"))
    with pytest.raises(OutOfValidityError, match="cauchy"):
        draw_instrument(ours, seed=1, control="truth", at_rest="open")


def test_a_reading_is_gain_times_truth_and_offset(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    """No noise, no rounding: every row obeys the model exactly, and the clock is stretched."""
    instrument = draw_instrument(accuracy, seed=4, control="truth", at_rest="open")
    start = cell.at_rest(soc=1.0, celsius=25.0, branch=1.0)
    simulated = run_plan(plan_of(MINUTE, OUT), cell, start=start, instrument=instrument, seed=1, log=log)
    rows = simulated.measurement.table.filter(step_count=2)
    after = rows["step_time_second"].to_numpy() / (1.0 + instrument.clock)
    true = simulated.truth.history.samples(1, after)
    (current,), (voltage,) = instrument.current, instrument.voltage
    read = rows["current_ampere"].to_numpy(), rows["voltage_volt"].to_numpy()
    assert read[0] == pytest.approx((1 + current.gain) * (true.current_ampere + current.offset), rel=1e-13)
    assert read[1] == pytest.approx((1 + voltage.gain) * (true.voltage_volt + voltage.offset), rel=1e-9)
    length = simulated.truth.steps[1].duration_second
    assert rows["step_time_second"][-1] == pytest.approx(length * (1 + instrument.clock), rel=1e-14)


def test_noise_is_of_a_reading_and_rounding_is_to_the_step(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy
) -> None:
    (entry,) = accuracy.current
    quiet = replace(entry, gain=None, offset=Error(0.0))
    ours = replace(accuracy, current=(replace(quiet, noise=Error(0.004), resolution=0.001),))
    log = Log(1.0, 60.0, 0.5, 1.0, None, None)
    rows = _run(cell, plan_of(OUT), ours, log).measurement.table
    error = rows["current_ampere"].to_numpy() + 2.0
    assert error.std() == pytest.approx(math.hypot(0.004, 0.001 / math.sqrt(12)), rel=0.06)
    steps = rows["current_ampere"].to_numpy() / 0.001
    assert np.abs(steps - np.round(steps)).max() < 1e-9


def test_drift_grows_with_the_time_of_the_test(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    """A line through the voltage errors of a long rest has the drift as its slope, another in each test."""
    (entry,) = accuracy.voltage
    ours = replace(accuracy, voltage=(replace(entry, gain=None, drift_per_hour=Error(1e-3)),))
    slopes = []
    for seed in (1, 2):
        simulated = _run(cell, plan_of(Rest(Until(duration_second=36_000.0))), ours, log, seed=seed)
        rows = simulated.measurement.table
        clock = draw_instrument(ours, seed=seed, control="truth", at_rest="open").clock
        after = rows["step_time_second"].to_numpy() / (1 + clock)
        error = rows["voltage_volt"].to_numpy() - simulated.truth.history.samples(0, after).voltage_volt
        slope, offset = np.polyfit(after / 3600, error, 1)
        assert error == pytest.approx(slope * after / 3600 + offset, abs=1e-12)
        slopes.append(slope)
    assert 1e-6 < abs(slopes[0]) < 5e-3
    assert slopes[0] != pytest.approx(slopes[1], rel=1e-3)


def test_each_range_and_direction_has_its_own_errors(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    """Charge at 1 A in the 1.5 A range, discharge at 2 A in the 10 A range: two offsets, told apart."""
    (entry,) = accuracy.current
    small = replace(entry, full_scale=1.5, direction="charge")
    ours = replace(accuracy, current=(entry, small))
    plan = plan_of(OUT, Constant("charge", Drive("current_ampere", 1.0), Until(duration_second=600.0)))
    instrument = draw_instrument(ours, seed=6, control="truth", at_rest="open")
    start = cell.at_rest(soc=1.0, celsius=25.0, branch=1.0)
    rows = run_plan(plan, cell, start=start, instrument=instrument, seed=1, log=log).measurement.table
    large, little = instrument.current
    out, back = (rows.filter(step_count=n)["current_ampere"][5] for n in (1, 2))
    assert out == pytest.approx((1 + large.gain) * (-2.0 + large.offset), rel=1e-12)
    assert back == pytest.approx((1 + little.gain) * (1.0 + little.offset), rel=1e-12)
    assert large != little


def test_a_tester_that_controls_by_its_reading_misses_the_truth_by_its_error(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    """It reads 2.5 V at the end and 2 A all along; what is true lies off by gain and offset."""
    simulated = _run(cell, plan_of(OUT), accuracy, log, seed=9, control="reading")
    rows = simulated.measurement.table
    assert rows["voltage_volt"][-1] == pytest.approx(2.5, rel=1e-11)
    assert rows["current_ampere"].to_numpy() == pytest.approx(-2.0, rel=1e-12)
    instrument = draw_instrument(accuracy, seed=9, control="reading", at_rest="open")
    (voltage,), (current,) = instrument.voltage, instrument.current
    end = simulated.truth.voltage(1, simulated.truth.steps[0].duration_second)
    assert end == pytest.approx(2.5 / (1 + voltage.gain) - voltage.offset, rel=1e-11)
    true = simulated.truth.history.samples(0, np.array([60.0])).current_ampere[0]
    assert true == pytest.approx(-2.0 / (1 + current.gain) - current.offset, rel=1e-12)
    assert abs(end - 2.5) > 1e-5


def test_a_tester_counts_charge_by_its_reading(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    """Half of 2 Ah is what its rows integrate to; what truly came out differs."""
    full = replace(FULL, full=True)
    plan = plan_of(full, MINUTE, AdjustSoc(0.5, Drive("rate", 0.5), "rated"), MINUTE)
    simulated = _run(cell, plan, accuracy, log, seed=9, control="reading")
    read = discharge_capacity(find_steps(simulated.measurement)[2], accuracy=None).value
    assert read == pytest.approx(1.0, rel=1e-9)
    assert simulated.truth.discharge_capacity(3) != pytest.approx(1.0, rel=1e-5)


def test_a_tester_that_controls_by_the_truth_meets_it(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    simulated = _run(cell, plan_of(OUT), accuracy, log, seed=9, control="truth")
    end = simulated.truth.voltage(1, simulated.truth.steps[0].duration_second)
    assert end == pytest.approx(2.5, rel=1e-11)
    assert abs(simulated.measurement.table["voltage_volt"][-1] - 2.5) > 1e-5


@pytest.mark.parametrize(("at_rest", "zero"), [("open", True), ("read", False)])
def test_a_resting_channel_is_open_or_reads_its_offset(
    at_rest: AtRest, zero: bool, cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    rows = _run(cell, plan_of(MINUTE), accuracy, log, at_rest=at_rest).measurement.table
    assert (rows["current_ampere"].abs().max() == 0.0) is zero


def test_the_same_seeds_give_the_same_rows(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    (entry,) = accuracy.voltage
    noisy = replace(accuracy, voltage=(replace(entry, noise=Error(1e-3)),))
    first, again, other = (_run(cell, plan_of(OUT), noisy, log, seed=seed).measurement for seed in (3, 3, 4))
    assert first.table.equals(again.table)
    assert first.provenance.sha256 == again.provenance.sha256 != other.provenance.sha256


def test_the_counter_is_the_integral_of_the_readings(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    """As a tester counts: with its gain, offset and clock; so the intake and the steps find no fault."""
    simulated = _run(cell, plan_of(FULL, MINUTE, OUT, MINUTE), accuracy, log, seed=2, control="reading")
    steps = find_steps(simulated.measurement)
    counted = simulated.measurement.table.filter(step_count=3)["step_discharging_capacity_ah"][-1]
    assert counted == pytest.approx(discharge_capacity(steps[2], accuracy=None).value, rel=1e-9)
    assert counted != pytest.approx(simulated.truth.discharge_capacity(3), rel=1e-6)
    assert steps.findings == ()


def test_a_reading_beyond_every_range_is_refused(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    plan = plan_of(Constant("discharge", Drive("current_ampere", 11.0), Until(duration_second=5.0)))
    with pytest.raises(OutOfValidityError, match="no current range"):
        _run(cell, plan, accuracy, log)


def test_the_shipped_accuracy_runs(cell: EquivalentCircuit, plan_of: Make, sample: Path, log: Log) -> None:
    """Two current ranges, resolution and noise, and no temperature sensor: the column is empty."""
    accuracy = read_accuracy(sample / "accuracy.toml")
    rows = _run(cell, plan_of(OUT), accuracy, log).measurement.table
    assert rows["surface_temperature_celsius"].is_nan().all()


def test_a_sensor_reads_with_its_offset(
    cell: EquivalentCircuit, plan_of: Make, accuracy: Accuracy, log: Log
) -> None:
    sensor = RangeAccuracy("temperature", "kelvin", math.inf, "both", None, Error(0.5), resolution=0.1)
    ours = replace(accuracy, temperature=sensor)
    instrument = draw_instrument(ours, seed=3, control="truth", at_rest="open")
    start = cell.at_rest(soc=0.5, celsius=25.0, branch=1.0)
    rows = run_plan(
        plan_of(MINUTE), cell, start=start, instrument=instrument, seed=1, log=log
    ).measurement.table
    expected = round((25.0 + instrument.temperature.offset) / 0.1) * 0.1
    assert isinstance(instrument.temperature, RangeErrors)
    assert rows["surface_temperature_celsius"].to_numpy() == pytest.approx(expected)
