"""A plan rehearsed on the assumed cell: what scaling does is arithmetic."""

from __future__ import annotations

import pytest

from jeoul.errors import OutOfValidityError
from jeoul.plans import Constant, ConstantThenHold, Drive, Plan, Rest, Until
from jeoul.simulation import EquivalentCircuit, assumed_cell, lfp_cell, rehearse

FULL = {"rated_capacity_ah": 2.0, "end_of_charge_voltage_volt": 3.65}


def _plan(capacity_ah: float, series: int) -> Plan:
    held = Until(rate=0.05)
    return Plan(
        "test",
        capacity_ah,
        25.0,
        (
            Constant("discharge", Drive("rate", 0.5), Until(voltage_volt=2.5 * series)),
            ConstantThenHold("charge", Drive("rate", 0.5), 3.65 * series, held, full=True),
            Rest(Until(duration_second=3600.0)),
            Constant("discharge", Drive("rate", 0.5), Until(voltage_volt=2.5 * series)),
        ),
    )


def test_a_cell_of_50_times_the_capacity_takes_the_same_time() -> None:
    """100 Ah instead of 2: the same hours, 50 times the charge and the energy."""
    small = rehearse(_plan(2.0, 1), FULL, soc=0.5)
    large = rehearse(_plan(100.0, 1), FULL | {"rated_capacity_ah": 100.0}, soc=0.5)
    assert large.second == pytest.approx(small.second, rel=1e-9)
    for quantity in ("charge_ah", "discharge_ah", "charge_wh", "discharge_wh"):
        assert large.total(quantity) == pytest.approx(50.0 * small.total(quantity), rel=1e-9)
    assert large.steps[0].reason == "voltage"


def test_14_cells_in_series_hold_14_times_the_energy() -> None:
    """To 1e-3: ticks end on steps of voltage, so those of a module of 14 are finer."""
    declared = FULL | {"cells_in_series": 14.0, "end_of_charge_voltage_volt": 14 * 3.65}
    one, module = rehearse(_plan(2.0, 1), FULL, soc=0.5), rehearse(_plan(2.0, 14), declared, soc=0.5)
    assert module.second == pytest.approx(one.second, rel=1e-3)
    assert module.total("discharge_ah") == pytest.approx(one.total("discharge_ah"), rel=1e-3)
    assert module.total("discharge_wh") == pytest.approx(14 * one.total("discharge_wh"), rel=1e-3)


def test_the_cell_has_the_rated_capacity_of_the_item() -> None:
    cell = EquivalentCircuit(assumed_cell(FULL | {"rated_capacity_ah": 5.0}))
    assert cell.capacity(25.0) == pytest.approx(5.0)
    sample = EquivalentCircuit(lfp_cell())
    state = cell.at_rest(soc=0.5, celsius=25.0, branch=1.0)
    assert cell.thermal_second == pytest.approx(sample.thermal_second)
    of_sample = sample.at_rest(soc=0.5, celsius=25.0, branch=1.0)
    per_capacity = 5.0 / lfp_cell().capacity_ah
    assert cell.ohmic(state, charging=False) == pytest.approx(
        sample.ohmic(of_sample, charging=False) / per_capacity
    )


def test_what_is_no_lfp_cell_is_not_assumed_to_be_one() -> None:
    with pytest.raises(OutOfValidityError, match=r"4\.2 V a cell is not that of LFP"):
        assumed_cell({"rated_capacity_ah": 2.0, "end_of_charge_voltage_volt": 4.2})
