"""The physical cell against arithmetic, against the measured sample, and against PyBaMM used by itself."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from jeoul import find_steps
from jeoul.errors import OutOfValidityError
from jeoul.metrics import dc_resistance, discharge_capacity, discharge_energy
from jeoul.plans import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Rest,
    SetTemperature,
    Until,
)
from jeoul.samples import sample_path
from jeoul.simulation import (
    SAMPLE_BPX,
    EquivalentCircuit,
    Log,
    PhysicsCell,
    Simulated,
    draw_instrument,
    lfp_cell,
    run_plan,
    simulate_physics,
)
from jeoul.uncertainty import Accuracy

FULL = ConstantThenHold("charge", Drive("rate", 0.5), 3.65, Until(rate=0.05), full=True)
OUT = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.0))
REST = Rest(Until(duration_second=600.0))
PULSE = Pulse("discharge", Drive("rate", 2.0), 10.0)
LOG = Log(10.0, 60.0, 0.1, 0.1, None, None)


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the room can be imported without it."""
    monkeypatch.setitem(sys.modules, "pybamm", None)
    cell = PhysicsCell(SAMPLE_BPX, "SPM", None, "none")
    with pytest.raises(OutOfValidityError, match=r"pip install 'jeoul\[physics\]'"):
        simulate_physics(Plan("x", 2.0, 25.0, (REST,)), cell, soc=0.5, instrument=None, seed=1, log=LOG)


def test_a_tester_that_errs_in_control_is_refused(accuracy: Accuracy) -> None:
    instrument = draw_instrument(accuracy, seed=1, control="reading", at_rest="open")
    cell = PhysicsCell(SAMPLE_BPX, "SPM", None, "none")
    with pytest.raises(OutOfValidityError, match="control='truth'"):
        simulate_physics(Plan("x", 2.0, 25.0, (REST,)), cell, soc=0.5, instrument=instrument, seed=1, log=LOG)


