"""A plan on a virtual cell: every step ends where it was told to, and the record says which step it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jeoul import find_steps
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
)
from jeoul.simulation import EquivalentCircuit, Log, Simulated, Truth, run_plan

Run = Callable[..., Simulated]
FULL = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True)
OUT = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))
MINUTE = Rest(Until(duration_second=60.0))


def _end(truth: Truth, step: int) -> tuple[float, float]:
    """Voltage and current at the end of a step, counted from 1."""
    last = truth.history.samples(step - 1, np.array([truth.step(step).duration_second]))
    return float(last.voltage_volt[0]), float(last.current_ampere[0])


@pytest.mark.parametrize(
    ("step", "reason", "volt", "ampere"),
    [
        (OUT, "voltage", 2.5, -2.0),
        (Constant("charge", Drive("current_ampere", 1.5), Until(voltage_volt=3.6)), "voltage", 3.6, 1.5),
        (Constant("discharge", Drive("power_watt", 6.0), Until(voltage_volt=3.0)), "voltage", 3.0, -2.0),
        (FULL, "current", 3.65, 0.1),
        (Hold(3.45, Until(current_ampere=0.3)), "current", 3.45, 0.3),
        (Hold(3.1, Until(rate=0.2)), "current", 3.1, -0.4),
        (
            ConstantThenHold("discharge", Drive("rate", 1.0), 3.1, Until(current_ampere=0.5)),
            "current",
            3.1,
            -0.5,
        ),
    ],
)
def test_a_step_ends_at_its_limit(
    step: PlanStep, reason: str, volt: float, ampere: float, cell: EquivalentCircuit, run: Run
) -> None:
    truth = run(cell, step, soc=0.6).truth
    assert truth.steps[0].reason == reason
    assert _end(truth, 1) == (pytest.approx(volt, rel=1e-11), pytest.approx(ampere, rel=1e-8))


@pytest.mark.parametrize("way", ["charge", "discharge"])
def test_charge_and_time_end_a_step_to_the_last_digit(way: str, cell: EquivalentCircuit, run: Run) -> None:
    counted = Constant(way, Drive("rate", 0.7), Until(capacity_ah=0.25))  # type: ignore[arg-type]
    timed = Constant(way, Drive("rate", 0.7), Until(duration_second=123.4))  # type: ignore[arg-type]
    truth = run(cell, counted, timed, soc=0.5).truth
    moved = truth.charge_capacity if way == "charge" else truth.discharge_capacity
    assert [s.reason for s in truth.steps] == ["capacity", "duration"]
    assert moved(1) == pytest.approx(0.25, rel=1e-12)
    assert truth.steps[1].duration_second == pytest.approx(123.4, rel=1e-12)
    assert moved(2) == pytest.approx(1.4 * 123.4 / 3600, rel=1e-12)


def test_a_held_voltage_and_power_are_held(cell: EquivalentCircuit, run: Run) -> None:
    """At every tick to the last digits, and to microvolts in between."""
    truth = run(cell, Hold(3.4, Until(duration_second=900.0)), soc=0.5).truth
    times = np.linspace(0.0, 900.0, 5000)
    assert np.abs(truth.history.samples(0, times).voltage_volt - 3.4).max() < 2e-3
    settled = truth.history.samples(0, times[times > 5.0]).voltage_volt
    assert np.abs(settled - 3.4).max() < 2e-4
    power = run(cell, Constant("discharge", Drive("power_watt", 8.0), Until(duration_second=600.0)), soc=0.5)
    samples = power.truth.history.samples(0, times[times <= 600.0])
    assert np.abs(samples.voltage_volt * samples.current_ampere + 8.0).max() < 1e-3


def test_a_rest_waits_for_the_temperature(cell: EquivalentCircuit, run: Run) -> None:
    """dT/dt = (T - T_chamber) / 640 s falls to 1 K/h when the cell is 640 / 3600 K above the chamber."""
    wait = Rest(Until(duration_second=36_000.0, temperature_slope_kelvin_per_hour=1.0))
    simulated = run(cell, OUT, wait)
    end = simulated.truth.history.samples(1, np.array([simulated.truth.steps[1].duration_second])).celsius[0]
    assert simulated.truth.steps[1].reason == "temperature"
    assert end - 25.0 == pytest.approx(640.0 / 3600.0, rel=1e-9)


def test_the_chamber_is_followed(cell: EquivalentCircuit, run: Run) -> None:
    """Towards 45 degC with a time constant of 640 s; the set-point stands in the record."""
    simulated = run(cell, MINUTE, SetTemperature(45.0), Rest(Until(duration_second=640.0)))
    table = simulated.measurement.table
    assert table["ambient_temperature_celsius"].unique(maintain_order=True).to_list() == [25.0, 45.0]
    assert table["surface_temperature_celsius"][-1] == pytest.approx(45.0 - 20.0 / np.e, abs=0.01)


@pytest.mark.parametrize(("soc", "direction"), [(0.5, "cc_discharge"), (0.2, "cc_discharge")])
def test_state_of_charge_is_counted_from_full(
    soc: float, direction: str, cell: EquivalentCircuit, run: Run
) -> None:
    """(1 - soc) x 2 Ah after the full charge, whatever the voltage says; what pulses take is put back."""
    pulse = Pulse("discharge", Drive("rate", 3.0), 10.0)
    adjust = AdjustSoc(soc, Drive("rate", 0.5), "rated")
    truth = run(cell, FULL, MINUTE, adjust, MINUTE, pulse, MINUTE, adjust, soc=0.9).truth
    kinds = [step.step_type for step in truth.steps]
    assert kinds == ["cccv_charge", "rest", direction, "rest", "pulse_discharge", "rest", "cc_charge"]
    assert truth.discharge_capacity(3) == pytest.approx((1 - soc) * 2.0, rel=1e-11)
    assert truth.charge_capacity(7) == pytest.approx(truth.discharge_capacity(5), rel=1e-9)


def test_state_of_charge_may_refer_to_the_last_full_discharge(cell: EquivalentCircuit, run: Run) -> None:
    adjust = AdjustSoc(0.4, Drive("rate", 0.5), "last_full_discharge")
    truth = run(cell, FULL, OUT, FULL, MINUTE, adjust, adjust, soc=0.9).truth
    assert len(truth.steps) == 5  # the second adjustment finds nothing to do
    assert truth.discharge_capacity(5) == pytest.approx(0.6 * truth.discharge_capacity(2), rel=1e-11)


def test_a_reference_that_was_not_measured_is_refused(cell: EquivalentCircuit, run: Run) -> None:
    adjust = AdjustSoc(0.4, Drive("rate", 0.5), "last_full_discharge")
    with pytest.raises(InsufficientDataError, match="no full discharge"):
        run(cell, FULL, adjust, soc=0.9)
    with pytest.raises(InsufficientDataError, match="charge is not counted"):
        run(cell, adjust, soc=0.9)


def test_a_pulse_holds_its_limit_or_ends_there(cell: EquivalentCircuit, run: Run) -> None:
    """18 s at 6C from a low charge: held, the voltage stays at 2.5 V and the current falls; else it is shorter."""
    hold = Pulse("discharge", Drive("rate", 6.0), 18.0, 2.5, "hold")
    end = Pulse("discharge", Drive("rate", 6.0), 18.0, 2.5, "end")
    held, ended = (run(cell, MINUTE, pulse, soc=0.18).truth for pulse in (hold, end))
    assert (held.steps[1].reason, ended.steps[1].reason) == ("duration", "voltage")
    assert held.steps[1].duration_second == pytest.approx(18.0, rel=1e-12)
    assert 0.0 < ended.steps[1].duration_second < 18.0
    volt, ampere = _end(held, 2)
    assert volt == pytest.approx(2.5, rel=1e-11)
    assert -12.0 < ampere < -1.0


def test_a_profile_takes_each_value_for_its_time(cell: EquivalentCircuit, run: Run) -> None:
    """-2 A for 100 s, nothing for 50 s, +1 A for 150 s: charge in and out are arithmetic."""
    profile = Profile("current_ampere", (0.0, 100.0, 150.0), (-2.0, 0.0, 1.0), 300.0)
    simulated = run(cell, MINUTE, profile, soc=0.5)
    step = simulated.truth.steps[1]
    assert (step.reason, step.duration_second) == ("profile", pytest.approx(300.0, rel=1e-12))
    assert step.discharge_ah == pytest.approx(200.0 / 3600, rel=1e-12)
    assert step.charge_ah == pytest.approx(150.0 / 3600, rel=1e-12)
    assert find_steps(simulated.measurement)[1].direction == "mixed"


def test_a_power_that_the_cell_does_not_have_ends_the_step(cell: EquivalentCircuit, run: Run) -> None:
    truth = run(
        cell, Constant("discharge", Drive("power_watt", 60.0), Until(voltage_volt=0.1)), soc=0.3
    ).truth
    assert truth.steps[0].reason == "power"


def test_a_cell_that_is_over_its_limit_stops_at_once(cell: EquivalentCircuit, run: Run) -> None:
    """A full cell charged again: one look of the tester, not an hour."""
    truth = run(cell, FULL, FULL, soc=0.95).truth
    assert truth.steps[1].duration_second < 30.0
    full = run(cell, Constant("charge", Drive("rate", 0.5), Until(voltage_volt=3.0)), soc=0.9).truth
    assert full.steps[0].duration_second == pytest.approx(0.1)


def test_the_record_knows_the_programme(
    cell: EquivalentCircuit, plan_of: Callable[..., Plan], log: Log
) -> None:
    """Step 2 and 3 of three cycles; the steps that Jeoul finds are those that were run."""
    fast = Constant("discharge", Drive("rate", 1.0), Until(duration_second=300.0))
    back = Constant("charge", Drive("rate", 1.0), Until(duration_second=300.0))
    plan = plan_of(MINUTE, Repeat(3, (fast, back), counts_cycles=True))
    start = cell.at_rest(soc=0.6, celsius=25.0, branch=1.0)
    simulated = run_plan(plan, cell, start=start, instrument=None, seed=1, log=log)
    steps = find_steps(simulated.measurement)
    assert [(s.step_id, s.cycle_count, s.step_count) for s in steps] == [
        (1, 1, 1), (2, 1, 2), (3, 1, 3), (2, 2, 4), (3, 2, 5), (2, 3, 6), (3, 3, 7),
    ]  # fmt: skip
    assert simulated.measurement.findings == ()
    assert steps.findings == ()


def test_a_spectrum_is_not_simulated(cell: EquivalentCircuit, run: Run) -> None:
    with pytest.raises(OutOfValidityError, match="step 2 asks for an impedance spectrum"):
        run(cell, MINUTE, Impedance(1000.0, 0.1, 6, amplitude_volt=0.01), soc=0.5)
