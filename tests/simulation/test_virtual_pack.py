"""A module of cells in series: what its terminals and its cells show, and what the metrics make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from jeoul import find_steps
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.measurement.columns import find_column
from jeoul.metrics import (
    cell_numbers,
    cell_voltage_spread,
    cell_voltages,
    charge_imbalance,
    temperature_sensors,
    temperature_spread,
    weakest_cell_margin,
)
from jeoul.plans import Constant, ConstantThenHold, Drive, Hold, Plan, Pulse, Rest, Until
from jeoul.simulation import (
    EquivalentCircuit,
    Log,
    Simulated,
    Spread,
    VirtualPack,
    draw_cells,
    draw_instrument,
    lfp_cell,
    run_plan,
)
from jeoul.uncertainty import Accuracy

FULL = ConstantThenHold(
    "charge", Drive("rate", 0.5), 4 * 3.6, Until(rate=0.05, cell_voltage_volt=3.65), full=True
)
OUT = Constant("discharge", Drive("rate", 0.5), Until(cell_voltage_volt=2.5, voltage_volt=8.0))
REST = Rest(Until(duration_second=1800.0))
PULSE = Pulse("discharge", Drive("rate", 3.0), 10.0)
ALIKE = Spread(0.0, 0.0, 0.0, 0.0)
UNLIKE = Spread(capacity=0.02, resistance=0.05, self_discharge=0.2, thermal_resistance=0.1)
LOG = Log(30.0, 60.0, 0.5, 0.1, None, None)


def _run(pack: VirtualPack, *steps: object, soc: object = 0.9, instrument: object = None) -> Simulated:
    start = pack.at_rest(soc=soc, celsius=25.0, branch=-1.0)  # type: ignore[arg-type]
    plan = Plan("module", 2.0, 25.0, steps)  # type: ignore[arg-type]
    return run_plan(plan, pack, start=start, instrument=instrument, seed=1, log=LOG)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pack() -> VirtualPack:
    """Four cells unlike each other."""
    return VirtualPack(draw_cells(lfp_cell(), 4, spread=UNLIKE, seed=3))


@pytest.fixture(scope="module")
def run_of_pack(pack: VirtualPack) -> Simulated:
    """Charge to the first full cell, rest, discharge to the first empty one, rest."""
    return _run(pack, FULL, REST, OUT, REST, soc=(0.90, 0.88, 0.90, 0.91))


def test_equal_cells_are_one_cell_four_times(cell: EquivalentCircuit) -> None:
    """Voltage and energy fourfold, charge and temperature the same, to the last digits."""
    pack = VirtualPack(draw_cells(lfp_cell(), 4, spread=ALIKE, seed=1))
    steps = (
        Constant("discharge", Drive("rate", 0.5), Until(duration_second=1800.0)),
        REST,
        PULSE,
        Constant("charge", Drive("power_watt", 20.0), Until(duration_second=300.0)),
        Hold(13.4, Until(duration_second=300.0)),
    )
    single = (
        *steps[:3],
        replace(steps[3], drive=Drive("power_watt", 5.0)),
        Hold(3.35, Until(duration_second=300.0)),
    )  # type: ignore[type-var]
    start = cell.at_rest(soc=0.9, celsius=25.0, branch=-1.0)
    one = run_plan(Plan("cell", 2.0, 25.0, single), cell, start=start, instrument=None, seed=1, log=LOG).truth
    four = _run(pack, *steps).truth
    for a, b in zip(four.steps, one.steps, strict=True):
        assert (a.charge_ah, a.discharge_ah) == pytest.approx(
            (b.charge_ah, b.discharge_ah), rel=1e-8, abs=1e-14
        )
        assert (a.charge_wh, a.discharge_wh) == pytest.approx(
            (4 * b.charge_wh, 4 * b.discharge_wh), rel=1e-8, abs=1e-14
        )
        assert (a.soc_end, a.self_discharged_ah) == pytest.approx((b.soc_end, b.self_discharged_ah), rel=1e-6)
    t = np.array([900.0])
    assert four.history.samples(0, t).celsius == pytest.approx(one.history.samples(0, t).celsius, rel=1e-12)
    assert four.cell_voltage(1, 3, 900.0) == pytest.approx(one.voltage(1, 900.0), rel=1e-12)


def test_the_terminals_see_the_sum_of_the_cells(run_of_pack: Simulated) -> None:
    table = run_of_pack.measurement.table
    cells = [f"cell_voltage_{n}_volt" for n in range(1, 5)]
    total = table.select(cells).sum_horizontal()
    assert np.abs((total - table["voltage_volt"]).to_numpy()).max() < 1e-12
    assert cell_numbers(run_of_pack.measurement) == (1, 2, 3, 4)
    assert all(find_column(name) for name in run_of_pack.measurement.columns)


def test_a_cell_ends_the_step_of_the_module(run_of_pack: Simulated) -> None:
    """The fullest ends the charge at 3.65 V and the emptiest the discharge at 2.5 V; no other is there yet."""
    truth = run_of_pack.truth
    assert [step.reason for step in truth.steps] == ["cell_voltage", "duration", "cell_voltage", "duration"]
    for count, limit, extreme in ((1, 3.65, max), (3, 2.5, min)):
        volts = [truth.cell_voltage(count, n, truth.step(count).duration_second) for n in range(1, 5)]
        assert extreme(volts) == pytest.approx(limit, rel=1e-10)
        assert sum(abs(volt - limit) < 1e-3 for volt in volts) == 1


def test_the_metrics_of_packs_find_the_truth(run_of_pack: Simulated, pack: VirtualPack) -> None:
    """The weakest at the bottom, the spread, the temperatures and the imbalance, from rows without errors."""
    steps, truth = find_steps(run_of_pack.measurement), run_of_pack.truth
    end = truth.step(3).duration_second
    true = {n: truth.cell_voltage(3, n, end) for n in range(1, 5)}
    found = cell_voltages(steps[2], at="last", accuracy=None)
    assert {n: measured.value for n, measured in found.items()} == pytest.approx(true, rel=1e-12)
    spread = cell_voltage_spread(steps[2], at="last", accuracy=None)
    assert spread.value == pytest.approx(max(true.values()) - min(true.values()), rel=1e-10)
    margin = weakest_cell_margin(steps[2], accuracy=None)
    assert margin.conditions["weakest_cell"] == min(true, key=lambda n: true[n])
    sensors = temperature_sensors(run_of_pack.measurement)
    cells = [name for name in sensors if name.startswith("cell_")]
    assert len(cells) == 4
    assert temperature_spread(steps[2], sensors=cells, accuracy=None).value > 0.1


def test_imbalance_is_the_charge_that_was_put_in_unequal() -> None:
    """Cells alike but for 3 % of charge: between them lie 0.03 Q at the bottom."""
    pack = VirtualPack(draw_cells(lfp_cell(), 3, spread=ALIKE, seed=1))
    deep = Constant("discharge", Drive("rate", 0.05), Until(voltage_volt=6.0, cell_voltage_volt=1.5))
    simulated = _run(pack, REST, deep, soc=(0.30, 0.27, 0.29))
    step = find_steps(simulated.measurement)[1]
    found = charge_imbalance(step, level_volt=3.0, rated_capacity_ah=2.0, accuracy=None)
    capacity = lfp_cell().capacity_ah
    assert found.value == pytest.approx(0.03 * capacity, rel=0.15)


def test_each_cell_is_read_by_a_channel_of_its_own(pack: VirtualPack, accuracy: Accuracy) -> None:
    """Errors differ from cell to cell, are the same in every test, and have the size that the file says."""
    wide = replace(accuracy, voltage=(replace(accuracy.voltage[0], full_scale=100.0),))
    instrument = draw_instrument(wide, seed=5, control="truth", at_rest="read")
    tests = [_run(pack, REST, instrument=instrument) for _ in range(2)]
    errors = []
    for simulated in tests:
        table = simulated.measurement.table
        true = [simulated.truth.cell_voltage(1, n, 1800.0) for n in range(1, 5)]
        errors.append([table[f"cell_voltage_{n}_volt"][-1] - true[n - 1] for n in range(1, 5)])
    assert errors[0] == errors[1]
    assert len({round(error, 9) for error in errors[0]}) == 4
    assert max(map(abs, errors[0])) < 4 * (2e-3 + 5e-4 * 3.4)


def test_a_module_needs_cells_and_their_charges() -> None:
    with pytest.raises(OutOfValidityError, match="no module"):
        VirtualPack((lfp_cell(),))
    pack = VirtualPack((lfp_cell(),) * 2)
    with pytest.raises(OutOfValidityError, match="3 states of charge for 2 cells"):
        pack.at_rest(soc=(0.1, 0.2, 0.3), celsius=25.0, branch=1.0)
    with pytest.raises(OutOfValidityError, match="less than nothing"):
        draw_cells(lfp_cell(), 50, spread=Spread(2.0, 0.0, 0.0, 0.0), seed=1)


def test_a_cell_that_is_not_there_has_no_voltage(
    run_of_pack: Simulated, cell: EquivalentCircuit, run: Callable[..., Simulated]
) -> None:
    with pytest.raises(InsufficientDataError, match="no cell 5"):
        run_of_pack.truth.cell_voltage(1, 5, 0.0)
    with pytest.raises(InsufficientDataError, match="module of 0"):
        run(cell, REST).truth.cell_voltage(1, 1, 0.0)
