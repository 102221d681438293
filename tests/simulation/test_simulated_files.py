"""A simulated test written as files comes back through the readers as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jeoul import find_steps, read
from jeoul.errors import OutOfValidityError
from jeoul.metrics import discharge_capacity
from jeoul.plans import Constant, ConstantThenHold, Drive, Plan, Pulse, Repeat, Rest, Until
from jeoul.simulation import (
    EquivalentCircuit,
    Log,
    Simulated,
    draw_instrument,
    run_plan,
    write_arbin_csv,
    write_maccor_text,
    write_neware_csv,
    write_parquet,
)
from jeoul.uncertainty import Accuracy, Error

REST = Rest(Until(duration_second=600.0))
CYCLE = Repeat(
    2,
    (
        ConstantThenHold("charge", Drive("rate", 1.0), 3.65, Until(rate=0.05)),
        REST,
        Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5)),
        REST,
    ),
    counts_cycles=True,
)
FILES = {
    "bdf": (write_parquet, "test.parquet", 0.0, 0.0),
    "arbin_csv": (write_arbin_csv, "test.csv", 1e-4, 1e-9),
    "neware_csv": (write_neware_csv, "test.csv", 1e-3, 1e-8),
    "maccor_text": (write_maccor_text, "test.txt", 1e-4, 1e-9),
}


@pytest.fixture
def simulated(
    cell: EquivalentCircuit, plan_of: Callable[..., Plan], accuracy: Accuracy, log: Log
) -> Simulated:
    """Two cycles and a pulse with noise, on an open resting channel."""
    (current,), (voltage,) = accuracy.current, accuracy.voltage
    noisy = replace(
        accuracy,
        current=(replace(current, noise=Error(2e-4)),),
        voltage=(replace(voltage, noise=Error(1e-4)),),
    )
    instrument = draw_instrument(noisy, seed=1, control="reading", at_rest="open")
    plan = plan_of(CYCLE, Pulse("charge", Drive("rate", 1.0), 10.0), REST)
    start = cell.at_rest(soc=0.3, celsius=25.0, branch=-1.0)
    return run_plan(plan, cell, start=start, instrument=instrument, seed=2, log=log)


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_back_as_it_was_written(name: str, simulated: Simulated, tmp_path: Path) -> None:
    """Known by its own signature, every row and sign there, and no word of complaint."""
    write, file, second, unit = FILES[name]
    found = read(write(simulated.measurement, tmp_path / file))
    assert (found.provenance.format, len(found)) == (name, len(simulated.measurement))
    assert found.findings == ()
    there, back = simulated.measurement.table, found.table
    for column in ("test_time_second", "step_time_second", "unix_time_second"):
        tolerance = 1.0 if column == "unix_time_second" else second
        assert np.abs((back[column] - there[column]).to_numpy()).max() <= tolerance, column
    for column in ("current_ampere", "voltage_volt"):
        assert np.abs((back[column] - there[column]).to_numpy()).max() <= unit, column
    for column in ("step_id", "cycle_count"):
        assert back[column].to_list() == there[column].to_list()


@pytest.mark.parametrize("name", FILES)
def test_the_steps_of_a_file_are_those_that_were_run(name: str, simulated: Simulated, tmp_path: Path) -> None:
    """The instrument's counters agree with the integral of the rows within 0.1 % in every dialect."""
    write, file, _, _ = FILES[name]
    steps = find_steps(read(write(simulated.measurement, tmp_path / file)))
    truth = simulated.truth.steps
    assert len(steps) == len(truth)
    assert [f for f in steps.findings if f.code == "counter_disagrees"] == []
    for step, true in zip(steps, truth, strict=True):
        assert step.discharge_capacity_ah == pytest.approx(true.discharge_ah, rel=4e-3, abs=1e-4)
    known = discharge_capacity(find_steps(simulated.measurement)[2], accuracy=None)
    assert discharge_capacity(steps[2], accuracy=None).value == pytest.approx(known.value, rel=1e-6)


