"""What the clauses of the standards ask of the virtual cycler, each against what is known beforehand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from jeoul import find_steps
from jeoul.errors import OutOfValidityError
from jeoul.metrics import discharge_capacity as measured_capacity
from jeoul.metrics import self_discharge_rate
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Logging,
    Plan,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
)
from jeoul.simulation import EquivalentCircuit, Log, Simulated, lfp_cell, run_plan

Run = Callable[..., Simulated]
FULL = ConstantThenHold("charge", Drive("rate", 1.0), 3.65, Until(rate=0.05), full=True)
OUT = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))
MINUTE = Rest(Until(duration_second=60.0))
DAY = 86_400.0
SOAK = Rest(Until(duration_second=12 * 3600.0, temperature_slope_kelvin_per_hour=1.0))


def test_a_cell_ages_by_the_charge_that_passes(run: Run) -> None:
    """2e-4 for each equivalent full cycle: the throughput over twice the capacity, and nothing else."""
    parameters = replace(lfp_cell(), fade_per_equivalent_full_cycle=2e-4)
    simulated = run(EquivalentCircuit(parameters), Repeat(5, (OUT, FULL)))
    truth = simulated.truth
    passed = sum(step.charge_ah + step.discharge_ah for step in truth.steps)
    expected = 2e-4 * passed / 2.0 / parameters.capacity_ah
    assert truth.capacity_lost(10) == pytest.approx(expected, rel=1e-10)
    assert truth.capacity_lost(10) == pytest.approx(1e-3, rel=0.1)


def test_a_cell_ages_by_time_and_temperature(run: Run) -> None:
    """1e-4 a day at 25 degC and exp(-Ea/R (1/T - 1/T0)) times that at 45 degC, for 100 days each."""
    parameters = replace(lfp_cell(), fade_per_day=1e-4, fade_activation_kelvin=5000.0)
    cell = EquivalentCircuit(parameters)
    store = Rest(Until(duration_second=100 * DAY))
    cool, warm = (run(cell, store, celsius=celsius).truth.capacity_lost(1) for celsius in (25.0, 45.0))
    factor = np.exp(-5000.0 * (1 / 318.15 - 1 / 298.15))
    assert cool == pytest.approx(1e-2, rel=1e-9)
    assert warm / cool == pytest.approx(factor, rel=1e-9)


def test_an_aged_cell_gives_less_and_resists_more(run: Run) -> None:
    """A tenth lost: the same discharge relative to what is left, with resistances 1 + 0.1 x 3 times as large.

    Without resistance the charge is exactly nine tenths.
    """
    flat = replace(
        lfp_cell().scaled(capacity=1.0, resistance=1e-9), hysteresis_volt=0.0, self_discharge_ampere=0.0
    )
    old = EquivalentCircuit(replace(lfp_cell(), resistance_growth=3.0))
    slow = Constant("discharge", Drive("rate", 0.1), Until(voltage_volt=2.5))
    pulse = Pulse("discharge", Drive("rate", 2.0), 1e-3)

    def state(cell: EquivalentCircuit, lost: float) -> object:
        return cell.at_rest(soc=1.0, celsius=25.0, branch=1.0, lost=lost)

    def give(cell: EquivalentCircuit, lost: float, *steps: object) -> Simulated:
        plan = Plan("test", 2.0, 25.0, steps)  # type: ignore[arg-type]
        log = Log(60.0, 60.0, 1.0, 1.0, None, None)
        return run_plan(plan, cell, start=state(cell, lost), instrument=None, seed=1, log=log)

    cell = EquivalentCircuit(flat)
    new, aged = (give(cell, lost, slow).truth.discharge_capacity(1) for lost in (0.0, 0.1))
    assert aged == pytest.approx(0.9 * new, rel=1e-6)
    ohms = [
        give(old, lost, MINUTE, pulse).truth.dc_resistance(2, time_after_edge_second=1e-6)
        for lost in (0.0, 0.1)
    ]
    assert ohms[1] / ohms[0] == pytest.approx(1.3, rel=1e-6)


def test_hundreds_of_cycles_take_seconds(
    cell: EquivalentCircuit, plan_of: Callable[..., Plan], log: Log
) -> None:
    """60 cycles at 1C with a fade of 5e-4 a cycle: retention is what the truth lost; 0.1 s a cycle at most."""
    faded = EquivalentCircuit(replace(lfp_cell(), fade_per_equivalent_full_cycle=5e-4))
    plan = plan_of(FULL, Repeat(60, (OUT, MINUTE, FULL, MINUTE), counts_cycles=True))
    begun = time.process_time()
    start = faded.at_rest(soc=0.9, celsius=25.0, branch=1.0)
    simulated = run_plan(
        plan, faded, start=start, instrument=None, seed=1, log=replace(log, interval_second=60.0)
    )
    assert time.process_time() - begun < 6.0
    discharges = [step for step in simulated.truth.steps if step.step_type == "cc_discharge"]
    assert [step.cycle_count for step in discharges] == list(range(1, 61))
    given = discharges[-1].discharge_ah / discharges[0].discharge_ah
    left = (1 - discharges[-1].capacity_lost) / (1 - discharges[0].capacity_lost)
    assert given == pytest.approx(left, rel=2e-4)
    assert 0.96 < given < 0.98


def test_a_year_of_storage_is_a_thousand_rows(run: Run, cell: EquivalentCircuit) -> None:
    """A row each twelve hours, and the loss is the leak times the time."""
    store = Rest(Until(duration_second=365 * DAY), log=Logging(interval_second=43_200.0))
    begun = time.process_time()
    simulated = run(cell, store, soc=0.9)
    assert time.process_time() - begun < 3.0
    assert len(simulated.measurement) < 1000
    leak = cell.parameters.self_discharge_ampere
    assert simulated.truth.steps[0].self_discharged_ah == pytest.approx(leak * 365 * 24, rel=1e-9)


@pytest.mark.parametrize(("day", "celsius"), [(28.0, 25.0), (42.0, 45.0)])
def test_storage_is_measured_as_it_truly_was(
    day: float, celsius: float, run: Run, cell: EquivalentCircuit
) -> None:
    """Charge, discharge, charge, store, discharge at 25 degC: the loss is that of the leak while stored."""
    store = Rest(Until(duration_second=day * DAY), log=Logging(interval_second=3600.0))
    steps = (FULL, MINUTE, OUT, FULL, SetTemperature(celsius), store, SetTemperature(25.0), SOAK, OUT)
    simulated = run(cell, *steps, soc=0.9)
    found = find_steps(simulated.measurement)
    before, after = (measured_capacity(found[n], accuracy=None) for n in (2, 6))
    true = simulated.truth.self_discharge_rate(before=3, residual=7, storage_day=day)
    assert self_discharge_rate(before, after, storage_day=day).value == pytest.approx(true, rel=1e-9)
    assert true * day * before.value == pytest.approx(simulated.truth.steps[4].self_discharged_ah, rel=0.01)


@pytest.mark.parametrize(("celsius", "factor"), [(-20.0, 0.75), (5.0, 0.91), (45.0, 1.01)])
def test_capacity_depends_on_the_soaked_temperature(celsius: float, factor: float, run: Run) -> None:
    """Full at 25 degC, soaked until dT/dt is below 1 K/h, discharged: of a cell without resistance, Q(T)."""
    ideal = replace(lfp_cell().scaled(capacity=1.0, resistance=1e-6), hysteresis_volt=0.0)
    cell = EquivalentCircuit(replace(ideal, self_discharge_ampere=0.0))
    warm, cold = (run(cell, MINUTE, SetTemperature(at), SOAK, OUT).truth for at in (25.0, celsius))
    assert [step.reason for step in cold.steps] == ["duration", "temperature", "voltage"]
    assert cold.discharge_capacity(3) / warm.discharge_capacity(3) == pytest.approx(factor, rel=1e-3)


def test_a_chamber_takes_its_time(run: Run, cell: EquivalentCircuit) -> None:
    """2 K/min from 25 to 45 degC: 10 min; the cell follows a ramp r with T = T0 + r (t - tau (1 - exp(-t / tau)))."""
    steps = (
        MINUTE,
        SetTemperature(45.0, 2.0),
        Rest(Until(duration_second=300.0)),
        Rest(Until(duration_second=900.0)),
    )
    simulated = run(cell, *steps)
    table = simulated.measurement.table
    chamber, at = table["ambient_temperature_celsius"], table["test_time_second"]
    expected = np.clip(25.0 + 2.0 * (at.to_numpy() - 60.0) / 60.0, 25.0, 45.0)
    assert np.abs(chamber.to_numpy() - expected).max() < 1e-9
    tau, rate = cell.thermal_second, 2.0 / 60.0
    cell_celsius = table.filter(pl.col("step_count") == 2)["surface_temperature_celsius"][-1]
    assert cell_celsius == pytest.approx(25.0 + rate * (300.0 - tau * (1 - np.exp(-300.0 / tau))), abs=2e-3)


def test_a_transition_that_is_under_way_is_no_soak(run: Run, cell: EquivalentCircuit) -> None:
    """The wait for 1 K/h ends after the ramp, not at its start, where the cell has not begun to move."""
    until = Until(duration_second=12 * 3600.0, temperature_slope_kelvin_per_hour=1.0)
    truth = run(cell, MINUTE, SetTemperature(45.0, 1.0), MINUTE, Rest(until)).truth
    assert truth.steps[2].reason == "temperature"
    assert truth.steps[2].duration_second > 20 * 60.0


def test_pulses_and_drives_are_run_and_recorded(run: Run, cell: EquivalentCircuit) -> None:
    """10 s both ways, at constant power, and a second-by-second drive; charge is arithmetic where current is."""
    drive = Profile("rate", tuple(map(float, range(60))), (-1.0, 0.5, -2.0, 0.0) * 15, 60.0)
    pulses = (
        Pulse("discharge", Drive("rate", 3.0), 10.0),
        Rest(Until(duration_second=40.0)),
        Pulse("charge", Drive("rate", 2.25), 10.0),
        Pulse("discharge", Drive("power_watt", 9.0), 10.0),
    )
    simulated = run(cell, MINUTE, *pulses, drive, soc=0.5)
    truth = simulated.truth
    assert truth.discharge_capacity(2) == pytest.approx(6.0 * 10 / 3600, rel=1e-12)
    assert truth.charge_capacity(4) == pytest.approx(4.5 * 10 / 3600, rel=1e-12)
    assert truth.discharge_energy(5) == pytest.approx(9.0 * 10 / 3600, rel=1e-4)
    assert truth.discharge_capacity(6) == pytest.approx(15 * (2.0 + 4.0) / 3600, rel=1e-12)
    rows = simulated.measurement.table.group_by("step_count", maintain_order=True).len()["len"]
    assert min(rows[n] for n in (1, 3, 4)) >= 10


def test_a_ladder_goes_down_by_counted_charge(run: Run, cell: EquivalentCircuit) -> None:
    """Nine pulses at 0.9 to 0.1: what pulse and adjustment take is a tenth of the rated charge each time."""
    rung = [
        step
        for soc in np.arange(0.9, 0.05, -0.1)
        for step in (
            AdjustSoc(float(soc), Drive("rate", 0.5), "rated"),
            Rest(Until(duration_second=3600.0), log=Logging(interval_second=600.0)),
            Pulse("discharge", Drive("rate", 2.0), 10.0),
            Rest(Until(duration_second=40.0)),
            Pulse("charge", Drive("rate", 1.5), 10.0),
        )
    ]
    truth = run(cell, FULL, *rung, soc=0.9).truth
    adjusted = [step for step in truth.steps if step.step_type == "cc_discharge"]
    pulses = 4.0 * 10 / 3600 - 3.0 * 10 / 3600
    assert len(adjusted) == 9
    assert adjusted[0].discharge_ah == pytest.approx(0.2, rel=1e-9)
    for step in adjusted[1:]:
        assert step.discharge_ah == pytest.approx(0.2 - pulses, rel=1e-9)


def test_a_step_may_say_how_it_is_logged(run: Run, cell: EquivalentCircuit) -> None:
    """Every 5 mV, or every 100 s: and the steps beside are logged as the test is."""
    by_change = Logging(
        interval_second=1e6, first_second=1e5, voltage_change_volt=0.005, current_change_ampere=1e9
    )
    by_time = Logging(100.0, 100.0, 1e9, 1e9)
    half = Constant("discharge", Drive("rate", 0.5), Until(duration_second=1800.0))
    simulated = run(cell, half, replace(half, log=by_change), replace(half, log=by_time), soc=0.9)
    table = simulated.measurement.table
    volts, times = (
        table.filter(pl.col("step_count") == n)[column].to_numpy()
        for n, column in ((2, "voltage_volt"), (3, "step_time_second"))
    )
    assert np.abs(np.abs(np.diff(volts))[:-1]).max() < 0.0051
    assert times.tolist() == [100.0 * n for n in range(1, 19)]
    assert table.filter(pl.col("step_count") == 1).height > 180


def test_a_cell_that_grows_younger_is_refused() -> None:
    with pytest.raises(OutOfValidityError, match="no cell's"):
        EquivalentCircuit(replace(lfp_cell(), fade_per_day=-1e-4))
