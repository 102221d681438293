"""Numbers that others published of real files, found again.

Where the answers are from, and which known answers of the corpus serve no test yet, stands in docs/peers.md.
More of them: the fits of impedance.py and Zahner in test_impedance.py, 43 lives of A123 cells in
test_ageing.py, HPPC and interruption of ampworks in test_hppc.py and test_open_circuit.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.io import loadmat

from jeoul import find_cycles, find_steps, read
from jeoul.metrics import (
    charge_capacity,
    cycle_table,
    fade,
    fade_per_equivalent_full_cycle,
    impedance_at_frequency,
    net_capacity,
    rest_voltage,
    retention,
    spectrum_of,
    state_of_charge_curve,
)
from jeoul.uncertainty import Measured

pytestmark = pytest.mark.corpus

RES = "a_cyclers/cellpy/arbin_res/20160805_test001_45_cc_01.res"
P45B = "g_ocv_params/pydma"


# --- P45B: 800 equivalent full cycles of a 4.5 Ah cell (Rehm et al.; TU Munich's degradation mode analysis) ---


def p45b_rows(corpus: Path, check_up: int) -> pl.DataFrame:
    rows = pl.read_csv(corpus / P45B / f"TestData/FR23_pOCV_CH_entry{check_up:02d}.csv")
    return rows.with_columns(pl.col("Time_1").str.to_datetime().dt.epoch("ms") / 1e3)


def p45b_step(corpus: Path, build: Any, check_up: int) -> Any:
    rows = p45b_rows(corpus, check_up)
    t, u, i = (rows[name].to_numpy() for name in ("Time_1", "U", "I"))
    return build([{"start": t[0], "t": t, "u": u, "i": i, "direction": "charge"}])[0]


def p45b_table(corpus: Path) -> dict[int, float]:
    """Charge of each check-up at C/30, as published [Ah]."""
    path = corpus / P45B / "TestData/InputData/TestData/P45B_serial23_aging_data_table.csv"
    rows = pl.read_csv(path, truncate_ragged_lines=True, infer_schema_length=0)
    return {int(cu): float(charge) for cu, charge in rows.select("CU", "pOCV_CH").rows()}


@pytest.mark.parametrize(("check_up", "ampere_hours"), [(1, 4.470708), (5, 4.049484), (9, 3.675284)])
def test_the_charge_of_a_p45b_at_every_check_up(
    corpus: Path, build: Any, check_up: int, ampere_hours: float
) -> None:
    """10 000 rows of whole seconds over 30 h: 7 parts per million off the tester's counter."""
    found = charge_capacity(p45b_step(corpus, build, check_up), accuracy=None)
    assert found.value == pytest.approx(ampere_hours, rel=1e-5)
    assert found.value == pytest.approx(p45b_rows(corpus, check_up)["Ah_Step"][-1], rel=1e-5)
    assert p45b_table(corpus)[check_up] == pytest.approx(ampere_hours, rel=1e-6)


def test_the_fade_of_the_p45b(corpus: Path, build: Any) -> None:
    """4.873 % after 200 equivalent full cycles is published as capacity_loss; 17.8 % after 800 by the counters."""
    published = json.loads((corpus / P45B / "expected/dma_results_P45B_23.json").read_text())
    capacities = {n: Measured("charge_capacity", ah, "Ah", ()) for n, ah in p45b_table(corpus).items()}
    third = fade(capacities[3], capacities[1])
    assert capacities[3].value == pytest.approx(published["capacity"], rel=1e-8)
    assert third.value == pytest.approx(published["degradation_modes"]["capacity_loss"], abs=1e-7)
    first, last = (charge_capacity(p45b_step(corpus, build, n), accuracy=None) for n in (1, 9))
    assert retention(last, first).value == pytest.approx(3.675284 / 4.470708, rel=1e-5)
    # Nine check-ups 100 cycles apart: 17.8 % in all, nearly on one line.
    throughput = [2 * 4.5 * 100.0 * n for n in range(9)]
    rate = fade_per_equivalent_full_cycle(
        list(capacities.values()), throughput_ah=throughput, rated_capacity_ah=4.5, reference=capacities[1]
    )
    slope = np.polyfit(100.0 * np.arange(9), [c.value / 4.470708 for c in capacities.values()], 1)[0]
    assert rate.value == pytest.approx(-slope, rel=1e-6)
    assert rate.value == pytest.approx(0.17792 / 800, rel=0.01)


# --- cellpy: its golden results of an Arbin file -------------------------------------------------------


def test_the_golden_cycles_of_cellpy(corpus: Path) -> None:
    """18 cycles and 103 steps; cycle 5 gives 1.471186 mAh out and 1.535303 mAh in by the tester's counter."""
    golden = corpus / "a_cyclers/cellpy/goldens"
    smoke = json.loads((golden / "pipeline_smoke/metrics.json").read_text())
    steps = find_steps(read(corpus / RES))
    table = cycle_table(find_cycles(steps), accuracy=None)
    assert (len(steps), len(table)) == (smoke["n_steps"], smoke["n_cycles"]) == (103, 18)
    for metric, curve, column in (
        ("discharge_capacity", "curve_get_dcap_c5", "cumulative_discharge_capacity"),
        ("charge_capacity", "curve_get_ccap_c5", "cumulative_charge_capacity"),
    ):
        # cellpy divides by its default mass of 1 mg: its mAh/g are uAh.
        counted = pl.read_parquet(golden / curve / "curve.parquet")[column][-1] * 1e-6
        assert table.filter(pl.col("cycle_count") == 5)[metric][0] == pytest.approx(counted, rel=2e-4)


