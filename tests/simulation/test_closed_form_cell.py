"""Two cells that share no calculation agree, both with arithmetic, and the metrics find the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from jeoul import find_steps
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import (
    coulombic_efficiency,
    dc_resistance,
    discharge_capacity,
    discharge_energy,
    self_discharge_rate,
)
from jeoul.plans import Constant, Drive, PlanStep, Pulse, Rest, Until
from jeoul.simulation import ClosedFormCell, EquivalentCircuit, Log, Segment, Simulated, run_segments

DAY = 86_400.0
REST = Segment(0.0, 600.0, "rest")
SEGMENTS = (
    REST,
    Segment(-1.0, 3600.0, "cc_discharge"),
    Segment(0.0, 20.0, "rest"),  # one time constant: what is left of it is in the charge after
    Segment(1.0, 3600.0, "cc_charge"),
    REST,
    Segment(-3.0, 10.0, "pulse_discharge"),
    REST,
)


@pytest.fixture
def simulated(arithmetic: ClosedFormCell, log: Log) -> Simulated:
    """The segments on the closed-form cell, without instrument errors."""
    return run_segments(arithmetic, SEGMENTS, soc=0.9, instrument=None, seed=1, log=log)


def _as_plan(segment: Segment) -> PlanStep:
    way = "charge" if segment.ampere > 0 else "discharge"
    drive, until = Drive("current_ampere", abs(segment.ampere)), Until(duration_second=segment.second)
    if segment.kind.startswith("pulse"):
        return Pulse(way, drive, segment.second)
    return Constant(way, drive, until) if segment.ampere else Rest(until)


def test_capacity_and_energy_are_arithmetic(simulated: Simulated) -> None:
    """1 A for 1 h is 1 Ah; U = 3.36 - 0.05 - slope t + 0.02 exp(-t / 20 s), integrated by hand."""
    start = 3.0 + 0.4 * (0.9 - 1e-3 * 600 / 7200)
    slope = -0.4 * (1.0 + 1e-3) / 7200
    joule = (start - 0.05) * 3600 + slope * 3600**2 / 2 + 0.02 * 20 * (1 - math.exp(-180))
    truth = simulated.truth
    assert truth.discharge_capacity(2) == pytest.approx(1.0, rel=1e-15)
    assert truth.discharge_energy(2) == pytest.approx(joule / 3600, rel=1e-14)
    assert truth.coulombic_efficiency(charge=4, discharge=2) == pytest.approx(1.0, rel=1e-15)


def test_resistance_is_arithmetic(simulated: Simulated) -> None:
    """R(t) = R0 + R1 (1 - exp(-t / tau)) and what the falling state of charge adds, after 30 tau of rest."""
    for t in (0.1, 2.0, 10.0):
        fall = 0.4 * (3.0 + 1e-3) * t / 7200
        expected = 0.03 + 0.02 * (1 - math.exp(-t / 20)) + fall / 3.0
        found = simulated.truth.dc_resistance(6, time_after_edge_second=t)
        assert found == pytest.approx(expected, rel=1e-11)


def test_both_cells_agree_to_nine_digits(
    simulated: Simulated,
    as_circuit: EquivalentCircuit,
    run: Callable[..., Simulated],
) -> None:
    """The ticks of the circuit lose nothing of what is linear and exponential."""
    circuit = run(as_circuit, *(_as_plan(segment) for segment in SEGMENTS), soc=0.9).truth
    closed = simulated.truth
    for a, b in zip(circuit.steps, closed.steps, strict=True):
        for name in ("start_second", "end_second", "charge_ah", "discharge_ah", "charge_wh", "discharge_wh"):
            assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-11, abs=1e-12), name
        for name in ("self_discharged_ah", "soc_start", "soc_end"):
            assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-9, abs=1e-12), name
    for t in (0.05, 1.0, 10.0):
        found = [truth.dc_resistance(6, time_after_edge_second=t) for truth in (circuit, closed)]
        assert found[0] == pytest.approx(found[1], rel=1e-10)


def test_a_limit_is_met_where_the_arithmetic_says(
    as_circuit: EquivalentCircuit, run: Callable[..., Simulated], arithmetic: ClosedFormCell
) -> None:
    """After many time constants U = 3.36 - 0.05 - 0.4 (1.001) t / 7200 reaches 3.2 V at t = 1978.02 s."""
    step = Constant("discharge", Drive("current_ampere", 1.0), Until(voltage_volt=3.2))
    truth = run(as_circuit, step, soc=0.9).truth
    expected = (3.0 + 0.4 * 0.9 - 0.05 - 3.2) * 7200 / (0.4 * 1.001)
    assert truth.steps[0].end_second == pytest.approx(expected, rel=1e-12)
    assert truth.steps[0].reason == "voltage"


def test_the_metrics_find_what_is_true(simulated: Simulated) -> None:
    """Of rows without errors: charge to rounding, energy and resistance to what lies between two rows."""
    steps, truth = find_steps(simulated.measurement), simulated.truth
    assert [step.mode for step in steps] == ["rest", "cc", "rest", "cc", "rest", "pulse", "rest"]
    assert discharge_capacity(steps[1], accuracy=None).value == pytest.approx(1.0, rel=1e-13)
    assert discharge_energy(steps[1], accuracy=None).value == pytest.approx(
        truth.discharge_energy(2), rel=3e-6
    )
    assert coulombic_efficiency(steps[3], steps[1], accuracy=None).value == pytest.approx(1.0, rel=1e-13)
    resistance = dc_resistance(steps[5], time_after_edge_second=10.0, accuracy=None)
    expected = truth.dc_resistance(6, time_after_edge_second=10.0)
    assert resistance.value == pytest.approx(expected, rel=1e-10)


def test_storage_loses_what_leaks(arithmetic: ClosedFormCell, log: Log) -> None:
    """1 mA for 30 d of a cell that gives 1 Ah: 72 % of it, 2.4 % a day, and the metric says so."""
    cell = replace(arithmetic, capacity_ah=5.0, leak_ampere=1e-3)
    left = 1.0 - 1e-3 * 24 * 30
    segments = (
        REST,
        SEGMENTS[1],
        REST,
        Segment(0.0, 30 * DAY, "rest"),
        Segment(-1.0, left * 3600, "cc_discharge"),
    )
    simulated = run_segments(cell, segments, soc=1.0, instrument=None, seed=1, log=log)
    assert simulated.truth.steps[3].self_discharged_ah == pytest.approx(0.72, rel=1e-12)
    truth = simulated.truth.self_discharge_rate(before=2, residual=5, storage_day=30.0)
    steps = find_steps(simulated.measurement)
    before, after = (discharge_capacity(steps[n], accuracy=None) for n in (1, 4))
    assert truth == pytest.approx(0.024, rel=1e-12)
    assert self_discharge_rate(before, after, storage_day=30.0).value == pytest.approx(truth, rel=1e-12)


def test_what_did_not_happen_has_no_truth(simulated: Simulated, arithmetic: ClosedFormCell, log: Log) -> None:
    with pytest.raises(InsufficientDataError, match="no step 9"):
        simulated.truth.step(9)
    with pytest.raises(InsufficientDataError, match="less than 30 s"):
        simulated.truth.dc_resistance(6, time_after_edge_second=30.0)
    with pytest.raises(OutOfValidityError, match="takes 0"):
        run_segments(arithmetic, [Segment(1.0, 0.0, "rest")], soc=0.5, instrument=None, seed=1, log=log)
