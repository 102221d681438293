"""The default cell: it behaves as the sample that it is made from, and says what of it is assumed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jeoul.errors import OutOfValidityError
from jeoul.plans import Constant, Drive, Hold, Pulse, Rest, Until
from jeoul.simulation import EquivalentCircuit, Simulated, lfp_cell
from jeoul.simulation.parameters import parameter_names


def _sample(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Charge out [Ah] and voltage [V] of a published discharge."""
    time, current, voltage = np.loadtxt(path, delimiter=",", skiprows=1).T
    moved = np.cumsum((current[1:] + current[:-1]) / 2 * np.diff(time))
    return np.concatenate(([0.0], -moved / 3600)), voltage


def _discharged(
    run: Callable[..., Simulated], cell: EquivalentCircuit, ampere: float, soc: float
) -> Simulated:
    return run(cell, Constant("discharge", Drive("current_ampere", ampere), Until(voltage_volt=2.0)), soc=soc)


@pytest.mark.parametrize(
    ("file", "ampere", "soc", "volt", "upto"),
    [
        ("LFP_025degC_Co20_Dch.csv", 0.1003583, 1.0, 0.005, 1.5),
        ("LFP_025degC_1C_Dch.csv", 2.0004, 1.0006, 0.010, 1.75),
    ],
)
def test_it_follows_the_discharges_of_the_sample(
    file: str, ampere: float, soc: float, volt: float, upto: float,
    sample: Path, cell: EquivalentCircuit, run: Callable[..., Simulated],
) -> None:  # fmt: skip
    """To 5 mV above a quarter of the charge at C/20, to 10 mV above an eighth at 1C; its charge to 0.5 %."""
    charge, voltage = _sample(sample / file)
    simulated = _discharged(run, cell, ampere, soc)
    table = simulated.measurement.table
    grid = np.linspace(0.1, upto, 200)
    virtual = np.interp(grid, table["step_discharging_capacity_ah"], table["voltage_volt"])
    assert np.abs(virtual - np.interp(grid, charge, voltage)).max() < volt
    assert simulated.truth.discharge_capacity(1) == pytest.approx(charge[-1], rel=5e-3)


def test_every_parameter_says_where_it_is_from() -> None:
    cell = lfp_cell()
    assert set(cell.sources) == set(parameter_names())
    assert {"hysteresis_volt", "self_discharge_ampere", "slow_second", "capacity_factor"} <= set(cell.assumed)
    assert {"ocv_volt", "ohmic_ohm", "fast_ohm", "capacity_ah"} & set(cell.assumed) == set()
    assert all(source.source for source in cell.sources.values())


def test_no_charge_is_lost_in_the_books(cell: EquivalentCircuit, run: Callable[..., Simulated]) -> None:
    """Stored change = efficiency x charge in - charge out - self-discharge, at one temperature."""
    isothermal = replace(cell.parameters, capacity_factor=(1.0,) * 6)
    steps = (
        Constant("discharge", Drive("rate", 1.0), Until(capacity_ah=1.0)),
        Rest(Until(duration_second=3600.0)),
        Constant("charge", Drive("power_watt", 5.0), Until(capacity_ah=0.7)),
        Hold(3.4, Until(duration_second=900.0)),
    )
    truth = run(EquivalentCircuit(isothermal), *steps).truth
    stored = (truth.steps[-1].soc_end - truth.steps[0].soc_start) * isothermal.capacity_ah
    moved = sum(0.9995 * s.charge_ah - s.discharge_ah - s.self_discharged_ah for s in truth.steps)
    assert stored == pytest.approx(moved, abs=1e-12)


def test_energy_is_the_integral_of_what_was_shown(
    cell: EquivalentCircuit, run: Callable[..., Simulated]
) -> None:
    """Gauss's rule over half a million samples of the held power and the taper gives the same energy."""
    steps = (
        Constant("charge", Drive("power_watt", 6.0), Until(voltage_volt=3.5)),
        Hold(3.5, Until(current_ampere=0.2)),
    )
    truth = run(cell, *steps, soc=0.7).truth
    nodes, weights = np.polynomial.legendre.leggauss(5)
    for place, step in enumerate(truth.steps):
        edges = truth.history.tracks[place].start  # type: ignore[attr-defined]
        half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
        times = middle[:, None] + half[:, None] * nodes
        samples = truth.history.samples(place, times.ravel())
        power = (samples.voltage_volt * samples.current_ampere).reshape(times.shape)
        joule = float((power * weights * half[:, None]).sum())
        assert step.charge_wh == pytest.approx(joule / 3600, rel=1e-9)


