"""The constant-voltage part of charges: an exponential whose answers are arithmetic, and cycles of such."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import OutOfValidityError
from jeoul.measurement import Measurement, Provenance
from jeoul.metrics.cycles import cycle_table
from jeoul.metrics.taper import taper_end_current, taper_end_rate, taper_time_constant
from jeoul.metrics.throughput import cv_share, energy_since_full_charge, net_energy, taper_time
from jeoul.plans import Constant, ConstantThenHold, Drive, Hold, Plan, Repeat, Rest, Until
from jeoul.simulation import EquivalentCircuit, Log, draw_instrument, lfp_cell, run_plan
from jeoul.steps import TAPER_COLUMNS, cv_start, find_cycles, find_steps, find_tapers
from jeoul.steps.steps import Steps
from jeoul.uncertainty import Accuracy, Error, RangeAccuracy, read_accuracy

ACCURACY = read_accuracy("assumed-5v-5a-0.05-percent-fs")
ZERO = Error(0.0)
TAU = 600.0


def accuracy(*, gain: float = 0.0, offset: float = 0.0, noise: float = 0.0, clock: float = 0.0) -> Accuracy:
    volt = RangeAccuracy("voltage", "volt", 5.0, "both", ZERO, ZERO)
    ampere = RangeAccuracy("current", "ampere", 5.0, "both", Error(gain), Error(offset), noise=Error(noise))
    return Accuracy("Cycler", "verified", "test", (ampere,), (volt,), Error(clock))


def cccv(build: Any, *, every: float = 1.0, sign: float = 1.0) -> Steps:
    """2 A for an hour up to 3.65 V, then 2 A exp(-t / 600 s) for half an hour."""
    t = np.arange(every, 5400 + every / 2, every)
    late = np.maximum(t - 3600, 0.0)
    u = np.where(t < 3600, 3.3 + 0.35 * (t / 3600) ** 8, 3.65)
    current = sign * 2 * np.exp(-late / TAU)
    way = "charge" if sign > 0 else "discharge"
    segment = {"start": 0.0, "t": t, "u": u, "i": current, "direction": way, "mode": "cccv"}
    return build([segment])  # type: ignore[no-any-return]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_exponential_gives_its_time_constant(build: Any, sign: float) -> None:
    """Q / (I_begin - I_end) is tau wherever the part begins and ends; the trapezoid is off by 1 in 4e6."""
    found = taper_time_constant(cccv(build, sign=sign)[0], accuracy=None)
    assert (found.value, found.unit) == (pytest.approx(TAU, rel=1e-5), "s")


def test_the_errors_of_a_time_constant(build: Any) -> None:
    """The gain cancels; 10 mA for 1788 s over a fall of 1.8608 A, two readings, and 0.5 s of the split."""
    step = cccv(build)[0]
    begin, end = 2 * math.exp(-12 / TAU), 2 * math.exp(-3)
    fall, second = begin - end, 1788.0
    assert taper_time_constant(step, accuracy=accuracy(gain=0.01)).standard_uncertainty == pytest.approx(
        begin / fall * 0.5 / math.sqrt(3), rel=1e-3
    )
    offset = taper_time_constant(step, accuracy=accuracy(offset=0.01)).budget()[0]
    assert offset["contribution"] == pytest.approx(0.01 * second / fall, rel=1e-3)
    noise = taper_time_constant(step, accuracy=accuracy(noise=0.001)).budget()
    assert {row["source"].split()[1]: row["contribution"] for row in noise}["noise"] == pytest.approx(
        math.sqrt(2) * TAU / fall * 0.001, rel=1e-3
    )


def test_the_errors_hold_what_an_error_does(build: Any) -> None:
    """An offset of 10 mA put on the rows moves the time constant by what the budget says."""
    plain, moved = cccv(build), cccv(build)
    t = np.arange(1.0, 5400.5)
    u = np.where(t < 3600, 3.3 + 0.35 * (t / 3600) ** 8, 3.65)
    current = 2 * np.exp(-np.maximum(t - 3600, 0.0) / TAU) + 0.01
    segment = {"start": 0.0, "t": t, "u": u, "i": current, "direction": "charge", "mode": "cccv"}
    moved = build([segment])
    change = (
        taper_time_constant(moved[0], accuracy=None).value
        - taper_time_constant(plain[0], accuracy=None).value
    )
    budget = taper_time_constant(plain[0], accuracy=accuracy(offset=0.01)).budget()
    assert change == pytest.approx(budget[0]["contribution"], rel=0.01)


def test_the_end_current_and_its_rate(build: Any) -> None:
    step = cccv(build)[0]
    end = taper_end_current(step, accuracy=accuracy(offset=0.002, gain=0.01))
    assert end.value == pytest.approx(2 * math.exp(-3))
    assert end.standard_uncertainty == pytest.approx(math.hypot(0.002, 0.02 * math.exp(-3)))
    rate = taper_end_rate(step, rated_capacity_ah=2.0, accuracy=accuracy(offset=0.002))
    assert (rate.value, rate.unit) == (pytest.approx(math.exp(-3)), "1/h")
    assert rate.standard_uncertainty == pytest.approx(0.001)
    with pytest.raises(OutOfValidityError, match="not positive"):
        taper_end_rate(step, rated_capacity_ah=0.0, accuracy=None)


def test_a_step_without_a_taper_is_refused(build: Any, constant: Any) -> None:
    step = build([constant(2.0, 1)])[0]
    for metric in (taper_end_current, taper_time_constant):
        with pytest.raises(OutOfValidityError, match="no part at constant voltage"):
            metric(step, accuracy=None)
    flat = build([constant(0.5, 1, voltage=3.65, mode="cv")])[0]
    with pytest.raises(OutOfValidityError, match="did not fall"):
        taper_time_constant(flat, accuracy=None)


def test_energy_in_less_energy_out(build: Any, constant: Any) -> None:
    steps = build([constant(2.0, 1, voltage=3.4), constant(-1.9, 1, start=3600, voltage=3.2)])
    net = net_energy(steps, accuracy=accuracy(gain=1e-3))
    assert (net.value, net.unit) == (pytest.approx(6.8 - 6.08), "Wh")
    assert net.standard_uncertainty == pytest.approx(0.72e-3)
    out = energy_since_full_charge(steps, full_charge_step=steps[0], accuracy=None)
    assert out.value == pytest.approx(6.08)


# --- cycles of a virtual cell ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived() -> Any:
    """Three cycles with CC-CV charges, then one with the constant voltage as a step of its own, by a tester."""
    cell = EquivalentCircuit(lfp_cell())
    pause = Rest(Until(duration_second=300.0))
    out = Constant("discharge", Drive("rate", 1.0), Until(voltage_volt=2.5))
    whole = ConstantThenHold("charge", Drive("rate", 1.0), 3.5, Until(rate=0.05))
    parts = Constant("charge", Drive("rate", 1.0), Until(voltage_volt=3.5)), Hold(3.5, Until(rate=0.05))
    steps = (Repeat(3, (whole, pause, out, pause), counts_cycles=True), *parts, pause, out, pause)
    start = cell.at_rest(soc=0.1, celsius=25.0, branch=-1.0)
    log = Log(10.0, 60.0, 1.0, 1.0, 0.01, 0.05)
    tester = draw_instrument(ACCURACY, seed=3, control="truth", at_rest="open")
    plan = Plan("tapers", 2.0, 25.0, steps)
    simulated = run_plan(plan, cell, start=start, instrument=tester, seed=3, log=log)
    return find_cycles(find_steps(simulated.measurement), by="pairs"), simulated.truth


def test_every_split_is_that_of_cv_start(lived: Any) -> None:
    steps = lived[0].steps
    found = find_tapers(steps)
    assert found.schema == {name: kind for name, (kind, _) in TAPER_COLUMNS.items()}
    assert found["row_first"].to_list() == [cv_start(step) for step in steps]
    assert found["row_first"].null_count() < len(steps)


ALL_KINDS = accuracy(gain=1e-3, offset=2e-3, noise=1e-3, clock=1e-4)


@pytest.mark.parametrize("known", [ACCURACY, ALL_KINDS], ids=["full scale", "all kinds"])
def test_the_table_has_what_the_metrics_say(lived: Any, known: Accuracy) -> None:
    cycles = lived[0]
    table = cycle_table(cycles, accuracy=known)
    assert table["complete"].to_list() == [True] * 4
    for i in range(4):
        steps, row = cycles.steps_of(i), table.row(i, named=True)
        taper = next(s for s in reversed(list(steps)) if s.mode in ("cv", "cccv"))
        for measured in (
            cv_share(steps, accuracy=known),
            taper_time(steps, accuracy=known),
            taper_end_current(taper, accuracy=known),
            taper_time_constant(taper, accuracy=known),
        ):
            assert row[measured.metric] == pytest.approx(measured.value, rel=1e-9)
            assert row[f"u_{measured.metric}"] == pytest.approx(measured.standard_uncertainty, rel=1e-6)


def test_the_table_covers_the_truth(lived: Any) -> None:
    """The charge at constant voltage of the last cycle is a step of its own, whose true charge is known."""
    cycles, truth = lived
    row = cycle_table(cycles, accuracy=ACCURACY).row(3, named=True)
    at_current, at_voltage = truth.charge_capacity(13), truth.charge_capacity(14)
    share = at_voltage / (at_current + at_voltage)
    assert row["cv_share"] == pytest.approx(share, abs=2 * row["u_cv_share"])
    assert row["taper_end_current"] == pytest.approx(0.1, abs=2 * row["u_taper_end_current"])


def test_a_cycle_without_a_charge_has_no_taper(build: Any, constant: Any) -> None:
    only = build([constant(-2.0, 1)])
    row = cycle_table(find_cycles(only), accuracy=ACCURACY).row(0, named=True)
    assert all(row[name] is None for name in ("cv_share", "taper_time", "u_cv_share", "taper_end_current"))
    plain = build([constant(2.0, 1), constant(-2.0, 1, start=3600)])
    row = cycle_table(find_cycles(plain), accuracy=ACCURACY).row(0, named=True)
    assert (row["cv_share"], row["taper_time"], row["taper_end_current"]) == (0.0, 0.0, None)


def test_a_voltage_that_still_creeps_is_not_constant_yet(build: Any) -> None:
    """The current falls from 3600 s on and the voltage rises by 20 mV until 3900 s: constant from there on."""
    t = np.arange(1.0, 5400.5)
    u = np.where(t < 3600, 3.3 + 0.33 * (t / 3600) ** 8, np.minimum(3.63 + 0.02 * (t - 3600) / 300, 3.65))
    current = 2 * np.exp(-np.maximum(t - 3600, 0.0) / TAU)
    segment = {"start": 0.0, "t": t, "u": u, "i": current, "direction": "charge", "mode": "cccv"}
    steps = build([segment])
    (row,) = find_tapers(steps).iter_rows(named=True)
    assert row["row_first"] == cv_start(steps[0])
    assert 3840 < row["row_first"] < 3850  # 0.1 % of 3.65 V is 3.65 mV, 55 s before the end of the rise


def test_what_flows_after_the_last_row_is_of_the_part(measured: Any) -> None:
    """CC-CV to 5400 s by the step time of the next step, last row at 5390 s: 10 s at the last current more."""
    steps = find_steps(measured)
    row = find_tapers(steps).row(0, named=True)
    begin, end = 2 * math.exp(-(row["row_first"] * 10 - 3600) / TAU), 2 * math.exp(-1790 / TAU)
    assert steps[0].mode == "cccv"
    assert row["second"] == pytest.approx(5400 - row["row_first"] * 10)
    assert row["capacity_ah"] == pytest.approx((TAU * (begin - end) + 10 * end) / 3600, rel=1e-4)


@pytest.fixture
def measured() -> Measurement:
    """Rows every 10 s with a step time; the rest after the charge begins at 5400 s and is logged from 5410 s."""
    t = np.concatenate((np.arange(10.0, 5391.0, 10.0), np.arange(5410.0, 6000.0, 10.0)))
    late = np.maximum(t - 3600, 0.0)
    table = pl.DataFrame(
        {
            "test_time_second": t,
            "voltage_volt": np.where(t < 3600, 3.3 + 0.35 * (t / 3600) ** 8, 3.65) - 0.1 * (t > 5400),
            "current_ampere": np.where(t > 5400, 0.0, 2 * np.exp(-late / TAU)),
            "step_count": np.where(t > 5400, 2, 1),
            "step_time_second": np.where(t > 5400, t - 5400, t),
        }
    )
    made = Provenance("made.csv", "0" * 64, 0, "made", "1", "1", datetime(2026, 1, 1, tzinfo=UTC))
    return Measurement(table.lazy(), table.height, made)


@pytest.mark.corpus
def test_tapers_of_a_real_file_are_those_found_step_by_step(corpus: Path) -> None:
    steps = find_steps(jeoul.read(corpus / "a_cyclers/beep/xTESLADIAG_000019_CH70.070"))
    found = find_tapers(steps)["row_first"]
    chosen = [i for i, step in enumerate(steps) if step.mode in ("cv", "cccv")]
    assert len(chosen) > 10
    assert [found[i] for i in chosen] == [cv_start(steps[i]) for i in chosen]
    assert found.null_count() == len(steps) - len(chosen)
    assert isinstance(found, pl.Series)
