"""Two cells that share no calculation agree, both with arithmetic, and the metrics find the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from jeoul import find_steps
from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics import (
    capacity_throughput,
    charge_capacity,
    charge_energy,
    charge_power_capability,
    coulombic_efficiency,
    dc_resistance,
    declared,
    discharge_capacity,
    discharge_energy,
    discharge_power_capability,
    energy_efficiency,
    equivalent_full_cycles,
    hppc_table,
    mean_charge_voltage,
    mean_discharge_voltage,
    net_capacity,
    ohmic_resistance,
    polarisation_resistance,
    pulse_power,
    rate,
    relaxation_fit,
    relaxation_resistance,
    relaxed_points,
    rest_voltage,
    round_trip_efficiency,
    self_discharge_current,
    self_discharge_rate,
    state_of_charge_curve,
    voltage_decay_rate,
    voltage_efficiency,
)
from jeoul.plans import Constant, Drive, PlanStep, Pulse, Rest, Until
from jeoul.simulation import ClosedFormCell, EquivalentCircuit, Log, Segment, Simulated, run_segments
from jeoul.steps import Steps

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


LADDER = (
    Segment(2.0, 360.0, "cc_charge"),  # from 0.9: to full, the reference of what is counted
    Segment(0.0, 1200.0, "rest"),
    Segment(-1.0, 1800.0, "cc_discharge"),
    Segment(0.0, 1200.0, "rest"),
    Segment(-4.0, 10.0, "pulse_discharge"),
    Segment(0.0, 40.0, "rest"),
    Segment(3.0, 10.0, "pulse_charge"),
    Segment(0.0, 1200.0, "rest"),
)
ETA, LEAK, CAPACITY = 0.998, 1e-3, 2.0


def _states(start: float, segments: tuple[Segment, ...]) -> list[float]:
    """State of charge at the end of each segment, by hand."""
    found, soc = [], start
    for segment in segments:
        stored = segment.ampere * (ETA if segment.ampere > 0 else 1.0)
        soc += (stored - LEAK) * segment.second / 3600 / CAPACITY
        found.append(soc)
    return found


@pytest.fixture
def ladder(arithmetic: ClosedFormCell, log: Log) -> Steps:
    """A charge, a discharge of a quarter and one pulse each way, without instrument errors."""
    fine = replace(log, interval_second=2.0, rest_interval_second=2.0, pulse_interval_second=0.1)
    return find_steps(
        run_segments(arithmetic, LADDER, soc=0.9, instrument=None, seed=1, log=fine).measurement
    )


@pytest.mark.parametrize(("step", "ampere", "before"), [(4, -4.0, 3), (6, 3.0, 5)])
def test_both_pulses_have_their_resistance_and_power(
    step: int, ampere: float, before: int, ladder: Steps
) -> None:
    """R(t) = R0 + R1 (1 - e) + what is left of the relaxation over I + the slope of the OCV; P = U I."""
    soc = _states(0.9, LADDER)[before]
    left = 0.0 if step == 4 else -4.0 * 0.02 * (1 - math.exp(-0.5)) * math.exp(-2.0)
    for t in (0.1, 2.0, 10.0):
        decay = math.exp(-t / 20)
        moved = ampere * (ETA if ampere > 0 else 1.0) - LEAK
        slope = 0.4 * moved * t / 3600 / CAPACITY
        change = ampere * (0.03 + 0.02 * (1 - decay)) + left * (decay - 1) + slope
        volt = 3.0 + 0.4 * soc + left + change
        found = dc_resistance(ladder[step], time_after_edge_second=t, accuracy=None)
        assert found.value == pytest.approx(change / ampere, rel=1e-7)
        power = pulse_power(ladder[step], time_after_edge_second=t, accuracy=None)
        assert power.value == pytest.approx(abs(volt * ampere), rel=1e-8)


def test_ohmic_and_polarisation_parts_are_r0_and_r1(ladder: Steps) -> None:
    """U just after the edge is I R0; by 10 s R1 (1 - exp(-1/2)) more, and the slope of the OCV."""
    ohmic = ohmic_resistance(ladder[4], window_second=(0.1, 0.5), shape="linear", accuracy=None)
    polarisation = polarisation_resistance(
        ladder[4], time_after_edge_second=10.0, ohmic_time_second=0.1, accuracy=None
    )
    slope = 0.4 * (4.0 + LEAK) * 9.9 / 3600 / CAPACITY / 4.0
    expected = 0.02 * (math.exp(-0.005) - math.exp(-0.5)) + slope
    assert polarisation.value == pytest.approx(expected, rel=1e-7)
    assert ohmic.value == pytest.approx(0.03, abs=0.02 * (0.5 / 20) ** 2)


def test_a_rest_tells_the_resistance_of_the_pulse_before(ladder: Steps) -> None:
    """40 s after 10 s at -4 A: R0, and of R1 (1 - exp(-1/2)) all but exp(-2); the leak is a microvolt."""
    found = relaxation_resistance(ladder[5], time_after_edge_second=40.0, accuracy=None)
    expected = 0.03 + 0.02 * (1 - math.exp(-0.5)) * (1 - math.exp(-2.0))
    leaked = 0.4 * LEAK * 40 / 3600 / CAPACITY / 4.0
    assert found.value == pytest.approx(expected - leaked, rel=1e-7)


def test_power_capability_is_the_formula_on_r_and_ocv(ladder: Steps) -> None:
    """P = U_min (OCV - U_min) / R with the rest before the pulse as OCV."""
    options = {"time_after_edge_second": 10.0, "accuracy": None}
    ohms = [dc_resistance(ladder[n], **options).value for n in (4, 6)]  # type: ignore[arg-type]
    rests = [rest_voltage(ladder[n], accuracy=None).value for n in (3, 5)]
    out = discharge_power_capability(ladder[4], minimum_voltage_volt=2.5, **options)  # type: ignore[arg-type]
    into = charge_power_capability(ladder[6], maximum_voltage_volt=3.65, **options)  # type: ignore[arg-type]
    states = _states(0.9, LADDER)
    left = -4.0 * 0.02 * (1 - math.exp(-0.5)) * math.exp(-2.0)
    assert rests == pytest.approx([3.0 + 0.4 * states[3], 3.0 + 0.4 * states[5] + left], rel=1e-9)
    assert out.value == pytest.approx(2.5 * (rests[0] - 2.5) / ohms[0], rel=1e-9)
    assert into.value == pytest.approx(3.65 * (3.65 - rests[1]) / ohms[1], rel=1e-9)


def test_the_table_of_pulses_holds_both(ladder: Steps) -> None:
    """Each pulse by its own time, beside the state of charge that was counted."""
    table = hppc_table(
        ladder, rated_capacity_ah=CAPACITY, discharge_time_second=10.0, charge_time_second=10.0, accuracy=None
    )
    expected = [dc_resistance(ladder[n], time_after_edge_second=10.0, accuracy=None).value for n in (4, 6)]
    assert [point.resistance.value for point in table.points] == pytest.approx(expected, rel=1e-12)


def test_counted_state_of_charge_is_arithmetic(ladder: Steps) -> None:
    """1 + (eta 2 A in - out) / Q since the end of the charge; the leak flows unseen, and is no part of it."""
    curve = state_of_charge_curve(
        ladder, full_charge_step=ladder[0], capacity_ah=CAPACITY, coulombic_efficiency=ETA, accuracy=None
    )
    quarter, pulsed, back = 0.75, 0.75 - 4 * 10 / 7200, 0.75 - (40 - 30 * ETA) / 7200
    expected = [1.0, 1.0, quarter, quarter, pulsed, pulsed, back, back]
    assert [point.value for point in curve.points] == pytest.approx(expected[-len(curve.points) :], rel=1e-10)
    assert len(curve.points) >= 7
    true = _states(0.9, LADDER)[2]
    leaked = LEAK * (1200 + 1800) / 3600 / CAPACITY
    assert true == pytest.approx(_states(0.9, LADDER)[0] - 0.25 - leaked, rel=1e-12)


def test_a_relaxation_is_fitted_to_its_own_constants(arithmetic: ClosedFormCell, log: Log) -> None:
    """Without a leak: after 1800 s at -1 A the rest is U_inf - 0.02 exp(-t / 20), to the last digits."""
    cell = replace(arithmetic, leak_ampere=0.0)
    fine = replace(log, rest_interval_second=1.0)
    rest = Segment(0.0, 600.0, "rest")
    segments = (REST, Segment(-1.0, 1800.0, "cc_discharge"), rest)
    steps = find_steps(run_segments(cell, segments, soc=0.9, instrument=None, seed=1, log=fine).measurement)
    fit = relaxation_fit(steps[2], terms=1, window_second=(1.0, 200.0), accuracy=None)
    assert fit.open_circuit_voltage.value == pytest.approx(3.0 + 0.4 * 0.65, rel=1e-9)
    assert fit.amplitudes_volt == pytest.approx((0.02,), rel=1e-5)
    assert fit.time_constants_second == pytest.approx((20.0,), rel=1e-5)
    assert fit.rising
    points = relaxed_points(
        steps,
        least_rest_second=500.0,
        full_charge_step="start",
        capacity_ah=2.0,
        coulombic_efficiency=1.0,
        accuracy=None,
    )
    assert [p.voltage.value for p in points][-1:] == pytest.approx([3.26], rel=1e-9)


def test_efficiencies_and_voltages_are_arithmetic(simulated: Simulated) -> None:
    """1 Ah out and in: energies by hand, their ratio, and the mean voltages whose ratio is the same."""
    steps = find_steps(simulated.measurement)
    slope_out, slope_in = -0.4 * 1.001 / 7200, 0.4 * (0.998 - 1e-3) / 7200
    top = 3.0 + 0.4 * (0.9 - 1e-3 * 600 / 7200)
    bottom = top + slope_out * 3600 - 0.4 * 1e-3 * 20 / 7200
    lag = -0.02 * math.exp(-1.0)  # what a rest of one time constant leaves
    energy_out = (top - 0.05) * 3600 + slope_out * 3600**2 / 2 + 0.02 * 20
    energy_in = (bottom + 0.05) * 3600 + slope_in * 3600**2 / 2 + (lag - 0.02) * 20
    found = energy_efficiency(steps[3], steps[1], accuracy=None)
    assert found.value == pytest.approx(energy_out / energy_in, rel=5e-6)
    assert voltage_efficiency(steps[3], steps[1], accuracy=None).value == pytest.approx(
        energy_out / energy_in, rel=5e-6
    )
    whole = round_trip_efficiency(
        steps[1:4], coulombic_efficiency=0.998, balance_tolerance=0.01, accuracy=None
    )
    assert whole.value == pytest.approx(energy_out / energy_in, rel=5e-6)
    assert mean_discharge_voltage(steps[1], accuracy=None).value == pytest.approx(energy_out / 3600, rel=5e-6)
    assert mean_charge_voltage(steps[3], accuracy=None).value == pytest.approx(energy_in / 3600, rel=5e-6)
    assert charge_capacity(steps[3], accuracy=None).value == pytest.approx(1.0, rel=1e-12)
    assert charge_energy(steps[3], accuracy=None).value == pytest.approx(energy_in / 3600, rel=5e-6)


def test_what_passed_in_all_is_arithmetic(simulated: Simulated) -> None:
    """1 Ah out, 1 Ah in, 3 A for 10 s out: throughput, net, equivalent full cycles, rate."""
    steps = find_steps(simulated.measurement)
    pulse = 30.0 / 3600
    assert capacity_throughput(steps, accuracy=None).value == pytest.approx(2.0 + pulse, rel=1e-10)
    assert net_capacity(steps, accuracy=None).value == pytest.approx(-pulse, rel=1e-8)
    options = {"rated_capacity_ah": 2.0, "basis": "throughput"}
    cycles = equivalent_full_cycles(steps, **options, accuracy=None)  # type: ignore[arg-type]
    assert cycles.value == pytest.approx((2.0 + pulse) / 4.0, rel=1e-10)
    assert rate(steps[1], rated_capacity_ah=2.0, accuracy=None).value == pytest.approx(0.5, rel=1e-12)


def test_a_voltage_that_decays_decays_as_it_leaks(arithmetic: ClosedFormCell, log: Log) -> None:
    """dU/dt = -0.4 V x 1 mA / 2 Ah = -4.8 mV a day; back through dU/dQ it is the leak."""
    rest = Segment(0.0, 3 * DAY, "rest")
    slow = replace(log, rest_interval_second=600.0)
    simulated = run_segments(arithmetic, (rest,), soc=0.5, instrument=None, seed=1, log=slow)
    (step,) = find_steps(simulated.measurement)
    found = voltage_decay_rate(step, from_second=3600.0, to_second=3 * DAY, accuracy=None)
    assert found.value == pytest.approx(0.4 * 1e-3 / 2.0 * 24, rel=1e-6)
    current = self_discharge_current(
        step,
        from_second=3600.0,
        to_second=3 * DAY,
        voltage_slope=declared("voltage_slope", 0.2, "V/Ah"),
        rated_capacity_ah=2.0,
        accuracy=None,
    )
    assert current.value == pytest.approx(1e-3, rel=1e-6)


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