def test_the_voltage_is_continuous_within_a_step(
    cell: EquivalentCircuit, run: Callable[..., Simulated]
) -> None:
    truth = _discharged(run, cell, 2.0, 1.0).truth
    edges = truth.history.tracks[0].start[1:-1]  # type: ignore[attr-defined]
    before, after = (truth.history.samples(0, edges + shift).voltage_volt for shift in (-1e-7, 1e-7))
    assert np.abs(before - after).max() < 2e-7


def test_cold_takes_capacity_and_adds_resistance(
    cell: EquivalentCircuit, run: Callable[..., Simulated]
) -> None:
    """R0(0 degC) / R0(25 degC) = exp(2200 K (1 / 273.15 K - 1 / 298.15 K)) = 1.965."""
    pulse = Pulse("discharge", Drive("current_ampere", 0.1), 1.0)
    rest = Rest(Until(duration_second=10.0))
    found = {}
    for celsius in (0.0, 25.0):
        truth = run(cell, rest, pulse, soc=0.6, celsius=celsius).truth
        found[celsius] = truth.dc_resistance(2, time_after_edge_second=1e-9)
    expected = math.exp(2200 * (1 / 273.15 - 1 / 298.15))
    assert found[0.0] / found[25.0] == pytest.approx(expected, rel=1e-6)
    cold, warm = (_at(run, cell, celsius) for celsius in (0.0, 25.0))
    assert 0.86 < cold / warm < 0.92  # 0.88 at 0 degC, and the cell warms itself by 1 K


def _at(run: Callable[..., Simulated], cell: EquivalentCircuit, celsius: float) -> float:
    step = Constant("discharge", Drive("rate", 0.2), Until(voltage_volt=2.0))
    return float(run(cell, step, celsius=celsius).truth.discharge_capacity(1))


def test_heat_is_lost_work(cell: EquivalentCircuit, run: Callable[..., Simulated]) -> None:
    """In a heat-tight cell the rise times the heat capacity is the energy that did not come out."""
    tight = replace(
        cell.parameters,
        thermal_resistance_kelvin_per_watt=1e9,
        capacity_factor=(1.0,) * 6,
        self_discharge_ampere=0.0,
        ocv_soc=(0.0, 1.0),
        ocv_volt=(3.2, 3.2 + 1e-12),
    )
    truth = run(
        EquivalentCircuit(tight), Constant("discharge", Drive("rate", 1.0), Until(capacity_ah=1.0))
    ).truth
    lost = 3.2 * 3600 - truth.discharge_energy(1) * 3600
    rise = truth.history.samples(0, np.array([truth.steps[0].duration_second])).celsius[0] - 25.0
    assert rise * 40.0 == pytest.approx(lost, rel=2e-3)


def test_charge_and_discharge_rest_on_different_branches(
    cell: EquivalentCircuit, run: Callable[..., Simulated]
) -> None:
    """20 mV apart after half an hour's charge or discharge that met at the same state of charge."""
    rest = Rest(Until(duration_second=86_400.0))
    without = EquivalentCircuit(replace(cell.parameters, self_discharge_ampere=0.0))
    down = run(without, Constant("discharge", Drive("rate", 0.5), Until(capacity_ah=1.0)), rest, soc=0.95)
    end = down.truth.steps[-1].soc_end
    up = run(
        without, Constant("charge", Drive("rate", 0.5), Until(capacity_ah=1.0 / 0.9995)), rest, soc=end - 0.5
    )
    after_charge = EquivalentCircuit.at_rest(
        without, soc=up.truth.steps[-1].soc_end, celsius=25.0, branch=1.0
    )
    assert up.truth.voltage(2, 86_400.0) == pytest.approx(without.voltage(after_charge, 0.0), abs=1e-5)
    after_discharge = without.at_rest(soc=end, celsius=25.0, branch=-1.0)
    assert down.truth.voltage(2, 86_400.0) == pytest.approx(without.voltage(after_discharge, 0.0), abs=1e-5)
    assert without.voltage(
        after_charge._replace(discharged_ah=after_discharge.discharged_ah), 0.0
    ) - without.voltage(after_discharge, 0.0) == pytest.approx(0.020, abs=1e-9)


def test_a_cell_that_cannot_be_is_refused(cell: EquivalentCircuit) -> None:
    for change in ({"ocv_volt": (3.4, 3.3)}, {"ohmic_ohm": (0.0,) * 16}, {"coulombic_efficiency": 1.1}):
        parameters = replace(cell.parameters, **{"ocv_soc": (0.0, 1.0), "ocv_volt": (3.2, 3.3), **change})
        with pytest.raises(OutOfValidityError, match="no cell's"):
            EquivalentCircuit(parameters)


def test_a_step_that_never_reaches_its_end_is_refused(
    cell: EquivalentCircuit, run: Callable[..., Simulated]
) -> None:
    with pytest.raises(OutOfValidityError, match="End the step at a voltage"):
        run(cell, Constant("discharge", Drive("rate", 1.0), Until(capacity_ah=9.0)))
