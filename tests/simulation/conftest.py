"""The virtual cells, instruments and logs that the tests of the simulation share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jeoul.plans import Plan, PlanStep
from jeoul.simulation import ClosedFormCell, EquivalentCircuit, Log, Simulated, lfp_cell, run_plan
from jeoul.uncertainty import Accuracy, read_accuracy

LOG = Log(10.0, 60.0, 0.5, 0.1, 0.01, 0.05)

ACCURACY = """
[instrument]
name = "made up"
status = "unverified"
source = "made up"

[[current]]
range_ampere = 10.0
direction = "both"
gain = { standard_uncertainty = 1e-3, unit = "1" }
offset = { standard_uncertainty = 1, unit = "milliampere" }

[[voltage]]
range_volt = 5.0
direction = "both"
gain = { standard_uncertainty = 5e-4, unit = "1" }
offset = { standard_uncertainty = 2, unit = "millivolt" }

[clock]
relative = { standard_uncertainty = 1e-4, unit = "1" }
"""


@pytest.fixture
def accuracy(tmp_path: Path) -> Accuracy:
    """Gain, offset and clock, no noise and no rounding."""
    path = tmp_path / "accuracy.toml"
    path.write_text(ACCURACY, "utf-8")
    return read_accuracy(path)


@pytest.fixture(scope="session")
def log() -> Log:
    """Rows that follow every bend."""
    return LOG


@pytest.fixture(scope="session")
def cell() -> EquivalentCircuit:
    """The default LFP cell."""
    return EquivalentCircuit(lfp_cell())


@pytest.fixture(scope="session")
def plan_of() -> Callable[..., Plan]:
    """A plan for the 2 Ah cell, from its steps."""

    def made(*steps: PlanStep, celsius: float = 25.0) -> Plan:
        return Plan("test", 2.0, celsius, steps)

    return made


@pytest.fixture(scope="session")
def run(plan_of: Callable[..., Plan]) -> Callable[..., Simulated]:
    """Run some steps on a relaxed cell without instrument errors."""

    def ran(cell: EquivalentCircuit, *steps: PlanStep, soc: float = 1.0, celsius: float = 25.0) -> Simulated:
        start = cell.at_rest(soc=soc, celsius=celsius, branch=-1.0)
        plan = plan_of(*steps, celsius=celsius)
        return run_plan(plan, cell, start=start, instrument=None, seed=1, log=LOG)

    return ran


@pytest.fixture
def arithmetic() -> ClosedFormCell:
    """A cell whose every answer is arithmetic."""
    return ClosedFormCell(
        capacity_ah=2.0,
        empty_volt=3.0,
        full_volt=3.4,
        ohmic_ohm=0.03,
        polarisation_ohm=0.02,
        constant_second=20.0,
        coulombic_efficiency=0.998,
        leak_ampere=1e-3,
        celsius=25.0,
    )


@pytest.fixture
def as_circuit(arithmetic: ClosedFormCell) -> EquivalentCircuit:
    """The same cell as an equivalent circuit: all that the arithmetic does not have is switched off."""
    cell = arithmetic
    parameters = replace(
        lfp_cell(),
        capacity_ah=cell.capacity_ah,
        ocv_soc=(0.0, 1.0),
        ocv_volt=(cell.empty_volt, cell.full_volt),
        hysteresis_volt=0.0,
        resistance_soc=(0.0, 1.0),
        ohmic_ohm=(cell.ohmic_ohm,) * 2,
        fast_ohm=(cell.polarisation_ohm,) * 2,
        slow_ohm=(0.0, 0.0),
        fast_second=cell.constant_second,
        resistance_activation_kelvin=0.0,
        capacity_factor=(1.0,) * 6,
        coulombic_efficiency=cell.coulombic_efficiency,
        self_discharge_ampere=cell.leak_ampere,
        self_discharge_activation_kelvin=0.0,
    )
    return EquivalentCircuit(parameters)