@pytest.fixture(scope="module")
def pybamm() -> Any:
    """PyBaMM, with its telemetry off."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYBAMM_DISABLE_TELEMETRY", "true")
        return pytest.importorskip("pybamm", reason="pybamm is not installed: pip install 'jeoul[physics]'")


@pytest.fixture(scope="module")
def spm(pybamm: Any) -> PhysicsCell:
    """The sample cell as the cheapest model, cooled as by moving air."""
    return PhysicsCell(SAMPLE_BPX, "SPM", 15.0, "none")


def _run(
    cell: PhysicsCell, *steps: PlanStep, soc: float = 0.5, celsius: float = 25.0, **more: Any
) -> Simulated:
    plan = Plan("test", 2.0, celsius, steps)
    options = {"instrument": None, "seed": 1, "log": LOG} | more
    return simulate_physics(plan, cell, soc=soc, **options)


def test_steps_end_where_the_plan_says(spm: PhysicsCell) -> None:
    """By current, time, charge, voltage, profile; charge at constant current is arithmetic."""
    counted = Constant("discharge", Drive("rate", 0.5), Until(capacity_ah=0.4))
    drive = Profile("current_ampere", (0.0, 100.0), (-2.0, 1.0), 300.0)
    simulated = _run(spm, FULL, REST, counted, drive, OUT, Hold(2.5, Until(duration_second=60.0)))
    truth = simulated.truth
    assert [s.reason for s in truth.steps] == [
        "current",
        "duration",
        "capacity",
        "profile",
        "voltage",
        "duration",
    ]
    assert [s.step_type for s in truth.steps] == [
        "cccv_charge", "rest", "cc_discharge", "profile", "cc_discharge", "cv",
    ]  # fmt: skip
    assert truth.discharge_capacity(3) == pytest.approx(0.4, rel=1e-9)
    assert truth.discharge_capacity(4) == pytest.approx(200.0 / 3600, rel=1e-4)
    assert truth.charge_capacity(4) == pytest.approx(200.0 / 3600, rel=1e-4)
    last = truth.history.samples(0, np.array([truth.steps[0].duration_second]))
    assert (last.voltage_volt[0], last.current_ampere[0]) == pytest.approx((3.65, 0.1), rel=1e-4)
    assert truth.voltage(5, truth.steps[4].duration_second) == pytest.approx(2.0, rel=1e-5)


def test_the_record_is_that_of_the_equivalent_circuit(spm: PhysicsCell) -> None:
    """The same plan: the same columns, kinds and steps; rows where they would be."""
    plan = Plan("test", 2.0, 25.0, (FULL, REST, PULSE, REST))
    circuit = EquivalentCircuit(lfp_cell())
    start = circuit.at_rest(soc=0.5, celsius=25.0, branch=1.0)
    one = run_plan(plan, circuit, start=start, instrument=None, seed=1, log=LOG).measurement
    two = _run(spm, *plan.steps).measurement
    assert two.rows.collect_schema() == one.rows.collect_schema()
    marks = ["cycle_count", "step_count", "step_id", "step_type"]
    assert_frame_equal(*(m.table.select(marks).unique(maintain_order=True) for m in (one, two)))
    pulses = [m.table.filter(pl.col("step_count") == 3)["step_time_second"].to_list() for m in (one, two)]
    assert pulses[0] == pytest.approx(pulses[1], rel=1e-9)


def test_the_metrics_find_its_truth(spm: PhysicsCell) -> None:
    """Of rows close enough for the fall at the end."""
    close = Log(2.0, 60.0, 0.1, 0.1, 0.005, None)
    simulated = _run(spm, OUT, REST, PULSE, REST, soc=0.9, log=close)
    steps, truth = find_steps(simulated.measurement), simulated.truth
    assert discharge_capacity(steps[0], accuracy=None).value == pytest.approx(
        truth.discharge_capacity(1), rel=1e-6
    )
    assert discharge_energy(steps[0], accuracy=None).value == pytest.approx(
        truth.discharge_energy(1), rel=1e-5
    )
    found = dc_resistance(steps[2], time_after_edge_second=10.0, accuracy=None)
    assert found.value == pytest.approx(truth.dc_resistance(3, time_after_edge_second=10.0), rel=1e-6)


def test_its_energy_is_that_of_pybamm_itself(pybamm: Any, spm: PhysicsCell) -> None:
    """The program's own integral of a 1C discharge, asked for by its own means."""
    options = {"thermal": "lumped", "calculate discharge energy": "true"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = pybamm.ParameterValues.create_from_bpx(str(SAMPLE_BPX))
        values["Total heat transfer coefficient [W.m-2.K-1]"] = 15.0
        experiment = pybamm.Experiment(["Discharge at 2 A for 50 minutes"])
        model, solver = pybamm.lithium_ion.SPM(options), pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-7)
        solution = pybamm.Simulation(
            model, parameter_values=values, experiment=experiment, solver=solver
        ).solve(initial_soc=1.0)
    expected = float(solution["Discharge energy [W.h]"].entries[-1])
    timed = Constant("discharge", Drive("current_ampere", 2.0), Until(duration_second=3000.0))
    assert _run(spm, timed, soc=1.0).truth.discharge_energy(1) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize(
    ("file", "rate", "tolerance"),
    [("LFP_025degC_Co20_Dch.csv", 0.05, 0.01), ("LFP_025degC_1C_Dch.csv", 1.0, 0.04)],
)
def test_it_discharges_as_the_sample_did(file: str, rate: float, tolerance: float, pybamm: Any) -> None:
    """The cell whose parameters these are, measured: its charge to 2.0 V, and its voltage half-way to 30 mV."""
    cell = PhysicsCell(SAMPLE_BPX, "SPMe", 15.0, "none")
    time, current, voltage = pl.read_csv(sample_path("about_energy_lfp") / file).to_numpy().T
    measured = -np.trapezoid(current, time) / 3600.0
    out = Constant("discharge", Drive("current_ampere", 1.9434 * rate), Until(voltage_volt=2.0))
    truth = _run(cell, out, soc=1.0).truth
    assert truth.discharge_capacity(1) == pytest.approx(measured, rel=tolerance)
    half = np.interp(-measured * 1800.0, np.cumsum(np.r_[0.0, np.diff(time)] * current)[::-1], voltage[::-1])
    assert truth.voltage(1, truth.steps[0].duration_second / 2) == pytest.approx(half, abs=0.03)