def test_the_golden_relaxation_of_cellpy(corpus: Path) -> None:
    """After the first lithiation the voltage rises from 0.0696 V to 0.0955 V in 1 800 s."""
    curve = pl.read_parquet(corpus / "a_cyclers/cellpy/goldens/curve_get_ocv_up_c1/curve.parquet")
    rests = [step for step in find_steps(read(corpus / RES)) if step.row["direction"] == "rest"]
    first, last = curve["potential"][0], curve["potential"][-1]
    rest = next(step for step in rests if abs(step.row["voltage_first_volt"] - first) < 1e-9)
    assert rest_voltage(rest, accuracy=None).value == pytest.approx(last, abs=1e-9)
    assert rest.row["duration_second"] == pytest.approx(curve["step_time"][-1], abs=5e-3)
    assert rest.row["row_last"] - rest.row["row_first"] + 1 == len(curve)


# --- the instruments' own sums -------------------------------------------------------------------------


def test_a_counter_that_starts_again_within_a_cycle(corpus: Path) -> None:
    """A Neware cycle of three charges: 1.41876 Ah by the sum of its counters. cellpy and navani take the last
    counter, 1.39057 Ah, for the charge of the cycle."""
    measurement = read(corpus / "a_cyclers/cellpy/neware/20260302_IFE_BTS85_2_9_8_1.ndax")
    rows = measurement.table.group_by("step_count").agg(pl.col("step_net_capacity_ah").last())
    table = cycle_table(find_cycles(find_steps(measurement)), accuracy=None)
    assert rows["step_net_capacity_ah"].sum() == pytest.approx(1.41876, abs=1e-5)
    assert rows["step_net_capacity_ah"].max() == pytest.approx(1.39057, abs=1e-5)
    assert table["charge_capacity"][0] == pytest.approx(rows["step_net_capacity_ah"].sum(), rel=2e-5)


def test_the_sums_that_beep_makes_of_a_maccor_file(corpus: Path) -> None:
    """beep 2026.2.7, summarize_cycles: 88.53887 Ah out, 88.60790 Ah in; its tests: up to 4.100838 V."""
    steps = find_steps(read(corpus / "a_cyclers/beep/xTESLADIAG_000019_CH70.070"))
    cycles = find_cycles(steps)
    table = cycle_table(cycles, accuracy=None).filter(pl.col("cycle_count") == 1)
    assert table["discharge_capacity"][0] == pytest.approx(88.5388705578, rel=1e-5)
    assert table["charge_capacity"][0] == pytest.approx(88.6079031120, rel=1e-4)
    row = cycles.table.filter(pl.col("cycle_count") == 1)
    charges = steps[row["step_first"][0] : row["step_last"][0] + 1].charges.table
    assert charges["voltage_max_volt"].max() == pytest.approx(4.100838, abs=5e-5)


def test_the_published_state_of_charge_of_an_lfp_cell(corpus: Path, build: Any, tmp_path: Path) -> None:
    """25 h of a drive profile on the plateau at 10 degC, 1.2 Ah: the published count is all there is to know of it.

    As one step, the rows of every second give it to 4 parts in 10 000 of the capacity. Cut into 484 steps by
    the signal alone, the second before the first row of each counts at that row's current: 4 parts in 1 000.
    """
    folder = corpus / "b_lfp/lfp_soc_hysteresis_mat/Test Data Set"
    path = folder / "Long_flat_zone_data_10_degree.mat"
    test = loadmat(path, squeeze_me=True, struct_as_record=False)["battery_tests"]
    # Positive discharges in this data set.
    rows = {"t": test.time, "u": test.VT, "i": -test.Current}
    whole = build([{"start": test.time[0], **rows, "direction": "mixed", "mode": "profile"}])
    passed = net_capacity(whole, accuracy=None).value / float(test.Cp)
    assert passed == pytest.approx(test.SOC[-1] - test.SOC[0], abs=4e-4)
    names = dict(zip("tui", ("Test Time / s", "Voltage / V", "Current / A"), strict=True))
    pl.DataFrame({names[key]: values for key, values in rows.items()}).write_csv(tmp_path / "profile.csv")
    steps = find_steps(read(tmp_path / "profile.csv"))
    curve = state_of_charge_curve(
        steps,
        full_charge_step="start",
        capacity_ah=float(test.Cp),
        coulombic_efficiency=1.0,
        accuracy=None,
    )
    published = np.interp(curve.time_second, test.time, test.SOC) - test.SOC[0] + 1.0
    assert np.ptp(published) > 0.5
    assert [point.value for point in curve.points] == pytest.approx(published.tolist(), abs=5e-3)
    assert len(steps) > 400


# --- a resistor of Zahner ---------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency", [1.0, 100.0, 1000.0])
def test_a_resistor_and_a_short_circuit_of_zahner(corpus: Path, frequency: float) -> None:
    """500 uohm nominal: what was measured less the short circuit is what Zahner's compensation gives."""
    folder = corpus / "d_eis/zahner/SetupCompensation/ExampleData"
    values = []
    for name in (
        "500uR_measurement_pro",
        "short_circuit_measurement_pro",
        "500uR_measurement_pro_short_compensated",
    ):
        measurement = read(folder / f"{name}.ism")
        spectrum = spectrum_of(measurement, first_row=1, last_row=len(measurement))
        found = impedance_at_frequency(spectrum, frequency_hertz=frequency, part="real", accuracy=None)
        values.append(found.value)
    measured, short, compensated = values
    assert measured - short == pytest.approx(compensated, abs=5e-8)
    assert compensated == pytest.approx(500e-6, rel=0.025)
