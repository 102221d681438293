"""Landt csv: made after the real export's names, and the real export against its BDF conversion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jeoul
from jeoul.errors import ReadError
from jeoul.testing import check_reader

RAW = "a_cyclers/bdf/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv"
BDF = "a_cyclers/bdf/reference/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.bdf.csv"
NAMES = (
    "channel_index,cycle_index,step_index,date_time_iso_string,test_time_s,step_time_s,current_A,voltage_V,"
    "discharge_capacity_Ah,charge_capacity_Ah,discharge_energy_Wh,charge_energy_Wh,Pressure_Psi,"
    "temperature_1_C,temperature_2_C,temperature_3_C,step_name\n"
)
EXPORT = (
    "cell model:LFP-18650,,,,,,,,,,,,,,,,\ncell id: K-7,,,,,,,,,,,,,,,,\n"
    + NAMES
    + "1,1,1,04/30/2024 14:33:19,0.020,0.020,0.0000,3.3000,0,0,0,0,0,25,0,0,rest,\n"
    + "2,1,1,04/30/2024 14:33:34,15.020,15.020,0.0000,3.3000,0,0,0,0,0,25,0,0,rest,\n"
    + "3,1,2,04/30/2024 14:33:34,15.040,0.020,-2.0000,3.2000,0,0,0,0,0,25,0,0,discharge CC,\n"
)


def write(folder: Path, text: str) -> Path:
    path = folder / "landt.csv"
    path.write_text(text)
    return path


def test_a_made_file_keeps_the_contract(tmp_path: Path) -> None:
    measurement = check_reader(write(tmp_path, EXPORT), "landt_csv")[0]
    assert measurement.table["current_ampere"].to_list() == [0.0, 0.0, -2.0]
    assert measurement.table["step_type"].to_list() == ["rest", "rest", "discharge CC"]
    assert (measurement.metadata["item"], measurement.metadata["cell_model"]) == ("K-7", "LFP-18650")
    assert measurement.table["unix_time_second"][0] == 1714487599.0, "2024-04-30 14:33:19"


def test_a_row_that_lost_fields_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        jeoul.read(write(tmp_path, EXPORT.replace("15.020,15.020,0.0000,3.3000,0,0", "15.020")))
    assert (caught.value.row, caught.value.line) == (2, 5)


@pytest.mark.corpus
def test_the_real_export_equals_its_bdf_conversion_to_the_last_digit(corpus: Path) -> None:
    """All 25 162 rows. The conversion names counters that start again at every step as test-wide ones."""
    ours = check_reader(corpus / RAW, "landt_csv", cuts=(0.0, 0.6))[0].table
    reference = pl.read_csv(corpus / BDF, infer_schema_length=None)
    assert ours.height == reference.height == 25_162
    for mine, theirs in (
        ("test_time_second", "test_time_second"),
        ("voltage_volt", "voltage_volt"),
        ("current_ampere", "current_ampere"),
        ("step_id", "step_index"),
        ("step_discharging_capacity_ah", "discharging_capacity_ah"),
        ("step_charging_capacity_ah", "charging_capacity_ah"),
    ):
        assert np.array_equal(ours[mine].to_numpy(), reference[theirs].to_numpy()), mine
    falls = (reference["discharging_capacity_ah"].diff() < 0).sum()
    assert falls == 1, "a counter of the whole test would never fall"


@pytest.mark.corpus
def test_the_export_rounds_a_current_of_176_to_200_microampere(corpus: Path) -> None:
    """Why its integral is 13 % above the counter: 6.3 mAh in 35.72 h is 0.176 mA, exported as 0.0002 A."""
    table = jeoul.read(corpus / RAW).table.filter(pl.col("cycle_count") == 1, pl.col("step_id") == 2)
    hours = (table["test_time_second"][-1] - table["test_time_second"][0]) / 3600
    assert table["step_discharging_capacity_ah"][-1] / hours == pytest.approx(1.76e-4, abs=2e-6)
    assert set(table["current_ampere"].round(6).unique()) == {-0.0002}