def test_counters_start_again_as_their_maker_does(simulated: Simulated, tmp_path: Path) -> None:
    """Arbin's run through the test, Neware's start at every step, Maccor's when the direction turns."""
    arbin = read(write_arbin_csv(simulated.measurement, tmp_path / "a.csv")).table
    neware = read(write_neware_csv(simulated.measurement, tmp_path / "n.csv")).table
    maccor = read(write_maccor_text(simulated.measurement, tmp_path / "m.txt")).table
    own = simulated.measurement.table
    ends = own.group_by("step_count", maintain_order=True).last()
    discharged = ends["step_discharging_capacity_ah"].to_list()
    assert arbin["schedule_discharging_capacity_ah"][-1] == pytest.approx(sum(discharged), abs=1e-8)
    assert neware["step_discharging_capacity_ah"].to_list() == pytest.approx(
        own["step_discharging_capacity_ah"].to_list(), abs=1e-8
    )
    assert maccor["vendor.Amp-hr"].max() == pytest.approx(max(discharged), rel=0.3)
    turns = int((maccor["vendor.Amp-hr"].diff() < 0).sum())
    assert turns == 4  # charge, discharge, charge, discharge, pulse: four turns


def test_maccor_writes_no_sign(simulated: Simulated, tmp_path: Path) -> None:
    """The state letter tells charge from discharge."""
    lines = write_maccor_text(simulated.measurement, tmp_path / "m.txt").read_text("latin-1").splitlines()
    names = lines[1].split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines[2:]]
    assert {row["State"] for row in rows} == {"C", "D", "R"}
    assert min(float(row["Amps"]) for row in rows) == 0.0


def test_rows_are_logged_when_the_log_says(cell: EquivalentCircuit, plan_of: Callable[..., Plan]) -> None:
    """From 0.1 s, closer first, every 10 s at most, and at the very end of the step."""
    log = Log(10.0, 60.0, 0.5, 0.1, None, None)
    start = cell.at_rest(soc=0.9, celsius=25.0, branch=1.0)
    step = Constant("discharge", Drive("rate", 1.0), Until(duration_second=95.0))
    plan = plan_of(REST, step, Pulse("discharge", Drive("rate", 2.0), 3.0))
    rows = run_plan(plan, cell, start=start, instrument=None, seed=1, log=log).measurement.table
    times = {n: rows.filter(step_count=n)["step_time_second"].to_numpy() for n in (1, 2, 3)}
    assert [t[0] for t in times.values()] == pytest.approx([0.1, 0.1, 0.1])
    assert [t[-1] for t in times.values()] == pytest.approx([600.0, 95.0, 3.0])
    assert [np.diff(t).max() for t in times.values()] == pytest.approx([60.0, 10.0, 0.5])
    assert all(np.diff(t).min() > 0 for t in times.values())


def test_a_moving_voltage_writes_more_rows(cell: EquivalentCircuit, plan_of: Callable[..., Plan]) -> None:
    """With a row at about every 5 mV no two rows of the knee lie 7.5 mV apart."""
    start = cell.at_rest(soc=0.9, celsius=25.0, branch=1.0)
    plan = plan_of(Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.0)))
    counts = []
    for change in (None, 0.005):
        log = Log(60.0, 60.0, 0.5, 0.1, change, None)
        rows = run_plan(plan, cell, start=start, instrument=None, seed=1, log=log).measurement.table
        counts.append((rows.height, rows["voltage_volt"].diff().abs().max()))
    assert counts[0][1] > 0.05
    assert counts[1][1] < 0.0075
    assert counts[1][0] > counts[0][0] + 100


def test_a_log_that_cannot_be_is_refused() -> None:
    with pytest.raises(OutOfValidityError, match="cannot be"):
        Log(10.0, 60.0, 0.0, 0.1, None, None)
