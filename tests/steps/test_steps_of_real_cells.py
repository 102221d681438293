"""Real files: one LFP cell without step columns, and Neware tests with the instrument's own counters."""

from __future__ import annotations

import polars as pl
import pytest

from jeoul.steps import find_steps

pytestmark = pytest.mark.corpus


@pytest.fixture
def lfp(corpus, measurement):
    def read(name):
        path = corpus / "b_lfp" / "about_energy_lfp" / "data" / f"LFP_025degC_{name}.csv"
        rows = pl.read_csv(path, schema_overrides=[pl.Float64] * 3)
        return measurement(t=rows["Time [s]"], i=rows["I[A]"], u=rows["U[V]"])

    return read


def test_one_hour_discharge_of_the_lfp_cell(lfp):
    steps = find_steps(lfp("1C_Dch"))
    assert steps.boundaries == "signal"
    assert [(s.mode, s.direction, s.row_first, s.row_last) for s in steps] == [
        ("rest", "rest", 1, 1),
        ("cc", "discharge", 2, 3500),
    ]
    assert steps.last.discharge_capacity_ah == pytest.approx(1.9434, abs=5e-4)
    assert steps[0].voltage_last_volt == pytest.approx(3.498520787)
    assert len(steps.full_discharges.at_rate(1.0, rated_capacity=2.0)) == 1


def test_twenty_hour_discharge_of_the_lfp_cell(lfp):
    steps = find_steps(lfp("Co20_Dch"))
    assert [s.mode for s in steps.discharges] == ["cc"]
    assert steps.last.discharge_capacity_ah == pytest.approx(2.0745, abs=5e-4)


def test_drive_profile_of_the_lfp_cell_is_one_step(lfp):
    (step,) = find_steps(lfp("DC_WLTP"))
    assert (step.mode, step.direction) == ("profile", "mixed")
    assert step.discharge_capacity_ah == pytest.approx(2.0539, abs=5e-4)
    assert step.charge_capacity_ah == pytest.approx(0.0588, abs=5e-4)


@pytest.fixture
def neware(corpus, measurement):
    def read(name):
        rows = pl.read_parquet(corpus / "a_cyclers" / "fastnda" / f"{name}.parquet")
        made = measurement(
            t=rows["Total Time"],
            s=rows["Time"],
            u=rows["Voltage(mV)"].cast(pl.Float64),
            i=rows["Current(uA)"].cast(pl.Float64) / 1e6,
            step_count=rows["Step Count"],
            step_type=rows["Step Type"].cast(pl.String),
        )
        return made, rows["Capacity(mAs)"].abs() / 3.6e6

    return read


def test_charge_of_every_long_step_agrees_with_the_counter_of_the_instrument(neware):
    made, counter = neware("TestFile")
    steps = find_steps(made)
    for step in steps.where(pl.col("mode") == "cc"):
        vendor = counter[step.row_last - 1]
        assert step.charge_capacity_ah + step.discharge_capacity_ah == pytest.approx(vendor, rel=2e-5)
    assert steps.findings == ()


def test_modes_agree_with_the_words_of_the_instrument(neware):
    steps = find_steps(neware("TestFile")[0])
    words = {"CC_DChg": ("cc", "discharge"), "CC_Chg": ("cc", "charge"), "CV_Chg": ("cv", "charge")}
    assert [(s.mode, s.direction) for s in steps] == [words.get(s.step_type, ("rest", "rest")) for s in steps]


def test_signal_finds_the_edges_that_the_instrument_wrote(neware):
    made, _ = neware("test_2")
    by_signal, by_instrument = (
        find_steps(made, boundaries=b).table["row_first"] for b in ("signal", "instrument")
    )
    assert len(by_instrument) == 216
    assert by_signal.to_list() == by_instrument.to_list()


def test_signal_takes_constant_current_and_voltage_of_one_charge_as_one_step(neware):
    made, _ = neware("TestFile")
    steps = find_steps(made, boundaries="signal")
    assert [s.mode for s in steps.charges] == ["cccv", "cccv"]
    assert len(steps) == len(find_steps(made)) - 2
