"""BatteryArchive time series; its summaries per cycle are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import MissingColumnError
from jeoul.testing import check_reader

FOLDER = "a_cyclers/battdat/batteryarchive/CALCE_CX2-33_prism_LCO_25C_0-100_0.5-0.5C_d"
SERIES = (
    "Date_Time,Test_Time (s),Cycle_Index,Current (A),Voltage (V),Charge_Capacity (Ah),Discharge_Capacity (Ah),"
    "Charge_Energy (Wh),Discharge_Energy (Wh),Environment_Temperature (C),Cell_Temperature (C)\n"
    "2026-01-15 09:00:00,30.0,1.0,0.0,3.3,0,0,0,0,25.0,\n"
    "2026-01-15 09:00:30,60.0,1.0,-2.0,3.2,0,0,0,0,25.0,26.5\n"
)
SUMMARY = (
    "Cycle_Index,Start_Time,End_Time,Test_Time (s),Min_Current (A),Max_Current (A),Min_Voltage (V),"
    "Max_Voltage (V),Charge_Capacity (Ah),Discharge_Capacity (Ah),Charge_Energy (Wh),Discharge_Energy (Wh)\n"
    "1.0,,,12923.4,-0.674,1.124,2.699,4.2,0.604,1.292,2.5,4.758\n"
)


def test_a_made_series_keeps_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "x_timeseries.csv"
    path.write_text(SERIES)
    table = check_reader(path, "batteryarchive_csv")[0].table
    assert table["current_ampere"].to_list() == [0.0, -2.0]
    assert table["surface_temperature_celsius"].to_list() == [None, 26.5]
    assert table["unix_time_second"].diff().to_list()[1] == 30.0


def test_a_summary_per_cycle_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "renamed.csv"
    path.write_text(SUMMARY)
    with pytest.raises(MissingColumnError, match="summary per cycle"):
        jeoul.read(path)


@pytest.mark.corpus
def test_real_downloads(corpus: Path) -> None:
    assert len(check_reader(corpus / f"{FOLDER}_timeseries.csv", "batteryarchive_csv")[0]) == 15
    with pytest.raises(MissingColumnError, match="summary per cycle"):
        jeoul.read(corpus / f"{FOLDER}_cycle_data.csv")