def test_a_ladder_of_pulses_is_run_as_planned(spm: PhysicsCell) -> None:
    """To 0.8 and 0.6 by counted charge; the state of charge is the counted one over the model's capacity."""
    rungs = [
        step
        for soc in (0.8, 0.6)
        for step in (
            AdjustSoc(soc, Drive("rate", 1.0), "rated"),
            REST,
            PULSE,
            Rest(Until(duration_second=40.0)),
        )
    ]
    truth = _run(spm, FULL, *rungs).truth
    full = truth.steps[0].soc_end
    assert truth.steps[1].soc_end == pytest.approx(full - 0.4 / spm.capacity_ah, rel=1e-9)
    assert truth.steps[5].soc_end == pytest.approx(full - 0.8 / spm.capacity_ah, rel=1e-9)
    ohms = [truth.dc_resistance(n, time_after_edge_second=10.0) for n in (4, 8)]
    assert all(0.02 < ohm < 0.08 for ohm in ohms)


def test_a_soak_ends_at_its_slope_and_a_chamber_is_followed(spm: PhysicsCell) -> None:
    """tau = rho c V / (h A) = 1940 x 999 x 1.7e-5 / (15 x 0.00431) = 509.6 s: at 1 K/h it is 0.1416 K away."""
    soak = Rest(Until(duration_second=36_000.0, temperature_slope_kelvin_per_hour=1.0))
    truth = _run(spm, REST, SetTemperature(0.0), soak).truth
    tau = 1940 * 999 * 1.7e-5 / (15.0 * 0.00431)
    last = truth.history.samples(1, np.array([truth.steps[1].duration_second])).celsius[0]
    assert truth.steps[1].reason == "temperature"
    assert truth.steps[1].duration_second == pytest.approx(tau * np.log(25.0 * 3600.0 / tau), rel=3e-3)
    assert last == pytest.approx(tau / 3600.0, rel=1e-3)


def test_a_full_cell_goes_on_with_its_held_voltage(spm: PhysicsCell) -> None:
    """The CC of a CC-CV is skipped where the voltage is there at once; the step is still one."""
    again = replace(FULL, until=Until(rate=0.02))
    truth = _run(spm, FULL, again, soc=0.9).truth
    assert [s.step_type for s in truth.steps] == ["cccv_charge", "cccv_charge"]
    first = truth.history.samples(1, np.array([0.0, truth.steps[1].duration_second]))
    assert first.voltage_volt == pytest.approx([3.65, 3.65], rel=1e-5)
    assert first.current_ampere == pytest.approx([0.1, 0.04], rel=1e-2)
    assert truth.steps[1].reason == "current"


def test_what_did_not_come_true_is_an_error(spm: PhysicsCell) -> None:
    """A limit that was met within a pulse that must hold it; a step that is at its end before it begins."""
    hold = Pulse("discharge", Drive("rate", 2.0), 600.0, 2.5, "hold")
    with pytest.raises(OutOfValidityError, match="step 2: it reached its limit"):
        _run(spm, REST, hold, soc=0.15)
    assert _run(spm, REST, hold, soc=0.6).truth.steps[1].reason == "duration"
    with pytest.raises(OutOfValidityError, match="could not run"):
        _run(spm, Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=3.6)), soc=0.5)


def test_an_instrument_reads_it(spm: PhysicsCell, accuracy: Accuracy) -> None:
    """Gain, offset and clock of the readings: mean current of a 2 A discharge as drawn."""
    instrument = draw_instrument(accuracy, seed=4, control="truth", at_rest="open")
    timed = Constant("discharge", Drive("rate", 1.0), Until(duration_second=600.0))
    table = _run(spm, timed, soc=0.9, instrument=instrument).measurement.table
    error = instrument.current[0]
    expected = (1 + error.gain) * (-2.0 + error.offset)
    assert table["current_ampere"].mean() == pytest.approx(expected, rel=1e-9)


def test_borrowed_parameters_are_said_to_be(pybamm: Any) -> None:
    """A month full: the SEI takes a little charge, and the record says whose numbers these are."""
    cell = PhysicsCell("Prada2013", "SPM", None, "illustrative")
    simulated = _run(cell, Rest(Until(duration_second=30 * 86_400.0)), soc=1.0)
    comment = simulated.measurement.metadata["comment"]
    assert "graphite is that of an NMC cell" in comment
    assert "illustrative" in comment
    assert 1e-5 < simulated.truth.capacity_lost(1) < 0.05
    assert PhysicsCell(SAMPLE_BPX, "SPM", None, "none").remarks == ()


def test_it_sends_nothing(pybamm: Any, spm: PhysicsCell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment said before, PyBaMM finds that it was told not to."""
    monkeypatch.setenv("PYBAMM_DISABLE_TELEMETRY", "false")
    _run(spm, REST)
    assert pybamm.config.check_opt_out()
